"""Calls that a language model leads, with nothing else of a daemon around them. Run as a process of its own.

Call, brain, chat, voices, ears, lines and clock are those of the daemon, on uvloop as there, and log as it does. In the
place of Asterisk there are legs that lead straight to the caller's socket, and in the place of a recogniser one that
knows what its caller says; nothing is stored.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from callcenter import garbage, log
from callcenter.asterisk.events import Channel, ChannelEvent, StasisEnd
from callcenter.asterisk.legs import Connect, Legs, Wanted
from callcenter.attention import Manners
from callcenter.bench import elsewhere
from callcenter.call import Call
from callcenter.config import Deepgram, Dialogue, Hearing, Limits, Log, Model, OpenAI, Talking
from callcenter.dialogue.brain import Brain
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.model.brains import Brains
from callcenter.dialogue.readiness import make_ready
from callcenter.dialogue.sentences import clauses
from callcenter.latency import Latencies
from callcenter.media.clock import Clock
from callcenter.media.g711 import ULAW
from callcenter.media.line import Line
from callcenter.media.pcm import NARROWBAND
from callcenter.media.rtp_line import RtpLine
from callcenter.media.rtp_packet import Address
from callcenter.office import Office
from callcenter.speech.ear import Ear
from callcenter.speech.local_ear import LocalHearing
from callcenter.speech.recogniser import Recognised
from callcenter.speech.vad import Silero
from callcenter.speech.voice import PreparedVoice, VoiceName
from callcenter.speech.voices import Sources, Voices
from callcenter.store.records import Record, TurnEnded

FLOW = "investment"
SPREAD_S = 4.0
"""The first calls begin within this."""
VOICE = VoiceName(engine="openai", name="bench")


class Wires(Legs):
    """Legs to somewhere without an Asterisk in between."""

    def __init__(self, peer: Address) -> None:
        self._peer = peer
        self._over = asyncio.Event()

    async def open(self, wanted: Wanted, connect: Connect) -> None:
        """The caller's own address is the other end."""
        host, port = self._peer
        await connect({"UNICASTRTP_LOCAL_ADDRESS": host, "UNICASTRTP_LOCAL_PORT": str(port)})

    async def steady(self, silent: Callable[[], bool]) -> None:
        """Nothing jitters here."""

    async def broken(self) -> str:
        """Never: there is nothing to break."""
        await asyncio.get_running_loop().create_future()
        return ""

    async def next(self) -> ChannelEvent:
        """The caller's hanging up."""
        await self._over.wait()
        return StasisEnd(channel_id="")

    def leave(self) -> None:
        """Have the caller hang up."""
        self._over.set()

    async def hang_up(self) -> None:
        """There is nobody to tell."""

    async def give_back(self) -> None:
        """There is no dialplan."""

    async def close(self) -> None:
        """Nothing was made."""


class Knowing:
    """A recogniser that is told beforehand, in its prompt, what is said."""

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """The prompt."""
        return Recognised(text=prompt, confidence=0.9, ms=0.0)


class Visit:
    """One call from the caller in a place, who leaves when the flow itself would have the word: nothing that they say
    is understood."""

    def __init__(self, place: int, peer: Address, answers: int) -> None:
        """They stay for so many `answers`."""
        self.channel = _channel(place)
        self.words = elsewhere.HELLO.format(letters=elsewhere.letters(place))
        """What they say."""
        self._legs = Wires(peer)
        self._left = answers

    def legs(self, channel: Channel, name: str) -> Legs:
        """To the caller."""
        return self._legs

    def keep(self, record: Record) -> None:
        """Nothing; but count the answers."""
        if isinstance(record, TurnEnded) and record.heard:
            self._left -= 1
            if not self._left:
                self._legs.leave()


class Steered:
    """All calls of a level."""

    def __init__(self, brains: Brains, voice: PreparedVoice, silero: Silero, host: str) -> None:
        self._flow = load_flow(FLOW)
        self._brains = brains
        self._voice = voice
        self._hearing = LocalHearing(Hearing(), silero, Knowing())
        self._host = host
        self._clock = Clock()
        self._latencies = Latencies()

    async def prepare(self) -> None:
        """Have read what calls read, and the greeting rendered."""
        make_ready(self._flow, datetime.now)
        await self._voice.prepare(clauses(self._flow.greeting), NARROWBAND)

    async def serve(self, peers: list[Address], begin: float, end: float) -> dict[str, float]:
        """Have a call with each of `peers` at any time, until the monotonic clock's `end`.

        Returns from `begin` on the CPU seconds a second, and of all how late the clock's ticks came.
        """
        async with asyncio.TaskGroup() as group:
            work = [self._clock.run(), self._hearing.run()]
            work += [self._calls(place, peer) for place, peer in enumerate(peers)]
            tasks = [group.create_task(each) for each in work]
            await asyncio.sleep(begin - time.monotonic())
            cpu = time.process_time()
            await asyncio.sleep(end - time.monotonic())
            cpu = time.process_time() - cpu
            for task in reversed(tasks):
                task.cancel()
        return {"cpu": round(cpu / (end - begin), 3), "lag_p99_ms": round(self._clock.timing.p99_ms, 1)}

    async def _calls(self, place: int, peer: Address) -> None:
        """One after the other, until cancelled. They do not all begin at once, or all would be answered at once."""
        await asyncio.sleep(random.uniform(0.0, SPREAD_S))
        while True:
            visit = Visit(place, peer, self._flow.limits.again + 1)
            await Call(visit.channel, self._office(visit)).run()

    def _office(self, visit: Visit) -> Office:
        flow = self._flow
        return Office(
            instance="bench",
            flow=flow.name,
            legs=visit.legs,
            tape=lambda call, at, rate: None,
            line=lambda channel: RtpLine.open(self._host, ULAW, self._clock),
            ear=partial(self._ear, visit.words),
            brain=self._brain,
            voice=self._voice,
            store=visit.keep,
            tell=lambda event: None,
            latencies=self._latencies,
            fillers=flow.sentences.fillers,
            manners=_manners(flow),
            limits=Limits(),
        )

    def _ear(self, words: str, line: Line) -> Ear:
        return self._hearing.listen(line.received, line.playout.trail, language=self._flow.language, prompt=words)

    def _brain(self, known: Mapping[str, str]) -> Brain:
        return self._brains.brain(self._flow, now=datetime.now, known=known)


def _manners(flow: Flow) -> Manners:
    """As the settings are by default."""
    hearing = Hearing()
    return Manners(
        is_backchannel=flow.is_backchannel,
        pause_ms=hearing.pause_ms,
        short_pause_ms=hearing.short_pause_ms,
        long_pause_ms=hearing.long_pause_ms,
        filler_ms=Dialogue().filler_ms,
    )


def _channel(place: int) -> Channel:
    return Channel(
        id=f"caller-{place}",
        name=f"PJSIP/caller-{place}",
        state="Ring",
        caller_number=f"+1555010{place:04d}",
        caller_name="",
        did="9000",
        application="ai-call-center",
        created="",
    )


async def _serve(specification: dict[str, Any]) -> None:
    silero = Silero(Path(specification["silero"]))
    url, host = specification["url"], specification["host"]
    talking, openai = Talking(), OpenAI(url=url)
    with tempfile.TemporaryDirectory() as cache:
        sources = Sources(talking=talking, openai=openai, deepgram=Deepgram(), cache=Path(cache))
        async with (
            Brains.opened(Dialogue(brain="model"), Model(url=url)) as brains,
            Voices.opened([VOICE], sources) as voices,
        ):
            steered = Steered(brains, voices[(VOICE,)], silero, host)
            await steered.prepare()
            garbage.spare_what_is_there()
            print(json.dumps({"ready": True}), flush=True)
            if line := await asyncio.to_thread(sys.stdin.readline):
                order = json.loads(line)
                peers = [(host, port) for host, port in specification["lines"]]
                print(json.dumps(await steered.serve(peers, order["begin"], order["end"])), flush=True)


def main() -> None:
    """Take the specification (`host`, `url`, `lines`, `silero`), then when to `begin` and to `end` from stdin."""
    log.configure(Log())
    uvloop.run(_serve(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
