"""A small cloud that speaks Deepgram's protocol: listen v1 (nova), v2 (Flux) by WebSocket, speak by HTTP; with faults.

    GET  /v1/listen   interim and final results, endpointing, Finalize, KeepAlive, CloseStream
    GET  /v2/listen   StartOfTurn, Update, EagerEndOfTurn, TurnResumed, EndOfTurn
    POST /v1/speak    espeak-ng's voice as raw PCM at `sample_rate`, in pieces

What is said in the sound is found out by a function: by default the length of each loud stretch in milliseconds is a
word of its own. A fault is asked for by the address: with the base URL `http://127.0.0.1:8200/429` all goes
wrong in that way (see `Fault`); or by a program, for all addresses: `peer.faults`. To try it, with a Whisper to hear:

    python -m tests.peers.deepgram_cloud --port 8200
    curl 'http://127.0.0.1:8200/v1/speak?sample_rate=24000' -d '{"text": "Hello"}' | aplay -r 24000 -f S16_LE
    CALLCENTER_DEEPGRAM__URL=http://127.0.0.1:8200 CALLCENTER_HEARING__RECOGNISERS='["deepgram"]' callcenter run
"""

import argparse
import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import platformdirs
from aiohttp import WSMsgType, web

from callcenter.config import Hearing
from callcenter.media.pcm import sounding, to_samples
from callcenter.speech.models import Models
from callcenter.speech.whisper import Whisper
from tests.peers import clouds
from tests.peers.clouds import refusal, serving
from tests.peers.deepgram_listening import IN_THE_MIDDLE, MIDDLE, TRICKLE_S, Fault, Flux, Mouth, Nova
from tests.peers.deepgram_words import Recognise, Word, by_length, saying

__all__ = ["Fault", "Peer", "Recognise", "Word", "by_length", "saying", "serving", "whisper"]

PIECE_S = 0.1
"""Of speech that is sent at once."""
REFUSAL = {"err_code": "FAULT"}
ENDLESS = 100_000
"""Pieces of a speech that does not end by itself; the client is expected to leave long before."""


class Peer:
    """The cloud, and what was asked of it."""

    def __init__(self, recognise: Recognise = by_length, interim_s: float = 0.25) -> None:
        """A result comes each `interim_s` of sound."""
        self.recognise = recognise
        self.interim_s = interim_s
        self.pace_s = 0.02
        """Between pieces of speech."""
        self.answers_finalize = True
        """Deepgram need not, when nothing waits to be recognised."""
        self.faults: Mapping[str, Fault | Iterator[Fault]] = {}
        """By path: `/v1/listen`, `/v2/listen`, `/v1/speak`; or by the model that is asked for. Of several each time the
        next."""
        self.fault_share = 1.0
        """Of what is asked that the fault befalls."""
        self.counts: Counter[str] = Counter()
        """What was asked, by path; and messages by their type."""
        self.open = 0
        """Connections at this moment."""
        self.asked: list[tuple[dict[str, str], str]] = []
        """The query and the authorisation of each request."""
        self.callers: set[Any] = set()
        """The address and port at the other end of each connection so far."""
        self.chance = random.Random(1)
        self._mouth = clouds.Mouth()

    def application(self) -> web.Application:
        """To be served."""
        application = web.Application()
        for prefix in ("", "/{fault}"):
            application.router.add_get(f"{prefix}/v1/listen", self._listen)
            application.router.add_get(f"{prefix}/v2/listen", self._listen)
            application.router.add_post(f"{prefix}/v1/speak", self._speak)
        return application

    async def _take(self, request: web.Request) -> tuple[str, Fault | None]:
        """The path without a fault, and the fault."""
        path = "/" + "/".join(request.path.split("/")[-2:])
        self.counts[path] += 1
        self.asked.append((dict(request.query), request.headers.get("Authorization", "")))
        self.callers.add(request.transport and request.transport.get_extra_info("peername"))
        if "fault" in request.match_info:
            fault: Fault | None = Fault(request.match_info["fault"])
        else:
            found = self.faults.get(request.query.get("model", ""), self.faults.get(path))
            fault = next(found) if isinstance(found, Iterator) else found
            fault = fault if fault and self.chance.random() < self.fault_share else None
        if fault is Fault.STALL_FIRST:
            await asyncio.sleep(3600)
        return path, fault

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        path, fault = await self._take(request)
        if refused := refusal(request, fault, REFUSAL):
            return refused
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        session = (Nova if path == "/v1/listen" else Flux)(self, Mouth(socket, request, fault), request.query)
        self.open += 1
        try:
            with suppress(ConnectionError):  # the client has had enough
                await session.begin()
                async for message in socket:
                    if message.type is WSMsgType.BINARY:
                        await session.hear(message.data)
                    elif message.type is WSMsgType.TEXT:
                        command = json.loads(message.data)["type"]
                        self.counts[command] += 1
                        if command == "CloseStream":
                            break
                        await session.obey(command)
                await socket.close()
        finally:
            self.open -= 1
        return socket

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        _, fault = await self._take(request)
        if refused := refusal(request, fault, REFUSAL):
            return refused
        if fault is Fault.STALL:
            await asyncio.sleep(3600)
        rate = int(request.query.get("sample_rate", "24000"))
        text = (await request.json())["text"]
        sound = b"" if fault is Fault.EMPTY else await self._mouth.say(text, "en", rate)
        size = round(rate * PIECE_S) * 2
        pieces = [sound[start : start + size] for start in range(0, len(sound), size)]
        if fault is Fault.ENDLESS:
            pieces *= ENDLESS
        content_type = "text/html" if fault is Fault.GARBAGE else "audio/l16"
        response = web.StreamResponse(headers={"Content-Type": content_type})
        with suppress(ConnectionError):  # the client has had enough
            await response.prepare(request)
            for count, piece in enumerate(pieces):
                if fault in IN_THE_MIDDLE and count == min(MIDDLE, len(pieces) - 1):
                    if fault is Fault.STALL_MIDDLE:
                        await asyncio.sleep(3600)
                    assert request.transport
                    await response.write(piece[: len(piece) // 2])
                    request.transport.close()
                    return response
                await response.write(b"<html>no</html>" if fault is Fault.GARBAGE else piece)
                await asyncio.sleep(TRICKLE_S if fault is Fault.TRICKLE else self.pace_s)
            await response.write_eof()
        return response


def whisper() -> Recognise:
    """What a Whisper on this machine hears. Loads it."""
    settings = Hearing()
    model = Whisper(Models(platformdirs.user_cache_path("callcenter")).locate(settings.model), settings)

    async def recognise(pcm: bytes, rate: int, language: str) -> list[Word]:
        start, end = (place / rate for place in sounding(to_samples(pcm), rate))
        if start == end:
            return []
        texts = (await model.recognise(pcm, rate=rate, language=language, prompt="")).text.split()
        length = (end - start) / max(1, len(texts))
        return [
            Word(text=text, start=start + place * length, end=start + (place + 1) * length)
            for place, text in enumerate(texts)
        ]

    return recognise


async def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--loudness", action="store_true", help="tell the lengths of loud sound rather than words")
    arguments = parser.parse_args()
    peer = Peer() if arguments.loudness else Peer(await asyncio.to_thread(whisper), interim_s=1.0)
    async with serving(peer, arguments.port) as address:
        print(address)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
