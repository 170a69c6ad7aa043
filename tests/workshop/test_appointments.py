"""The flow `appointments` as text, against a real calendar."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from callcenter.dialogue.brain import Answered, Fetch, Said, Transfer
from callcenter.dialogue.flow import Flow, flow_path, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.enquiry import Enquiries
from callcenter.workshop.conversation import CALLER, Conversation
from tests.peers.calendar import Appointment, Calendar, CalendarServer, Fault

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
ANA, ANAS_PHONE = "Ana Ruiz", "+34612345678"
WANTS = ["Quería pedir cita para una revisión.", "El martes a las diez."]
IS = ["Luis Moreno.", "630 20 30 40"]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute)  # noqa: DTZ001 - local time


@pytest.fixture
def calendar() -> Calendar:
    return Calendar(Appointment(at=at(26, 17, 30), phone=ANAS_PHONE, name=ANA))


@pytest.fixture
async def server(calendar: Calendar) -> AsyncIterator[CalendarServer]:
    async with CalendarServer(calendar) as server:
        yield server


@pytest.fixture
def flow(server: CalendarServer, tmp_path: Path) -> Flow:
    """The shipped one, with another address, and less patience."""
    text = flow_path("appointments").read_text(encoding="utf-8")
    path = tmp_path / "appointments.yaml"
    path.write_text(text.replace("http://127.0.0.1:8090", server.url).replace("fetch: {", "fetch: {timeout_s: 0.5, "))
    return load_flow(path)


class Call:
    """A conversation in which look-ups are really made."""

    def __init__(self, flow: Flow, enquiries: Enquiries) -> None:
        self.conversation = Conversation(ScriptedBrain(flow, now=lambda: NOW))
        self._enquiries = enquiries
        self._action = self.conversation.take(Answered(caller=CALLER))

    async def say(self, *lines: str) -> str:
        """What the agent says after the last of `lines`."""
        for line in lines:
            self._action = self.conversation.take(Said(text=line), line)
            said = [self.conversation.exchanges[-1].agent]
            while isinstance(self._action, Fetch):
                self._action = self.conversation.take(await self._enquiries.ask(self._action))
                said.append(self.conversation.exchanges[-1].agent)
        return " ".join(said)

    @property
    def is_transferred(self) -> bool:
        return isinstance(self._action, Transfer)

    @property
    def end(self) -> str:
        """What it came to, once the agent has hung up."""
        assert self.conversation.ended_by == "agent", self.conversation
        return self.conversation.outcome


@pytest.fixture
async def call(flow: Flow) -> AsyncIterator[Call]:
    async with Enquiries.open() as enquiries:
        yield Call(flow, enquiries)


async def test_books(call: Call, calendar: Calendar) -> None:
    said = await call.say(*WANTS, *IS, "Sí.")
    assert "Le esperamos el martes a las 10 de la mañana." in said
    assert call.end == "booked"
    assert calendar.appointments["2"] == Appointment(
        at=at(24, 10), name="Luis Moreno", phone="+34630203040", reason="checkup"
    )


async def test_another_time_is_offered(call: Call, calendar: Calendar) -> None:
    calendar.book(Appointment(at=at(24, 10)))
    said = await call.say(*WANTS)
    assert "Tengo libre el martes a las 10:30 de la mañana." in said
    await call.say("Sí, me viene bien.", *IS, "Sí.")
    assert (call.end, calendar.appointments["3"].at) == ("booked", at(24, 10, 30))


async def test_another_time_is_wished(call: Call, calendar: Calendar) -> None:
    calendar.book(Appointment(at=at(24, 10)))
    await call.say(*WANTS, "No, mejor el miércoles a las cinco de la tarde.", *IS, "Sí.")
    assert (call.end, calendar.appointments["3"].at) == ("booked", at(25, 17))


async def test_somebody_else_is_quicker(call: Call, calendar: Calendar) -> None:
    await call.say(*WANTS, *IS)
    calendar.book(Appointment(at=at(24, 10)))
    said = await call.say("Sí.")
    assert "Acaban de ocupar esa hora." in said
    await call.say("Vale.", "Sí.")
    assert (call.end, calendar.appointments["3"].at) == ("booked", at(24, 10, 30))


async def test_moves(call: Call, calendar: Calendar) -> None:
    said = await call.say("Quiero cambiar mi cita.", "612 345 678")
    assert "Tiene cita el jueves a las 17:30." in said
    await call.say("El lunes a las doce.", "Sí.")
    assert (call.end, calendar.appointments["1"].at) == ("moved", at(23, 12))


async def test_cancels(call: Call, calendar: Calendar) -> None:
    await call.say("Quiero anular mi cita.", "612 345 678", "Sí.")
    assert (call.end, calendar.appointments) == ("cancelled", {})


async def test_no_appointment_is_found(call: Call, calendar: Calendar) -> None:
    await call.say("Quiero anular mi cita.", "630 20 30 40", "No, gracias.")
    assert (call.end, len(calendar.appointments)) == ("not_found", 1)


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: str(fault.value))
@pytest.mark.parametrize("lines", [WANTS, ["Quiero cambiar mi cita.", "612 345 678"]], ids=["free", "find"])
async def test_without_a_calendar_somebody_calls_back(
    call: Call, server: CalendarServer, fault: Fault, lines: list[str]
) -> None:
    server.fault = fault
    said = await call.say(*lines)
    assert "Tomo nota y le llamamos." in said
    await call.say("Luis Moreno.", *([] if "phone" in call.conversation.slots else IS[1:]), "Sí.")
    assert call.end == "callback"


async def test_the_calendar_breaks_at_the_last_moment(call: Call, server: CalendarServer) -> None:
    await call.say(*WANTS, *IS)
    server.fault = Fault.ERROR
    said = await call.say("Sí.")
    assert "no puedo entrar en la agenda" in said
    assert call.end == "callback"


async def test_an_angry_caller_is_offered_a_person(call: Call) -> None:
    said = await call.say("Esto es una vergüenza, llevo media hora esperando.")
    assert "¿Quiere que le pase con una persona?" in said
    await call.say("Sí.")
    assert call.is_transferred


@pytest.mark.parametrize(
    ("fault", "status"), [("500", 500), ("garbage", 200), ("nonsense", 400)], ids=["500", "garbage", "nonsense"]
)
async def test_faults_by_request(server: CalendarServer, fault: str, status: int) -> None:
    params = {"at": "2026-11-24T10:00", "fault": fault}
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/free", params=params) as answer:
        assert answer.status == status
        assert not (await answer.text()).startswith("{")
    assert server.asked == ["GET /free"]


@pytest.mark.parametrize(
    ("wish", "instead"),
    [
        (at(24, 10, 15), None),
        (at(26, 17, 15), at(26, 18)),
        (at(24, 20), at(25, 9)),
        (at(21, 13, 45), None),
        (at(21, 14), at(23, 9)),
        (at(22, 11), at(23, 9)),
    ],
    ids=["any minute", "beside another", "evening", "last of a Saturday", "Saturday afternoon", "Sunday"],
)
def test_what_is_free(calendar: Calendar, wish: datetime, instead: datetime | None) -> None:
    told = {"result": "taken", "at": f"{instead:%Y-%m-%dT%H:%M}"} if instead else calendar.look(wish)
    assert (calendar.is_free(wish), calendar.look(wish)) == (instead is None, told)


def test_who_has_no_phone_has_no_appointment(calendar: Calendar) -> None:
    calendar.book(Appointment(at=at(24, 10)))
    assert calendar.find("") == {"result": "none"}


def test_a_full_week() -> None:
    calendar = Calendar()
    while (found := calendar.near(at(24, 9))) is not None:
        calendar.book(Appointment(at=found))
    calendar.book(Appointment(at=at(24, 9)))
    assert calendar.look(at(24, 9)) == {"result": "full"}
    assert calendar.book(Appointment(at=at(24, 9))) == {"result": "full"}


def test_what_cannot_be_moved_stays(calendar: Calendar) -> None:
    calendar.book(Appointment(at=at(24, 10)))
    assert calendar.move("1", at(24, 10)) == {"result": "taken", "at": "2026-11-24T10:30"}
    assert calendar.move("7", at(24, 11)) == calendar.cancel("7") == {"result": "none"}
    assert [each.at for each in calendar.appointments.values()] == [at(24, 10), at(26, 17, 30)]
