"""OpenAI's transcriptions, or those of a server that speaks the same protocol: one utterance, one request."""

import json
import time
from math import exp
from typing import TYPE_CHECKING, Any

from callcenter import openai_client
from callcenter.errors import SpeechError
from callcenter.speech import wav
from callcenter.speech.recogniser import Recognised

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NAME = "openai"
"""As in `[hearing] recognisers`."""
MOST_BYTES = 262_144
"""Of an answer: the tokens of half a minute with their probabilities are some 20,000."""

PROMPT_CHARACTERS = 896
"""Of a prompt, its last: OpenAI looks at 224 tokens, which are fewer or so, and Groq refuses a longer one."""


class OpenAIRecogniser:
    """Transcribes for all calls, through one client that is its owner's."""

    def __init__(self, client: "AsyncOpenAI", model: str) -> None:
        self._client = client
        self._model = model

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """A `Recogniser`. Its confidence is 1 where the model does not tell its tokens' probabilities."""
        began = time.perf_counter()
        try:
            text, confidence = _read(await self._asked(wav.written(pcm, rate), language, prompt))
        except SpeechError:
            raise
        except Exception as error:  # the SDK's own, and those of the HTTP library of its choice while the body is read
            failure = openai_client.explained(error, NAME)
            raise SpeechError(
                str(failure), may_pass=failure.may_pass, retry_after_s=failure.retry_after_s
            ) from None  # what it says may hold a part of the key
        return Recognised(
            text=text,
            confidence=confidence,
            ms=(time.perf_counter() - began) * 1000,
            by=NAME,
            seconds=len(pcm) / 2 / rate,
        )

    async def _asked(self, sound: bytes, language: str, prompt: str) -> bytes:
        """The body of the answer."""
        from openai import omit

        transcriptions = self._client.audio.transcriptions.with_streaming_response
        async with transcriptions.create(
            file=("utterance.wav", sound, "audio/wav"),
            model=self._model,
            language=language,
            prompt=prompt[-PROMPT_CHARACTERS:] or omit,
            response_format="json",
            include=["logprobs"] if tells_probabilities(self._model) else omit,
        ) as response:
            body = bytearray()
            async for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise SpeechError(f"{NAME} answers with more than {MOST_BYTES} bytes")
            return bytes(body)


def tells_probabilities(model: str) -> bool:
    """Whether `include=["logprobs"]` may be asked of it: others refuse the whole request."""
    return model.startswith(("gpt-4o-transcribe", "gpt-4o-mini-transcribe")) and "diarize" not in model


def _read(body: bytes) -> tuple[str, float]:
    """Text and confidence."""
    try:
        content: Any = json.loads(body)
        text, logprobs = content["text"], content.get("logprobs") or []
        confidence = exp(sum(each["logprob"] for each in logprobs) / len(logprobs)) if logprobs else 1.0
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise _strange() from None
    if not isinstance(text, str) or not 0 <= confidence <= 1:
        raise _strange()
    return text.strip(), confidence


def _strange() -> SpeechError:
    return SpeechError(f"{NAME} answers what cannot be understood", may_pass=True)
