"""Deepgram's Flux as a recogniser that listens along: it tells where a turn ends by what was said, not by a pause."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from callcenter.errors import SpeechError
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.deepgram_stream import DeepgramStream, Word, streaming

if TYPE_CHECKING:
    from deepgram.listen.v2.socket_client import AsyncV2SocketClient

NEAR_S = 0.1
"""The end of what was fed is quiet for longer than this when words are asked for."""
EAGER = 0.5
"""Of EndOfTurn's own threshold, .7: from this on Flux tells at once that the turn may be over."""
KEPT_S = 60.0
"""Older words can be no part of an utterance."""
SILENCE_S = 0.1


class Flux:
    """For all calls."""

    def __init__(self, client: DeepgramClient) -> None:
        self._client = client

    @asynccontextmanager
    async def open(self, *, rate: int, language: str, prompt: str) -> AsyncIterator[DeepgramStream]:
        """Listen along. Flux takes single terms rather than a prompt, so that is not used.

        Who does not speak English is heard by the model of many languages.
        """
        client = await self._client.ready()
        model, hint = self._client.settings.flux, None
        if language != "en" and model.endswith("-en"):
            model = model.removesuffix("en") + "multi"
        if model.endswith("-multi"):
            hint = language
        connection = client.listen.v2.connect(
            model=model, encoding="linear16", sample_rate=rate, eager_eot_threshold=EAGER, language_hint=hint
        )
        async with streaming(connection, lambda socket: FluxSocket(socket, rate), Turns(), rate) as stream:
            yield stream


class FluxSocket:
    """Sends and receives listen v2."""

    def __init__(self, socket: "AsyncV2SocketClient", rate: int) -> None:
        self._socket = socket
        self._silence = bytes(round(SILENCE_S * rate) * 2)

    async def begin(self) -> None:
        """Flux greets."""
        await self._socket.recv()

    async def send(self, pcm: bytes) -> None:
        """Send sound."""
        await self._socket.send_media(pcm)

    async def finalize(self) -> None:
        """Flux tells of all that it has heard each quarter of a second, unasked."""

    async def keep_alive(self) -> bytes:
        """Flux knows no other way than sound."""
        await self._socket.send_media(self._silence)
        return self._silence

    async def receive(self) -> Any:
        """The next message; ValueError when it is no JSON."""
        return await self._socket.recv()


class Turns:
    """What Flux's turns come to."""

    def __init__(self) -> None:
        self._past: list[Word] = []
        """Of the turns that are over."""
        self._turn: list[Word] = []
        self._index = 0
        self._heard_until = 0.0

    def take(self, message: Any) -> float | None:
        """What is known of a turn; where it ended, if it has."""
        kind = getattr(message, "type", None)  # of a message that the SDK does not know it hands out None
        if kind == "Error":
            raise SpeechError(f"deepgram reports {message.code}", may_pass=True)
        if kind != "TurnInfo":
            return None
        if message.turn_index != self._index:
            self._finish(message.turn_index)
        self._heard_until = float(message.audio_window_end)
        self._turn = [self._word(place, each) for place, each in enumerate(message.words)]
        if message.event != "EndOfTurn":
            return None
        self._finish(message.turn_index + 1)
        return self._heard_until

    def is_final(self, until: float) -> bool:
        """Flux has told what it made of the sound up to there."""
        return self._heard_until >= until - NEAR_S

    def is_heard(self, until: float) -> bool:
        """There is no last word beyond that."""
        return self.is_final(until)

    def words(self, since: float) -> Sequence[Word]:
        """Those of the turn and of earlier ones whose middle is after `since`."""
        return [word for word in self._past + self._turn if word.start + word.end > 2 * since]

    def _finish(self, following: int) -> None:
        self._past = [word for word in self._past if word.end > self._heard_until - KEPT_S] + self._turn
        self._turn, self._index = [], following

    def _word(self, place: int, word: Any) -> Word:
        """A word without times was said just before it was first told of."""
        known = self._turn[place] if place < len(self._turn) else None
        start = word.start if word.start is not None else known.start if known else self._heard_until
        end = word.end if word.end is not None else known.end if known else self._heard_until
        return Word(text=str(word.word), start=float(start), end=float(end), confidence=float(word.confidence))
