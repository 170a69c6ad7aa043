"""A small Asterisk, as far as ARI shows one: channels, bridges and an event stream over real HTTP, with faults.

A step is the name of a request: answer, silence, snoop, externalMedia, originate, bridge, addChannel, goOn,
hangup, stopSilence, destroy, channel, channels, bridges, info, events.
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.config import Asterisk


class Fault(Enum):
    """What can be wrong with an answer besides its status."""

    STALL = "it never comes"
    GARBAGE = "it is no JSON"
    CUT = "the connection is closed instead"


CREATED = "2026-11-21T03:46:50.965+0000"
MESSAGES = {401: "Authentication required", 404: "Channel not found", 409: "Channel not in Stasis application"}


class AriServer:
    """Serves one application on a port of its own; an HTTP status or a Fault in `faults` by step."""

    def __init__(self, certificate: Path | None = None) -> None:
        """With a `certificate`, a PEM file with its key, over TLS."""
        self.faults: dict[str, int | Fault] = {}
        self.before: dict[str, Callable[[], object]] = {}
        """What happens just before a step is carried out."""
        self.channels: dict[str, dict[str, Any]] = {}
        self.bridges: dict[str, set[str]] = {}
        self.requests: list[str] = []
        self.answers = True
        """Whether originated channels answer."""
        self.variables: dict[str, str] = {}
        """Set on any channel."""
        self.dialplan: Callable[[str], bool] = lambda channel: False
        """Called when a channel goes on there; whether it stays there, rather than end."""
        self._streams: set[asyncio.Queue[str | None]] = set()
        self._stalled = asyncio.Event()
        self._port = 0
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
        if self._context and certificate:
            self._context.load_cert_chain(certificate)

    @property
    def settings(self) -> Asterisk:
        """How to reach it."""
        return Asterisk(url=f"http{'s' if self._context else ''}://127.0.0.1:{self._port}/ari")

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._faulty])
        app.add_routes(
            [
                web.get("/ari/events", self._serve_events, name="events"),
                web.get("/ari/asterisk/info", self._info, name="info"),
                web.get("/ari/asterisk/modules", self._modules, name="modules"),
                web.get("/ari/channels", self._list_channels, name="channels"),
                web.post("/ari/channels", self._originate, name="originate"),
                web.post("/ari/channels/externalMedia", self._external_media, name="externalMedia"),
                web.get("/ari/channels/{id}", self._channel, name="channel"),
                web.delete("/ari/channels/{id}", self._delete_channel, name="hangup"),
                web.post("/ari/channels/{id}/answer", self._channel, name="answer"),
                web.post("/ari/channels/{id}/silence", self._channel, name="silence"),
                web.delete("/ari/channels/{id}/silence", self._channel, name="stopSilence"),
                web.post("/ari/channels/{id}/variable", self._variable, name="variable"),
                web.post("/ari/channels/{id}/continue", self._go_on, name="goOn"),
                web.post("/ari/applications/{app}/subscription", self._subscribe, name="subscribe"),
                web.post("/ari/channels/{id}/snoop/{snoop}", self._snoop, name="snoop"),
                web.get("/ari/bridges", self._list_bridges, name="bridges"),
                web.post("/ari/bridges/{id}", self._create_bridge, name="bridge"),
                web.delete("/ari/bridges/{id}", self._delete_bridge, name="destroy"),
                web.post("/ari/bridges/{id}/addChannel", self._add_channel, name="addChannel"),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stalled.set()
        self.drop()
        await self._runner.cleanup()

    async def listen(self) -> None:
        """Take connections, on the same port each time."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._context)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def deafen(self) -> None:
        """Refuse connections and drop those of the event stream."""
        await self._site.stop()
        self.drop()

    def drop(self) -> None:
        """Close the event stream."""
        for stream in self._streams:
            stream.put_nowait(None)

    def call(self, channel: str, number: str = "+15550001") -> None:
        """A caller arrives."""
        self._enter(channel, f"PJSIP/phone-{channel}", "Ring", number)

    def hang_up(self, channel: str) -> None:
        """A channel ends, and with it the snoops on it."""
        if (gone := self.channels.pop(channel, None)) is None:
            return
        for members in self.bridges.values():
            members.discard(channel)
        self.emit({"type": "StasisEnd", "channel": gone})
        for snoop in [name for name, other in self.channels.items() if other["name"] == f"Snoop/{channel}-00000000"]:
            self.hang_up(snoop)

    def destroy(self, channel: str) -> None:
        """A channel that the dialplan has ends."""
        self.emit({"type": "ChannelDestroyed", "cause": 16, "channel": self.channels.pop(channel)})

    def come_back(self, channel: str, *arguments: str) -> None:
        """The dialplan hands a channel to the application again."""
        self.emit({"type": "StasisStart", "args": arguments, "channel": self.channels[channel]})

    def press(self, channel: str, digit: str) -> None:
        """A key is pressed."""
        self.emit({"type": "ChannelDtmfReceived", "channel": self.channels[channel], "digit": digit})

    def emit(self, event: dict[str, Any] | str) -> None:
        """Send an event, or a text that is none, to whoever is connected."""
        for stream in self._streams:
            stream.put_nowait(event if isinstance(event, str) else json.dumps(event))

    def _enter(self, channel: str, name: str, state: str, number: str = "") -> dict[str, Any]:
        self.channels[channel] = content = {
            "id": channel,
            "name": name,
            "state": state,
            "caller": {"name": "", "number": number},
            "dialplan": {"exten": "9000", "app_name": "Stasis", "app_data": "ai-call-center"},
            "creationtime": CREATED,
        }
        self.emit({"type": "StasisStart", "args": [], "channel": content})
        return content

    @web.middleware
    async def _faulty(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        step = request.match_info.route.name or ""
        self.requests.append(step)
        self.before.get(step, lambda: None)()
        match self.faults.get(step):
            case None:
                return await handler(request)
            case Fault.STALL:
                await self._stalled.wait()
                return web.Response(status=503)
            case Fault.GARBAGE:
                return web.Response(text="<html>")
            case Fault.CUT:
                if request.transport:
                    request.transport.close()
                return web.Response()
            case int(status):
                return _refusal(status)

    async def _serve_events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        stream: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1000)
        self._streams.add(stream)
        try:
            while (text := await stream.get()) is not None:
                await socket.send_str(text)
        except ConnectionError:
            pass
        finally:
            self._streams.discard(stream)
        return socket

    async def _info(self, request: web.Request) -> web.Response:
        return web.json_response({"system": {"version": "22.0.0"}})

    async def _modules(self, request: web.Request) -> web.Response:
        loaded = [{"name": "chan_rtp.so", "status": "Running"}, {"name": "chan_dahdi.so", "status": "Not Running"}]
        return web.json_response(loaded)

    async def _list_channels(self, request: web.Request) -> web.Response:
        return web.json_response(list(self.channels.values()))

    async def _list_bridges(self, request: web.Request) -> web.Response:
        return web.json_response([{"id": name, "channels": sorted(members)} for name, members in self.bridges.items()])

    async def _channel(self, request: web.Request) -> web.Response:
        channel = self.channels.get(request.match_info["id"])
        return web.json_response(channel) if channel else _refusal(404)

    async def _variable(self, request: web.Request) -> web.Response:
        self.variables[request.query["variable"]] = request.query["value"]
        return await self._channel(request)

    async def _go_on(self, request: web.Request) -> web.Response:
        channel = request.match_info["id"]
        if channel in self.channels and self.dialplan(channel):
            self.emit({"type": "StasisEnd", "channel": self.channels[channel]})
            return web.Response(status=204)
        return await self._delete_channel(request)

    async def _subscribe(self, request: web.Request) -> web.Response:
        kind, _, channel = request.query["eventSource"].partition(":")
        return web.json_response({}) if kind == "channel" and channel in self.channels else _refusal(422)

    async def _snoop(self, request: web.Request) -> web.Response:
        channel = request.match_info["id"]
        if channel not in self.channels:
            return _refusal(404)
        return web.json_response(self._enter(request.match_info["snoop"], f"Snoop/{channel}-00000000", "Up"))

    async def _external_media(self, request: web.Request) -> web.Response:
        content = self._enter(request.query["channelId"], f"UnicastRTP/{request.query['external_host']}", "Up")
        peer = {"UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1", "UNICASTRTP_LOCAL_PORT": "40234"}
        return web.json_response({**content, "channelvars": peer})

    async def _originate(self, request: web.Request) -> web.Response:
        channel, endpoint = request.query["channelId"], request.query["endpoint"]
        if self.answers:
            return web.json_response(self._enter(channel, endpoint, "Up"))
        self.emit({"type": "ChannelDestroyed", "cause": 19, "channel": {"id": channel}})
        return web.json_response({"id": channel})

    async def _delete_channel(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.channels:
            return _refusal(404)
        self.hang_up(request.match_info["id"])
        return web.Response(status=204)

    async def _create_bridge(self, request: web.Request) -> web.Response:
        self.bridges[request.match_info["id"]] = set()
        return web.json_response({"id": request.match_info["id"], "channels": []})

    async def _delete_bridge(self, request: web.Request) -> web.Response:
        gone = self.bridges.pop(request.match_info["id"], None)
        return web.Response(status=204) if gone is not None else _refusal(404)

    async def _add_channel(self, request: web.Request) -> web.Response:
        channels = request.query["channel"].split(",")
        if not self.channels.keys() >= set(channels):
            return _refusal(400)
        self.bridges[request.match_info["id"]].update(channels)
        return web.Response(status=204)


def _refusal(status: int) -> web.Response:
    return web.json_response({"message": MESSAGES.get(status, "no")}, status=status)
