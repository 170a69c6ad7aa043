"""Tries, breaker and budget of a model as one call uses it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import aclosing, suppress
from typing import Any

import pytest

from callcenter.breaker import Breaker
from callcenter.config import Model
from callcenter.dialogue.model.chat import Delta, Message, Tool
from callcenter.dialogue.model.clauses import Clause
from callcenter.dialogue.model.mind import Mind, Piece
from callcenter.errors import ProviderError
from callcenter.usage import Usage
from tests.dialogue.model.telling import Telling, text, use
from tests.virtual_time import VirtualTimeLoop

PASSING = ProviderError("out of order", may_pass=True)
LASTING = ProviderError("the key is refused")
OK = "Fine. How much?"
PIECES = [Clause(text="Fine."), Clause(text="How much?", last=True)]


def mind_of(chat: Telling, breaker: Breaker | None = None, **settings: Any) -> Mind:
    return Mind(chat, Model(**{"first_s": 0.2, "stall_s": 0.1, **settings}), breaker or Breaker())


def virtual_time(run: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run)


async def thought(mind: Mind) -> list[Piece]:
    return [piece async for piece in mind.think([{"role": "user", "content": "hello"}], [])]


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([OK], 1),
        ([[PASSING], OK], 2),
        ([[*text("Fine, how")[:-1], PASSING], OK], 2),  # no clause of it was whole
        ([[], OK], 2),
        (["  ", OK], 2),
    ],
)
async def test_it_is_asked_again_while_nothing_was_said(answers: list[Any], asked: int) -> None:
    chat = Telling(*answers)
    assert await thought(mind_of(chat)) == PIECES
    assert len(chat.asked) == asked
    assert chat.closed == asked


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([[PASSING]], 2),
        ([[LASTING], OK], 1),
        ([[ProviderError("429", may_pass=True, retry_after_s=2.0)], OK], 1),
        ([[*text("Fine. How")[:-1], PASSING], OK], 1),
        (["so on " * 100, OK], 1),
    ],
)
async def test_or_it_has_failed(answers: list[Any], asked: int) -> None:
    chat = Telling(*answers)
    with pytest.raises(ProviderError):
        await thought(mind_of(chat))
    assert len(chat.asked) == asked


def test_one_that_writes_too_slowly_has_failed() -> None:
    async def run() -> None:
        chat, now = Telling([*text("Fine")[:-1], asyncio.Event()]), asyncio.get_running_loop().time
        began = now()
        with pytest.raises(ProviderError, match="slowly"):
            await thought(mind_of(chat))
        assert now() - began == pytest.approx(0.2 + 0.1)
        assert chat.closed == 1

    virtual_time(run())


def test_nor_is_one_in_time_that_never_stalls() -> None:
    async def run() -> None:
        chat, now = Slow(Telling(" ".join("and so on" for _ in range(20)))), asyncio.get_running_loop().time
        began = now()
        with pytest.raises(ProviderError, match="slowly"):
            await thought(mind_of(chat))
        assert now() - began == pytest.approx(0.2 + 0.1)

    virtual_time(run())


class Slow(Telling):
    """Writes a word each 80 ms."""

    def __init__(self, chat: Telling) -> None:
        super().__init__()
        self._chat = chat

    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        async for delta in self._chat.stream(messages, tools):
            await asyncio.sleep(0.08)
            yield delta


def test_who_listens_slowly_is_not_its_fault() -> None:
    async def run() -> None:
        found = []
        async with aclosing(mind_of(Telling("One. Two. Three."), first_s=0.05, stall_s=0.05).think([], [])) as pieces:
            async for piece in pieces:
                await asyncio.sleep(0.15)
                found.append(piece)
        assert len(found) == 3

    virtual_time(run())


async def test_all_calls_share_a_breaker() -> None:
    breaker = Breaker(failures=3)
    for _ in range(2):
        with pytest.raises(ProviderError, match=r"out of order|rests"):
            await thought(mind_of(Telling([PASSING]), breaker))
    chat = Telling(OK)
    with pytest.raises(ProviderError, match="rests"):
        await thought(mind_of(chat, breaker))
    assert chat.asked == []


@pytest.mark.parametrize("answer", ["so on " * 100, "", [use("launch_rocket")]], ids=["endless", "empty", "tool"])
async def test_nonsense_is_not_the_breaker_s_business(answer: Any) -> None:
    """Or a caller who talks the model into it would leave all others without."""
    breaker = Breaker(failures=1)
    with suppress(ProviderError):
        await thought(mind_of(Telling(answer), breaker))
    assert breaker.report(0.0)["state"] == "closed"


async def test_who_leaves_before_the_end_leaves_the_breaker_as_it_was() -> None:
    breaker = Breaker()
    before = breaker.report(0.0)
    pieces = mind_of(Telling("One. Two. Three."), breaker).think([], [])
    await anext(pieces)
    await pieces.aclose()
    assert breaker.report(0.0) == before


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (OK, Usage(tokens_in=100, tokens_out=10)),
        (text(OK)[:-1], Usage(tokens_in=6, tokens_out=10)),
        ([*text("Fine. How")[:-1], LASTING], Usage(tokens_in=6, tokens_out=8)),
        ([LASTING], Usage()),
    ],
    ids=["told", "estimated", "broken off", "refused"],
)
async def test_what_it_has_cost(answer: Any, usage: Usage) -> None:
    mind = mind_of(Telling(answer))
    with suppress(ProviderError):
        await thought(mind)
    assert mind.usage == usage


async def test_the_budget_of_a_call() -> None:
    mind = mind_of(Telling(OK), tokens_per_call=1000)
    for _ in range(9):
        await thought(mind)
        assert mind.may_be_asked
    await thought(mind)
    assert not mind.may_be_asked
