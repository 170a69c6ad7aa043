"""One simulated call: a persona on a phone, fed with what the daemon tells and with what comes over the line."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any
from zlib import crc32

import structlog

from callcenter.errors import SimulationError
from callcenter.media.pcm import Samples
from callcenter.simulation.conduct import Conduct, Leave, Play
from callcenter.simulation.cough import cough
from callcenter.simulation.echo import EchoPath
from callcenter.simulation.handset import Handset
from callcenter.simulation.happenings import (
    AgentSays,
    Answered,
    CallerSays,
    Dialled,
    Happening,
    Heard,
    LeadIs,
    Timed,
)
from callcenter.simulation.impairment import Impairment
from callcenter.simulation.measure import Span
from callcenter.simulation.persona import Line, Persona
from callcenter.simulation.phone import Connection, Phone
from callcenter.simulation.transcript import Placed, Turn
from callcenter.simulation.voices import clip

log = structlog.get_logger()

POLL_S = 0.02
SILENT_LINE_S = 5.0
"""After the answer, by when something must have come over the line: sound or silence."""
LAST_EVENTS_S = 5.0
"""How long the daemon may take to tell of a call's end."""


class Caller:
    """Plays `persona` once, from the number `number`."""

    def __init__(
        self,
        persona: Persona,
        number: str,
        sounds: dict[str, Samples],
        tell: Callable[[Happening], None],
    ) -> None:
        self.persona = persona
        self.number = number
        self._sounds = sounds
        self._seeds = count(crc32(number.encode()))
        """Of this call's coughs and of its network."""
        self._tell = tell
        self._conduct: Conduct | None = None
        self._early: list[tuple[str, float]] = []
        self._turns: list[Turn] = []
        self._said: list[str] = []
        self._lead: dict[str, Any] = {"status": "new", "slots": {}}
        self._outcome: str | None = None
        self._ended = asyncio.Event()

    async def call(self, phone: Phone, noise: Samples | None, host: str, limit_s: float) -> Placed:
        """Dial, talk and hang up; at the latest after `limit_s`. Raises SimulationError when nothing comes of it."""
        wants = tuple(self.persona.expect.slots)
        self._tell(Dialled(name=self.persona.name, caller=self.number, wants=wants))
        echo = EchoPath(self.persona.echo) if self.persona.echo else None
        network = Impairment(self.persona.line, next(self._seeds)) if self.persona.line else None
        flow = self.persona.flow or ""  # the dialplan knows each flow by its name
        async with (
            Handset.open(host, noise, echo, network) as handset,
            phone.dial(self.number, handset, extension=flow) as dialled,
        ):
            self._tell(Answered())
            ended_by = await self._talk(dialled, limit_s)
            ended = asyncio.get_running_loop().time()
        await self._last_events()
        self._close_turn()
        recording = handset.recording
        return Placed(
            turns=tuple(self._turns),
            recording=recording,
            answered=recording.seconds(dialled.answered),
            ended=recording.seconds(ended),
            ended_by=ended_by,
            lead=self._lead,
            outcome=self._outcome,
        )

    def notice(self, event: dict[str, Any]) -> None:
        """Take an event of the daemon about this call."""
        match event:
            case {"event": "call"}:  # a call that was put off, and is served after all
                self._outcome = None
                self._ended.clear()
            case {"event": "say", "text": str(text)}:
                self._agent_says(text, filler=bool(event.get("filler")))
            case {"event": "heard", "text": str(text)}:
                self._amend_last_turn(heard=text)
                self._tell(Heard(text=text))
            case {"event": "lead", "status": str(status), "slots": dict(slots)}:
                self._lead = {"status": status, "slots": slots}
                self._tell(LeadIs(status=status, slots=slots))
            case {"event": "turn", "timings": dict(timings)}:
                self._amend_turn(str(event.get("heard", "")), timings)
                self._tell(Timed(timings=timings))
            case {"event": "end"}:
                self._outcome = event.get("outcome")
                self._ended.set()

    def _agent_says(self, text: str, *, filler: bool) -> None:
        now = asyncio.get_running_loop().time()
        self._said.append(text)
        self._tell(AgentSays(text=text))
        if self._conduct:
            self._conduct.agent_says(text, now, filler=filler)
        else:
            self._early.append((text, now))

    async def _talk(self, dialled: Connection, limit_s: float) -> str:
        """Until either side hangs up; which one did."""
        loop = asyncio.get_running_loop()
        conduct = self._conduct = Conduct(self.persona, dialled.answered)
        for text, at in self._early:
            conduct.agent_says(text, at)
        while not dialled.over.is_set():
            now = loop.time()
            if now - dialled.answered > limit_s:
                return "limit"
            if not dialled.handset.received and now - dialled.answered > SILENT_LINE_S:
                raise SimulationError(f"no sound packets came within {SILENT_LINE_S:g} s of the answer")
            match conduct.decide(now, dialled.handset.sounded):
                case Leave(reason=reason):
                    return reason
                case Play() as play:
                    await self._play(play, dialled, conduct)
                    if play.line.hang_up:
                        return "caller"
                case None:
                    await asyncio.sleep(POLL_S)
        return "agent"

    async def _play(self, play: Play, dialled: Connection, conduct: Conduct) -> None:
        line, handset = play.line, dialled.handset
        conduct.begins_turn(line)
        self._close_turn(caller=line.told, interrupted=play.interrupting, compared=_is_compared(line))
        if line.told:
            self._tell(CallerSays(text=line.told, interrupting=play.interrupting))
        samples = cough(next(self._seeds)) if line.cough else clip(line, self._sounds)
        span = None
        if samples is not None:
            span = await handset.say(samples)
        elif line.dtmf:
            span = await handset.press(line.dtmf)
        if span:
            seconds = handset.recording.seconds
            self._amend_last_turn(speech=Span(start=seconds(span.start), end=seconds(span.end)))
        conduct.ends_turn(asyncio.get_running_loop().time())

    def _close_turn(self, **caller: Any) -> None:
        """What the agent said so far belongs to one turn, with what the caller does about it."""
        if self._said or caller:
            self._turns.append(Turn(agent=" ".join(self._said), **caller))
            self._said = []

    def _amend_last_turn(self, heard: str = "", **changes: Any) -> None:
        if not self._turns:
            return
        last = self._turns[-1]
        if heard:
            changes["heard"] = f"{last.heard} {heard}".strip()
        self._turns[-1] = replace(last, **changes)

    def _amend_turn(self, heard: str, timings: dict[str, float]) -> None:
        """Timings of an exchange belong to the turn in which it was `heard`, which need not be the last."""
        for index in reversed(range(len(self._turns))):
            if heard and self._turns[index].heard.endswith(heard):
                self._turns[index] = replace(self._turns[index], timings=timings)
                return

    async def _last_events(self) -> None:
        try:
            async with asyncio.timeout(LAST_EVENTS_S):
                await self._ended.wait()
        except TimeoutError:
            log.warning("! no end of the call", caller=self.number)


def _is_compared(line: Line) -> bool:
    """Whether what is heard of `line` should be its words: an mm-hm need not be, a farewell cannot."""
    return bool(line.say and line.takes_turn and not line.hang_up)
