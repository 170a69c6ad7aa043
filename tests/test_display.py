"""What a terminal and a pipe show of the records and of the daemon's state."""

import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from callcenter import cost_view, record_view, status_view, transcript_view
from callcenter.store.costs import Costs, FlowCosts, PhraseCosts, ProviderCosts
from callcenter.store.queries import StoredCall, StoredTurn, Transcript
from callcenter.usage import Charge

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CALL = StoredCall(
    id=UUID(int=0xABCDEF << 104),
    instance="i",
    channel="c-1",
    caller="+15550100",
    did="9000",
    flow="investment",
    variant="",
    started=NOON,
    ended=NOON + timedelta(seconds=75),
    outcome="qualified",
    reason="agent",
    recording="/recordings/2026-11-21/abcdef00-0000-0000-0000-000000000000.wav",
    turns=3,
)
GREETING = {"think": 2.0, "voice": 0.1, "wire": 18.0, "total": 20.1}
SLOW = {
    "endpoint": 600.0,
    "recognise": 250.0,
    "queue": 0.3,
    "think": 1000.0,
    "voice": 130.0,
    "wire": 20.0,
    "total": 2000.3,
    "recogniser": 700.0,
    "filler": 1500.0,
}
QUICK = {
    "endpoint": 400.0,
    "recognise": 0.0,
    "think": 0.2,
    "voice": 90.0,
    "wire": 10.0,
    "total": 500.2,
}


@pytest.fixture(autouse=True)
def _greenwich() -> Iterator[None]:
    """Moments are shown in the zone of the machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def turn(index: int, timings: dict[str, float], **words: str) -> StoredTurn:
    texts: dict[str, Any] = {"heard": "", "said": "Hello.", "state": "", "sentiment": ""} | words
    return StoredTurn(index=index, heard_by_caller=texts["said"], timings=timings, at=NOON, **texts)


TRANSCRIPT = Transcript(
    call=CALL,
    turns=[
        turn(0, GREETING),
        turn(1, SLOW, heard="Fifty thousand.", said="Got it. What level of risk?", state="need", sentiment="neutral"),
        turn(2, QUICK, heard="Low, damn it.", said="Goodbye.", state="bye", sentiment="negative"),
    ],
    lead=None,
)


def drawn(found: Transcript, width: int = 200, *, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding) as output:
        transcript_view.transcript(found, Console(file=output, width=width, color_system=None))
        output.flush()
        return [line.rstrip() for line in raw.getvalue().decode(encoding).splitlines()]


def test_transcript_with_stages() -> None:
    """One scale for all: the bars of 60 columns stand for 2,000 ms, so 33 ms a column."""
    full, line = "█", "─"
    assert drawn(TRANSCRIPT) == [
        "call      when                 caller     DID   flow        length  turns  outcome    ended by",
        "abcdef00  2026-11-21 12:00:00  +15550100  9000  investment    1:15      3  qualified  agent",
        "answers  2: p50 1,250 ms, p95 1,925 ms",
        f"recording  {CALL.recording}",
        "",
        "agent   Hello.",
        f"        think      {'▏':60}      2 ms",
        f"        wire       {full:60}     18 ms",
        f"        total      {line:60}     20 ms",
        "",
        "caller  Fifty thousand.",
        "agent   Got it. What level of risk?  need",
        f"        endpoint   {full * 18:60}    600 ms",
        f"        recognise  {' ' * 18 + full * 7:60}    250 ms",
        f"        think      {' ' * 26 + full * 30:60}  1,000 ms",
        f"        voice      {' ' * 56 + full * 3:60}    130 ms",
        f"        wire       {' ' * 59 + full:60}     20 ms",
        f"        total      {line * 60:60}  2,000 ms",
        f"        filler     {' ' * 45 + '◆':60}  1,500 ms",
        "",
        "caller  Low, damn it.  negative",
        "agent   Goodbye.  bye",
        f"        endpoint   {full * 12:60}    400 ms",
        f"        voice      {' ' * 12 + full * 3:60}     90 ms",
        f"        wire       {' ' * 15 + '▏':60}     10 ms",
        f"        total      {line * 15:60}    500 ms",
    ]


def test_transcript_without_stages() -> None:
    call = replace(CALL, recording=None, ended=None, outcome=None, reason=None)
    assert drawn(Transcript(call=call, turns=[turn(0, {}), turn(1, {"total": 0.0}, heard="Hm.")], lead=None))[2:] == [
        "",
        "agent   Hello.",
        "",
        "caller  Hm.",
        "agent   Hello.",
    ]


def test_an_answer_that_was_never_heard_has_its_stages() -> None:
    lines = drawn(Transcript(call=CALL, turns=[turn(0, {"endpoint": 600.0, "think": 5.0}, heard="Hm.")], lead=None))
    assert not any(line.startswith("answers") for line in lines)
    assert lines[-2:] == [
        f"        endpoint   {'█' * 60}    600 ms",
        f"        think      {' ' * 59 + '█'}      5 ms".replace("█", "▏"),
    ]


@pytest.mark.parametrize("width", [60, 40, 33])
def test_a_narrow_terminal_cuts_the_bars_and_not_the_figures(width: int) -> None:
    lines = drawn(TRANSCRIPT, width)
    rows = [line for line in lines if line.startswith("        ") and line.endswith(" ms")]
    assert len(rows) == 14
    assert {len(row) for row in rows} == {width}
    assert rows[3].split() == ["endpoint", "█" * round(600 / 2000 * (width - 29)), "600", "ms"]
    assert f"recording  {CALL.recording}" in lines


def test_an_output_that_knows_ascii_only() -> None:
    lines = drawn(TRANSCRIPT, encoding="ascii")
    assert f"        recognise  {' ' * 18 + '#' * 7:60}    250 ms" in lines
    assert f"        filler     {' ' * 45 + '*':60}  1,500 ms" in lines


def printed(show: Callable[[Console], None], width: int = 200) -> list[str]:
    output = io.StringIO()
    show(Console(file=output, width=width, color_system=None))
    return [line.rstrip() for line in output.getvalue().splitlines()]


def test_calls_show_what_they_cost_where_any_did() -> None:
    free = replace(CALL, usage={"openai:speech": Charge(characters_spoken=46)})
    assert printed(lambda out: record_view.calls([free, CALL], out)) == printed(
        lambda out: record_view.calls([CALL] * 2, out)
    )
    dear = replace(CALL, cost=0.0123456)
    assert printed(lambda out: record_view.calls([dear, CALL, replace(CALL, cost=0.0)], out)) == [
        "call      when                 caller     DID   flow        length  turns  outcome    ended by     cost",
        "abcdef00  2026-11-21 12:00:00  +15550100  9000  investment    1:15      3  qualified  agent     0.01235",
        "abcdef00  2026-11-21 12:00:00  +15550100  9000  investment    1:15      3  qualified  agent",
        "abcdef00  2026-11-21 12:00:00  +15550100  9000  investment    1:15      3  qualified  agent           0",
    ]


def test_transcript_with_usage_and_cost() -> None:
    ears, mind = Charge(seconds_heard=3.25, cost=0.000541666), Charge(tokens_in=12346, tokens_out=40, cost=0.004)
    mouth = Charge(characters_spoken=46)
    usage = {"openai:speech": mouth, "model": mind, "deepgram": ears + ears}
    turns = [turn(0, {}), replace(turn(1, {}, heard="Hm."), usage={"model": mind, "deepgram": ears})]
    lines = drawn(Transcript(call=replace(CALL, usage=usage, cost=0.005083332), turns=turns, lead=None), 60)
    assert lines[lines.index("agent   Hello.") - 4 :] == [
        "used     deepgram 6.5 s (0.001083); model 12,350 tokens in, 40 out (0.004); openai:speech 46 characters",
        "cost     0.005083",
        f"recording  {CALL.recording}",
        "",
        "agent   Hello.",
        "",
        "caller  Hm.",
        "agent   Hello.",
        "        deepgram 3.25 s (0.0005417); model 12,350 tokens in, 40 out (0.004)",
    ]


def test_costs_by_flow_and_provider() -> None:
    usage = Charge(seconds_heard=6000.0, characters_spoken=81234, tokens_in=1234567, tokens_out=9876, cost=12.345678)
    flow = FlowCosts(flow="energy", calls=1200, leads=7, usage=usage, cost_per_call=0.01028806, cost_per_lead=1.763668)
    idle = FlowCosts(flow="idle", calls=2, leads=0, usage=Charge(), cost_per_call=None, cost_per_lead=None)
    ears = ProviderCosts(provider="deepgram", calls=1200, usage=Charge(seconds_heard=6000.0, cost=12.345678))
    found = Costs(flows=[flow, idle], providers=[ears], phrases=[])
    assert printed(lambda out: cost_view.costs(found, "qualified", out)) == [
        "                          per  qualified    per  minutes  characters     tokens  tokens",
        "flow    calls   cost     call      leads   lead    heard      spoken         in     out",
        "energy   1200  12.35  0.01029          7  1.764      100      81,230  1,235,000   9,876",
        "idle        2                          0",
        "",
        "                        minutes  characters  tokens  tokens",
        "provider  calls   cost    heard      spoken      in     out",
        "deepgram   1200  12.35      100",
    ]


def test_phrases_that_no_call_has_paid() -> None:
    bought = PhraseCosts(
        flow="energy",
        provider="openai:speech",
        phrases=1210,
        usage=Charge(characters_spoken=40_123, cost=0.6018),
    )
    found = Costs(flows=[], providers=[], phrases=[bought])
    assert printed(lambda out: cost_view.costs(found, "qualified", out)) == [
        "no calls yet",
        "",
        "prepared for  by             phrases    cost  characters",
        "energy        openai:speech    1,210  0.6018      40,123",
    ]


def test_costs_of_nothing() -> None:
    assert printed(lambda out: cost_view.costs(Costs(flows=[], providers=[], phrases=[]), "qualified", out)) == [
        "no calls yet"
    ]


REPORT: dict[str, Any] = {
    "asterisk": "connected",
    "draining": False,
    "calls": [],
    "outcomes": {"qualified": 2, "hung_up": 1},
    "orphans_removed": 0,
    "process": {"version": "0.1.0", "seconds": 75, "memory_mb": 400.4, "files": 30, "tasks": 12},
    "media": {"p50_ms": 0.4, "p99_ms": 3.0, "max_ms": 12.0, "late": 0, "left_out": 0},
    "store": {"away": False, "written": 40, "waiting": 0},
}
LATENCY = {
    "turns": 213,
    "total": {"p50": 640.0, "p95": 1240.4},
    "endpoint": {"p50": 600.0, "p95": 1000.0},
    "queue": {"p50": 0.1, "p95": 4.0},
}


def status(**more: Any) -> list[str]:
    return printed(lambda out: status_view.status({**REPORT, **more}, out), 100)


def test_status_of_a_daemon_that_says_little() -> None:
    assert status() == [
        "callcenter 0.1.0  up 1:15  Asterisk connected",
        "",
        "no call at the moment",
        "",
        "calls ended: 1 hung_up, 2 qualified",
        "loop lag p50 0 ms, p99 3 ms, worst 12 ms, late ticks 0, frames left out 0, orphans removed 0",
        "database there: 40 records stored, 0 waiting",
        "memory 400 MB, 30 files, 12 tasks",
    ]


def test_status_with_latency_admission_and_speech() -> None:
    lines = status(
        latency=LATENCY,
        admission={"state": "open", "refused": {"max_calls": 3, "lag": 1}},
        speech={"waiting": 2, "working": 1, "ears": 5},
    )
    assert lines[3:11] == [
        "",
        "213 answers     total  endpoint  queue",
        "p50            640 ms    600 ms   0 ms",
        "p95          1,240 ms  1,000 ms   4 ms",
        "",
        "calls ended: 1 hung_up, 2 qualified",
        "admission open; refused: 1 lag, 3 max_calls",
        "recogniser 2 waiting, 1 working, 5 ears",
    ]


@pytest.mark.parametrize(
    ("admission", "line"),
    [
        (
            {"state": "the recogniser is behind", "refused": {}},
            "admission closed: the recogniser is behind; refused: none",
        ),
        ({"state": "open"}, "admission open; refused: none"),
    ],
)
def test_status_of_admission(admission: dict[str, Any], line: str) -> None:
    assert line in status(admission=admission)


def test_status_of_several_flows() -> None:
    one = {"investment": {"calls": 1, "outcomes": {}}}
    assert status(flows=one) == status()
    lines = status(flows={**one, "energy": {"calls": 0, "outcomes": {"refused": 2, "hung_up": 1}}})
    assert lines[5] == "flows: investment 1 now; energy 0 now, 1 hung_up, 2 refused"


def test_status_before_the_first_answer() -> None:
    assert status(latency={"turns": 0}) == status()


def test_status_of_what_was_used() -> None:
    ears, mind = {"seconds_heard": 90.0, "cost": 0.009}, {"tokens_in": 12346, "tokens_out": 400, "cost": 0.0075}
    assert status(usage={"providers": {}, "cost": None}) == status()
    assert status(usage={"providers": {"deepgram": ears, "model": mind}, "cost": 0.0165})[3:10] == [
        "",
        "                      minutes  characters  tokens  tokens",
        "used since the start    heard      spoken      in     out    cost",
        "deepgram                  1.5                               0.009",
        "model                                      12,350     400  0.0075",
        "all                                                        0.0165",
        "",
    ]
    unpriced = {"openai:speech": {"characters_spoken": 46}}
    assert status(usage={"providers": unpriced, "cost": None})[4:8] == [
        "                      minutes  characters  tokens  tokens",
        "used since the start    heard      spoken      in     out",
        "openai:speech                          46",
        "",
    ]


WELL = {"state": "closed", "rests_s": 0.0, "failures": 0, "answered": 4, "failed": 0, "reason": ""}
ILL = {
    "state": "open",
    "rests_s": 11.8,
    "failures": 3,
    "answered": 1234,
    "failed": 5,
    "reason": "deepgram answered 500",
}
HEARS = [{"name": "whisper", **WELL}, {"name": "deepgram", **WELL, "answered": 0}]


@pytest.mark.parametrize(
    "parts",
    [
        {"listening": [], "recognisers": [{"name": "whisper", **WELL}], "voices": [], "model": []},
        {"recognisers": [{"name": "whisper", "state": "closed", "failures": 0, "answered": 4}]},
    ],
    ids=["of this version", "of an older one"],
)
def test_status_of_a_house_of_its_own_says_nothing_of_providers(parts: dict[str, Any]) -> None:
    assert status(**parts) == status()


def test_status_of_those_who_hear_speak_and_think() -> None:
    lines = status(
        listening=[{"name": "deepgram", **ILL, "calls": 0}],
        recognisers=HEARS,
        voices=[
            {"name": "openai:coral", **WELL, "failures": 2, "failed": 2, "reason": "it broke off"},
            {"name": "deepgram:aura-2-thalia-en", **WELL},
        ],
        model=[{"name": "model", **WELL, "state": "half open"}],
    )
    assert lines[3:10] == [
        "",
        "         who                        state               answered  failed",
        "listens  deepgram                   rests 12 s             1,234       5",
        "hears    whisper                    well                       4       0",
        "speaks   openai:coral               2 failed in a row          4       2",
        "         deepgram:aura-2-thalia-en  well                       4       0",
        "thinks   model                      may be tried again         4       0",
    ]
    assert lines[10:14] == [
        "last failure  deepgram answered 500",
        "last failure  openai:coral: it broke off",
        "",
        "calls ended: 1 hung_up, 2 qualified",
    ]


@pytest.mark.parametrize(
    "used", [{"answered": 1}, {"failed": 1, "reason": "deepgram answered 500"}], ids=["well", "ill"]
)
def test_who_listened_along_has_a_row_for_whole_utterances_once_it_was_handed_some(used: dict[str, Any]) -> None:
    lines = status(
        listening=[{"name": "deepgram", **WELL, "calls": 2}],
        recognisers=[{"name": "whisper", **WELL}, {"name": "deepgram", **WELL, **used}],
    )
    told = [line.split()[:3] for line in lines[5:8]]
    assert told == [
        ["listens", "deepgram", "well,"],
        ["hears", "whisper", "well"],
        ["deepgram", "well", "1" * ("answered" in used) or "4"],
    ]
    assert lines[5].split()[3:5] == ["in", "2"]


def test_this_machine_s_whisper_is_told_of_when_it_has_failed() -> None:
    lines = status(recognisers=[{"name": "whisper", **WELL, "failed": 1, "reason": "whisper did not answer in time"}])
    assert lines[5].split() == ["hears", "whisper", "well", "4", "1"]
    assert lines[6] == "last failure  whisper did not answer in time"


def test_a_long_reason_does_not_widen_the_screen() -> None:
    lines = status(model=[{"name": "model", **WELL, "failed": 1, "reason": "word " * 40}])
    assert max(map(len, lines)) <= 100
