"""The benchmark of interruptions: who is rung where, and the figures of made calls."""

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from callcenter import cli
from callcenter.bench.calling import personas
from callcenter.bench.interruptions import Report, Row, houses
from callcenter.bench.line_ways import WAYS
from callcenter.config import Settings
from tests.bench.made_calls import call, interruption

BEGAN = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def row(name: str, *stops: float | None, error: str | None = None) -> Row:
    made = tuple(interruption(stop, "missed" if stop is None else "stopped") for stop in stops)
    return Row(name=name, calls=(call(interruptions=made, error=error),))


def report(*rows: Row) -> Report:
    return Report(rows=rows, at_once=2, load=0.5, began=BEGAN, cores=2)


def test_each_way_has_a_number_of_a_daemon_that_has_it() -> None:
    dialling, listening = houses(tuple(WAYS))
    assert {**dialling.extensions, **listening.extensions}.keys() == WAYS.keys()
    for house in (dialling, listening):
        media = house.led(Settings()).media
        assert media.websocket == ("listen" if house.listens else "dial")
        assert len(set(house.extensions.values())) == len(house.extensions)
        for name, extension in house.extensions.items():
            if WAYS[name].by_dialplan:
                assert (extension, extension in media.by_did) == ("777", False)
            else:
                own, choice = media.by_did[extension], WAYS[name].choice
                assert (own.line, own.rate, own.codec) == (choice.kind, choice.rate, choice.codec)


def test_a_house_is_only_there_for_a_way_of_it() -> None:
    (house,) = houses(["websocket-listen-8"])
    assert (house.listens, house.extensions) == (True, {"websocket-listen-8": "9000"})


def test_every_caller_interrupts_seven_times() -> None:
    callers = personas("insistent")
    assert len({each.voice.name for each in callers}) == len(callers) == 3
    for caller in callers:
        assert len([line for line in caller.lines if line.barge_in is not None]) == 7


def test_every_way_must_give_way() -> None:
    well, late, deaf = row("a", *[80.0] * 20, 500.0), row("b", 80.0, 160.0), row("c", 80.0, None)
    assert report(well).ok, "one of 21 may be later"
    assert not report(well, late).ok
    assert not report(well, deaf).ok
    assert not report(well, row("d")).ok, "nobody interrupted"
    assert not report(well, row("e", *[80.0] * 20, error="busy")).ok


def test_what_is_shown() -> None:
    console = Console(width=100, record=True)
    found = report(row("rtp-ulaw", 61.0, 80.0, 149.0, None), row("dialplan", error="busy here"))
    console.print(found.drawn())
    shown = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert "way p50 p95 worst n missed not counted" in shown
    assert "rtp-ulaw 80 ms 149 ms 149 ms 4 1 0" in shown
    assert "dialplan - - - 0 0 0" in shown
    assert "dialplan: busy here" in shown
    content = json.loads(json.dumps(found.as_json()))
    assert [way["way"] for way in content["ways"]] == ["rtp-ulaw", "dialplan"]
    assert (content["ways"][0]["p50_ms"], content["ways"][1]["errors"]) == (80.0, ["busy here"])


def test_the_command_line() -> None:
    options = cli.parser().parse_args(["bench", "interruptions", "rtp-ulaw", "dialplan", "--rounds", "2", "--json"])
    assert (options.ways, options.rounds, options.at_once, options.json) == (["rtp-ulaw", "dialplan"], 2, 2, True)
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["bench", "interruptions", "isdn"])
