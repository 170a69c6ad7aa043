import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.g711 import ALAW, ULAW, Codec
from callcenter.media.rtp import COMFORT_NOISE, TELEPHONE_EVENT, Receiver, Sender
from callcenter.media.rtp_packet import Address, Counters, Packet

PEER = ("127.0.0.1", 10000)
STRANGER = ("127.0.0.2", 10000)
SILENCE = ULAW.decode(ULAW.silence * 160)


def codes(number: int, size: int = 160) -> bytes:
    """The sound of packet `number`: a code that tells it from its neighbours."""
    return bytes([number % 100 + 1]) * size


def frame(number: int) -> bytes:
    return ULAW.decode(codes(number))


class Peer:
    """Sends packets to a receiver that listens to it."""

    def __init__(self, sequence: int = 0, timestamp: int = 0) -> None:
        self.counters = Counters()
        self.receiver = Receiver(ULAW, self.counters)
        self.sequence, self.timestamp = sequence, timestamp

    def send(
        self,
        number: int,
        *,
        payload: bytes | None = None,
        at: int | None = None,
        payload_type: int = 0,
        ssrc: int = 7,
        source: Address = PEER,
    ) -> list[bytes]:
        """Packet `number`, in its place; `at` is its timestamp in samples if that is another."""
        packet = Packet(
            payload_type=payload_type,
            sequence=(self.sequence + number) & 0xFFFF,
            timestamp=(self.timestamp + (number * 160 if at is None else at)) & 0xFFFFFFFF,
            ssrc=ssrc,
            payload=codes(number) if payload is None else payload,
        )
        return self.receiver.receive(packet.build(), source)


@pytest.fixture(params=[(0, 0), (0xFFFE, 0xFFFFFFFF - 200)], ids=["plain", "wrapping"])
def peer(request: pytest.FixtureRequest) -> Peer:
    return Peer(*request.param)


class TestOrder:
    def test_in_order_there_is_no_delay(self, peer: Peer) -> None:
        for number in range(5):
            assert peer.send(number) == [frame(number)]
        assert peer.counters == Counters(received=5)

    def test_neighbours_that_changed_places_change_back(self, peer: Peer) -> None:
        assert [peer.send(number) for number in (0, 2, 1, 3)] == [[frame(0)], [], [frame(1), frame(2)], [frame(3)]]

    def test_duplicates_are_dropped(self, peer: Peer) -> None:
        assert [peer.send(number) for number in (0, 0, 1, 1)] == [[frame(0)], [], [frame(1)], []]
        assert peer.counters.duplicate == 2

    def test_a_hole_is_filled_after_two_more_packets(self, peer: Peer) -> None:
        assert [peer.send(number) for number in (0, 2, 3)] == [[frame(0)], [], []]
        filling, *others = peer.send(4)
        assert others == [frame(2), frame(3), frame(4)]
        assert len(filling) == len(SILENCE)
        assert peer.counters == Counters(received=4, lost=1)

    def test_a_hole_in_a_voice_is_not_heard(self, peer: Peer) -> None:
        voice = (8000 * np.sin(np.arange(160 * 10) * 2 * np.pi * 150 / 8000)).astype("<i2").tobytes()
        packets = [ULAW.encode(voice[320 * number : 320 * (number + 1)]) for number in range(10)]
        frames = [frame for number in (0, 1, 2, 3, 6, 7, 8, 9) for frame in peer.send(number, payload=packets[number])]
        heard = np.frombuffer(b"".join(frames), "<i2").astype(float)
        error = heard - np.frombuffer(voice, "<i2")
        assert np.sqrt(np.mean(np.square(error[640:960]))) < 0.2 * np.sqrt(np.mean(np.square(heard)))

    @pytest.mark.parametrize("payload_type", [COMFORT_NOISE, TELEPHONE_EVENT])
    def test_after_what_is_no_sound_a_hole_is_not_filled_with_what_came_before(
        self, peer: Peer, payload_type: int
    ) -> None:
        peer.send(0)
        peer.send(1, payload_type=payload_type)
        for number in (3, 4):
            assert peer.send(number, payload=ULAW.silence * 160) == []
        frames = peer.send(5, payload=ULAW.silence * 160)
        assert b"".join(frames) == SILENCE * 5

    def test_a_packet_after_that_is_late(self, peer: Peer) -> None:
        for number in (0, 2, 3, 4):
            peer.send(number)
        assert peer.send(1) == []
        assert peer.counters.late == 1

    def test_a_hole_of_more_than_a_second_is_not_filled(self, peer: Peer) -> None:
        peer.send(0)
        assert [peer.send(number) for number in (60, 61, 62)] == [[], [frame(60), frame(61)], [frame(62)]]
        assert peer.counters.restarts == 1


class TestTimestamps:
    def test_a_pause_in_sending_is_silence(self, peer: Peer) -> None:
        peer.send(0)
        assert peer.send(1, at=160 * 4) == [SILENCE] * 3 + [frame(1)]

    @pytest.mark.parametrize("at", [160 + 8001, 10**9, -160, 0, 2**32 - 1])
    def test_a_jump_is_not_filled(self, peer: Peer, at: int) -> None:
        peer.send(0)
        assert peer.send(1, at=at) == [frame(1)]
        assert peer.send(2, at=at + 160) == [frame(2)]

    def test_another_stream_brings_its_own(self, peer: Peer) -> None:
        peer.send(0)
        assert peer.send(900, ssrc=8, at=500) == []
        assert peer.send(901, ssrc=8, at=660) == [frame(900), frame(901)]


class TestSizes:
    @pytest.mark.parametrize(
        ("milliseconds", "per_packet"), [(10, [0, 1]), (30, [1, 2]), (40, [2, 2]), (200, [10, 10])]
    )
    def test_other_sizes_are_cut_to_20_ms(self, peer: Peer, milliseconds: int, per_packet: list[int]) -> None:
        size = milliseconds * 8
        came = [peer.send(number, payload=codes(number, size), at=number * size) for number in range(2)]
        assert [len(frames) for frames in came] == per_packet
        sound = ULAW.decode(codes(0, size) + codes(1, size))
        assert b"".join(came[0] + came[1]) == sound[: sum(per_packet) * 320]

    @pytest.mark.parametrize("size", [1601, 2000])
    def test_more_than_200_ms_is_malformed(self, peer: Peer, size: int) -> None:
        peer.send(0)
        assert peer.send(1, payload=bytes(size)) == []
        assert peer.counters.malformed == 1

    def test_nothing_is_nothing(self, peer: Peer) -> None:
        assert peer.send(0, payload=b"") == []
        assert peer.send(1, at=0) == [frame(1)]


class TestPayloadTypes:
    @pytest.mark.parametrize(
        ("payload_type", "unknown"), [(COMFORT_NOISE, 0), (TELEPHONE_EVENT, 0), (8, 1), (118, 1), (72, 1)]
    )
    def test_another_makes_no_sound_and_no_hole(self, peer: Peer, payload_type: int, unknown: int) -> None:
        peer.send(0)
        assert peer.send(1, payload_type=payload_type, payload=b"\x05\x0a\x00\xa0") == []
        assert peer.send(2) == [SILENCE, frame(2)]
        assert peer.counters == Counters(received=2, unknown=unknown)

    def test_one_sent_beside_the_sound_takes_no_time(self, peer: Peer) -> None:
        peer.send(0)
        assert peer.send(1, payload_type=TELEPHONE_EVENT, at=160) == []
        assert peer.send(2, at=160) == [frame(2)]

    def test_another_does_not_latch(self, peer: Peer) -> None:
        assert peer.send(0, payload_type=8, source=STRANGER) == []
        assert peer.receiver.peer is None
        assert peer.send(0) == [frame(0)]


class TestPeer:
    def test_the_first_valid_packet_latches_its_sender(self, peer: Peer) -> None:
        peer.receiver.receive(b"garbage", STRANGER)
        assert peer.receiver.peer is None
        peer.send(0)
        assert peer.receiver.peer == PEER

    def test_others_are_dropped_and_counted(self, peer: Peer) -> None:
        peer.send(0)
        assert peer.send(1, source=STRANGER) == []
        assert peer.send(1, source=("127.0.0.1", 10001)) == []
        assert peer.send(1) == [frame(1)]
        assert peer.counters == Counters(received=2, spoofed=2)

    def test_silence_of_the_peer_lets_nobody_else_in(self, peer: Peer) -> None:
        peer.send(0)
        assert [peer.send(number, source=STRANGER) for number in range(1, 200)] == [[]] * 199

    def test_asterisk_names_the_peer_beforehand(self, peer: Peer) -> None:
        peer.receiver.latch(PEER)
        assert peer.send(0, source=STRANGER) == []
        assert peer.send(0) == [frame(0)]

    def test_asterisk_names_the_peer_after_a_stranger_was_first(self, peer: Peer) -> None:
        assert peer.send(5, source=STRANGER, ssrc=666) == [frame(5)]
        peer.receiver.latch(PEER)
        assert peer.send(6, source=STRANGER, ssrc=666) == []
        assert peer.send(0) == [frame(0)]
        assert peer.counters == Counters(received=2, spoofed=1)

    def test_naming_the_same_peer_again_breaks_nothing(self, peer: Peer) -> None:
        peer.send(0)
        peer.receiver.latch(PEER)
        assert [peer.send(number) for number in (2, 1)] == [[], [frame(1), frame(2)]]


class LongWay(Receiver):
    """Foresees no packet, so that each goes the whole way."""

    def _foresee(self) -> None:
        pass


KINDS = ("sound", "silence", "comfort", "half", "lost", "late", "twice", "skip", "restart", "stray", "marked")


@given(kinds=st.lists(st.sampled_from(KINDS) | st.just("sound"), max_size=60), start=st.sampled_from([0, 0xFFF0]))
def test_the_short_way_comes_to_the_same_as_the_long_one(kinds: list[str], start: int) -> None:
    sequence, timestamp, ssrc = start, start << 16, 7
    both = [(Receiver(ULAW, counters), counters, list[bytes]()) for counters in (Counters(), Counters())]
    both[1] = (LongWay(ULAW, both[1][1]), *both[1][1:])
    put_off: list[bytes] = []
    for number, kind in enumerate(kinds):
        if kind == "skip":
            timestamp += 480
        if kind == "restart":
            sequence, timestamp, ssrc = sequence + 5000, timestamp + 12345, ssrc + 1
        payload = {"silence": ULAW.silence * 160, "comfort": b"", "half": codes(number, 80)}.get(kind, codes(number))
        packet = Packet(
            payload_type=COMFORT_NOISE if kind == "comfort" else 0,
            sequence=sequence & 0xFFFF,
            timestamp=timestamp & 0xFFFFFFFF,
            ssrc=99 if kind == "stray" else ssrc,
            payload=payload,
            marker=kind == "marked",
        ).build()
        if kind != "stray":
            sequence, timestamp = sequence + 1, timestamp + len(payload)
        due = {"lost": [], "late": [], "twice": [packet, packet]}.get(kind, [packet]) + put_off
        put_off = [packet] if kind == "late" else []
        for datagram in due:
            for receiver, _, frames in both:
                frames += receiver.receive(datagram, PEER)
    (_, short, frames), (_, long, expected) = both
    assert frames == expected
    assert short == long


class TestGarbage:
    @given(datagrams=st.lists(st.binary(max_size=300), max_size=20))
    def test_no_bytes_raise(self, datagrams: list[bytes]) -> None:
        counters = Counters()
        receiver = Receiver(ULAW, counters)
        frames = [frame for datagram in datagrams for frame in receiver.receive(datagram, PEER)]
        assert all(len(frame) == 320 for frame in frames)

    def test_a_stream_survives_mutation_truncation_loss_and_disorder(self) -> None:
        chance = random.Random(1)
        peer = Peer(sequence=0xFF00, timestamp=0xFFFFF000)
        peer.receiver.latch(PEER)
        sender = Sender(ULAW, ssrc=7, sequence=0xFF00, timestamp=0xFFFFF000)
        datagrams = [sender.packet(frame(number)) for number in range(5000)]
        for index in range(0, len(datagrams) - 1, 7):
            datagrams[index], datagrams[index + 1] = datagrams[index + 1], datagrams[index]
        frames = 0
        for datagram in datagrams:
            match chance.randrange(10):
                case 0:
                    mutated = bytearray(datagram)
                    mutated[chance.randrange(len(mutated))] = chance.randrange(256)
                    datagram = bytes(mutated)
                case 1:
                    datagram = datagram[: chance.randrange(len(datagram))]
                case 2:
                    datagram = chance.randbytes(chance.randrange(300))
            frames += len(peer.receiver.receive(datagram, PEER))
        assert 4000 < frames < 5500
        tail = [sender.packet(frame(number)) for number in range(200)]
        last = [peer.receiver.receive(datagram, PEER) for datagram in tail]
        assert last[-50:] == [[frame(number)] for number in range(150, 200)]


class TestSender:
    def sender(self, codec: Codec = ULAW) -> Sender:
        return Sender(codec, ssrc=9, sequence=0xFFFF, timestamp=0xFFFFFFFF)

    def sent(self, sender: Sender, pcm: bytes | None) -> Packet:
        packet = Packet.parse(sender.packet(pcm))
        assert packet
        return packet

    def test_numbers_go_on_and_wrap(self) -> None:
        sender = self.sender()
        packets = [self.sent(sender, frame(number)) for number in range(3)]
        assert [packet.sequence for packet in packets] == [0xFFFF, 0, 1]
        assert [packet.timestamp for packet in packets] == [0xFFFFFFFF, 159, 319]
        assert [packet.marker for packet in packets] == [True, False, False]
        assert {packet.ssrc for packet in packets} == {9}

    @pytest.mark.parametrize(("codec", "payload_type", "silence"), [(ULAW, 0, b"\xff"), (ALAW, 8, b"\xd5")])
    def test_payload(self, codec: Codec, payload_type: int, silence: bytes) -> None:
        sender = self.sender(codec)
        speech = self.sent(sender, codec.decode(codes(3)))
        assert (speech.payload_type, speech.payload) == (payload_type, codes(3))
        assert self.sent(sender, None).payload == silence * 160

    def test_silence_does_not_interrupt_a_talkspurt(self) -> None:
        sender = self.sender()
        assert [self.sent(sender, pcm).marker for pcm in (None, frame(1), None, frame(1))] == [
            True,
            False,
            False,
            False,
        ]

    def test_skipped_frames_move_the_timestamp_and_not_the_sequence(self) -> None:
        sender = self.sender()
        before = self.sent(sender, None)
        sender.skip(15)
        after = self.sent(sender, None)
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 16 * 160
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert after.marker
        assert not self.sent(sender, None).marker

    @given(numbers=st.lists(st.integers(0, 99), max_size=30), skips=st.lists(st.integers(0, 40), max_size=30))
    def test_a_receiver_gets_what_was_sent_with_silence_for_what_was_skipped(
        self, numbers: list[int], skips: list[int]
    ) -> None:
        sender, receiver = self.sender(), Receiver(ULAW, Counters())
        expected, came = [], []
        for number, skip in zip(numbers, skips, strict=False):
            came += receiver.receive(sender.packet(frame(number)), PEER)
            expected += [frame(number)] + [SILENCE] * skip
            sender.skip(skip)
        came += receiver.receive(sender.packet(frame(0)), PEER)
        assert came == [*expected, frame(0)]


def test_what_asterisk_sends() -> None:
    """44 packets of a 400 Hz tone through a bridge: a pause of 160 ms in it, then another source with other timestamps.

    Asterisk 22 keeps its SSRC and sequence through both.
    """
    capture = Path(__file__).parents[1] / "captures/rtp/asterisk-ulaw.hex"
    counters = Counters()
    receiver = Receiver(ULAW, counters)
    frames = [
        frame for line in capture.read_text().splitlines() for frame in receiver.receive(bytes.fromhex(line), PEER)
    ]
    tone = (8000 * np.sin(2 * np.pi * 400 / 8000 * np.arange(44 * 160))).astype("<i2").tobytes()
    expected = [ULAW.decode(ULAW.encode(tone[start : start + 320])) for start in range(0, len(tone), 320)]
    assert frames == expected[:24] + [SILENCE] * 8 + expected[24:]
    assert counters == Counters(received=44)
