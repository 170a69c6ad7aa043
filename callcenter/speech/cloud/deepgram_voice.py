"""Deepgram's Aura voices."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import urlsplit

from callcenter.speech.cloud.cloud_voice import CloudVoice
from callcenter.speech.cloud.deepgram_client import DeepgramClient, failure, foreign

PAID = "deepgram:speech"
"""As in `[prices]`."""
RATES = (8000, 16_000, 24_000, 32_000, 48_000)
"""That it speaks at."""
OTHERWISE = 24_000
PATIENCE_S = 60.0
"""Of the client; who asks waits less."""


class DeepgramVoice(CloudVoice):
    """Speaks for all calls, through one client that is its owner's."""

    def __init__(self, voice: str, client: DeepgramClient) -> None:
        """The voice, and model, that Deepgram calls `voice`, such as `aura-2-thalia-en`."""
        server = urlsplit(client.settings.url)
        name = f"deepgram {voice} at {server.hostname}:{server.port or ''}"
        super().__init__(name=name, whom=f"deepgram:{voice}", by=PAID)
        self._voice = voice
        self._client = client

    async def start(self) -> None:
        """Load what the client needs; nothing is asked."""
        await self._client.ready()

    def _rate(self, rate: int) -> int:
        return rate if rate in RATES else OTHERWISE

    async def _sound(self, text: str, rate: int) -> AsyncGenerator[bytes, None]:
        client = await self._client.ready()
        audio: Any = client.speak.v1.audio  # its models are a list of literals, which is older than a new voice
        answer: AsyncIterator[bytes] = audio.generate(
            text=text,
            model=self._voice,
            encoding="linear16",
            sample_rate=rate,
            container="none",
            request_options={"timeout": PATIENCE_S},
        )
        try:
            async with aclosing(cast(AsyncGenerator[bytes, None], answer)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except foreign() as error:
            raise failure(error) from None
