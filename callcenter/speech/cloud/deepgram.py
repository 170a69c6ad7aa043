"""Deepgram's nova as a recogniser that listens along: interim and final results, of which Finalize brings the last."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from callcenter.errors import SpeechError
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.deepgram_stream import DeepgramStream, Word, streaming

if TYPE_CHECKING:
    from deepgram.listen.v1.socket_client import AsyncV1SocketClient

NEAR_S = 0.1
"""A final result that ends so shortly before holds all words, for words are asked for in a pause."""
HEARD_S = 0.25
"""When results have come up to this, too little may wait on the other side for Finalize to be answered."""
FINALIZED_S = 0.5
"""A Finalize is answered with a result that ends where sound ended when it came, or this much before; one that was
asked for in an earlier pause ends longer before."""
KEPT_S = 60.0
"""Older words can be no part of an utterance."""


class Deepgram:
    """Nova, for all calls."""

    def __init__(self, client: DeepgramClient, *, endpointing_ms: int) -> None:
        """A pause of `endpointing_ms` ends what a caller says even if the flow waits for more."""
        self._client = client
        self._endpointing_ms = endpointing_ms

    @asynccontextmanager
    async def open(self, *, rate: int, language: str, prompt: str) -> AsyncIterator[DeepgramStream]:
        """Listen along. Nova takes single terms rather than a prompt, so that is not used."""
        client = await self._client.ready()
        connection = client.listen.v1.connect(
            model=self._client.settings.model,
            language=language,
            encoding="linear16",
            sample_rate=rate,
            channels=1,
            interim_results=True,
            punctuate=True,
            smart_format=True,
            endpointing=self._endpointing_ms,
        )
        async with streaming(connection, NovaSocket, Results(), rate) as stream:
            yield stream


class NovaSocket:
    """Sends and receives listen v1."""

    def __init__(self, socket: "AsyncV1SocketClient") -> None:
        self._socket = socket

    async def begin(self) -> None:
        """Nova says nothing before it is asked something."""
        await self._socket.send_keep_alive()

    async def send(self, pcm: bytes) -> None:
        """Send sound."""
        await self._socket.send_media(pcm)

    async def finalize(self) -> None:
        """Have what waits on the other side recognised."""
        await self._socket.send_finalize()

    async def keep_alive(self) -> bytes:
        """Keep the connection without sound."""
        await self._socket.send_keep_alive()
        return b""

    async def receive(self) -> Any:
        """The next message; ValueError when it is no JSON."""
        return await self._socket.recv()


class Results:
    """What nova's results come to: words that are final, and those that may still change."""

    def __init__(self) -> None:
        self._final: list[Word] = []
        self._interim: list[Word] = []
        self._final_until = self._heard_until = self._finalized_until = 0.0

    def take(self, message: Any) -> float | None:
        """A result; where speech ended, if nova found out by a pause."""
        kind = getattr(message, "type", None)  # of a message that the SDK does not know it hands out None
        if kind == "Error":
            raise SpeechError(f"deepgram reports {message.variant}", may_pass=True)
        if kind != "Results":
            return None
        until = float(message.start) + float(message.duration)
        words = _words(message)
        self._heard_until = max(self._heard_until, until)
        if not message.is_final:
            self._interim = words
            return None
        self._final = [word for word in self._final if word.end > until - KEPT_S] + words
        self._interim = []
        self._final_until = until
        if message.from_finalize:
            self._finalized_until = until
            return None
        return until if message.speech_final else None

    def is_final(self, until: float) -> bool:
        """A final result that ends there, or the answer to a Finalize."""
        return self._final_until >= until - NEAR_S or self._finalized_until >= until - FINALIZED_S

    def is_heard(self, until: float) -> bool:
        """Results have come up to there, and all their words are final."""
        return self._heard_until >= until - HEARD_S and not self._interim

    def words(self, since: float) -> Sequence[Word]:
        """All that are known, final or not, whose middle is after `since`."""
        return [word for word in self._final + self._interim if word.start + word.end > 2 * since]


def _words(message: Any) -> list[Word]:
    best = message.channel.alternatives[0]
    if not best.words and best.transcript:
        end = float(message.start) + float(message.duration)
        return [Word(text=best.transcript, start=float(message.start), end=end, confidence=float(best.confidence))]
    return [
        Word(
            text=str(word.punctuated_word or word.word),
            start=float(word.start),
            end=float(word.end),
            confidence=float(word.confidence),
        )
        for word in best.words
    ]
