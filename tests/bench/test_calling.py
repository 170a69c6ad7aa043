"""Rings where there is nobody to ring."""

from pathlib import Path

import pytest

from callcenter.bench.calling import CallCentre, opened, personas
from callcenter.config import Paths, Settings
from callcenter.errors import MissingPartError
from callcenter.simulation.persona import Persona

SILENT = Persona.model_validate({"name": "silent", "expect": {"outcome": "hung_up", "slots": {"amount": 50}}})


def settings(folder: Path) -> Settings:
    return Settings(paths=Paths(state=folder / "state", cache=folder / "cache"))


def silent(line: str) -> None:
    """Nobody looks on."""


async def test_no_daemon_at_all_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="no daemon answers"):
        async with opened(settings(tmp_path), silent, running=True):
            pytest.fail("there is none")


async def test_a_daemon_that_is_gone_later_fails_the_calls_not_the_benchmark(tmp_path: Path) -> None:
    centre = CallCentre(settings=settings(tmp_path), progress=silent)
    with pytest.raises(MissingPartError):
        await centre.ring("first", [SILENT], calls=1, at_once=1)
    later = await centre.ring("later", [SILENT], calls=3, at_once=2)
    assert [call.error is not None and "no daemon answers" in call.error for call in later.calls] == [True] * 3
    assert len({call.caller for call in later.calls}) == 3
    assert later.cpu is None


def test_personas_are_found_by_the_beginning_of_their_files_names() -> None:
    assert {persona.name for persona in personas("cough")} == {"coughing man", "coughing woman"}
    assert personas("nobody") == ()
