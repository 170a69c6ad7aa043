"""A small cloud that speaks OpenAI's protocol over real HTTP: chat completions, speech, transcriptions; with faults.

    POST /v1/chat/completions      an answer, streamed as server-sent events, by `Peer.answer`
    POST /v1/audio/speech          espeak-ng's voice as raw 24 kHz PCM, in pieces
    POST /v1/audio/transcriptions  what `Peer.transcribe` makes of the sound

A fault is asked for by the address: with the base URL `http://127.0.0.1:8100/429/v1` each answer goes wrong in that way
(see `Fault`); or by a program, for all addresses: `peer.faults`. To try it:

    python -m tests.peers.openai_cloud --port 8100
    curl -N http://127.0.0.1:8100/v1/chat/completions -d '{"messages": [{"role": "user", "content": "hi"}]}'
    curl -N http://127.0.0.1:8100/cut/v1/chat/completions -d '{"messages": []}'
    curl http://127.0.0.1:8100/v1/audio/speech -d '{"input": "Hello", "voice": "en"}' | aplay -r 24000 -f S16_LE
"""

import argparse
import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from enum import Enum
from itertools import chain, cycle, repeat
from typing import Any

from aiohttp import web

from tests.peers.clouds import REFUSED, Mouth, refusal, serving

__all__ = ["Answer", "Fault", "Peer", "Piece", "Transcribe", "Use", "echo", "fields", "serving"]

RATE = 24_000
"""Of the speech, as OpenAI's `pcm` has it."""
PIECE_BYTES = 4800
"""Of speech: a tenth of a second."""
TRICKLE_S = 1.0
AND_SO_ON = "and so on "
"""An endless answer is made of it; the client is expected to leave."""
MUCH = 1000
"""So many of them are in each piece of an endless transcription."""
PART_BYTES = 4
"""Of a transcription whose pieces matter."""


class Fault(Enum):
    """What can be wrong with an answer."""

    REFUSED = REFUSED
    UNAUTHORISED = "401"
    RATE_LIMITED = "429"
    ERROR = "500"
    STALL = "stall"
    """It never begins."""
    STALL_MIDDLE = "stall-middle"
    CUT = "cut"
    """The connection is closed in the middle of it."""
    TRICKLE = "trickle"
    """A piece a second."""
    GARBAGE = "garbage"
    """It is no JSON, no sound."""
    BAD_ARGUMENTS = "bad-arguments"
    """Of each tool."""
    NO_SUCH_TOOL = "no-such-tool"
    EMPTY = "empty"
    ENDLESS = "endless"


MIDDLE = 2
"""So many pieces are sent before what goes wrong in the middle."""

Words = str
Use = dict[str, Any]
"""Of a tool: `name` and `arguments`."""
Piece = Words | Use
Answer = Callable[[dict[str, Any]], Sequence[Piece]]
"""From the body of a request to what is answered."""
Transcribe = Callable[[bytes, str], Awaitable[str]]
"""From a WAV file and a language to its text."""


async def _nothing_heard(sound: bytes, language: str) -> str:
    return ""


def echo(request: dict[str, Any]) -> Sequence[Piece]:
    """Says again what was said last."""
    said = [message["content"] for message in request["messages"] if message["role"] == "user"]
    return [f"You said: {said[-1] if said else 'nothing'}."]


class Peer:
    """The cloud, and what was asked of it."""

    def __init__(
        self,
        answer: Answer = echo,
        transcribe: Transcribe = _nothing_heard,
        pace_s: float = 0.02,
        mouth: Mouth | None = None,
    ) -> None:
        """A word of an answer, or a piece of speech, is sent each `pace_s`."""
        self.answer = answer
        self.transcribe = transcribe
        self.pace_s = pace_s
        self.faults: dict[str, Fault] = {}
        """By the last word of the path: `completions`, `speech`, `transcriptions`."""
        self.fault_of: Callable[[dict[str, Any]], Fault | None] = lambda request: None
        """That of an answer to a request for chat, if `faults` has none: it may depend on who talks."""
        self.fault_share = 1.0
        """Of the answers that the fault befalls."""
        self.middle = MIDDLE
        self.asked: list[dict[str, Any]] = []
        """The bodies of the requests for chat, in order."""
        self.counts: Counter[str] = Counter()
        self.chance = random.Random(1)
        self._mouth = mouth or Mouth()

    def application(self) -> web.Application:
        """To be served."""
        application = web.Application(client_max_size=50_000_000)
        for prefix in ("/v1", "/{fault}/v1"):
            application.router.add_post(f"{prefix}/chat/completions", self._complete)
            application.router.add_post(f"{prefix}/audio/speech", self._speak)
            application.router.add_post(f"{prefix}/audio/transcriptions", self._hear)
        return application

    def _fault(self, request: web.Request) -> Fault | None:
        what = request.path.rpartition("/")[2]
        self.counts[what] += 1
        if "fault" in request.match_info:
            return Fault(request.match_info["fault"])
        fault = self.faults.get(what)
        return fault if fault and self.chance.random() < self.fault_share else None

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        fault = self._fault(request) or self.fault_of(body)
        if refused := await _refused(request, fault):
            return refused
        events = repeat(AND_SO_ON_EVENT) if fault is Fault.ENDLESS else _events(self._pieces(body, fault), body)
        return await self._send(request, fault, events, "text/event-stream")

    def _pieces(self, body: dict[str, Any], fault: Fault | None) -> list[Piece]:
        match fault:
            case Fault.EMPTY:
                return []
            case Fault.NO_SUCH_TOOL:
                return [{"name": "launch_rocket", "arguments": {"where": "moon"}}]
        pieces: list[Piece] = []
        for piece in self.answer(body):
            if isinstance(piece, str):
                pieces += [f"{word} " for word in piece.split()]
            elif fault is Fault.BAD_ARGUMENTS:
                pieces.append({**piece, "arguments": '{"amount": [}'})
            else:
                pieces.append(piece)
        if fault is Fault.BAD_ARGUMENTS and not any(isinstance(piece, dict) for piece in pieces):
            pieces.append({"name": "record", "arguments": '{"amount": [}'})
        return pieces

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        fault = self._fault(request)
        if refused := await _refused(request, fault):
            return refused
        sound = b"" if fault is Fault.EMPTY else await self._mouth.say(body["input"], body.get("voice", "en"), RATE)
        pieces = [sound[start : start + PIECE_BYTES] for start in range(0, len(sound), PIECE_BYTES)]
        return await self._send(request, fault, cycle(pieces) if fault is Fault.ENDLESS else pieces, "audio/pcm")

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        form = await fields(request)
        fault = self._fault(request)
        if refused := await _refused(request, fault):
            return refused
        language = form.get("language", b"").decode()
        text = "" if fault is Fault.EMPTY else await self.transcribe(form["file"], language)
        return await self._send(request, fault, _transcription(text, fault), "application/json")

    async def _send(
        self, request: web.Request, fault: Fault | None, pieces: Iterable[bytes], content_type: str
    ) -> web.StreamResponse:
        """Piece by piece, and wrong in the middle if that is the fault."""
        middle = min(self.middle, len(pieces) - 1) if isinstance(pieces, Sequence) else self.middle
        response = web.StreamResponse(headers={"Content-Type": content_type})
        with suppress(ConnectionError):  # the client has had enough
            await response.prepare(request)
            for sent, piece in enumerate(pieces):
                broken = fault in {Fault.STALL_MIDDLE, Fault.CUT} and sent == middle
                if broken and fault is Fault.CUT:
                    assert request.transport
                    await response.write(piece[: len(piece) // 2])
                    request.transport.close()
                    return response
                if broken:
                    await asyncio.sleep(3600)
                await response.write(b"data: {<html>\n\n" if fault is Fault.GARBAGE else piece)
                await asyncio.sleep(TRICKLE_S if fault is Fault.TRICKLE else self.pace_s)
            await response.write_eof()
        return response


async def fields(request: web.Request) -> dict[str, bytes]:
    """Of a multipart form.

    aiohttp's own way leaves a temporary file open when the client hangs up meanwhile, and the one that makes none warns
    of itself.
    """
    body, name = await request.read(), re.compile(rb'\bname="(.*?)"')
    boundary = re.search(r'boundary="?([^";]+)', request.headers["Content-Type"])
    assert boundary
    parts = [part.partition(b"\r\n\r\n") for part in body.split(b"--" + boundary[1].encode())[1:-1]]
    return {found[1].decode(): told.removesuffix(b"\r\n") for head, _, told in parts if (found := name.search(head))}


async def _refused(request: web.Request, fault: Fault | None) -> web.Response | None:
    if fault is Fault.STALL:
        await asyncio.sleep(3600)
    return refusal(request, fault, {"error": {"message": "no", "type": "fault"}})


def _transcription(text: str, fault: Fault | None) -> Iterable[bytes]:
    """Whole, unless its pieces matter."""
    if fault is Fault.ENDLESS:
        return chain([b'{"text": "'], repeat(AND_SO_ON.encode() * MUCH))
    body = json.dumps({"text": text}).encode()
    size = PART_BYTES if fault else len(body)
    return [body[start : start + size] for start in range(0, len(body), size)]


def _events(pieces: Sequence[Piece], body: dict[str, Any]) -> list[bytes]:
    """As chunks of a chat completion."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    tools = 0
    for piece in pieces:
        if isinstance(piece, str):
            deltas.append({"content": piece})
            continue
        arguments = piece["arguments"]
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = {"index": tools, "id": f"call_{tools}", "type": "function"}
        deltas.append({"tool_calls": [{**call, "function": {"name": piece["name"], "arguments": ""}}]})
        for half in (text[: len(text) // 2], text[len(text) // 2 :]):
            deltas.append({"tool_calls": [{"index": tools, "function": {"arguments": half}}]})
        tools += 1
    chunks = [_chunk(delta, None) for delta in deltas]
    chunks.append(_chunk({}, "tool_calls" if tools else "stop"))
    sent = sum(len(str(message.get("content") or "")) for message in body.get("messages", [])) // 4
    usage = {"prompt_tokens": sent, "completion_tokens": len(pieces), "total_tokens": sent + len(pieces)}
    chunks.append({**_chunk({}, None), "choices": [], "usage": usage})
    return [*map(_event, chunks), b"data: [DONE]\n\n"]


def _event(chunk: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _chunk(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chat", "object": "chat.completion.chunk", "created": 0, "model": "peer", "choices": [choice]}


AND_SO_ON_EVENT = _event(_chunk({"content": AND_SO_ON}, None))


async def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8100)
    async with serving(Peer(), parser.parse_args().port) as address:
        print(f"{address}/v1")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
