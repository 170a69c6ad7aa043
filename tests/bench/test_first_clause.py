"""What `bench first-clause` says of itself; and the benchmark itself, short."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from callcenter import cli
from callcenter.bench.first_clause import MOST_P95_MS, Answer, Level, Plan, Report, measure
from callcenter.config import load
from callcenter.errors import MissingPartError
from tests.bench.test_turns import shown

CROSSED = {"complete": 10.0, "asked": 10.004, "spoken": 10.154, "wired": 10.166}
LEVEL = Level(
    at_once=2,
    answers=tuple(Answer(to_voice=3.0, voice=150.0, to_wire=float(number)) for number in range(20)),
    unspoken=1,
    cpu=0.08,
    lag_p99_ms=1.5,
)
REPORT = Report(levels=(LEVEL,), seconds=40.0, began=datetime(2026, 11, 21, 9, 30, tzinfo=UTC), cores=2)


def test_ours_is_what_the_voice_did_not_take() -> None:
    answer = Answer.of(CROSSED)
    assert answer
    assert (answer.to_voice, answer.voice, answer.to_wire) == pytest.approx((4.0, 150.0, 12.0))
    assert answer.own == pytest.approx(16.0)


@pytest.mark.parametrize("missing", ["asked", "spoken", "wired"])
def test_an_answer_that_was_not_heard_is_not_measured(missing: str) -> None:
    assert Answer.of({**CROSSED, missing: None}) is None


def test_as_json() -> None:
    content = json.loads(json.dumps(REPORT.as_json()))
    (level,) = content["levels"]
    assert (content["ok"], content["cores"], content["began"]) == (True, 2, "2026-11-21T09:30:00+00:00")
    assert (level["own_p50_ms"], level["own_p95_ms"], level["own_max_ms"]) == (12.0, 21.0, 22.0)
    assert (level["answers"], level["unspoken"], len(level["own_ms"])) == (20, 1, 20)
    assert (level["voice_ms"], level["to_voice_ms"]["p95"]) == ({"p50": 150.0, "p95": 150.0}, 3.0)


@pytest.mark.parametrize(
    ("level", "ok"),
    [
        pytest.param(LEVEL, True, id="in-time"),
        pytest.param(replace(LEVEL, answers=(Answer(to_voice=1.0, voice=500.0, to_wire=5.0),)), True, id="slow-voice"),
        pytest.param(
            replace(LEVEL, answers=(Answer(to_voice=0.1, voice=1.0, to_wire=MOST_P95_MS),)), False, id="too-late"
        ),
        pytest.param(replace(LEVEL, answers=()), False, id="no-answers"),
    ],
)
def test_ok(level: Level, ok: bool) -> None:
    report = replace(REPORT, levels=(level,))
    assert (level.ok, report.ok) == (ok, ok)
    assert replace(REPORT, levels=(LEVEL, level)).ok is ok


def test_no_levels_show_nothing() -> None:
    assert not replace(REPORT, levels=()).ok


def test_drawn() -> None:
    text = shown(REPORT.drawn())
    for figure in ("at most 30 ms", "12.0 ms", "21.0 ms", "22.0 ms", "8%", "beyond the voice's own time"):
        assert figure in text
    assert " - " in shown(replace(REPORT, levels=(replace(LEVEL, answers=()),)).drawn())


def test_the_command_line() -> None:
    options = cli.parser().parse_args(["bench", "first-clause", "--at-once", "1,3", "--seconds", "2", "--json"])
    assert (options.at_once, options.seconds, options.voice_ms, options.json) == ((1, 3), 2.0, 150.0, True)


async def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="silero-vad"):
        await measure(Plan(cache=tmp_path), lambda text: None)


@pytest.mark.real
async def test_first_clauses_are_heard() -> None:
    told: list[str] = []
    plan = Plan(cache=load().paths.cache, at_once=(3,), seconds=9.0, warm_up_s=1.0, voice_ms=80.0)
    report = await measure(plan, told.append)
    (level,) = report.levels
    assert len(level.answers) >= 2, told
    assert all(answer.voice >= 79.0 for answer in level.answers)
    assert all(answer.to_voice > 0 and answer.to_wire > 0 for answer in level.answers)
    assert level.p50 is not None
    assert level.p50 < 1000  # on a machine that does other things too
    assert level.cpu > 0
    assert told[-1].startswith(f"3 at once: {len(level.answers)} answers, p95 ")
    assert not psutil.Process().children(recursive=True)
