"""The benchmark of lines on the real Asterisk, in small."""

import pytest

from callcenter.bench import lines
from callcenter.config import load

pytestmark = [pytest.mark.real, pytest.mark.alone, pytest.mark.timeout(120)]


async def test_two_ways_of_two_callers() -> None:
    said: list[str] = []
    plan = lines.Plan(
        cache=load().paths.cache,
        ways=("websocket-listen-16", "dialplan"),
        calls=2,
        tones=2,
        least_tones=4,
        least_pauses=2,
        pauses=1,
        seconds=2.0,
        warm_up_s=0.5,
    )
    report = await lines.measure(plan, said.append)
    assert [line.partition(":")[0] for line in said] == ["echo", *plan.ways]
    assert not any(row.error for row in (report.echo, *report.rows))
    assert report.echo.p50 is not None
    assert report.echo.p50 < 20
    for row in report.rows:
        content = row.as_json()
        own = content["asterisk_own_ms"]
        assert (own["tones"], own["lost"], own["error"]) == (4, 0, None)
        assert 0 <= own["p50"] < 300
        assert content["over_asterisk_ms"] == round(content["round_trip_ms"]["p50"] - own["p50"], 1)
        assert (content["tones"], content["lost"]) == (4, 0)
        assert -20 < content["to_us_ms"]["p50"] < content["round_trip_ms"]["p50"] < 300
        assert 0 <= content["ours_ms"]["p50"] < 60
        assert (content["stop_ms"]["pauses"], content["stop_ms"]["missed"]) == (2, 0)
        assert 0 < content["cpu_per_call"] < 0.5
        assert 0 < content["asterisk_cpu_per_call"] < 0.5
