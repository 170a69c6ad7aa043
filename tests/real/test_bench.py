"""The benchmarks with simulated callers, on the real Asterisk and daemon, in small."""

import asyncio
import os
import signal

import pytest

from callcenter.bench import soak, turns
from callcenter.demo import House
from callcenter.simulation.persona import Persona

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

IMPATIENT = Persona.model_validate(
    {
        "name": "impatient",
        "voice": {"engine": "flite", "name": "slt"},
        "lines": [
            {"on": "interested in", "barge_in": 2.0, "say": "Sorry, what does it cost?"},
            {"on": ".", "say": "Are you a robot?"},
            {"on": ".", "hang_up": True},
        ],
        "expect": {"outcome": "hung_up"},
    }
)


def silent(line: str) -> None:
    """Nobody looks on."""


async def test_turns_of_two_callers_at_once(house: House) -> None:
    said: list[str] = []
    plan = turns.Plan(
        settings=house.settings, running=True, callers=(IMPATIENT,), at_once=(2,), rounds=1, manners=False
    )
    report = await turns.measure(plan, said.append)
    (load,) = report.loads
    content = load.as_json()
    assert content["errors"] == []
    assert (content["calls"], content["at_once"]) == (2, 2)
    assert content["turns"] >= 2
    assert 100 < content["latency_p50_ms"] <= content["latency_p95_ms"] < 10_000
    assert content["greeting_p95_ms"] < 2000
    # On a busy machine a pause between two words is long enough for these callers to take their turn in it.
    assert content["barge_in"]["interruptions"] + content["barge_in"]["over"] <= 2
    assert content["barge_in"]["worst_ms"] is None or 20 < content["barge_in"]["worst_ms"] < 1000
    assert content["cpu_cores"] > 0
    assert {"endpoint", "think"} <= set(content["stages_ms"])
    assert len([line for line in said if line.startswith("2 at once: call")]) == 2
    spoken = [turn for call in load.calls for turn in call.spoken]
    assert sum(turn.talked_over and not turn.complete for turn in spoken) >= content["barge_in"]["interruptions"] / 2
    assert sum(turn.complete and not turn.talked_over for turn in spoken) >= 2


async def test_a_soak_that_is_interrupted_still_reports(house: House) -> None:
    plan = soak.Plan(
        settings=house.settings, running=True, callers=(IMPATIENT,), minutes=10, at_once=1, sample_every_s=1.0
    )
    asyncio.get_running_loop().call_later(4.0, os.kill, os.getpid(), signal.SIGINT)
    said: list[str] = []
    report = await soak.measure(plan, said.append)
    assert 4 < report.seconds < 30
    assert len(report.samples) >= 4
    assert (report.samples[0].memory_mb > 50, report.samples[-1].files > 10) == (True, True)
    assert report.endurance.flat is None
    assert "stopped: hanging up" in said
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
