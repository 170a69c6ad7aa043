"""Those who hear, speak and think for us, as small real servers, and what the doctor finds at them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from aiohttp import web
from pydantic import SecretStr

from callcenter import debian
from callcenter.config import (
    Deepgram,
    Dialogue,
    Hearing,
    Model,
    OpenAI,
    Paths,
    RecogniserName,
    Remote,
    Settings,
    Talking,
)
from callcenter.doctor import Finding, examination
from tests.peers import deepgram_cloud, openai_cloud, remote_whisper
from tests.peers.openai_cloud import Piece

KEY = "very-secret-key"
HEARING: tuple[RecogniserName, ...] = ("deepgram", "flux", "openai", "remote")
VOICES = ("openai:en", "deepgram:aura-2-thalia-en")
CLOUDS = [*HEARING, *VOICES, "model"]
SECTIONS = {"openai", "deepgram", "remote", "model"}
PATIENCE_S = 1.5
"""With those who do not answer; the others get as much as they need on a busy machine."""
LONG_S = 20.0


def uses_the_tool(request: dict[str, Any]) -> Sequence[Piece]:
    """As a sensible model would."""
    return [{"name": "ready", "arguments": {"number": 7}}]


async def one_two_three(sound: bytes, language: str) -> str:
    """Whatever is said."""
    return "One, two, three."


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    """The address of a server of `application`."""
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass(kw_only=True)
class Clouds:
    """All of them, well."""

    settings: Settings
    openai: openai_cloud.Peer
    remote: remote_whisper.Peer


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Clouds]:
    """The clouds, for settings whose state and cache are in `folder`."""
    for tree in platformdirs.user_cache_path("callcenter").glob(f"{debian.VOICES.name}-*"):
        (folder / tree.name).symlink_to(tree)
    one = openai_cloud.Peer(answer=uses_the_tool, transcribe=one_two_three, pace_s=0.001)
    two, three = deepgram_cloud.Peer(), remote_whisper.Peer(one_two_three)
    two.pace_s, three.key = 0.001, KEY
    async with AsyncExitStack() as stack:
        openai = await stack.enter_async_context(openai_cloud.serving(one))
        deepgram = await stack.enter_async_context(deepgram_cloud.serving(two))
        remote = await stack.enter_async_context(remote_whisper.serving(three))
        key = SecretStr(KEY)
        settings = Settings(
            hearing=Hearing(recognisers=HEARING),
            talking=Talking(voices={"en": VOICES}),
            dialogue=Dialogue(brain="model"),
            openai=OpenAI(url=f"{openai}/v1", key=key, timeout_s=LONG_S),
            deepgram=Deepgram(url=deepgram, key=key, timeout_s=LONG_S),
            remote=Remote(url=remote, key=key, timeout_s=LONG_S),
            model=Model(url=f"{openai}/v1", name="clever", key=key, first_s=LONG_S),
            paths=Paths(state=folder / "state", cache=folder),
        )
        yield Clouds(settings=settings, openai=one, remote=three)


def changed(settings: Settings, section: str, **values: Any) -> Settings:
    """With other values in that section."""
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def only(settings: Settings, cloud: str) -> Settings:
    """With nobody elsewhere but that one."""
    settings = changed(settings, "hearing", recognisers=(cloud,) if cloud in HEARING else ("whisper",))
    settings = changed(settings, "talking", voices={"en": (cloud if cloud in VOICES else "espeak:en",)})
    return changed(settings, "dialogue", brain="model" if cloud == "model" else "scripted")


def section(cloud: str) -> str:
    """Of the settings, where it is set up."""
    return {"flux": "deepgram"}.get(cloud, cloud.partition(":")[0])


def at(settings: Settings, fault: str) -> Settings:
    """With the addresses where everything goes wrong in that way."""
    for name in SECTIONS:
        server, version, _ = getattr(settings, name).url.partition("/v1")
        settings = changed(settings, name, url=f"{server}/{fault}{version}")
    return settings


def impatient(settings: Settings) -> Settings:
    """With calls that wait no longer than a test does."""
    settings = changed(settings, "model", first_s=PATIENCE_S)
    for name in SECTIONS - {"model"}:
        settings = changed(settings, name, timeout_s=PATIENCE_S)
    return settings


async def findings(settings: Settings, patience_s: float = LONG_S) -> list[Finding]:
    """Of those elsewhere, in order, looked at all at once; none of them tells a key."""
    checks = examination.elsewhere(settings, examination.equipped(settings, patience_s))
    found = list(await asyncio.gather(*(check.finding(settings) for check in checks)))
    assert KEY not in str(found)
    return found


async def finding(settings: Settings, cloud: str, patience_s: float = LONG_S) -> Finding:
    """Of that one."""
    (found,) = await findings(only(settings, cloud), patience_s)
    return found
