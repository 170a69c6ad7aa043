"""The far end: what callers sound like, and when and what it sends and receives."""

import socket
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.bench import far_end
from callcenter.bench.arrivals import FRAME, PERIOD
from callcenter.bench.far_end import FarEnd, caller_frames, first_due
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import rms_dbfs, to_samples
from callcenter.media.rtp_packet import Packet
from tests.waiting import PATIENCE_S

SPEECH = (8000 * np.sin(np.arange(800) / 3)).astype("<i2").tobytes()
HOST = "127.0.0.1"


@given(samples=st.integers(1, 2000))
def test_speech_and_then_as_long_of_faint_noise_in_whole_frames(samples: int) -> None:
    frames = caller_frames(b"\x10\x20" * samples)
    assert {len(frame) for frame in frames} == {FRAME}
    assert len(frames) == 2 * -(-samples // FRAME)


def test_the_noise_is_far_below_the_speech() -> None:
    frames = caller_frames(SPEECH)
    talking, quiet = (to_samples(ULAW.decode(b"".join(half))) for half in (frames[:5], frames[5:]))
    assert rms_dbfs(talking) > -20
    assert -65 < rms_dbfs(quiet) < -55


@pytest.mark.parametrize(("call", "due"), [(0, 5.0), (1, 5.001), (19, 5.019), (20, 5.0), (41, 5.001)])
def test_calls_take_turns_within_a_period(call: int, due: float) -> None:
    assert first_due(5.0, call) == pytest.approx(due)


def test_each_call_is_sent_its_stream_and_gets_its_own_back() -> None:
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for peer in peers:
        peer.bind((HOST, 0))
        peer.settimeout(PATIENCE_S)
    got: list[list[Packet]] = [[] for _ in peers]

    def echo(number: int) -> None:
        while len(got[number]) < 10:
            datagram, source = peers[number].recvfrom(2048)
            peers[number].sendto(datagram, source)
            packet = Packet.parse(datagram)
            assert packet is not None
            got[number].append(packet)

    threads = [threading.Thread(target=echo, args=(number,)) for number in range(len(peers))]
    for thread in threads:
        thread.start()
    ends = FarEnd(HOST, [peer.getsockname()[1] for peer in peers], caller_frames(SPEECH))
    start = time.monotonic()
    ends.run(start, start + 10 * PERIOD)
    for thread in threads:
        thread.join()
    for peer in peers:
        peer.close()
    time.sleep(0.01)
    ends.close()
    for packets, stream in zip(got, ends.streams(start, start + 5), strict=True):
        assert [packet.sequence for packet in packets] == list(range(10))
        assert [packet.timestamp for packet in packets] == list(range(0, 10 * FRAME, FRAME))
        assert stream.sequence.tolist() == list(range(len(stream.at)))
        assert len(stream.at) >= 9
        assert stream.timestamp.tolist() == [FRAME * number for number in range(len(stream.at))]
    assert len({packet.ssrc for packets in got for packet in packets}) == 3
    assert ends.lateness_ms(start, start, start + 10 * PERIOD).size == 10 * far_end.SLOTS
