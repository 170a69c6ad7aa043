"""A Whisper on another machine, over HTTP: `callcenter whisper-server`, or an older installation's.

    POST /transcribe  multipart: file (WAV), language, prompt                      style multipart
    POST /whisper     {"audio": base64 of the WAV, "language": …, "prompt": …}     style json
    200               {"text": …, "confidence": 0.93}                              confidence may be left out

`style` is that of `[remote]`. Whatever else comes back is a SpeechError that never holds the key.
"""

import asyncio
import base64
import json
import time
from typing import Any

import aiohttp

from callcenter.config import Remote
from callcenter.errors import SpeechError
from callcenter.speech import wav
from callcenter.speech.recogniser import Recognised

NAME = "remote"
"""As in `[hearing] recognisers`."""
WHO = "the remote Whisper"
PROMPT_CHARACTERS = 1000
"""Our own server takes no more. Whisper looks at the last 223 tokens, which are fewer."""
MOST_BYTES = 65_536
"""Of an answer; half a minute of speech is some 1,000."""
REFUSED = (401, 403)
TOO_MUCH = (429, 503)
UNREACHABLE = (aiohttp.ClientError, OSError, ValueError)
HEALTH_S = 5.0
KEPT_S = 60.0
"""An idle connection is kept for so long: the next utterance need not wait for TLS."""


def connections() -> aiohttp.ClientSession:
    """A session that keeps them, for `RemoteWhisper`."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_S))


class RemoteWhisper:
    """Asks one server for all calls; the session is its owner's."""

    def __init__(self, session: aiohttp.ClientSession, settings: Remote) -> None:
        self._session = session
        self._as_json = settings.style == "json"
        self._url = settings.url.rstrip("/") + ("/whisper" if self._as_json else "/transcribe")
        key = settings.key.get_secret_value()
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_s)

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """A `Recogniser`. Its confidence is 1 where the server does not tell one."""
        began = time.perf_counter()
        text, confidence = _read(await self._asked(wav.written(pcm, rate), language, prompt[-PROMPT_CHARACTERS:]))
        return Recognised(
            text=text,
            confidence=confidence,
            ms=(time.perf_counter() - began) * 1000,
            by=NAME,
            seconds=len(pcm) / 2 / rate,
        )

    async def _asked(self, sound: bytes, language: str, prompt: str) -> bytes:
        """The body of the answer."""
        try:
            # Redirects are not followed: the key is for this server only.
            async with self._session.post(
                self._url,
                **self._question(sound, language, prompt),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                return await _body(response)
        except TimeoutError:
            raise SpeechError(f"{WHO} did not answer within {self._timeout.total:g} s") from None
        except UNREACHABLE as error:
            raise _unreachable(error) from None

    def _question(self, sound: bytes, language: str, prompt: str) -> dict[str, Any]:
        if self._as_json:
            return {"json": {"audio": base64.b64encode(sound).decode(), "language": language, "prompt": prompt}}
        form = aiohttp.FormData({"language": language, "prompt": prompt})
        form.add_field("file", sound, filename="utterance.wav", content_type="audio/wav")
        return {"data": form}


async def health(url: str) -> dict[str, Any]:
    """What the `callcenter whisper-server` at `url` says of itself. Raises SpeechError when there is none.

    Older installations need not have this.
    """
    timeout = aiohttp.ClientTimeout(total=HEALTH_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url.rstrip("/") + "/health", allow_redirects=False) as response,
        ):
            found = json.loads(await _body(response))
    except TimeoutError:
        raise SpeechError(f"{WHO} did not answer within {HEALTH_S:g} s") from None
    except UNREACHABLE as error:
        raise _unreachable(error) from None
    if not isinstance(found, dict):
        raise _strange()
    return found


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Of an answer that is none of failure."""
    if response.status != 200:
        raise _refusal(response.status, response.headers.get("Retry-After", ""))
    try:
        await response.content.readexactly(MOST_BYTES)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
    raise SpeechError(f"{WHO} answers with {MOST_BYTES} bytes or more")


def _unreachable(error: Exception) -> SpeechError:
    """Without the error's own text, which may hold the URL, and that a password."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return SpeechError(f"{WHO} cannot be reached, or broke off: {why}", may_pass=True)


def _refusal(status: int, retry_after: str) -> SpeechError:
    if status in REFUSED:
        return SpeechError(f"{WHO} refuses the key (status {status})")
    if status in TOO_MUCH:
        seconds = float(retry_after) if retry_after.isdecimal() else None
        return SpeechError(f"{WHO} has too much to do (status {status})", may_pass=True, retry_after_s=seconds)
    return SpeechError(f"{WHO} answers with status {status}", may_pass=status >= 500)


def _read(body: bytes) -> tuple[str, float]:
    """Text and confidence."""
    try:
        content: Any = json.loads(body)
        text, confidence = content["text"], content.get("confidence", 1.0)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _strange() from None
    number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if not isinstance(text, str) or not number or not 0 <= confidence <= 1:
        raise _strange()
    return text.strip(), float(confidence)


def _strange() -> SpeechError:
    return SpeechError(f"{WHO} answers what cannot be understood", may_pass=True)
