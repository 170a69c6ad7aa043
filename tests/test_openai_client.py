"""The connections of OpenAI's SDK, and what it loads when."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr

from callcenter import openai_client

PAUSE_S = 5.4
"""A caller talks for so long; the SDK, and the library below it, keep connections for 5 s."""


@asynccontextmanager
async def counting(keep_s: float) -> AsyncIterator[tuple[str, list[object]]]:
    """A server that closes what is idle for `keep_s`; its URL, and from which port it was asked each time."""
    ports: list[object] = []

    async def models(request: web.Request) -> web.Response:
        assert request.transport
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.json_response({"object": "list", "data": []})

    application = web.Application()
    application.router.add_get("/v1/models", models)
    runner = web.AppRunner(application, keepalive_timeout=keep_s)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/v1", ports
    finally:
        await runner.cleanup()


async def asked(keep_s: float, pauses: list[float]) -> list[object]:
    """The ports that were asked from, with these pauses after each answer."""
    async with counting(keep_s) as (url, ports), openai_client.opened(url, SecretStr("")) as client:
        for pause_s in pauses:
            await client.models.list()
            await asyncio.sleep(pause_s)
        return ports


async def test_a_connection_outlives_the_caller_s_answer() -> None:
    ports = await asked(60, [PAUSE_S, 0])
    assert len(ports) == 2
    assert len(set(ports)) == 1


@pytest.mark.parametrize("keep_s", [0.5, 1.5])
async def test_one_that_the_server_has_closed_is_not_used(keep_s: float) -> None:
    ports = await asked(keep_s, [2 * keep_s + 0.3, 0, 0])
    assert len(ports) == 3
    assert len(set(ports)) == 2


FIRST_QUESTIONS = """
import asyncio, sys
from pydantic import SecretStr
from callcenter import openai_client
from tests.peers.openai_cloud import Peer, serving

async def main():
    async with serving(Peer(pace_s=0.001)) as address, openai_client.opened(f"{address}/v1", SecretStr("")) as client:
        before = set(sys.modules)
        async with await client.chat.completions.create(model="m", messages=[], stream=True) as chunks:
            [chunk async for chunk in chunks]
        speech = client.audio.speech.with_streaming_response
        async with speech.create(input="Yes.", model="m", voice="en", response_format="pcm") as response:
            [piece async for piece in response.iter_bytes()]
        await client.audio.transcriptions.create(file=("a.wav", b"RIFF"), model="m")
        libraries = {"openai", "httpx2", "httpcore2", "anyio", "sniffio", "h11"}
        print([name for name in sys.modules if name not in before and name.partition(".")[0] in libraries])

asyncio.run(main())
"""


def test_the_first_question_loads_nothing() -> None:
    """Imports on the event loop hold up all calls."""
    done = subprocess.run([sys.executable, "-c", FIRST_QUESTIONS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
