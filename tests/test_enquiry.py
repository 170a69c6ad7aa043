"""Look-ups at a real HTTP server, its faults included."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcenter.dialogue.brain import Fetch, Fetched
from callcenter.enquiry import LARGEST, Enquiries
from tests.waiting import PATIENCE_S

FAILED = Fetched(result="failed")


async def echo(request: web.Request) -> web.Response:
    body = await request.json() if request.method != "GET" else dict(request.query)
    return web.json_response({"method": request.method, "asked": body})


async def slow(request: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.json_response({})


async def trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(300):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"id":')
    assert request.transport is not None
    request.transport.abort()
    return response


def text(content: str, status: int = 200) -> Any:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=content, status=status)

    return handler


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/slow", slow)
    app.router.add_get("/trickle", trickle)
    app.router.add_get("/cut", cut)
    app.router.add_get("/error", text("{}", 500))
    app.router.add_get("/missing", text("{}", 404))
    app.router.add_get("/words", text("not JSON"))
    app.router.add_get("/list", text("[1, 2]"))
    app.router.add_get("/long", text('{"a": "' + "x" * LARGEST + '"}'))
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def enquiries() -> AsyncIterator[Enquiries]:
    async with Enquiries.open() as enquiries:
        yield enquiries


def fetch(url: object, method: Any = "get", **send: Any) -> Fetch:
    return Fetch(url=str(url), method=method, send=send, timeout_s=0.5)


async def test_a_get_asks_in_its_query(server: TestServer, enquiries: Enquiries) -> None:
    answer = await enquiries.ask(fetch(server.make_url("/echo"), name="Ana Núñez", old=True, many=["a", "b"]))
    assert answer.result == "ok"
    assert answer.values == {"method": "GET", "asked": {"name": "Ana Núñez", "old": "true", "many": "a,b"}}


@pytest.mark.parametrize("method", ["post", "put", "delete"])
async def test_others_ask_in_json(server: TestServer, enquiries: Enquiries, method: str) -> None:
    answer = await enquiries.ask(fetch(server.make_url("/echo"), method, amount=[1, 2], name="Zoë"))
    assert answer.values == {"method": method.upper(), "asked": {"amount": [1, 2], "name": "Zoë"}}


@pytest.mark.parametrize("path", ["slow", "trickle", "cut", "error", "missing", "words", "list", "long"])
async def test_faults_are_answers(server: TestServer, enquiries: Enquiries, path: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        assert await enquiries.ask(fetch(server.make_url(f"/{path}"))) == FAILED


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://", "nonsense", "ftp://127.0.0.1/x"])
async def test_nobody_there(enquiries: Enquiries, url: str) -> None:
    assert await enquiries.ask(fetch(url)) == FAILED
