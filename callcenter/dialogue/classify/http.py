"""Understanding by an HTTP service, as older installations have one: a main one, and one for questions.

    POST {"sentence": "what does it cost"}
    200  {"intent": "cost", "confidence": 0.93}      confidence may be left out; no intent, "" or null: none is known

The second is asked when the first knows none. Whatever else comes back is a failure with a code, and nothing is meant.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import aiohttp
import structlog

from callcenter.breaker import Breaker
from callcenter.dialogue.classify.classifier import Guess, Kind, Meaning, Source

log = structlog.get_logger()

MOST_BYTES = 65_536
"""Of an answer; a longer one is no answer to this question."""
NONE_KNOWN = frozenset({"", "none", "null", "unknown", "fallback"})
"""Names that such services give to no intent, in lower case; a flow's own intent of that name goes first."""


class Failure(StrEnum):
    """Why a service could not say what is meant."""

    TIMEOUT = "timeout"
    HTTP_ERROR = "http_error"
    """Its status is not 200, or it cannot be reached."""
    BAD_JSON = "bad_json"
    UNKNOWN_INTENT = "unknown_intent"
    """A name that the flow does not have."""
    RESTING = "resting"
    """It was not asked, because it has just failed several times in a row."""


class _Failed(Exception):  # noqa: N818 - carries a failure from where it is seen to where it is counted
    def __init__(self, failure: Failure, why: str) -> None:
        self.failure = failure
        self.why = why
        super().__init__(why)


class HttpClassifier:
    """Asks the service of one flow; the session is the caller's."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        meanings: Iterable[Meaning],
        *,
        url: str,
        faq_url: str = "",
        timeout_s: float = 5.0,
    ) -> None:
        self.failures: Counter[str] = Counter()
        self._session = session
        self._kinds = _kinds(meanings)
        self._services = [(address, Breaker()) for address in (url, faq_url) if address]
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def classify(self, text: str) -> Guess | None:
        """What the services know; None when they know nothing, or one fails."""
        for url, breaker in self._services:
            try:
                guess = await self._ask(url, breaker, text)
            except _Failed as failed:
                self.failures[failed.failure] += 1
                log.warning("! classifier", url=url, failure=failed.failure.value, why=failed.why)
                if failed.failure is not Failure.UNKNOWN_INTENT:
                    return None  # the caller has waited long enough
                continue
            if guess:
                return guess
        return None

    async def _ask(self, url: str, breaker: Breaker, text: str) -> Guess | None:
        loop = asyncio.get_running_loop()
        if not breaker.admits(loop.time()):
            raise _Failed(Failure.RESTING, "it failed several times in a row")
        try:
            guess = self._read(await self._post(url, text))
        except _Failed as failed:
            if failed.failure in {Failure.TIMEOUT, Failure.HTTP_ERROR}:
                breaker.fail(loop.time())
            else:
                breaker.succeed()
            raise
        except asyncio.CancelledError:
            breaker.give_up()
            raise
        breaker.succeed()
        return guess

    async def _post(self, url: str, text: str) -> bytes:
        """The body of the answer."""
        try:
            async with self._session.post(
                url, json={"sentence": text}, timeout=self._timeout, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise _Failed(Failure.HTTP_ERROR, f"status {response.status}")
                await response.content.readexactly(MOST_BYTES)
        except asyncio.IncompleteReadError as whole:
            return whole.partial
        except TimeoutError as error:
            raise _Failed(Failure.TIMEOUT, f"no answer within {self._timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _Failed(Failure.HTTP_ERROR, str(error) or type(error).__name__) from error
        raise _Failed(Failure.BAD_JSON, f"over {MOST_BYTES} bytes")

    def _read(self, body: bytes) -> Guess | None:
        name, confidence = _fields(body)
        kind = self._kinds.get(name)
        if kind:
            return Guess(name=name, kind=kind, confidence=confidence, source=Source.HTTP)
        if name.strip().lower() in NONE_KNOWN:
            return None
        raise _Failed(Failure.UNKNOWN_INTENT, f"the flow knows no intent {name[:100]!r}")


def _kinds(meanings: Iterable[Meaning]) -> dict[str, Kind]:
    """By name; an intent goes before a question of the same name."""
    ordered = sorted(meanings, key=lambda meaning: meaning.kind is Kind.INTENT)
    return {meaning.name: meaning.kind for meaning in ordered}


def _fields(body: bytes) -> tuple[str, float]:
    """The intent's name, empty if none, and its confidence."""
    try:
        content: Any = json.loads(body)
    except ValueError as error:  # also what is not UTF-8
        raise _Failed(Failure.BAD_JSON, f"not JSON: {error}") from error
    except RecursionError as error:
        raise _Failed(Failure.BAD_JSON, "too deep") from error
    if not isinstance(content, dict):
        raise _Failed(Failure.BAD_JSON, "not an object")
    name, confidence = content.get("intent") or "", content.get("confidence", 1.0)
    if not isinstance(name, str):
        raise _Failed(Failure.BAD_JSON, "intent is not a text")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise _Failed(Failure.BAD_JSON, "confidence is not a number from 0 to 1")
    return name, float(confidence)
