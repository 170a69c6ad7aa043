"""How the words of what one caller says are found: by a recogniser that has listened along, else from the sound."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any

import structlog

from callcenter.errors import SpeechError
from callcenter.ladder import Rung
from callcenter.speech.recogniser import Recognised
from callcenter.speech.streaming import Stream, StreamingRecogniser

log = structlog.get_logger()

REOPEN_S = 0.25
"""Between two tries to open a stream, times 0.5 to 1.5; behind a breaker that rests nobody is asked."""
NOTHING = Recognised(text="", confidence=0.0, ms=0.0)

Recognise = Callable[[bytes], Coroutine[Any, Any, Recognised]]
Open = Callable[[StreamingRecogniser], AbstractAsyncContextManager[Stream]]
StreamRung = Rung[StreamingRecogniser]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a recognition."""

    result: Recognised | SpeechError
    at: float
    """Loop time."""

    @property
    def words(self) -> str | None:
        """None when it failed."""
        return self.result.text if isinstance(self.result, Recognised) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Who may listen along to one call, first choice first, and how each of them is asked to."""

    rungs: Sequence[StreamRung]
    open: Open


@dataclass(slots=True, kw_only=True)
class Along:
    """Somebody who listens along."""

    rung: StreamRung
    stream: Stream
    scope: asyncio.Timeout
    """Within which it is open."""
    fed_until: float = 0.0
    """Loop time at which the sound that it was fed last arrived."""
    follows: bool = False
    """It has heard this utterance from its beginning."""
    proven: bool = False
    """It has given words."""
    left_for: str = ""
    """Why it is listened to no more though it has not failed."""


class Words:
    """Of one call. Without streams every utterance is recognised from its sound."""

    def __init__(self, recognise: Recognise, streams: Streams | None = None) -> None:
        self.turn_ended: Callable[[float], None] = lambda until: None
        """Called when who listens along thinks that the caller has finished, by what had arrived at that loop time."""
        self._recognise = recognise
        self._streams = streams
        self._along: Along | None = None
        self._spent: defaultdict[str, float] = defaultdict(float)

    @property
    def seconds(self) -> dict[str, float]:
        """Of sound, by provider elsewhere."""
        spent = dict(self._spent)
        if self._along is not None:
            name = self._along.rung.name
            spent[name] = spent.get(name, 0.0) + self._along.stream.seconds
        return spent

    @property
    def along_with(self) -> str:
        """Who listens along at this moment; empty for nobody."""
        return self._along.rung.name if self._along else ""

    async def listen(self) -> None:
        """Have somebody listen along, the first choice that can be reached, until cancelled."""
        now = asyncio.get_running_loop().time
        while self._streams:
            for rung in self._streams.rungs:
                if rung.breaker.admits(now()) and await self._listened(rung, self._streams.open):
                    break
            await asyncio.sleep(REOPEN_S * random.uniform(0.5, 1.5))

    def feed(self, pcm: bytes, at: float) -> None:
        """Sound of the line, the last of which arrived at loop time `at`."""
        if self._along is not None:
            self._along.stream.feed(pcm)
            self._along.fed_until = at

    def begin(self, before_s: float) -> None:
        """The caller has begun to talk: what was fed more than `before_s` ago is no part of it."""
        if self._along is not None:
            self._along.follows = self._along.stream.begin(before_s)

    async def so_far(self, pcm: bytes) -> Recognised:
        """What the caller has said since `begin`, which sounds like `pcm`. Raises SpeechError."""
        began = asyncio.get_running_loop().time()
        along = self._along if self._along is not None and self._along.follows else None
        heard = await self._from(along) if along else None
        if heard is not None and heard.text:
            return heard
        lost_ms = (asyncio.get_running_loop().time() - began) * 1000
        recognised = await self.of(pcm)
        if along is not None and heard is not None and recognised.text:
            self._leave(along, "it heard nothing where there were words")
        return replace(recognised, waited_ms=recognised.waited_ms + lost_ms)

    async def of(self, pcm: bytes) -> Recognised:
        """What `pcm` says, whoever has listened along. Raises SpeechError."""
        recognised = await self._recognise(pcm) if pcm else NOTHING
        if recognised.by:
            self._spent[recognised.by] += recognised.seconds
        return recognised

    async def _from(self, along: Along) -> Recognised | None:
        """None when it fails or takes too long."""
        try:
            async with asyncio.timeout(along.rung.timeout_s):
                heard = await along.stream.words()
        except TimeoutError:
            self._leave(along, f"no words within {along.rung.timeout_s:g} s")
            return None
        except SpeechError:
            return None  # whoever waits in `_listened` is told as well
        if heard.text:
            along.proven = True
            along.rung.breaker.succeed()
        return replace(heard, by=along.rung.name)

    def _leave(self, along: Along, why: str) -> None:
        """Have nobody listen along who is no help; this counts as a failure."""
        if self._along is along:
            along.left_for = why
            self._settle(along)
            along.scope.reschedule(asyncio.get_running_loop().time())

    def _turn_ended(self, unheard_s: float) -> None:
        if self._along is not None:
            self.turn_ended(self._along.fed_until - unheard_s)

    def _settle(self, along: Along) -> None:
        """It listens no longer: what it is paid for is known."""
        if self._along is along:
            self._spent[along.rung.name] += along.stream.seconds
            self._along = None

    async def _listened(self, rung: StreamRung, open_: Open) -> bool:
        """Whether `rung` could be reached; if so it has listened along until it failed.

        It is the words that prove it to be well, not that it lets itself be reached: a breaker that lets one call try
        waits for these.
        """
        along: Along | None = None
        try:
            async with asyncio.timeout(rung.timeout_s) as scope, open_(rung.provider) as stream:
                scope.reschedule(None)
                self._along = along = Along(rung=rung, stream=stream, scope=scope)
                stream.turn_ended = self._turn_ended
                try:
                    await stream.run()
                finally:
                    self._settle(along)
        except SpeechError as error:
            _failed(rung, str(error), error.retry_after_s)
        except TimeoutError:
            _failed(rung, along.left_for if along else f"not reached within {rung.timeout_s:g} s")
        except Exception as error:  # the edge of one call: all calls share the group that this would end
            log.exception("! stream", name=rung.name)
            _failed(rung, f"a fault of ours: {type(error).__name__}")
        except BaseException:
            if along is None or not along.proven:
                rung.breaker.give_up()
            raise
        return along is not None


def _failed(rung: StreamRung, why: str, rest_s: float | None = None) -> None:
    log.warning("! stream", name=rung.name, error=why)
    rung.breaker.fail(asyncio.get_running_loop().time(), rest_s, reason=why)


async def attempted(recognition: Coroutine[Any, Any, Recognised]) -> Outcome:
    """Whatever comes of it, without an exception."""
    result: Recognised | SpeechError
    try:
        result = await recognition
    except SpeechError as error:
        log.warning("! recognise", error=str(error))
        result = error
    except Exception as error:  # the edge of one call: all calls share the group that this would end
        log.exception("! recognise")
        result = SpeechError(f"the recogniser failed: {error!r}")
    return Outcome(result=result, at=asyncio.get_running_loop().time())
