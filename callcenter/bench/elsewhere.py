"""What is outside of a daemon whose calls a language model leads: that model, a voice, and the callers' lines.

Run as a process of its own, which takes the time of all that crosses a socket of the daemon: the bytes that complete
the first clause of an answer, the voice's being asked for that clause, its first sound, and the first RTP packet with
sound. It has asyncio's own loop: uvloop puts off a write to the end of a turn, when its time has been taken already.

The model speaks OpenAI's chat completions, streamed, and the voice their speech. Each answer has a number, by which the
voice knows it, and tells the caller by the letters in what they said.
"""

import asyncio
import json
import math
import random
import re
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web

from callcenter.background import running
from callcenter.bench.arrivals import FRAME, PERIOD
from callcenter.bench.far_end import SO_TIMESTAMPNS, caller_frames
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import to_pcm, to_samples
from callcenter.media.rtp_packet import Address, Packet, header

RATE = 24_000
"""Of OpenAI's raw speech."""
SOUND_S = 0.3
"""Each clause lasts so long; all of it comes at once."""
TOKEN_S = 0.01
"""Of the model."""
SSRC = 0x0CA11E25
LOUD = 0.02
"""Of full scale: a packet with a sample beyond that is sound."""
QUIET_S = (0.2, 1.0)
"""So long after a voice would have said more, at random between these, a caller begins to talk ..."""
ANSWER_S = 3.0
"""... or no answer has come in so long."""
HELLO = "{letters} knows my aunt."
"""What callers say, by what tells them from each other: nothing that a flow's own rules understand."""
CLAUSE = "That is answer {number}, thank you."
QUESTION = "And what about question {number}?"

_CALLER = re.compile(r"([a-j]+) knows my aunt")
_NUMBER = re.compile(r"answer (\d+),")
_STAMP = struct.Struct("qq")
"""struct timespec."""


def letters(place: int) -> str:
    """The name of the caller in that place: digits might be taken for an amount."""
    return "".join("abcdefghij"[int(digit)] for digit in f"{place:03d}")


def place_of(text: str) -> int:
    """The caller who has said `text`. Raises ValueError when it was nobody of ours."""
    found = _CALLER.findall(text)
    if not found:
        raise ValueError(f"nobody said {text!r}")
    return int("".join(str("abcdefghij".index(letter)) for letter in found[-1]))


@dataclass(slots=True, kw_only=True)
class Crossing:
    """The first clause of an answer at the daemon's sockets, in the monotonic clock's seconds."""

    complete: float
    """The bytes that complete it were sent."""
    asked: float | None = None
    """The voice was asked for it."""
    spoken: float | None = None
    """Its first sound was sent."""
    wired: float | None = None
    """The first RTP packet with sound arrived, by the kernel's stamp."""


class Caller:
    """One line: says its words whenever the agent has finished."""

    def __init__(self, host: str, frames: list[bytes], voice_s: float) -> None:
        """`frames` are µ-law; half of them are speech, the others are what a pause sounds like.

        The agent has finished when it has said nothing for longer than `voice_s`.
        """
        self.answer: Crossing | None = None
        """The one whose sound is to come."""
        self.sock = _bound(host)
        self._frames = frames
        self._words = len(frames) // 2
        self._voice_s = voice_s
        self._peer: Address | None = None
        self._sent = 0
        self._at = self._words
        """The next of the frames."""
        self._quiet_since = math.inf
        self._patience_s = ANSWER_S
        """After so long a silence the caller talks."""

    def tick(self, now: float) -> None:
        """Send a packet to whoever sends to us."""
        if self._at >= self._words and now - self._quiet_since > self._patience_s:
            self._at = 0
        elif self._at < self._words:
            self._quiet_since, self._patience_s = now, ANSWER_S
        self._sent += 1
        if self._peer:
            start = header(ULAW.payload_type, self._sent & 0xFFFF, self._sent * FRAME & 0xFFFFFFFF, SSRC)
            with suppress(OSError):
                self.sock.sendto(start + self._frames[self._at], self._peer)
        self._at += 1
        if self._at == len(self._frames):
            self._at = self._words

    def read(self) -> None:
        """Take all that has come. When a call is over, it comes from the next one."""
        while arrived := _received(self.sock):
            datagram, at, source = arrived
            if source != self._peer:
                self._peer, self._quiet_since, self._patience_s = source, at, ANSWER_S
            packet = Packet.parse(datagram)
            if packet and loud(packet.payload):
                self._hear(at)

    def _hear(self, at: float) -> None:
        """The agent talks: what the caller says next is said after that."""
        self._quiet_since, self._patience_s = at, self._voice_s + random.uniform(*QUIET_S)
        answer = self.answer
        if answer and answer.spoken is not None and at > answer.spoken:
            answer.wired, self.answer = at, None


@dataclass(kw_only=True)
class Elsewhere:
    """The model, the voice, and all callers."""

    callers: list[Caller]
    voice_s: float
    """What the voice takes for a clause, from its being asked to its sound."""
    answers: dict[int, Crossing] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=partial(count, 1))
    _sound: bytes = field(default_factory=lambda: _tone())

    def application(self) -> web.Application:
        """The model and the voice, to be served."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._think)
        application.router.add_post("/v1/audio/speech", self._speak)
        return application

    async def call(self) -> None:
        """Send and receive for all callers, until cancelled."""
        loop = asyncio.get_running_loop()
        for caller in self.callers:
            loop.add_reader(caller.sock, caller.read)
        due = loop.time()
        while True:
            for caller in self.callers:
                caller.tick(time.monotonic())
                due += PERIOD / len(self.callers)
                await asyncio.sleep(due - loop.time())

    async def _think(self, request: web.Request) -> web.StreamResponse:
        """Two clauses, the second a question. The first is known to be whole when the second begins."""
        body = await request.json()
        caller = self.callers[place_of(str(body["messages"][-1]["content"]))]
        number = next(self._numbers)
        first, second = (_tokens(text.format(number=number)) for text in (CLAUSE, QUESTION))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for place, token in enumerate([*first, *second]):
            await asyncio.sleep(TOKEN_S)
            data = _event(token)
            if place == len(first):
                caller.answer = self.answers[number] = Crossing(complete=time.monotonic())
            await response.write(data)
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        asked = time.monotonic()
        text = (await request.json())["input"]
        found = _NUMBER.search(text)
        answer = self.answers.get(int(found[1])) if found else None
        await asyncio.sleep(self.voice_s - (time.monotonic() - asked))
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        if answer:
            answer.asked, answer.spoken = asked, time.monotonic()
        await response.prepare(request)
        await response.write(self._sound)
        return response


def loud(payload: bytes) -> bool:
    """Whether there is sound in a µ-law packet."""
    samples = to_samples(ULAW.decode(payload))
    return bool(samples.size and np.abs(samples).max() > LOUD)


def _tokens(text: str) -> list[str]:
    """As models write them: each with the space before it, the full stop by itself."""
    return re.findall(r"\s*(?:[\w']+|[^\w\s])", f" {text}")


def _event(token: str) -> bytes:
    choice = {"index": 0, "delta": {"content": token}, "finish_reason": None}
    chunk = {"id": "chat", "object": "chat.completion.chunk", "created": 0, "model": "bench", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _tone() -> bytes:
    samples = np.arange(int(SOUND_S * RATE))
    return to_pcm((0.3 * np.sin(2 * np.pi * 440 / RATE * samples)).astype(np.float32))


def _bound(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind((host, 0))
    return sock


def _received(sock: socket.socket) -> tuple[bytes, float, Address] | None:
    """The next datagram, when it came by the monotonic clock, and from where."""
    try:
        datagram, notes, _, source = sock.recvmsg(2048, 64)
    except OSError:  # nothing more, or a call that is over refuses what is sent to it
        return None
    seconds, nanoseconds = _STAMP.unpack(notes[0][2])
    ahead = time.clock_gettime(time.CLOCK_REALTIME) - time.monotonic()
    return datagram, seconds + nanoseconds * 1e-9 - ahead, source


async def _serve(specification: dict[str, Any]) -> None:
    speech = Path(specification["said"]).read_bytes()
    frames = caller_frames(speech)
    host = specification["host"]
    voice_s = specification["voice_s"]
    callers = [Caller(host, frames, voice_s) for _ in range(specification["calls"])]
    elsewhere = Elsewhere(callers=callers, voice_s=voice_s)
    runner = web.AppRunner(elsewhere.application(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    url = f"http://{host}:{runner.addresses[0][1]}/v1"
    try:
        async with running() as start:
            start(elsewhere.call())
            print(json.dumps({"url": url, "lines": [caller.sock.getsockname() for caller in callers]}), flush=True)
            if line := await asyncio.to_thread(sys.stdin.readline):
                begin, end = (json.loads(line)[name] for name in ("begin", "end"))
                await asyncio.sleep(end - time.monotonic())
                crossings = [each for each in elsewhere.answers.values() if begin <= each.complete < end]
                print(json.dumps([_as_json(each) for each in crossings]), flush=True)
    finally:
        await runner.cleanup()
        for caller in callers:
            caller.sock.close()


def _as_json(each: Crossing) -> dict[str, float | None]:
    return {"complete": each.complete, "asked": each.asked, "spoken": each.spoken, "wired": each.wired}


def main() -> None:
    """Take the specification (`host`, `calls`, `said`, `voice_s`), then when to `begin` and to `end` from stdin."""
    asyncio.run(_serve(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
