"""Recognisers of whole utterances in the order in which they are asked: here, in a cloud, on another machine."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from callcenter import openai_client
from callcenter.config import Hearing, OpenAI, Remote
from callcenter.errors import ProviderError, SpeechError
from callcenter.ladder import Answer, Ladder, Rung
from callcenter.speech import listeners
from callcenter.speech.cloud import openai_recogniser, remote_whisper
from callcenter.speech.cloud.deepgram_client import DeepgramClient
from callcenter.speech.cloud.openai_recogniser import OpenAIRecogniser
from callcenter.speech.cloud.remote_whisper import RemoteWhisper
from callcenter.speech.recogniser import Recognised, Recogniser

LOCAL = "whisper"
"""As in `[hearing] recognisers`."""
ALONE_S = 20.0
"""The local one takes its work in turn and refuses what is too much, so this is for one that hangs."""
LOCAL_S = 8.0
"""The same where there are others, who may hear sooner than one behind whom so much waits."""
WORD_S = 1.0
"""Sound as long as this, context included, in which a cloud finds no word is shown to the next one as well."""
NOBODY = (
    f"there is no recogniser for whole utterances: add {LOCAL}, {openai_recogniser.NAME} or {remote_whisper.NAME} "
    "to [hearing] recognisers"
)


class LadderRecogniser:
    """A `Recogniser` that asks one after the other until one answers; shared by all calls."""

    def __init__(self, rungs: Sequence[Rung[Recogniser]]) -> None:
        """First choice first; there may be none, if all that is wanted hears while the caller talks."""
        self._ladder = Ladder(rungs)
        self._answered: Counter[str] = Counter()

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """The text of `pcm` as the first that can says it. Raises SpeechError when none can."""
        if not self._ladder.rungs:
            raise SpeechError(NOBODY)
        began = time.perf_counter()
        answer = await self._asked(pcm, rate, language, prompt)
        self._answered[answer.by] += 1
        found = answer.value
        waited_ms = (time.perf_counter() - began) * 1000 - found.ms
        return replace(found, waited_ms=max(found.waited_ms, waited_ms))

    def report(self) -> list[dict[str, Any]]:
        """For `status`, first choice first: `name`, `state` and `failures` of its breaker, and `answered`."""
        return [{**each, "answered": self._answered[each["name"]]} for each in self._ladder.report()]

    async def _asked(self, pcm: bytes, rate: int, language: str, prompt: str) -> Answer[Recognised]:
        try:
            return await self._ladder.ask(
                lambda recogniser: recogniser.recognise(pcm, rate=rate, language=language, prompt=prompt),
                enough=lambda found: bool(found.text) or not found.by or len(pcm) < WORD_S * rate * 2,
                resting_too=True,
            )
        except SpeechError:
            raise
        except ProviderError as error:
            raise SpeechError(str(error), may_pass=error.may_pass, retry_after_s=error.retry_after_s) from error


@asynccontextmanager
async def opened(
    hearing: Hearing, openai: OpenAI, remote: Remote, deepgram: DeepgramClient, local: Recogniser | None
) -> AsyncIterator[LadderRecogniser]:
    """All of `hearing.recognisers`, for whole utterances; their connections are closed at the end.

    `local` is the Whisper of this machine, and need not be there when it is not named.
    """
    async with AsyncExitStack() as stack:
        rungs: list[Rung[Recogniser]] = []
        names = tuple(listeners.afterwards(hearing))
        for name in names:
            if name == LOCAL and local:
                timeout_s = LOCAL_S if len(names) > 1 else ALONE_S
                rungs.append(Rung(name=name, provider=local, timeout_s=timeout_s, tries=1))
            elif name == openai_recogniser.NAME:
                client = await stack.enter_async_context(openai_client.opened(openai.url, openai.key))
                cloud = OpenAIRecogniser(client, openai.transcription)
                rungs.append(Rung(name=name, provider=cloud, timeout_s=openai.timeout_s))
            elif name == remote_whisper.NAME:
                session = await stack.enter_async_context(remote_whisper.connections())
                rungs.append(Rung(name=name, provider=RemoteWhisper(session, remote), timeout_s=remote.timeout_s))
            elif name in listeners.NAMES:
                rungs.append(listeners.whole(name, hearing, deepgram))
        yield LadderRecogniser(rungs)
