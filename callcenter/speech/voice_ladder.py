"""Several voices as one: when the first choice fails, the next goes on, from the words not yet spoken.

What was said or prepared before is said again by whoever said it, without asking anybody. So when no voice works, what
has been prepared can still be said.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any

import structlog

from callcenter.errors import ProviderError, SpeechError
from callcenter.ladder import Ladder, Rung, Tries, guarded
from callcenter.media.pcm import Clip
from callcenter.speech.phrases import PhraseCache, for_each
from callcenter.speech.voice import Paid, unpaid

log = structlog.get_logger()


class VoiceLadder:
    """Speaks for many calls at once."""

    def __init__(self, rungs: Sequence[Rung[PhraseCache]], chance: Callable[[], float] = random.random) -> None:
        """At least one, first choice first. `chance` is a number from 0 to 1, for the jitter."""
        self._rungs = tuple(rungs)
        self._ladders = [Ladder([rung], chance) for rung in rungs]
        self._chance = chance

    @property
    def name(self) -> str:
        """The first choice's."""
        return self._rungs[0].provider.name

    async def cached(self, text: str, rate: int) -> Clip | None:
        """From memory or disk, in whichever voice it is there."""
        for rung in self._rungs:
            if clip := await rung.provider.cached(text, rate):
                return clip
        return None

    async def render(self, text: str, rate: int) -> Clip:
        """All of `text` in one voice. Raises SpeechError."""
        failures = []
        for rung, ladder in zip(self._rungs, self._ladders, strict=True):
            if clip := await rung.provider.cached(text, rate):
                return clip
            try:
                return (await ladder.ask(lambda voice: voice.render(text, rate))).value
            except ProviderError as error:
                failures.append(error)
        raise _unsaid(failures)

    async def stream(self, text: str, rate: int) -> AsyncGenerator[Clip, None]:
        """Clips that follow on from each other, perhaps in several voices; together they are `text`.

        Raises SpeechError when the last voice fails too.
        """
        failures = []
        for rung in self._rungs:
            try:
                async with aclosing(self._said(rung, text, rate)) as clips:
                    async for clip in clips:
                        text = text[len(clip.text) :]
                        yield clip
                return
            except ProviderError as error:
                log.warning("! provider", name=rung.name, error=str(error))
                failures.append(error)
            if not text:
                return  # no word is left
        raise _unsaid(failures)

    async def prepare(self, texts: Iterable[str], rate: int, paid: Paid = unpaid) -> None:
        """Have each of `texts` ready in memory and on disk, in the first voice that can.

        `paid` is told of those that cost something. Raises SpeechError.
        """
        reasons: dict[str, str] = {}

        async def keep(text: str) -> None:
            for rung, ladder in zip(self._rungs, self._ladders, strict=True):
                try:
                    if await rung.provider.cached(text, rate):
                        await rung.provider.keep(text, rate)  # nobody is asked
                    else:
                        await ladder.ask(lambda voice: voice.keep(text, rate, paid))
                except ProviderError as error:
                    reasons.setdefault(rung.name, str(error))  # the first one tells why; later it only rests
                else:
                    return
            raise SpeechError(f"no voice can say {text!r}: {'; '.join(reasons.values())}")

        await for_each(texts, keep)
        await self._rungs[0].provider.prune()

    def report(self) -> list[dict[str, Any]]:
        """For `status`, first choice first."""
        return [line for ladder in self._ladders for line in ladder.report()]

    async def _said(self, rung: Rung[PhraseCache], text: str, rate: int) -> AsyncGenerator[Clip, None]:
        """`text` in this voice, which is asked again if that can help while nothing has been said."""
        if clip := await rung.provider.cached(text, rate):
            yield clip
            return
        tries = Tries(rung.tries, self._chance)
        begun = False
        while True:
            try:
                async with aclosing(_asked(rung, text, rate)) as clips:
                    async for clip in clips:
                        begun = True
                        yield clip
                return
            except ProviderError as error:
                if begun:
                    raise
                await tries.again(error)


async def _asked(rung: Rung[PhraseCache], text: str, rate: int) -> AsyncGenerator[Clip, None]:
    """Once, what is not cached. How long the rest may take once it has begun is for the voice to know."""
    with guarded(rung.name, rung.breaker):
        async with aclosing(rung.provider.stream_anew(text, rate)) as clips:
            try:
                async with asyncio.timeout(rung.timeout_s):
                    clip = await anext(clips, None)
            except TimeoutError:
                raise SpeechError(f"{rung.name} did not answer within {rung.timeout_s:g} s") from None
            if clip is None:
                raise SpeechError(f"{rung.name} said nothing")
            yield clip
            async for clip in clips:
                yield clip


def _unsaid(failures: Sequence[ProviderError]) -> SpeechError:
    """No voice can; the last one's word on what may help."""
    return SpeechError("; ".join(map(str, failures)), may_pass=any(failure.may_pass for failure in failures))
