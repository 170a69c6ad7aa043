"""What is shown at the end of simulated calls, and what of it a machine reads."""

import io

from rich.console import Console

from callcenter.simulation.report import Report
from callcenter.simulation.summary import summary
from tests.simulation.test_live import result


def shown(report: Report) -> str:
    output = io.StringIO()
    Console(file=output, width=160, color_system=None).print(summary(report))
    return output.getvalue()


def test_summary() -> None:
    broken = result(
        name="lost", error="calling 9000: 503 Service Unavailable", outcome=None, turns=(), greeting_ms=None
    )
    wrong = result(name="refuses", outcome="refused", wrong=())
    report = Report(calls=(result(), broken, wrong), left={"channels": 0, "bridges": 1})
    text = shown(report)
    for piece in (
        "terse [sic]",
        "0 of 2",
        "210 ms",
        "900 ms",
        "25%",
        "terse [sic]: amount is 60, not 50; risk is None, not moderate",
        "lost: calling 9000: 503 Service Unavailable",
        "refuses: ended as refused, not qualified",
        "not as expected",
        "left behind: 0 channels, 1 bridges",
    ):
        assert piece in text
    assert "outcomes right" not in text


def test_summary_of_several_flows_and_languages() -> None:
    right = {"wrong": (), "ended_by": "agent"}
    calls = (
        result(flow="energy", language="fr", **right),
        result(flow="energy", language="fr", outcome="refused", ended_by="agent"),
        result(flow="support", language="fr", **right | {"ended_by": "patience"}),
        result(flow="reception", language="pt", **right),
    )
    report = Report(calls=calls, left={})
    lines = [" ".join(line.split()) for line in shown(report).splitlines()]
    assert "flow outcomes right stuck slots right language outcomes right stuck slots right" in lines
    assert "energy 1 of 2 0 2 of 4 fr 2 of 3 1 4 of 6" in lines
    assert "support 1 of 1 1 2 of 2 pt 1 of 1 0 2 of 2" in lines
    assert "terse [sic]: stuck: ended by patience" in lines
    found = report.as_json()
    assert [each["of"] for each in found["by_flow"]] == ["energy", "support", "reception"]
    fr = {"of": "fr", "calls": 3, "right": 2, "stuck": 1, "slots_right": 4, "slots_total": 6}
    assert found["by_language"][0] == fr
    assert [call["stuck"] for call in found["calls"]] == [False, False, True, False]


def test_a_stuck_call_is_not_as_expected() -> None:
    ended = {"wrong": (), "ended_by": "agent"}
    assert Report(calls=(result(**ended),), left={}).ok
    for changes in ({"ended_by": "patience"}, {"ended_by": "limit"}):
        assert result(**ended | changes).stuck
        assert not Report(calls=(result(**ended | changes),), left={}).ok
    assert result(outcome=None, ended_by="caller").stuck
    assert not result(outcome=None, ended_by=None, error="the line is busy").stuck
