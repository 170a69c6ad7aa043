"""RTP of linear samples: two bytes of a packet are one sample."""

from itertools import pairwise

import numpy as np
import pytest

from callcenter.media.g711 import SLIN
from callcenter.media.pcm import Samples, rms_dbfs, to_pcm, to_samples
from callcenter.media.rtp import Receiver, Sender
from callcenter.media.rtp_packet import Counters, Packet

PEER = ("127.0.0.1", 10000)


def voice(frames: int) -> Samples:
    moments = np.arange(160 * frames) / 8000
    return np.asarray(sum(0.2 / n * np.sin(2 * np.pi * 125 * n * moments) for n in range(1, 6)), np.float32)


def packets(sound: bytes) -> list[bytes]:
    sender = Sender(SLIN, ssrc=1, sequence=0xFFFE, timestamp=0xFFFFFFFF - 200)
    return [sender.packet(sound[start : start + 320]) for start in range(0, len(sound), 320)]


def test_packets_are_in_network_order_and_count_samples() -> None:
    first, second, *_ = [packet for each in packets(b"\x01\x02" * 480) if (packet := Packet.parse(each))]
    assert (first.payload_type, first.payload) == (10, b"\x02\x01" * 160)
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 160


def test_what_is_sent_is_received() -> None:
    sound, counters = to_pcm(voice(20)), Counters()
    receiver = Receiver(SLIN, counters)
    frames = [frame for packet in packets(sound) for frame in receiver.receive(packet, PEER)]
    assert b"".join(frames) == sound
    assert counters == Counters(received=20)


@pytest.mark.parametrize("lost", [{8}, {8, 9}, {5, 12}])
def test_what_is_lost_is_filled(lost: set[int]) -> None:
    sound, counters = to_pcm(voice(20)), Counters()
    receiver = Receiver(SLIN, counters)
    sent = [packet for number, packet in enumerate(packets(sound)) if number not in lost]
    frames = [frame for packet in sent for frame in receiver.receive(packet, PEER)]
    assert [len(frame) for frame in frames] == [320] * 20
    for number in lost:
        filled = to_samples(frames[number])
        assert rms_dbfs(filled - to_samples(sound[number * 320 :][:320])) < rms_dbfs(voice(20)) - 9
    assert all(frame == sound[n * 320 :][:320] for n, frame in enumerate(frames) if n not in lost)


def test_packets_of_200_ms_come_as_frames_and_half_samples_not_at_all() -> None:
    sound, counters = to_pcm(voice(20)), Counters()
    receiver, frames = Receiver(SLIN, counters), []
    for number, start in enumerate(range(0, len(sound), 3200)):
        payload = SLIN.encode(sound[start : start + 3200])
        for size in (3200, 319, 3202):
            cut = payload[:size].ljust(size, b"\0")
            packet = Packet(payload_type=10, sequence=number, timestamp=number * 1600, ssrc=1, payload=cut)
            frames += receiver.receive(packet.build(), PEER)
    assert b"".join(frames) == sound
    assert (counters.received, counters.malformed) == (2, 4)
    assert all(len(one) == len(other) for one, other in pairwise(frames))
