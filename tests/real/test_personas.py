"""The shipped personas, by voice, over a real Asterisk: what the call centre is for."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from callcenter.demo import House
from callcenter.simulation import persona
from callcenter.simulation.happenings import Happening
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult
from callcenter.simulation.simulation import Plan, simulate
from callcenter.store import queries
from callcenter.store.database import Database
from tests.real.callers import target, undisturbed

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

PERSONAS = sorted((Path(__file__).parent.parent / "personas").glob("*.yaml"))
AT_ONCE = 6


class Nobody:
    """Does not look on."""

    def see(self, call: int, happening: Happening) -> None:
        """Look away."""


async def called(house: House, personas: Sequence[Persona]) -> list[CallResult]:
    """What came of one call of each, and of a second one where the first did not go as expected.

    A recogniser hears the same voice a little differently each time; twice in a row is no chance.
    """
    first = await placed(house, personas)
    again = [persona for persona, call in zip(personas, first, strict=True) if call.wrong or not call.ok]
    second = {call.name: call for call in await placed(house, again)} if again else {}
    return [second.get(call.name, call) for call in first]


async def placed(house: House, personas: Sequence[Persona]) -> Sequence[CallResult]:
    """What came of one call of each."""
    undisturbed()
    settings = house.settings
    plan = Plan(
        personas=personas,
        at_once=AT_ONCE,
        target=target(settings),
        control=settings.paths.control_socket,
        cache=settings.paths.cache,
    )
    return (await simulate(plan, Nobody())).calls


async def test_a_dozen_callers_are_understood_and_their_leads_stored(house: House) -> None:
    settings = house.settings
    longest_first = sorted((persona.load(path) for path in PERSONAS), key=lambda who: -len(who.lines))
    calls = await called(house, longest_first)
    assert len(calls) == 12
    assert {call.name: call.error for call in calls if call.error} == {}
    assert {call.name: call.outcome for call in calls} == {call.name: call.expected_outcome for call in calls}
    right, total = sum(call.slots_right for call in calls), sum(call.slots_total for call in calls)
    assert right >= 0.9 * total, {call.name: call.wrong for call in calls}
    assert await house.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}
    assert all(call.greeting_ms is not None for call in calls)
    numbers = {call.caller: call for call in calls}
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        leads = {lead.caller: lead for lead in await queries.leads(session, limit=1000) if lead.caller in numbers}
    for caller, call in numbers.items():
        stored = {name: slot.value for name, slot in leads[caller].slots.items()} if caller in leads else {}
        assert stored == call.lead["slots"]
