"""A small classifier as older installations have one, over real HTTP, with faults.

    POST /intent {"sentence": "I am busy"}     200 {"intent": "busy", "confidence": 1.0}
    POST /faq    {"sentence": "is it free"}    200 {"intent": "cost", "confidence": 1.0}

A sentence that is not known is answered with the intent null. `?fault=` in the address makes an answer go wrong, in one
of the ways of `Fault`. To try it, with the words of a shipped flow:

    python -m tests.peers.classifier investment --port 5005
    curl -d '{"sentence": "I am busy"}' http://127.0.0.1:5005/intent
    curl -d '{"sentence": "I am busy"}' http://127.0.0.1:5005/intent?fault=500
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from callcenter.dialogue import intents
from callcenter.dialogue.flow import load_flow

SLOW_S = 0.3

Answer = Callable[[str], dict[str, Any]]
"""From a sentence to the object that is sent back."""


class Fault(Enum):
    """What can be wrong with an answer."""

    ERROR = "500"
    STALL = "stall"
    """It never comes."""
    SLOW = "slow"
    """It comes after 0.3 s."""
    GARBAGE = "garbage"
    """It is no JSON."""
    LIST = "list"
    """It is JSON, but no object."""
    NUMBER = "number"
    """Its intent is a number."""
    SURE = "sure"
    """Its confidence is 110 %."""
    HUGE = "huge"
    UNKNOWN = "unknown"
    """It names an intent that nobody has."""
    CUT = "cut"
    """The connection is closed in the middle of it."""
    ELSEWHERE = "elsewhere"
    """It sends the client to another address."""


BODIES = {
    Fault.GARBAGE: "<html>",
    Fault.LIST: '["busy"]',
    Fault.NUMBER: '{"intent": 7}',
    Fault.SURE: '{"intent": "busy", "confidence": 1.1}',
    Fault.HUGE: json.dumps({"intent": "busy", "why": "because " * 20_000}),
    Fault.UNKNOWN: '{"intent": "order_pizza"}',
}


class ClassifierServer:
    """Serves `/intent` and `/faq` on a port; all answers go wrong in the way of `fault`, if there is one."""

    def __init__(self, intent: Answer, faq: Answer, *, port: int = 0) -> None:
        self.fault: Fault | None = None
        self.body: str | None = None
        """What is sent instead of any answer."""
        self.asked: list[tuple[str, str]] = []
        """Path and sentence of each request, in order."""
        self._answers = {"/intent": intent, "/faq": faq}
        self._port = port
        self._stalled = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.post(path, self._classify) for path in self._answers])
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

    async def _classify(self, request: web.Request) -> web.StreamResponse:
        sentence = str((await request.json())["sentence"])
        self.asked.append((request.path, sentence))
        fault = Fault(request.query["fault"]) if "fault" in request.query else self.fault
        match fault:
            case Fault.ERROR:
                raise web.HTTPInternalServerError
            case Fault.ELSEWHERE:
                raise web.HTTPFound("/faq")
            case Fault.STALL:
                await self._stalled.wait()
            case Fault.SLOW:
                await asyncio.sleep(SLOW_S)
            case Fault.CUT:
                return await _cut(request)
        body = self.body if fault is None else BODIES.get(fault)
        if body is not None:
            return web.Response(text=body, content_type="application/json")
        return web.json_response(self._answers[request.path](sentence))


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"intent": ')
    if request.transport:
        request.transport.close()
    return response


def by_words(flow_name: str) -> tuple[Answer, Answer]:
    """Answers from the words of a shipped flow: of its intents, and of its questions."""
    flow = load_flow(flow_name)

    def intent(sentence: str) -> dict[str, Any]:
        return _found(intents.best(sentence, flow.intents))

    def faq(sentence: str) -> dict[str, Any]:
        return _found(intents.best(sentence, flow.answers))

    return intent, faq


def _found(match: intents.Match | None) -> dict[str, Any]:
    return {"intent": match.name, "confidence": match.confidence} if match else {"intent": None}


async def serve(flow: str, port: int) -> None:
    """Answer until interrupted."""
    async with ClassifierServer(*by_words(flow), port=port) as server:
        print(f"{server.url}/intent and {server.url}/faq; faults: {', '.join(fault.value for fault in Fault)}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A classifier with the words of a shipped flow, and with faults.")
    parser.add_argument("flow")
    parser.add_argument("--port", type=int, default=5005)
    arguments = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.flow, arguments.port))
