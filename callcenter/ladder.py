"""Providers in the order in which they are asked: the first that answers is it.

What fails in a way that may pass is tried again, after a pause that grows and is jittered; whatever else fails, takes
too long or rests behind its breaker is passed over for the next.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
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
        self, question: Callable[[P], Awaitable[T]], enough: Callable[[T], bool] = lambda answer: True
    ) -> Answer[T]:
        """The answer of the first provider that has one. Raises the last one's ProviderError when none has.

        After an answer that is not `enough` the next is asked too: if that one says more, the one before has failed,
        and rests.
        """
        failure = ProviderError("all of them rest after failures")
        meagre: list[tuple[Rung[P], T]] = []
        for rung in self.rungs:
            try:
                answer = await self._tried(rung, question)
            except ProviderError as error:
                log.warning("! provider", name=rung.name, error=str(error))
                failure = error
                continue
            if enough(answer):
                for other, _ in meagre:
                    other.breaker.fail(asyncio.get_running_loop().time(), FIRST_REST_S)
                return Answer(value=answer, by=rung.name)
            meagre.append((rung, answer))
        if not meagre:
            raise failure
        first, answer = meagre[0]
        return Answer(value=answer, by=first.name)

    def report(self) -> list[dict[str, Any]]:
        """For `status`, first choice first."""
        now = asyncio.get_running_loop().time()
        return [{"name": rung.name, **rung.breaker.report(now)} for rung in self.rungs]

    async def _tried(self, rung: Rung[P], question: Callable[[P], Awaitable[T]]) -> T:
        pause_s = FIRST_PAUSE_S
        for left in reversed(range(rung.tries)):
            try:
                with guarded(rung.name, rung.breaker):
                    async with asyncio.timeout(rung.timeout_s):
                        return await question(rung.provider)
            except TimeoutError:
                raise ProviderError(f"{rung.name} did not answer within {rung.timeout_s:g} s") from None
            except ProviderError as error:
                wait_s = max(error.retry_after_s or 0.0, pause_s * (0.5 + self._chance()))
                if not (left and error.may_pass) or wait_s > LONGEST_PAUSE_S:
                    raise
            await asyncio.sleep(wait_s)
            pause_s *= 2
        raise AssertionError("a rung is tried at least once")


@contextmanager
def guarded(name: str, breaker: Breaker) -> Iterator[None]:
    """Ask a provider within this, so that its breaker learns what came of it. Raises ProviderError while it rests."""
    now = asyncio.get_running_loop().time
    if not breaker.admits(now()):
        raise ProviderError(f"{name} rests after failures")
    try:
        yield
    except Overloaded:
        breaker.give_up()  # ours is the fault, and others may be served
        raise
    except ProviderError as error:
        breaker.fail(now(), error.retry_after_s)
        raise
    except TimeoutError:
        breaker.fail(now())
        raise
    except BaseException:
        breaker.give_up()
        raise
    breaker.succeed()
