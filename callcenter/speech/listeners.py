"""Which of the recognisers listen along while the caller talks, and how those serve that are only asked afterwards."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from callcenter.config import Hearing
from callcenter.ladder import Rung
from callcenter.speech.cloud.deepgram import Deepgram
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.flux import Flux
from callcenter.speech.recogniser import Recognised, Recogniser
from callcenter.speech.streaming import Stream, StreamingRecogniser
from callcenter.speech.words import StreamRung

NAMES = ("deepgram", "flux")
"""As in `[hearing] recognisers`."""
PIECE_S = 0.1
AFTER_S = 0.5
"""Of silence after a whole utterance: Flux tells of sound only when more has come."""


def along(hearing: Hearing, client: DeepgramClient) -> list[StreamRung]:
    """Those before the first that takes whole utterances, in the order in which they are tried."""
    return [_rung(name, hearing, client) for name in takewhile(NAMES.__contains__, hearing.recognisers)]


def afterwards(hearing: Hearing) -> list[str]:
    """The names of all recognisers in the order in which a whole utterance is handed to them: who has listened along
    has had their turn, and comes last."""
    first = len(list(takewhile(NAMES.__contains__, hearing.recognisers)))
    return [*hearing.recognisers[first:], *hearing.recognisers[:first]]


def whole(name: str, hearing: Hearing, client: DeepgramClient) -> Rung[Recogniser]:
    """One of NAMES as a recogniser of whole utterances. It has a breaker of its own: to send an utterance again is
    worth a try though a stream has just failed."""
    rung = _rung(name, hearing, client)
    return Rung(name=name, provider=Afterwards(rung.provider, name), timeout_s=rung.timeout_s, tries=1)


def _rung(name: str, hearing: Hearing, client: DeepgramClient) -> StreamRung:
    """Nova's endpointing knows nothing but silence, so it waits as long as the most patient flow."""
    nova = name == "deepgram"
    provider = Deepgram(client, endpointing_ms=hearing.long_pause_ms) if nova else Flux(client)
    return Rung(name=name, provider=provider, timeout_s=client.settings.timeout_s)


class Afterwards:
    """A recogniser that could listen along, and is handed whole utterances."""

    def __init__(self, provider: StreamingRecogniser, name: str) -> None:
        self._provider = provider
        self._name = name

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """The text of `pcm`, on a connection of its own."""
        async with self._provider.open(rate=rate, language=language, prompt=prompt) as stream:
            stream.begin(0.0)
            for piece in _pieces(pcm, rate):
                stream.feed(piece)
            heard = await _words(stream, bytes(round(AFTER_S * rate) * 2))
        return replace(heard, by=self._name, seconds=len(pcm) / 2 / rate + AFTER_S)


async def _words(stream: Stream, silence: bytes) -> Recognised:
    """Of what was fed, which `silence` follows."""
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(stream.run())
            # Once the words are asked for, up to here.
            asyncio.get_running_loop().call_soon(stream.feed, silence)
            heard = await stream.words()
            running.cancel()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return heard


def _pieces(pcm: bytes, rate: int) -> Sequence[bytes]:
    size = round(PIECE_S * rate) * 2
    return [pcm[start : start + size] for start in range(0, len(pcm), size)]
