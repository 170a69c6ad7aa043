"""A caller in each language, by voice, over a real Asterisk and on one daemon: each is understood in their own.

All personas of all flows by voice take half an hour; what came of them is in the README.
"""

from pathlib import Path

import pytest

from callcenter.demo import House
from callcenter.simulation import persona
from tests.real.test_personas import called

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

PERSONAS = Path(__file__).parent.parent / "personas"
CALLERS = ("not_interested", "energy/do_not_call", "appointments/angry", "reception/by_name")
"""Short calls, of which two end with a person."""


async def test_a_caller_in_each_language_is_understood(house: House) -> None:
    calls = await called(house, [persona.load(PERSONAS / f"{name}.yaml") for name in CALLERS])
    assert {call.name: call.error for call in calls if call.error} == {}
    assert [call.name for call in calls if call.stuck] == []
    assert {call.language for call in calls} == {"en", "fr", "es", "pt"}
    assert {call.name: call.outcome for call in calls} == {call.name: call.expected_outcome for call in calls}
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
