"""A small Asterisk as far as a dialler sees one, and behind it people and machines who are rung."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from callcenter.config import Asterisk

Talk = Callable[[str], Awaitable[None]]
"""What the agent does with the call on a channel; the call is over when it returns."""


async def nothing(channel: str) -> None:
    """An agent who notes nothing, and hangs up."""


class TelephoneNetwork:
    """Who has a number is in `people`: `person`, `machine`, `unserved`, `none` (no such endpoint), `sleeper` or a Q.850
    cause. Numbers that nobody has are congested."""

    def __init__(self) -> None:
        self.people: dict[str, str | int] = {}
        self.talk: Talk = nothing
        self.agent = True
        """Whether a daemon has the agent's application."""
        self.trunk = "online"
        """The state of its PJSIP endpoint `trunk`; empty when Asterisk cannot tell."""
        self.rings_s = 0.02
        self.rung: Counter[str] = Counter()
        self.most_at_once = 0
        self.most_of_one = 0
        """Calls to one number at once."""
        self.variables: dict[str, str] = {}
        """Of the latest call."""
        self.channels: dict[str, dict[str, Any]] = {}
        self._go_on: dict[str, asyncio.Event] = {}
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._streams: set[asyncio.Queue[str | None]] = set()
        self._port = 0

    @property
    def settings(self) -> Asterisk:
        """How to reach it."""
        return Asterisk(url=f"http://127.0.0.1:{self._port}/ari", app="ai-call-center-dialler")

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/ari/events", self._events),
                web.get("/ari/channels", self._list),
                web.post("/ari/channels", self._originate),
                web.delete("/ari/channels/{id}", self._hang_up),
                web.post("/ari/channels/{id}/continue", self._continue),
                web.get("/ari/bridges", self._nothing),
                web.get("/ari/applications/{app}", self._application),
                web.get("/ari/endpoints/PJSIP/{name}", self._endpoint),
                web.post("/ari/applications/{app}/subscription", self._nothing),
                web.put("/ari/applications/{app}/eventFilter", self._nothing),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for call in list(self._calls.values()):
            call.cancel()
        self.drop()
        await self._runner.cleanup()

    def drop(self) -> None:
        """Close the event stream."""
        for stream in self._streams:
            stream.put_nowait(None)

    def emit(self, event: dict[str, Any]) -> None:
        """Send an event to whoever is connected."""
        for stream in self._streams:
            stream.put_nowait(json.dumps(event))

    def begin(self, channel: str, number: str) -> None:
        """A call to `number` rings."""
        self.rung[number] += 1
        self.channels[channel] = {
            "id": channel,
            "name": f"Net/{number}",
            "state": "Ringing",
            "caller": {"name": "", "number": ""},
            "dialplan": {"exten": "outbound", "app_name": "", "app_data": ""},
            "creationtime": "2026-11-21T03:46:50.965+0000",
        }
        self.most_at_once = max(self.most_at_once, len(self.channels))
        same = sum(each["name"] == f"Net/{number}" for each in self.channels.values())
        self.most_of_one = max(self.most_of_one, same)
        self._go_on[channel] = asyncio.Event()
        self._calls[channel] = asyncio.create_task(self._ring(channel, self.people.get(number, 34)))

    def end(self, cause: int) -> None:
        """Every call is over."""
        for channel in list(self.channels):
            self._calls[channel].cancel()
            self._end(channel, cause)

    async def _ring(self, channel: str, who: str | int) -> None:
        await asyncio.sleep(60 if who == "sleeper" else self.rings_s)
        if isinstance(who, int):
            self._end(channel, who)
            return
        self.channels[channel]["state"] = "Up"
        await self._stasis(channel, "answered")
        if who in ("machine", "unserved"):
            await self._stasis(channel, who)
        else:
            await self.talk(channel)
        self._end(channel, 16)

    async def _stasis(self, channel: str, stage: str) -> None:
        """The dialler is told, and says when it goes on."""
        content = self.channels[channel]
        content["dialplan"] = {"exten": "outbound", "app_name": "Stasis", "app_data": f"{self.settings.app},{stage}"}
        self._go_on[channel].clear()
        self.emit({"type": "StasisStart", "args": [stage], "channel": content})
        await self._go_on[channel].wait()
        content["dialplan"] = {"exten": "outbound", "app_name": "", "app_data": ""}
        self.emit({"type": "StasisEnd", "channel": content})

    def _end(self, channel: str, cause: int) -> None:
        self.emit({"type": "ChannelDestroyed", "cause": cause, "channel": self.channels.pop(channel)})
        del self._calls[channel]

    async def _events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        stream: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1000)
        self._streams.add(stream)
        try:
            with suppress(ConnectionError):  # whoever listened has gone
                while (text := await stream.get()) is not None:
                    await socket.send_str(text)
        finally:
            self._streams.discard(stream)
        return socket

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response(list(self.channels.values()))

    async def _originate(self, request: web.Request) -> web.Response:
        number = request.query["endpoint"].removeprefix("Net/").removeprefix("PJSIP/").removesuffix("@trunk")
        if self.people.get(number) == "none" or self.trunk == "offline":
            return web.json_response({"error": "Allocation failed"}, status=500)
        self.variables = (await request.json())["variables"]
        self.begin(request.query["channelId"], number)
        return web.json_response(self.channels[request.query["channelId"]])

    async def _hang_up(self, request: web.Request) -> web.Response:
        channel = request.match_info["id"]
        if channel not in self.channels:
            return web.json_response({"message": "Channel not found"}, status=404)
        self._calls[channel].cancel()
        self._end(channel, 16)
        return web.Response(status=204)

    async def _continue(self, request: web.Request) -> web.Response:
        self._go_on[request.match_info["id"]].set()
        return web.Response(status=204)

    async def _application(self, request: web.Request) -> web.Response:
        return web.json_response({}, status=200 if self.agent else 404)

    async def _endpoint(self, request: web.Request) -> web.Response:
        if request.match_info["name"] != "trunk":
            return web.json_response({"message": "Endpoint not found"}, status=404)
        return web.json_response({"state": self.trunk}, status=200 if self.trunk else 500)

    async def _nothing(self, request: web.Request) -> web.Response:
        return web.json_response([])
