"""`callcenter bench first-clause`: what we add between a language model's first clause and the caller's hearing it.

A level is two processes: calls that a model leads (`steered.py`), and all that is outside of them: the model, a voice,
the callers' lines (`elsewhere.py`), which takes the time of what crosses the sockets. What lies between the bytes that
complete the first clause and the first RTP packet with sound, less what the voice itself took, is ours: to read the
model's stream, to ask the voice, to make of its sound what a line plays, and to wait for the clock's next tick, for up
to 20 ms.

A clause is known to be whole when the next word comes: a full stop may be that of an abbreviation.

On a machine that others use too, `chrt -f 10 callcenter bench first-clause` (as root) keeps them from the cores.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from rich.console import Group, RenderableType
from rich.text import Text

from callcenter.bench import drawing
from callcenter.bench.child import Child
from callcenter.bench.politeness import percentile
from callcenter.errors import CallCenterError
from callcenter.media.pcm import to_pcm
from callcenter.simulation.persona import Voice
from callcenter.simulation.voices import Order, Voices
from callcenter.speech.models import Models

MOST_P95_MS = 30.0
SAID = "My aunt knows."
"""In a caller's voice; what is understood of it, they say otherwise."""
HOST = "127.0.0.1"
BOOT_S = 60.0
ANSWER_S = 20.0
"""From the end of a level to its figures."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    cache: Path
    """For the callers' voice and the VAD's model."""
    at_once: tuple[int, ...] = (1, 10, 20)
    """The levels: so many calls at the same time."""
    seconds: float = 40.0
    """How long each level is measured ..."""
    warm_up_s: float = 5.0
    """... after having run for so long: connections are made, and greetings said."""
    voice_ms: float = 150.0
    """What the voice takes for a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The first clause of one answer on its way, all in milliseconds."""

    to_voice: float
    """From the bytes that complete it to the voice's being asked for it."""
    voice: float
    """From there to the voice's first sound: its own time."""
    to_wire: float
    """From that sound to the first packet with sound."""

    @classmethod
    def of(cls, crossing: Mapping[str, float | None]) -> Self | None:
        """From the moments that the far end took, in seconds; None when it was not spoken."""
        moments = [crossing[name] for name in ("complete", "asked", "spoken", "wired")]
        complete, asked, spoken, wired = (-1.0 if moment is None else moment for moment in moments)
        if None in moments:
            return None
        return cls(to_voice=(asked - complete) * 1000, voice=(spoken - asked) * 1000, to_wire=(wired - spoken) * 1000)

    @property
    def own(self) -> float:
        """What we have added to the voice's own time."""
        return self.to_voice + self.to_wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """So many calls at once."""

    at_once: int
    answers: tuple[Answer, ...]
    unspoken: int
    """Answers no sound of which was heard; the caller may have talked over it."""
    cpu: float
    """CPU seconds a second of the process with the calls; 1 is a core."""
    lag_p99_ms: float
    """How late its clock's ticks came: how late anything on its loop does."""

    @property
    def p50(self) -> float | None:
        """Of our own time."""
        return percentile([answer.own for answer in self.answers], 50)

    @property
    def p95(self) -> float | None:
        """Of our own time."""
        return percentile([answer.own for answer in self.answers], 95)

    @property
    def ok(self) -> bool:
        """Whether it is within the budget."""
        return self.p95 is not None and self.p95 <= MOST_P95_MS

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "at_once": self.at_once,
            "answers": len(self.answers),
            "unspoken": self.unspoken,
            "own_p50_ms": self.p50,
            "own_p95_ms": self.p95,
            "own_max_ms": percentile([answer.own for answer in self.answers], 100),
            "to_voice_ms": _spread([answer.to_voice for answer in self.answers]),
            "voice_ms": _spread([answer.voice for answer in self.answers]),
            "to_wire_ms": _spread([answer.to_wire for answer in self.answers]),
            "cpu_cores": self.cpu,
            "lag_p99_ms": self.lag_p99_ms,
            "own_ms": [round(answer.own, 1) for answer in self.answers],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured."""

    levels: tuple[Level, ...]
    """In rising order of calls at once."""
    seconds: float
    """Each level was measured so long."""
    began: datetime
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))

    @property
    def ok(self) -> bool:
        """Whether all levels are within the budget."""
        return bool(self.levels) and all(level.ok for level in self.levels)

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "ok": self.ok,
            "began": self.began.isoformat(timespec="seconds"),
            "cores": self.cores,
            "seconds": self.seconds,
            "budget_p95_ms": MOST_P95_MS,
            "levels": [level.as_json() for level in self.levels],
        }

    def drawn(self) -> RenderableType:
        """For a terminal."""
        made = drawing.table(
            f"from the model's first clause to its first sound on the wire (p95 at most {MOST_P95_MS:.0f} ms)",
            "at\nonce",
            "\nanswers",
            "ours\np50",
            "\np95",
            "\nworst",
            "to the voice\np50",
            "\np95",
            "to the wire\np50",
            "\np95",
            "\nunspoken",
            "loop lag\np99",
            "\nCPU",
        )
        for level in self.levels:
            content = level.as_json()
            made.add_row(
                str(level.at_once),
                str(len(level.answers)),
                _ms(level.p50),
                drawing.verdict(level.ok, _ms(level.p95)),
                _ms(content["own_max_ms"]),
                *(_ms(content[part][share]) for part in ("to_voice_ms", "to_wire_ms") for share in ("p50", "p95")),
                str(level.unspoken),
                _ms(level.lag_p99_ms),
                f"{level.cpu:.0%}",
            )
        note = "beyond the voice's own time; to the wire: the wait for the clock's tick, of up to 20 ms, is in it"
        return Group(made, Text(), Text(note, style="dim"))


async def measure(plan: Plan, progress: Progress) -> Report:
    """Run the levels of `plan`, telling what comes of each.

    Raises MissingPartError when the voice or the model is not there, SimulationError when a process dies.
    """
    began = datetime.now(UTC)
    silero = Models(plan.cache).path("silero-vad")
    levels = []
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as folder:
        said = Path(folder) / "said.pcm"
        said.write_bytes(await _speech(plan.cache, progress))
        for at_once in sorted(set(plan.at_once)):
            level = await _level(plan, at_once, {"host": HOST, "said": str(said), "silero": str(silero)})
            progress(f"{at_once} at once: {len(level.answers)} answers, p95 {_ms(level.p95)}")
            levels.append(level)
    return Report(levels=tuple(levels), seconds=plan.seconds, began=began)


async def _level(plan: Plan, at_once: int, parts: Mapping[str, str]) -> Level:
    outside = (sys.executable, "-m", "callcenter.bench.elsewhere")
    inside = (sys.executable, "-m", "callcenter.bench.steered")
    specification = {**parts, "calls": at_once, "voice_s": plan.voice_ms / 1000}
    async with Child.started("the far end", outside, specification) as far_end:
        there = await far_end.answer(BOOT_S)
        async with Child.started("the calls", inside, {**parts, **there}) as calls:
            await calls.answer(BOOT_S)
            begin = time.monotonic() + plan.warm_up_s
            order = {"begin": begin, "end": begin + plan.seconds}
            await far_end.tell(order)
            await calls.tell(order)
            figures = await calls.answer(plan.warm_up_s + plan.seconds + ANSWER_S)
            crossings = await far_end.answer(ANSWER_S)
    answers = [Answer.of(crossing) for crossing in crossings]
    spoken = tuple(answer for answer in answers if answer)
    return Level(at_once=at_once, answers=spoken, unspoken=len(answers) - len(spoken), **figures)


async def _speech(cache: Path, progress: Progress) -> bytes:
    """SAID by whichever voice can be had, as 16-bit PCM at 8 kHz."""
    voices = Voices(cache, progress)
    try:
        samples = await voices.speak(Order(voice=Voice(engine="flite", name="rms"), language="en", text=SAID))
    except CallCenterError:
        samples = await voices.speak(Order(voice=Voice(engine="piper"), language="en", text=SAID))
    return to_pcm(samples)


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    return {"p50": percentile(values, 50), "p95": percentile(values, 95)}


def _ms(value: float | None) -> str:
    """A figure of a few milliseconds, or a dash."""
    return drawing.NOTHING if value is None else f"{value:.1f} ms"
