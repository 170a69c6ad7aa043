"""A small calendar as a clinic has one, over real HTTP, in memory, with faults.

    GET    /free?at=2031-05-06T10:00          {"result": "free", "at": …}, "taken" with what is free instead, or "full"
    POST   /appointments {"at": …, "name": …} {"result": "booked", "id": "1", "at": …}, "taken", or "full"
    GET    /appointments?phone=%2B34612345678 {"result": "found", "id": "1", "at": …, "name": …} or "none"
    PUT    /appointments/1 {"at": …}          {"result": "moved", "id": "1", "at": …}, "taken", "full" or "none"
    DELETE /appointments/1                    {"result": "cancelled"} or "none"

Times are ISO 8601 local ones. Of `at`, `to` and `other` in `/free` the last is the wish. `?fault=` in the address
makes an answer go wrong, in one of the ways of `Fault`. To try it, with the flow of a clinic in another terminal:

    python -m tests.peers.calendar --booked 2031-05-06T10:00 +34612345678 'Ana Ruiz'
    curl 'http://127.0.0.1:8090/free?at=2031-05-06T10:00'
    curl 'http://127.0.0.1:8090/free?at=2031-05-06T10:00&fault=garbage'
    callcenter flow chat appointments
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from types import TracebackType
from typing import Any, Self

from aiohttp import web

HALF_HOUR = timedelta(minutes=30)
OPENS, CLOSES, CLOSES_ON_SATURDAY = time(9), time(20), time(14)
SATURDAY, SUNDAY = 5, 6
FAR = timedelta(days=7)
"""How far from the wish another time is looked for."""

Reply = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fault(Enum):
    """What can be wrong with an answer."""

    ERROR = "500"
    STALL = "stall"
    """It never comes."""
    GARBAGE = "garbage"
    """It is no JSON."""


@dataclass(slots=True, kw_only=True)
class Appointment:
    """One that is booked."""

    at: datetime
    name: str = ""
    phone: str = ""
    reason: str = ""


class Calendar:
    """Who comes when: one appointment each half hour in which the clinic is open."""

    def __init__(self, *booked: Appointment) -> None:
        self.appointments: dict[str, Appointment] = {}
        """By the name that each was given when it was booked: 1, 2, 3."""
        self._booked = 0
        for appointment in booked:
            self.book(appointment)

    def is_free(self, at: datetime) -> bool:
        """Whether somebody could come then."""
        closes = CLOSES_ON_SATURDAY if at.weekday() == SATURDAY else CLOSES
        is_open = at.weekday() != SUNDAY and OPENS <= at.time() < closes
        return is_open and all(abs(each.at - at) >= HALF_HOUR for each in self.appointments.values())

    def near(self, wish: datetime) -> datetime | None:
        """The first free time after `wish`, which is not free; None if there is none within a week."""
        at = datetime.combine(wish, time(wish.hour, wish.minute // 30 * 30))
        times = (at + count * HALF_HOUR for count in range(1, FAR // HALF_HOUR + 1))
        return next((at for at in times if self.is_free(at)), None)

    def look(self, wish: datetime) -> Reply:
        """Whether `wish` is free, and what is if it is not."""
        if self.is_free(wish):
            return {"result": "free", "at": _written(wish)}
        instead = self.near(wish)
        return {"result": "taken", "at": _written(instead)} if instead else {"result": "full"}

    def book(self, appointment: Appointment) -> Reply:
        """Take the time, unless somebody else has it."""
        found = self.look(appointment.at)
        if found["result"] != "free":
            return found
        self._booked += 1
        name = str(self._booked)
        self.appointments[name] = appointment
        return {"result": "booked", "id": name, "at": _written(appointment.at)}

    def find(self, phone: str) -> Reply:
        """The first appointment of whoever has that number."""
        theirs = [(each.at, name) for name, each in self.appointments.items() if phone and each.phone == phone]
        if not theirs:
            return {"result": "none"}
        at, name = min(theirs)
        return {"result": "found", "id": name, "at": _written(at), "name": self.appointments[name].name}

    def move(self, name: str, wish: datetime) -> Reply:
        """Another time for an appointment; it stays where it is if that is not free."""
        appointment = self.appointments.pop(name, None)
        if appointment is None:
            return {"result": "none"}
        found = self.look(wish)
        if found["result"] == "free":
            appointment.at = wish
            found = {"result": "moved", "id": name, "at": _written(wish)}
        self.appointments[name] = appointment
        return found

    def cancel(self, name: str) -> Reply:
        """No appointment any more."""
        return {"result": "cancelled" if self.appointments.pop(name, None) else "none"}


def _written(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


class CalendarServer:
    """Serves a calendar on a port; all answers go wrong in the way of `fault`, if there is one."""

    def __init__(self, calendar: Calendar, *, port: int = 0) -> None:
        self.fault: Fault | None = None
        self.asked: list[str] = []
        """Method and path of each request, in order."""
        self._calendar = calendar
        self._port = port
        self._stalled = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        @web.middleware
        async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await self._answer(request, handler)
            except (KeyError, ValueError) as error:
                raise web.HTTPBadRequest(text=repr(error)) from error

        app = web.Application(middlewares=[faulty])
        app.add_routes(
            [
                web.get("/free", self._free),
                web.get("/appointments", self._find),
                web.post("/appointments", self._book),
                web.put("/appointments/{id}", self._move),
                web.delete("/appointments/{id}", self._cancel),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stalled.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        match Fault(request.query["fault"]) if "fault" in request.query else self.fault:
            case Fault.ERROR:
                raise web.HTTPInternalServerError
            case Fault.STALL:
                await self._stalled.wait()
            case Fault.GARBAGE:
                return web.Response(text="<html>", content_type="application/json")
        return await handler(request)

    async def _free(self, request: web.Request) -> web.Response:
        wishes = [request.query[name] for name in ("other", "to", "at") if name in request.query]
        if not wishes:
            raise KeyError("at")
        return web.json_response(self._calendar.look(datetime.fromisoformat(wishes[0])))

    async def _find(self, request: web.Request) -> web.Response:
        return web.json_response(self._calendar.find(request.query["phone"]))

    async def _book(self, request: web.Request) -> web.Response:
        told = await request.json()
        told["at"] = datetime.fromisoformat(told["at"])
        known = {name: told[name] for name in ("at", "name", "phone", "reason") if name in told}
        return web.json_response(self._calendar.book(Appointment(**known)))

    async def _move(self, request: web.Request) -> web.Response:
        wish = datetime.fromisoformat((await request.json())["at"])
        return web.json_response(self._calendar.move(request.match_info["id"], wish))

    async def _cancel(self, request: web.Request) -> web.Response:
        return web.json_response(self._calendar.cancel(request.match_info["id"]))


async def serve(calendar: Calendar, port: int, fault: Fault | None) -> None:
    """Answer until interrupted."""
    async with CalendarServer(calendar, port=port) as server:
        server.fault = fault
        print(f"{server.url}/free and {server.url}/appointments; faults: {', '.join(fault.value for fault in Fault)}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A calendar of appointments, in memory, and with faults.")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--booked", nargs=3, action="append", default=[], metavar=("TIME", "PHONE", "NAME"))
    parser.add_argument("--fault", type=Fault, default=None, help="in all answers: 500, stall, garbage")
    arguments = parser.parse_args()
    booked = [
        Appointment(at=datetime.fromisoformat(at), phone=phone, name=name) for at, phone, name in arguments.booked
    ]
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(Calendar(*booked), arguments.port, arguments.fault))
