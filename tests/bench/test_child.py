"""A process that is told and answers, and what becomes of it."""

import sys

import psutil
import pytest

from callcenter.bench.child import Child
from callcenter.errors import SimulationError

ECHO = """
import json, sys
print(json.dumps({"specification": json.loads(sys.argv[1])}), flush=True)
for line in sys.stdin:
    print(line.strip(), flush=True)
"""
DEAF = """
import time
print("1", flush=True)
while True:
    time.sleep(1)
"""


def command(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


async def test_it_is_told_and_answers() -> None:
    async with Child.started("an echo", command(ECHO), {"calls": 3}) as child:
        assert await child.answer(10) == {"specification": {"calls": 3}}
        await child.tell({"start": 1.5})
        assert await child.answer(10) == {"start": 1.5}
    assert not psutil.pid_exists(child.pid)


async def test_one_that_dies_is_quoted() -> None:
    async with Child.started("the plane", command("import sys; sys.exit('it cannot be')"), {}) as child:
        with pytest.raises(SimulationError, match="the plane ended with status 1: it cannot be"):
            await child.answer(10)


async def test_one_that_says_nothing() -> None:
    async with Child.started("the plane", command(DEAF), {}) as child:
        assert await child.answer(10) == 1
        with pytest.raises(SimulationError, match="did not answer"):
            await child.answer(0.1)


async def test_one_that_does_not_go_is_ended() -> None:
    async with Child.started("the plane", command(DEAF), {}) as child:
        assert await child.answer(10) == 1
    assert not psutil.pid_exists(child.pid)
