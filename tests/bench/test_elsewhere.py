"""The far end of calls that a language model leads: who talks when, and the moments that are taken of an answer."""

import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from callcenter.bench.elsewhere import ANSWER_S, HELLO, QUIET_S, Caller, Crossing, Elsewhere, letters, loud, place_of
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import to_pcm
from callcenter.media.rtp_packet import HEADER_BYTES, Packet, header
from tests.waiting import PATIENCE_S

HOST = "127.0.0.1"
VOICE_S = 0.1
WORDS = [bytes([number]) * 160 for number in range(3)]
PAUSE = [bytes([number]) * 160 for number in range(10, 13)]
SILENCE = ULAW.encode(bytes(320))
SOUND = ULAW.encode(to_pcm(np.full(160, 0.5, np.float32)))
ASKED = '{{"messages": [{{"role": "user", "content": "<caller>{}</caller>"}}]}}'


@pytest.fixture
def caller() -> Iterator[Caller]:
    made = Caller(HOST, WORDS + PAUSE, VOICE_S)
    yield made
    made.sock.close()


@pytest.fixture
def agent(caller: Caller) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(caller.sock.getsockname())
        sock.settimeout(PATIENCE_S)
        yield sock


def plays(agent: socket.socket, caller: Caller, payload: bytes, sequence: int = 0) -> float:
    """Have the caller hear a packet; when that was."""
    agent.send(header(0, sequence, sequence * 160, 7) + payload)
    now = time.monotonic()
    caller.read()
    return now


def said(agent: socket.socket, caller: Caller, now: float) -> bytes:
    """The payload that the caller sends at `now`."""
    caller.tick(now)
    packet = Packet.parse(agent.recv(2048))
    assert packet
    return packet.payload


@given(st.integers(0, 999))
def test_callers_are_told_apart_by_their_words(place: int) -> None:
    assert place_of(f"<caller>{HELLO.format(letters=letters(place))}</caller>") == place


def test_nobody_of_ours() -> None:
    with pytest.raises(ValueError, match="nobody said"):
        place_of("hello")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [(SILENCE, False), (SOUND, True), (b"", False), (ULAW.encode(to_pcm(np.full(160, 0.001, np.float32))), False)],
    ids=["silence", "sound", "nothing", "noise"],
)
def test_what_is_sound(payload: bytes, expected: bool) -> None:
    assert loud(payload) is expected


def test_a_caller_talks_when_the_agent_has_finished_and_then_waits(caller: Caller, agent: socket.socket) -> None:
    now = plays(agent, caller, SOUND)
    assert said(agent, caller, now + VOICE_S + QUIET_S[0] - 0.01) in PAUSE
    now += VOICE_S + QUIET_S[1] + 0.1
    sent = [said(agent, caller, now + 0.02 * number) for number in range(8)]
    assert sent[:3] == WORDS
    assert set(sent[3:]) == set(PAUSE)


def test_who_gets_no_answer_says_it_again(caller: Caller, agent: socket.socket) -> None:
    now = plays(agent, caller, SILENCE)
    assert said(agent, caller, now + ANSWER_S - 0.1) in PAUSE
    assert said(agent, caller, now + ANSWER_S + 0.1) == WORDS[0]


def test_the_next_call_is_waited_for_as_the_first_one_was(caller: Caller, agent: socket.socket) -> None:
    plays(agent, caller, SOUND)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(PATIENCE_S)
        other.connect(caller.sock.getsockname())
        now = plays(other, caller, SILENCE)
        assert said(other, caller, now + ANSWER_S - 0.1) in PAUSE


def test_sound_is_taken_for_the_answer_only_once_the_voice_has_spoken(caller: Caller, agent: socket.socket) -> None:
    answer = caller.answer = Crossing(complete=time.monotonic())
    plays(agent, caller, SOUND)
    assert answer.wired is None
    answer.spoken = time.monotonic()
    plays(agent, caller, SILENCE, 1)
    assert answer.wired is None
    before, at = time.monotonic(), plays(agent, caller, SOUND, 2)
    assert answer.wired == pytest.approx((before + at) / 2, abs=(at - before) / 2 + 0.01)
    heard = answer.wired
    plays(agent, caller, SOUND, 3)
    assert answer.wired == heard


def test_packets_are_whole(caller: Caller, agent: socket.socket) -> None:
    now = plays(agent, caller, SILENCE)
    caller.tick(now)
    caller.tick(now)
    first, second = (agent.recv(2048) for _ in range(2))
    assert len(first) == HEADER_BYTES + 160
    packets = [Packet.parse(first), Packet.parse(second)]
    assert all(packets)
    steps = [(packet.sequence, packet.timestamp) for packet in packets if packet]
    assert (steps[1][0] - steps[0][0], steps[1][1] - steps[0][1]) == (1, 160)


async def test_the_moments_of_an_answer(caller: Caller) -> None:
    elsewhere = Elsewhere(callers=[caller], voice_s=VOICE_S)
    async with TestClient(TestServer(elsewhere.application())) as client:
        arrived: dict[str, float] = {}
        async with client.post("/v1/chat/completions", data=ASKED.format(HELLO.format(letters=letters(0)))) as response:
            async for line in response.content:
                for word in (" thank", "you", ".", " And"):
                    if f'"content": "{word}"' in line.decode():
                        arrived[word] = time.monotonic()
        (answer,) = elsewhere.answers.values()
        assert arrived["."] < answer.complete <= arrived[" And"]
        assert caller.answer is answer
        asked = time.monotonic()
        for text in ("And what about question 1?", "That is answer 1, thank you."):
            async with client.post("/v1/audio/speech", json={"input": text}) as response:
                assert len(await response.read()) > 9600
            assert (answer.spoken is None) == text.startswith("And")
        assert answer.asked is not None
        assert answer.spoken is not None
        assert asked + VOICE_S < answer.asked
        assert VOICE_S - 0.01 < answer.spoken - answer.asked < PATIENCE_S
