"""Providers in the order in which they are asked: the first that answers is it.

What fails in a way that may pass is tried again, after a pause that grows and is jittered; whatever else fails, takes
too long or rests behind its breaker is passed over for the next.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import structlog

from callcenter.breaker import FIRST_REST_S, Breaker
from callcenter.errors import Overloaded, ProviderError

log = structlog.get_logger()

P = TypeVar("P")
T = TypeVar("T")

FIRST_PAUSE_S = 0.1
"""Before the second try; twice as long before each further one, times 0.5 to 1.5."""
LONGEST_PAUSE_S = 0.5
"""A caller is waiting: who wants to be asked later than this is passed over."""
LAST_RESORT_S = 2.0
"""Who rests and is asked all the same has no longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung(Generic[P]):
    """A provider and how patiently it is asked."""

    name: str
    provider: P
    timeout_s: float
    """For one try."""
    tries: int = 2
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What was answered, and by whom."""

    value: T
    by: str


class Ladder(Generic[P]):
    """Shared by all calls."""

    def __init__(self, rungs: Sequence[Rung[P]], chance: Callable[[], float] = random.random) -> None:
        """`chance` is a number from 0 to 1, for the jitter."""
        self.rungs = tuple(rungs)
        self._chance = chance

    async def ask(
        self,
        question: Callable[[P], Awaitable[T]],
        enough: Callable[[T], bool] = lambda answer: True,
        *,
        resting_too: bool = False,
    ) -> Answer[T]:
        """The answer of the first provider that has one. Raises the last one's ProviderError when none has.

        After an answer that is not `enough` the next is asked too: if that one says more, the one before has failed,
        and rests. With `resting_too` those that rest and are not hopeless are asked after all others, once: who fails
        now and then is better than nobody.
        """
        failures: list[ProviderError] = []
        meagre: list[tuple[Rung[P], T]] = []
        async with aclosing(self._answers(question, resting_too, failures)) as answers:
            async for rung, answer in answers:
                if enough(answer):
                    _let_rest(other for other, _ in meagre)
                    return Answer(value=answer, by=rung.name)
                meagre.append((rung, answer))
        if not meagre:
            raise failures[-1]
        first, answer = meagre[0]
        return Answer(value=answer, by=first.name)

    def report(self) -> list[dict[str, Any]]:
        """For `status`, first choice first."""
        now = asyncio.get_running_loop().time()
        return [{"name": rung.name, **rung.breaker.report(now)} for rung in self.rungs]

    async def _answers(
        self, question: Callable[[P], Awaitable[T]], resting_too: bool, failures: list[ProviderError]
    ) -> AsyncGenerator[tuple[Rung[P], T], None]:
        """Of each who has one, in order; why the others have none goes to `failures`."""
        resting: list[Rung[P]] = []
        for rung in self.rungs:
            try:
                answer = await self._tried(rung, question)
            except ProviderError as error:
                failures.append(error)
                if isinstance(error, Resting):
                    resting += [] if rung.breaker.hopeless else [rung]
                else:
                    log.warning("! provider", name=rung.name, error=str(error))
                continue
            yield rung, answer
        for rung in resting if resting_too else ():
            try:
                answer = await _asked(rung, question, min(rung.timeout_s, LAST_RESORT_S), anyway=True)
            except ProviderError as error:
                failures.append(error)
                log.warning("! provider", name=rung.name, error=str(error), rested=True)
                continue
            yield rung, answer

    async def _tried(self, rung: Rung[P], question: Callable[[P], Awaitable[T]]) -> T:
        tries = Tries(rung.tries, self._chance)
        while True:
            try:
                return await _asked(rung, question, rung.timeout_s)
            except ProviderError as error:
                await tries.again(error)


async def _asked(rung: Rung[P], question: Callable[[P], Awaitable[T]], timeout_s: float, *, anyway: bool = False) -> T:
    try:
        with guarded(rung.name, rung.breaker, anyway=anyway):
            async with asyncio.timeout(timeout_s):
                return await question(rung.provider)
    except TimeoutError:
        raise ProviderError(f"{rung.name} did not answer within {timeout_s:g} s") from None


def _let_rest(rungs: Iterable[Rung[P]]) -> None:
    """They have said less than another."""
    for rung in rungs:
        rung.breaker.fail(asyncio.get_running_loop().time(), FIRST_REST_S, reason="another had more of an answer")


class Tries:
    """Of one question to one provider: whether it is asked again after a failure, and the pause before that."""

    def __init__(self, tries: int, chance: Callable[[], float] = random.random) -> None:
        """So many altogether, at least one. `chance` is a number from 0 to 1, for the jitter."""
        self._left = tries - 1
        self._pause_s = FIRST_PAUSE_S
        self._chance = chance

    async def again(self, error: ProviderError) -> None:
        """Wait for the next try after `error`. Raises it when there is none, or none that would come soon enough."""
        wait_s = max(error.retry_after_s or 0.0, self._pause_s * (0.5 + self._chance()))
        if not (self._left and error.may_pass) or wait_s > LONGEST_PAUSE_S:
            raise error
        self._left -= 1
        self._pause_s *= 2
        await asyncio.sleep(wait_s)


class Resting(ProviderError):  # noqa: N818 - reads as what it is
    """A provider was not asked, for it rests after failures."""


@contextmanager
def guarded(name: str, breaker: Breaker, *, anyway: bool = False) -> Iterator[None]:
    """Ask a provider within this, so that its breaker learns what came of it.

    Raises Resting while it rests, unless it is to be asked `anyway`.
    """
    now = asyncio.get_running_loop().time
    if not (anyway or breaker.admits(now())):
        raise Resting(f"{name} rests after failures")
    try:
        yield
    except Overloaded:
        breaker.give_up()  # ours is the fault, and others may be served
        raise
    except ProviderError as error:
        breaker.fail(now(), error.retry_after_s, reason=str(error))
        raise
    except TimeoutError:
        breaker.fail(now(), reason=f"{name} did not answer in time")
        raise
    except BaseException:
        breaker.give_up()
        raise
    breaker.succeed()
