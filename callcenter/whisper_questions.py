"""What `callcenter whisper-server` is asked, as it comes in a form or in JSON, and what is wrong with it."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http import HttpProcessingError

from callcenter.speech.wav import READ, NotWavError, Wav

MOST_BYTES = 8 << 20
"""Of a question: half a minute of stereo at 48 kHz in base64 is 7.7 million."""
LONGEST_S = 30.0
"""Of an utterance; Whisper hears no more at once."""
PROMPT_CHARACTERS = 1000
LANGUAGE = "en"
"""Of a question that does not say its own."""
FORM = "a form (multipart/form-data) with a WAV file called `file` and, if wanted, `language` and `prompt`"
OBJECT = (
    'a JSON object {"audio": base64 of a WAV file, "language": "en", "prompt": ""}, of which the last two are optional'
)


class Refusal(Exception):  # noqa: N818 - an answer that unwinds the stack
    """Why a question is not answered."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is said in this sound?"""

    audio: bytes
    """A file."""
    language: str
    prompt: str


BROKEN = (ValueError, HttpProcessingError, web.RequestPayloadError)
"""What a body raises that is not what its headers say."""


async def from_form(request: web.Request) -> Question:
    """Raises Refusal."""
    if request.content_type != "multipart/form-data":
        raise Refusal(400, f"allowed is {FORM}")
    parts: dict[str, bytes] = {}
    left = MOST_BYTES
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Refusal(400, f"allowed is {FORM}, none in another")
            content = await _read(part, left)
            left -= len(content)
            parts[part.name or ""] = content
        language, prompt = (parts.get(name, b"").decode() for name in ("language", "prompt"))
    except BROKEN as error:  # such as a boundary that is missing or never comes, or text that is not UTF-8
        raise Refusal(400, f"allowed is {FORM}") from error
    if "file" not in parts:
        raise Refusal(400, f"there is no `file`; allowed is {FORM}")
    return _question(parts["file"], language, prompt)


async def from_json(request: web.Request) -> Question:
    """Raises Refusal."""
    try:
        content: Any = json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except (*BROKEN, RecursionError) as error:
        raise Refusal(400, f"it is not JSON; allowed is {OBJECT}") from error
    if not isinstance(content, dict):
        raise Refusal(400, f"allowed is {OBJECT}")
    audio, language, prompt = (content.get(name) or "" for name in ("audio", "language", "prompt"))
    if not (isinstance(audio, str) and isinstance(language, str) and isinstance(prompt, str)):
        raise Refusal(400, f"a value is not a text; allowed is {OBJECT}")
    try:
        return _question(base64.b64decode(audio, validate=True), language, prompt)
    except ValueError as error:
        raise Refusal(400, f"`audio` is not base64; allowed is {OBJECT}") from error


def sound(audio: bytes) -> Wav:
    """What is in the file. Raises Refusal."""
    try:
        wav = Wav.parse(audio)
    except NotWavError as error:
        raise Refusal(400, f"the sound cannot be read: {error}; allowed is {READ}") from error
    if wav.seconds > LONGEST_S:
        raise Refusal(413, f"the sound is {wav.seconds:.1f} s long; at most {LONGEST_S:g} s are allowed")
    return wav


def _question(audio: bytes, language: str, prompt: str) -> Question:
    if len(prompt) > PROMPT_CHARACTERS:
        raise Refusal(400, f"`prompt` has {len(prompt)} characters; at most {PROMPT_CHARACTERS} are allowed")
    return Question(audio=audio, language=language or LANGUAGE, prompt=prompt)


async def _read(part: BodyPartReader, most: int) -> bytes:
    """All of it. Raises Refusal when that is more than `most` bytes."""
    if part.headers.get(hdrs.CONTENT_ENCODING):
        raise Refusal(400, f"nothing may be compressed; allowed is {FORM}")
    content = bytearray()
    while piece := await part.read_chunk():
        content += piece
        if len(content) > most:
            raise _too_large()
    return bytes(content)


def _too_large() -> Refusal:
    return Refusal(413, f"the question is too large; at most {MOST_BYTES:,} bytes are allowed")
