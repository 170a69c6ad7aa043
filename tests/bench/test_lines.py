"""What `bench lines` makes of the moments that it is told, and how it shows them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from callcenter import cli
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.bench.line_callers import Exchange, sounding, tone
from callcenter.bench.line_moments import Trip, stops, trips
from callcenter.bench.line_report import (
    MOST_OVER_MS,
    MOST_STOP_P95_MS,
    Costs,
    Own,
    Report,
    Row,
    Stops,
)
from callcenter.bench.line_ways import WAYS
from callcenter.bench.lines import Bench, Plan
from callcenter.config import Asterisk
from callcenter.line_trial import MODULES
from callcenter.media.choice import NARROW
from callcenter.media.line_choice import DIALPLAN
from callcenter.media.pcm import to_samples
from tests.bench.test_turns import shown

ROW = Row(
    name="rtp-ulaw",
    own=Own(ms=(26.0, 27.0, 28.0), lost=2),
    trips=tuple(Trip(whole=30.0 + number, to_us=10.0, ours=9.0, back=11.0 + number) for number in range(20)),
    lost=1,
    stops=Stops(ms=(20.0, 31.0, 44.0), missed=0),
    costs=Costs(ours=0.0061, asterisk=0.0102),
    lag_p99_ms=1.25,
)
REPORT = Report(
    echo=Row(name="echo", trips=(Trip(whole=0.4),), costs=Costs(ours=0.0, asterisk=0.002)),
    rows=(ROW,),
    calls=10,
    seconds=4.0,
    asterisk="22.10.1",
    load=0.42,
    began=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    cores=2,
)
WIDEST = 120
"""Columns of a terminal."""


@pytest.mark.parametrize(
    ("heard", "said", "came", "parts"),
    [
        pytest.param([10.010], [10.018], [10.030], [(30.0, 10.0, 8.0, 12.0)], id="all-parts"),
        pytest.param([], [], [10.030], [(30.0, None, None, None)], id="bare"),
        pytest.param([9.9995], [10.018], [10.030], [(30.0, -0.5, 18.5, 12.0)], id="a-loop-whose-clock-is-coarse"),
        pytest.param([10.010], [10.018], [], [None], id="lost-on-the-way-back"),
        pytest.param([10.010], [10.018], [10.500], [None], id="too-late"),
        pytest.param([9.5, 10.010], [9.6, 10.018], [9.7, 10.030], [(30.0, 10.0, 8.0, 12.0)], id="after-another"),
        pytest.param([10.010], [], [10.030], [(30.0, 10.0, None, None)], id="not-told"),
    ],
)
def test_trips(
    heard: list[float],
    said: list[float],
    came: list[float],
    parts: list[tuple[float, float | None, float | None, float | None] | None],
) -> None:
    found = trips([10.0], [(at, at + 0.02) for at in came], {"heard": heard, "said": said} if heard else {})
    assert [trip and [rounded(trip.whole), *map(rounded, (trip.to_us, trip.ours, trip.back))] for trip in found] == [
        wanted and list(wanted) for wanted in parts
    ]


def rounded(value: float | None) -> float | None:
    """To what a test can tell."""
    return None if value is None else round(value, 6)


def frames(first: float, last: float) -> list[tuple[float, float]]:
    """Sound without a break, from the frame that arrives at `first` to the one at `last`."""
    return [(at, at + 0.02) for at in np.arange(first, last + 0.001, 0.02)]


def test_silence_is_reached_when_the_last_sample_is_heard() -> None:
    heard = [*frames(9.0, 10.02), (10.04, 10.048), *frames(10.44, 11.0)]
    assert stops([10.0], heard) == [pytest.approx(48.0)]


@pytest.mark.parametrize("heard", [frames(9.0, 11.0), []], ids=["it-talks-on", "it-never-talked"])
def test_a_pause_that_nobody_hears_is_missed(heard: list[tuple[float, float]]) -> None:
    assert stops([10.0], heard) == [None]


@pytest.mark.parametrize("rate", [8000, 16_000])
def test_a_tone_sounds_from_its_first_sample_to_its_last(rate: int) -> None:
    pcm = tone(rate, 0.02)
    assert to_samples(pcm).size == rate // 50
    span = sounding(bytes(rate // 100 * 2) + pcm, 5.0, rate)
    assert span
    assert span[0] == pytest.approx(5.01)
    assert span[1] == pytest.approx(5.03, abs=0.001)
    assert sounding(bytes(320), 5.0, rate) is None


def test_as_json() -> None:
    content = json.loads(json.dumps(REPORT.as_json()))
    (way,) = content["ways"]
    assert (content["ok"], content["calls"], content["asterisk"], content["load"]) == (True, 10, "22.10.1", 0.4)
    assert content["echo"]["round_trip_ms"]["p50"] == 0.4
    assert (way["way"], way["tones"], way["lost"], way["over_asterisk_ms"]) == ("rtp-ulaw", 21, 1, 12.0)
    assert way["asterisk_own_ms"] == {"tones": 5, "lost": 2, "error": None, "p50": 27.0, "p95": 28.0, "worst": 28.0}
    assert way["round_trip_ms"] == {"p50": 39.0, "p95": 48.0, "worst": 49.0}
    assert (way["to_us_ms"]["p50"], way["ours_ms"]["p50"], way["back_ms"]["p50"]) == (10.0, 9.0, 20.0)
    assert way["stop_ms"] == {"pauses": 3, "missed": 0, "p50": 31.0, "p95": 44.0, "worst": 44.0}
    assert (way["cpu_per_call"], way["asterisk_cpu_per_call"]) == (0.0061, 0.0102)


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        pytest.param(ROW, True, id="in-time"),
        pytest.param(replace(ROW, trips=(Trip(whole=27.0 + MOST_OVER_MS + 0.1),)), False, id="too-slow"),
        pytest.param(replace(ROW, stops=Stops(ms=(MOST_STOP_P95_MS + 1,), missed=0)), False, id="talks-on-too-long"),
        pytest.param(replace(ROW, stops=Stops(ms=(20.0,), missed=1)), False, id="talks-on"),
        pytest.param(replace(ROW, stops=None), False, id="not-stopped"),
        pytest.param(replace(ROW, own=Own(ms=(27.0,), error="no bridge")), None, id="asterisks-own-not-known"),
        pytest.param(replace(ROW, own=Own(error="no bridge"), stops=None), False, id="not-stopped-whatever-is-known"),
        pytest.param(Row(name="rtp-ulaw", error="no tone"), False, id="failed"),
        pytest.param(Row(name="rtp-ulaw", error="not there", missing=True), True, id="asterisk-has-it-not"),
    ],
)
def test_ok(row: Row, ok: bool | None) -> None:
    report = replace(REPORT, rows=(ROW, row))
    assert report.ok is bool(ok)
    assert report.as_json()["ways"][1]["ok"] is ok


def test_each_way_is_over_its_own() -> None:
    slow = replace(ROW, name="websocket-dial-16", own=Own(ms=(38.0, 38.5, 39.0)))
    report = replace(REPORT, rows=(ROW, slow))
    assert [way["over_asterisk_ms"] for way in report.as_json()["ways"]] == [12.0, 0.5]
    assert report.echo.over is None


def test_nothing_is_over_what_was_not_measured() -> None:
    unknown = replace(ROW, own=Own(error="no bridge"))
    text = shown(replace(REPORT, rows=(unknown,)).drawn())
    assert unknown.over is None
    assert "rtp-ulaw, Asterisk's own: no bridge" in text
    assert "12 ms" not in text


def test_drawn() -> None:
    longest = replace(ROW, name=max(WAYS, key=len), trips=tuple(replace(trip, whole=134.0) for trip in ROW.trips))
    text = shown(replace(REPORT, rows=(ROW, longest, Row(name="dialplan", error="it broke"))).drawn())
    assert max(len(line.rstrip()) for line in text.splitlines()) <= WIDEST
    for figure in ("27 ms", "39 ms", "48 ms", "12 ms", "1 of 21", "44 ms", "0.61%", "1.02%", "load 0.4", "134 ms"):
        assert figure in text
    assert "dialplan: it broke" in text


def test_every_way_is_one_that_asterisk_may_have() -> None:
    assert {way.choice.kind for way in WAYS.values()} == set(MODULES)
    for way in WAYS.values():
        assert way.choice.rate == 8000 or way.choice.kind not in NARROW
        assert way.by_dialplan == (way.choice.kind == DIALPLAN)


def test_the_command_line() -> None:
    options = cli.parser().parse_args(["bench", "lines", "rtp-ulaw", "dialplan", "--calls", "3", "--json"])
    assert (options.ways, options.calls, options.seconds, options.json) == (["rtp-ulaw", "dialplan"], 3, 4.0, True)
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["bench", "lines", "isdn"])


async def test_what_cannot_be_measured_is_in_the_report(tmp_path: Path) -> None:
    asterisk = PrivateAsterisk(tmp_path, tmp_path)  # not started
    settings = Asterisk(url=asterisk.ari_url)
    try:
        async with Exchange(settings) as exchange:
            bench = Bench(Plan(cache=tmp_path, calls=1), asterisk, exchange, settings)
            missing = await bench.row("websocket-dial-8", MODULES["rtp"])
            failed = await bench.row("rtp-ulaw", MODULES["rtp"])
    finally:
        await asterisk.close()
    assert (missing.missing, missing.error) == (True, "this Asterisk does not have it")
    assert not failed.missing
    assert "cannot be reached" in failed.error
