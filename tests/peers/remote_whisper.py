"""A Whisper on another machine, as older installations have one, over real HTTP, with faults.

    POST /transcribe  multipart: file, language, prompt               200 {"text": …, "confidence": 0.9}
    POST /whisper     {"audio": base64, "language": …, "prompt": …}   200 {"text": …, "confidence": 0.9}

What it hears is what `Peer.transcribe` says. A fault is asked for by the address, as of OpenAI's peer: with the base
URL `http://127.0.0.1:8101/429` each answer goes wrong in that way; or by a program, for all of them: `peer.fault`.
To try it:

    python -m tests.peers.remote_whisper --port 8101
    curl -F file=@yes.wav -F language=en http://127.0.0.1:8101/transcribe
    curl -F file=@yes.wav http://127.0.0.1:8101/cut/transcribe
"""

import argparse
import asyncio
import base64
import json
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain, repeat
from typing import Any

from aiohttp import BodyPartReader, web

from tests.peers.clouds import refusal, serving
from tests.peers.openai_cloud import MIDDLE, PART_BYTES, TRICKLE_S, Fault, Transcribe

__all__ = ["Peer", "fixed", "serving"]

CONFIDENCE = 0.9
ENDLESS_BYTES = 10_000
"""At a time."""


async def fixed(sound: bytes, language: str) -> str:
    """Whatever is said."""
    return "Mostly index funds."


class Peer:
    """The server, and what was asked of it."""

    def __init__(self, transcribe: Transcribe = fixed) -> None:
        self.transcribe = transcribe
        self.fault: Fault | None = None
        self.body: bytes | None = None
        """What is sent instead of any answer."""
        self.key = ""
        """What is asked for, if anything."""
        self.asked: list[dict[str, Any]] = []
        """`path`, `sound`, `language` and `prompt` of each question, in order."""
        self.callers: set[Any] = set()
        """The address and port at the other end of each connection so far."""

    def application(self) -> web.Application:
        """To be served."""
        application = web.Application(client_max_size=50_000_000)
        for prefix in ("", "/{fault}"):
            application.router.add_post(f"{prefix}/transcribe", self._transcribe)
            application.router.add_post(f"{prefix}/whisper", self._whisper)
        return application

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        # Not `request.post()`, which leaves a temporary file open when the client hangs up meanwhile.
        parts = await request.multipart()
        form = {part.name: bytes(await part.read()) async for part in parts if isinstance(part, BodyPartReader)}
        language, prompt = (form.get(name, b"").decode() for name in ("language", "prompt"))
        return await self._answer(request, form["file"], language, prompt)

    async def _whisper(self, request: web.Request) -> web.StreamResponse:
        content = await request.json()
        sound = base64.b64decode(content["audio"], validate=True)
        return await self._answer(request, sound, content.get("language", ""), content.get("prompt", ""))

    async def _answer(self, request: web.Request, sound: bytes, language: str, prompt: str) -> web.StreamResponse:
        path = "/" + request.path.rpartition("/")[2]
        self.asked.append({"path": path, "sound": sound, "language": language, "prompt": prompt})
        self.callers.add(request.transport and request.transport.get_extra_info("peername"))
        fault = Fault(request.match_info["fault"]) if "fault" in request.match_info else self.fault
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            fault = Fault.UNAUTHORISED
        if refused := refusal(request, fault, {"error": "no"}):
            return refused
        text = "" if fault is Fault.EMPTY else await self.transcribe(sound, language)
        body = json.dumps({"text": text, "confidence": CONFIDENCE}).encode()
        return await _send(request, fault, body if self.body is None else self.body)


async def _send(request: web.Request, fault: Fault | None, body: bytes) -> web.StreamResponse:
    """The answer, wrong in the way of `fault`."""
    if fault is Fault.STALL:
        await asyncio.sleep(3600)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    with suppress(ConnectionError):  # the client has had enough
        await response.prepare(request)
        for sent, part in enumerate(_parts(body, fault)):
            if sent == MIDDLE and fault is Fault.STALL_MIDDLE:
                await asyncio.sleep(3600)
            if sent == MIDDLE and fault is Fault.CUT:
                assert request.transport
                request.transport.close()
                return response
            await response.write(part)
            if fault is Fault.TRICKLE:
                await asyncio.sleep(TRICKLE_S)
        await response.write_eof()
    return response


def _parts(body: bytes, fault: Fault | None) -> Iterable[bytes]:
    match fault:
        case Fault.GARBAGE:
            return [b"<html>"]
        case Fault.ENDLESS:
            return chain([body[:-1]], repeat(b" " * ENDLESS_BYTES))
        case Fault.STALL_MIDDLE | Fault.CUT | Fault.TRICKLE:
            return [body[start : start + PART_BYTES] for start in range(0, len(body), PART_BYTES)]
        case _:
            return [body]


async def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8101)
    async with serving(Peer(), parser.parse_args().port) as address:
        print(address)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
