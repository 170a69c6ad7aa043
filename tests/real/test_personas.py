"""The shipped personas, by voice, over a real Asterisk: what the call centre is for."""

from pathlib import Path

import pytest

from callcenter.demo import House
from callcenter.simulation import persona
from callcenter.simulation.happenings import Happening
from callcenter.simulation.simulation import Plan, simulate
from callcenter.store import queries
from callcenter.store.database import Database
from tests.real.callers import target

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

PERSONAS = sorted((Path(__file__).parent.parent / "personas").glob("*.yaml"))
AT_ONCE = 4


class Nobody:
    """Does not look on."""

    def see(self, call: int, happening: Happening) -> None:
        """Look away."""


async def test_a_dozen_callers_are_understood_and_their_leads_stored(house: House) -> None:
    settings = house.settings
    plan = Plan(
        personas=[persona.load(path) for path in PERSONAS],
        at_once=AT_ONCE,
        target=target(settings),
        control=settings.paths.control_socket,
        cache=settings.paths.cache,
    )
    report = await simulate(plan, Nobody(), house.traces.left)
    assert len(report.calls) == 12
    assert {call.name: call.error for call in report.calls if call.error} == {}
    assert {call.name: call.outcome for call in report.calls} == {
        call.name: call.expected_outcome for call in report.calls
    }
    assert report.slots_right >= 0.9 * report.slots_total, [call.wrong for call in report.calls]
    assert report.left == {"channels": 0, "bridges": 0, "tasks": 0}
    assert max(call.greeting_ms or 1e9 for call in report.calls) <= 300
    assert report.as_json()["latency_ms"]["p50"] <= 1500
    numbers = {call.caller: call for call in report.calls}
    async with Database(settings.database, settings.paths) as database, database.session() as session:
        leads = {lead.caller: lead for lead in await queries.leads(session, limit=1000) if lead.caller in numbers}
    for caller, call in numbers.items():
        stored = {name: slot.value for name, slot in leads[caller].slots.items()} if caller in leads else {}
        assert stored == call.lead["slots"]
