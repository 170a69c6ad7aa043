"""What the clouds here have in common: how they are served, how they refuse, and the voice that they speak with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Protocol

import platformdirs
from aiohttp import web

from callcenter.media.pcm import resample, to_pcm, to_samples
from callcenter.speech.espeak import program

REFUSED = "refused"
"""The fault of a cloud that hangs up without a word, as where a proxy finds nobody."""
RETRY_AFTER_S = 2


class Cloud(Protocol):
    """What can be served."""

    def application(self) -> web.Application:
        """All that it answers."""


@asynccontextmanager
async def serving(peer: Cloud, port: int = 0) -> AsyncIterator[str]:
    """Serve `peer`; yields its address without a path, of a free port unless one is given."""
    runner = web.AppRunner(peer.application(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def refusal(request: web.Request, fault: Enum | None, body: dict[str, Any]) -> web.Response | None:
    """What `request` is refused with if that is the fault: the status that its value is, with `body`."""
    if fault is None:
        return None
    if fault.value == REFUSED:
        assert request.transport
        request.transport.abort()
        return web.Response()  # which nobody reads
    if not fault.value.isdecimal():
        return None
    headers = {"Retry-After": str(RETRY_AFTER_S)} if fault.value == "429" else {}
    return web.json_response(body, status=int(fault.value), headers=headers)


class Mouth:
    """espeak-ng's voice, which says a text once, however many peers want it."""

    def __init__(self) -> None:
        self._espeak = program(platformdirs.user_cache_path("callcenter"))
        self._said: dict[tuple[str, str, int], asyncio.Task[bytes]] = {}

    async def say(self, text: str, voice: str, rate: int) -> bytes:
        """16-bit PCM at `rate`."""
        what = (text, voice, rate)
        if what not in self._said:
            self._said[what] = asyncio.create_task(self._spoken(*what))
        return await asyncio.shield(self._said[what])

    async def _spoken(self, text: str, voice: str, rate: int) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *self._espeak,
            *("-v", voice, "-b", "1", "--stdin", "--stdout"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        wav, _ = await process.communicate(text.encode())
        return to_pcm(resample(to_samples(wav[44:]), int.from_bytes(wav[24:28], "little"), rate))
