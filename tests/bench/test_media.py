"""The benchmark itself, short: that sound goes both ways, and that it ends whatever dies."""

import sys
from pathlib import Path

import psutil
import pytest

from callcenter.bench.media import Bench, Contender, Plan, measure
from callcenter.config import load
from callcenter.errors import MissingPartError, SimulationError

DIES = """
import json, sys
print(json.dumps({"ports": [9]}), flush=True)
sys.stdin.readline()
sys.exit("the plane fell")
"""


@pytest.mark.real
async def test_sound_goes_both_ways() -> None:
    told: list[str] = []
    report = await measure(Plan(cache=load().paths.cache, calls=20, seconds=2.0, warm_up_s=0.5), told.append)
    level = report.ours.levels[-1]
    assert level.sent.packets > 2 * 50, told
    assert level.plane.heard
    assert level.plane.vad_ms is not None
    assert level.plane.say_ms is not None, "a clip began in these two seconds"
    assert level.plane.cpu > 0
    assert told[-1].startswith("callcenter, 20 calls")
    assert not psutil.Process().children(recursive=True)


async def test_a_plane_that_dies_ends_the_level_and_the_far_end(tmp_path: Path) -> None:
    said = tmp_path / "said.pcm"
    said.write_bytes(bytes(16_000))
    plan = Plan(cache=tmp_path, seconds=0.2, warm_up_s=0.1)
    bench = Bench(plan, {"said": str(said), "host": plan.host}, lambda text: None)
    before = psutil.Process().children(recursive=True)
    with pytest.raises(SimulationError, match="a plane ended with status 1: the plane fell"):
        await bench.attempt(Contender(name="a plane", command=(sys.executable, "-c", DIES), first=1), 1)
    assert psutil.Process().children(recursive=True) == before


async def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="silero-vad"):
        await measure(Plan(cache=tmp_path), lambda text: None)
