"""Reports of `bench turns` and `bench soak`, as JSON and as they are drawn; and the shipped personas."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console, RenderableType

from callcenter.bench import soak, turns
from callcenter.bench.calling import personas
from callcenter.bench.endurance import Sample
from callcenter.bench.politeness import BargeIns, FalseStops
from callcenter.commands.bench.arguments import levels
from tests.bench.made_calls import call, load

BEGAN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
NOISE = FalseStops(name="white noise", calls=2, failed=0, turns=100, paused=8, stopped=2)
REPORT = turns.Report(
    loads=(load(1, 700.0), load(2, 1600.0)),
    false_stops=(NOISE,),
    barge_ins=BargeIns(stop_ms=(120.0, 140.0), missed=0, over=1),
    parts="base, joe-us, flow investment",
    began=BEGAN,
    cores=2,
)


def shown(drawn: RenderableType) -> str:
    console = Console(file=StringIO(), width=200)
    console.print(drawn)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_turns_as_json() -> None:
    content = json.loads(json.dumps(REPORT.as_json()))
    assert (content["ok"], content["breaks_at"], content["cores"]) == (True, 2, 2)
    assert content["began"] == "2026-11-21T09:30:00+00:00"
    assert [level["latency_p95_ms"] for level in content["levels"]] == [700.0, 1600.0]
    assert content["false_stops"][0]["stopped_at_most"] == pytest.approx(0.07, abs=0.001)
    assert content["barge_in"]["p95_ms"] == 140.0


@pytest.mark.parametrize(
    ("report", "ok"),
    [
        (replace(REPORT, loads=(load(1, 1600.0),)), False),
        (replace(REPORT, false_stops=(replace(NOISE, stopped=3),)), False),
        (replace(REPORT, barge_ins=BargeIns(stop_ms=(151.0,), missed=0, over=0)), False),
        (replace(REPORT, false_stops=(replace(NOISE, turns=0, stopped=0),), barge_ins=None), True),
        (replace(REPORT, loads=()), True),
    ],
    ids=["slow", "stops-for-noise", "stops-late", "not-told", "no-levels"],
)
def test_ok(report: turns.Report, ok: bool) -> None:
    assert report.ok is ok


def test_turns_drawn() -> None:
    text = shown(REPORT.drawn())
    for figure in ("1,600 ms", "p95 breaks at 2 calls at once", "white noise", "under 7.0%", "140 ms", "50%"):
        assert figure in text
    assert "holds up to 1 " in shown(replace(REPORT, loads=REPORT.loads[:1]).drawn())
    assert "n: busy" in shown(replace(REPORT, loads=(load(1, error="busy"),)).drawn())


def test_turns_as_a_picture() -> None:
    picture = REPORT.picture("callcenter bench turns --at-once 1,2")
    for text in ("callcenter bench turns --at-once 1,2", "2026-11-21, 2 cores, base, joe-us", ">1,600<"):
        assert text in picture


@pytest.mark.parametrize(("text", "expected"), [("1,2,4", (1, 2, 4)), ("8", (8,)), ("", ()), ("1, 2,", (1, 2))])
def test_levels(text: str, expected: tuple[int, ...]) -> None:
    assert levels(text) == expected


@pytest.mark.parametrize("text", ["0", "1,-2", "one", "1;2"])
def test_no_levels(text: str) -> None:
    with pytest.raises(ValueError, match=r"level below 1|invalid literal"):
        levels(text)


def soaked(count: int) -> soak.Report:
    samples = [
        Sample(at=10.0 * n, calls=min(n, 3), memory_mb=700.0, files=60, tasks=20, lag_p99_ms=1.25) for n in range(count)
    ]
    return soak.Report(
        began=BEGAN,
        seconds=120.0,
        asked_s=600.0,
        at_once=2,
        samples=tuple(samples),
        results=(call(), call(outcome="partial"), call(error="busy")),
    )


@pytest.mark.parametrize(
    ("count", "flat", "says"), [(90, True, "flat"), (30, None, "too short to tell"), (0, None, "too short to tell")]
)
def test_soak(count: int, flat: bool | None, says: str) -> None:
    report = soaked(count)
    content = json.loads(json.dumps(report.as_json()))
    assert (content["flat"], content["ok"], content["calls"]) == (flat, count > 0, 3)
    assert content["calls_not_as_expected"] == 2
    assert content["errors"] == ["busy"]
    assert says in shown(report.drawn())
    assert "ran for 2.0 of 10 minutes, 3 calls, 2 not as expected" in shown(report.drawn())
    assert "ran for 2.0 minutes, " in shown(replace(report, asked_s=120.0).drawn())


@pytest.mark.parametrize(("kind", "least"), [("plain", 4), ("listen", 2), ("cough", 2), ("interrupt", 4)])
def test_the_shipped_personas(kind: str, least: int) -> None:
    found = personas(kind)
    assert len(found) >= least
    assert len({persona.name for persona in found}) == len(found)


def test_callers_who_interrupt_have_many_voices_and_moments() -> None:
    found = personas("interrupt")
    assert len({(persona.voice.engine, persona.voice.name, persona.voice.pitch) for persona in found}) == len(found)
    moments = {line.barge_in for persona in found for line in persona.lines if line.barge_in is not None}
    assert len(moments) >= 8
    assert sum(line.barge_in is not None for persona in found for line in persona.lines) >= 36
