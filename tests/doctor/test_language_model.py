"""What the doctor says of a language model that is not there, or uses no tools."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tests.doctor.clouds import Clouds, at, changed, finding, served, uses_the_tool
from tests.peers import openai_cloud

# Deepgram's SDK imports what websockets has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("bad-arguments", "clever used a tool with arguments that were not asked for"),
        ("no-such-tool", "clever used a tool that it was not offered: launch_rocket"),
    ],
    ids=["arguments", "name"],
)
async def test_a_model_that_uses_tools_wrongly(clouds: Clouds, fault: str, what: str) -> None:
    found = await finding(at(clouds.settings, fault), "model")
    assert (found.ok, found.found) == (False, what)
    assert found.advice == "name a model in [model] name that uses tools"


async def test_a_model_that_only_talks(clouds: Clouds) -> None:
    clouds.openai.answer = lambda request: ["Your number is seven, and this is a very long answer to it."]
    found = await finding(clouds.settings, "model")
    assert found.found == "clever wrote “Your number is seven, and this is a very” where it was asked to use a tool"


@asynccontextmanager
async def particular(models: Sequence[str], *, tools: bool) -> AsyncIterator[str]:
    """The base URL of a server that tells its models, and refuses others, and tools unless it has `tools`."""
    peer = openai_cloud.Peer(answer=uses_the_tool if tools else openai_cloud.echo, pace_s=0.001)

    @web.middleware
    async def choose(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.method == "GET":
            return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in models]})
        body = await request.json()
        if body["model"] not in models:
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        if body.get("tools") and not tools:
            return web.json_response({"error": {"message": "no tools"}}, status=400)
        answer: web.StreamResponse = await handler(request)
        return answer

    application = peer.application()
    application.middlewares.append(choose)
    async with served(application) as url:
        yield f"{url}/v1"


async def test_a_model_that_is_not_there_is_told_from_those_that_are(clouds: Clouds) -> None:
    many = [f"m{number}" for number in range(9)]
    for models, told in ([["small", "large"], "small, large"], [many, "m0, m1, m2, m3, m4, m5, m6, m7 …"]):
        async with particular(models, tools=True) as url:
            found = await finding(changed(clouds.settings, "model", url=url), "model")
        assert found.found == f"the model clever is not there; {url[7:-3]} offers {told}"
        assert found.advice == "name one of those in [model] name, or have it brought there"


async def test_a_server_that_knows_the_model_and_no_tools(clouds: Clouds) -> None:
    async with particular(["clever"], tools=False) as url:
        found = await finding(changed(clouds.settings, "model", url=url), "model")
    assert found.found == "clever answers, but not where there are tools to use"
