"""OpenAI's voices, or those of a server that speaks the same protocol."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from callcenter import openai_client
from callcenter.config import OpenAI
from callcenter.errors import SpeechError
from callcenter.speech.cloud.cloud_voice import CloudVoice

if TYPE_CHECKING:
    from openai import AsyncOpenAI

PAID = "openai:speech"
"""As in `[prices]`."""
RATE = 24_000
"""Of its `pcm` format, which has no other."""


class OpenAIVoice(CloudVoice):
    """Speaks for all calls, through one client that is its owner's."""

    def __init__(self, voice: str, client: "AsyncOpenAI", settings: OpenAI) -> None:
        """The voice that the server calls `voice`, such as `coral`."""
        server = urlsplit(settings.url)
        name = f"openai {settings.speech} {voice} at {server.hostname}:{server.port or ''}"
        super().__init__(name=name, whom=f"openai:{voice}", by=PAID)
        self._voice = voice
        self._client = client
        self._model = settings.speech

    def _rate(self, rate: int) -> int:
        return RATE

    async def _sound(self, text: str, rate: int) -> AsyncGenerator[bytes, None]:
        speech = self._client.audio.speech.with_streaming_response
        try:
            async with speech.create(
                input=text, model=self._model, voice=self._voice, response_format="pcm"
            ) as response:
                async for chunk in response.iter_bytes():
                    yield chunk
        except Exception as error:  # the SDK's own, and those of the HTTP library of its choice while sound is read
            failure = openai_client.explained(error, self._whom)
            raise SpeechError(
                str(failure), may_pass=failure.may_pass, retry_after_s=failure.retry_after_s
            ) from None  # what it says may hold a part of the key
