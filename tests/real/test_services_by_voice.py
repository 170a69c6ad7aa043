"""What a persona's services and people do as text, they do on the telephone: over a real Asterisk, a call at a time."""

import socket
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from callcenter import config, doctor
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Dialogue
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.simulation.happenings import Happening
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult
from callcenter.simulation.simulation import NOBODY_THERE, Plan, simulate
from tests.conftest import REHEARSED, open_to_all
from tests.real.callers import target, undisturbed

pytestmark = [pytest.mark.real, pytest.mark.timeout(200), pytest.mark.asyncio(loop_scope="module")]

FLOW = """\
name: hotline
language: en
country: US
voice: {{engine: espeak, name: en-us}}
greeting: Hello.
slots:
  ticket: {{type: text, ask: "-", required: false}}
  at: {{type: moment, ask: "-", required: false}}
states:
  find:
    do: {{fetch: {{url: "{address}/technicians", method: get, keep: {{ticket: id, at: at}}}}}}
    on: [{{if: {{result: free}}, go: person}}, {{if: {{result: failed}}, end: failed}}]
    go: bye
  person: {{do: {{transfer: technician}}, go: bye}}
  bye: {{end: ticket}}
people: {{technician: {{dial: Local/9100@people, hours: {{fri: "9:00-11:00"}}}}}}
"""
FREE = {"url": "/technicians$", "answer": {"result": "free", "id": "T42", "at": "2026-11-24T10:00"}}
BUSY = {"url": "/technicians$", "answer": {"id": "T43"}}
SLOTS = {"ticket": "T42", "at": "tuesday 10:00"}
"""Of a call on 20 November 2026, as the daemon is made to believe."""


class Nobody:
    """Does not look on."""

    def see(self, call: int, happening: Happening) -> None:
        """Look away."""


@pytest.fixture(scope="module")
def port() -> int:
    """One that is free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline(tmp_path_factory: pytest.TempPathFactory, port: int) -> AsyncIterator[House]:
    """A house that looks up whether a technician is free, on what it takes for a Friday morning."""
    folder = tmp_path_factory.mktemp("hotline")
    path = folder / "hotline.yaml"
    path.write_text(FLOW.format(address=f"http://127.0.0.1:{port}"))
    async with PrivateAsterisk(config.load().paths.cache) as asterisk:
        settings = open_to_all(led_to(config.load(), asterisk, folder / "state"))
        dialogue = Dialogue(flow=str(path), pretend_it_is=REHEARSED)
        daemon = DaemonProcess(settings.model_copy(update={"dialogue": dialogue}))
        try:
            yield await House.started(daemon.settings, asterisk, daemon)
        finally:
            await daemon.stop()


def persona(name: str, outcome: str, *services: dict[str, Any], **changes: Any) -> Persona:
    """Somebody who listens."""
    expect = {"outcome": outcome, "slots": changes.pop("slots", {})}
    return Persona.model_validate({"name": name, "services": services, "expect": expect, **changes})


async def placed(house: House, *personas: Persona) -> dict[str, CallResult]:
    """What came of one call of each, by name."""
    undisturbed()
    settings = house.settings
    plan = Plan(
        personas=personas,
        at_once=4,
        target=target(settings),
        control=settings.paths.control_socket,
        cache=settings.paths.cache,
    )
    return {call.name: call for call in (await simulate(plan, Nobody())).calls}


async def test_services_answer_and_people_are_there_as_each_persona_says(hotline: House) -> None:
    calls = await placed(
        hotline,
        persona("there", "transferred", FREE, slots=SLOTS),
        persona("nobody there", "ticket", FREE, nobody_there=True, slots=SLOTS),
        persona("busy", "ticket", BUSY, slots={"ticket": "T43"}),
        persona("broken", "failed", {"url": "/technicians", "fails": True}),
    )
    assert {name: call.error for name, call in calls.items() if call.error} == {}
    assert {name: call.outcome for name, call in calls.items()} == {
        "there": "transferred",
        "nobody there": "ticket",
        "busy": "ticket",
        "broken": "failed",
    }
    assert [call.wrong for call in calls.values()] == [()] * 4
    assert [name for name, call in calls.items() if call.stuck] == []
    assert [name for name, call in calls.items() if call.caller.startswith(NOBODY_THERE)] == ["nobody there"]
    assert await hotline.traces.left() == {"channels": 0, "bridges": 0, "tasks": 0}


async def test_a_port_in_use_fails_only_the_call_that_needs_it(hotline: House, port: int) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        calls = await placed(hotline, persona("served", "ticket", BUSY))
    assert f"nobody can answer at http://127.0.0.1:{port}" in (calls["served"].error or "")
    calls = await placed(hotline, persona("alone", "failed"))  # nothing answers there
    assert calls["alone"].outcome == "failed"


async def test_the_pretended_time_is_shown_and_warned_about(hotline: House) -> None:
    report = await hotline.daemon.status()
    assert timedelta() <= datetime.fromisoformat(report["clock"]["now"]) - REHEARSED < timedelta(minutes=10)
    assert report["clock"]["pretended"]
    assert "pretends" in hotline.daemon.log.read_text()
    findings = {finding.name: finding async for finding in doctor.examine(hotline.settings)}
    assert not findings["clock"].ok
    assert "2026-11-20 09:30" in findings["clock"].found
