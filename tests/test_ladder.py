import asyncio
from collections.abc import Coroutine

import pytest

from callcenter.breaker import FAILURES, FIRST_REST_S, HOPELESS
from callcenter.errors import Overloaded, ProviderError
from callcenter.ladder import FIRST_PAUSE_S, LAST_RESORT_S, Ladder, Rung
from tests.virtual_time import VirtualTimeLoop


def virtual_time(run: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run)


class Provider:
    """Does one thing after the other, the last for ever: answers a text, raises, or takes so many seconds."""

    def __init__(self, *script: str | Exception | float) -> None:
        self.asked: list[float] = []
        self._script = list(script)

    async def answer(self) -> str:
        self.asked.append(asyncio.get_running_loop().time())
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, float):
            await asyncio.sleep(step)
            return "late"
        return step


def ladder(*providers: Provider, tries: int = 2) -> Ladder[Provider]:
    rungs = [Rung(name=str(place), provider=each, timeout_s=1.0, tries=tries) for place, each in enumerate(providers)]
    return Ladder(rungs, chance=lambda: 0.5)


async def ask(ladder: Ladder[Provider]) -> tuple[str, str]:
    answer = await ladder.ask(lambda provider: provider.answer())
    return answer.value, answer.by


PASSES = ProviderError("overloaded, perhaps", may_pass=True)


@pytest.mark.parametrize(
    ("first", "expected", "asked"),
    [
        pytest.param(["yes"], ("yes", "0"), 1, id="answers"),
        pytest.param([PASSES, "yes"], ("yes", "0"), 2, id="answers when asked again"),
        pytest.param([PASSES], ("no", "1"), 2, id="never answers"),
        pytest.param([ProviderError("wrong key")], ("no", "1"), 1, id="will not answer, ever"),
        pytest.param([5.0], ("no", "1"), 1, id="is too slow"),
        pytest.param([ProviderError("busy", may_pass=True, retry_after_s=20.0)], ("no", "1"), 1, id="asks for a rest"),
        pytest.param([Overloaded("full")], ("no", "1"), 1, id="is full here"),
    ],
)
def test_the_first_that_answers_is_it(
    first: list[str | Exception | float], expected: tuple[str, str], asked: int
) -> None:
    async def run() -> None:
        one, two = Provider(*first), Provider("no")
        assert await ask(ladder(one, two)) == expected
        assert len(one.asked) == asked

    virtual_time(run())


def test_pauses_between_tries_grow() -> None:
    async def run() -> None:
        provider = Provider(PASSES)
        with pytest.raises(ProviderError, match="overloaded, perhaps"):
            await ask(ladder(provider, tries=3))
        pauses = [later - earlier for earlier, later in zip(provider.asked, provider.asked[1:], strict=False)]
        assert pauses == pytest.approx([FIRST_PAUSE_S, 2 * FIRST_PAUSE_S])

    virtual_time(run())


def test_calls_do_not_wait_for_what_has_failed_and_come_back_to_it_when_it_is_well() -> None:
    async def run() -> None:
        one, two = Provider(*[5.0] * FAILURES, "yes"), Provider("no")
        both = ladder(one, two)
        for _ in range(FAILURES):
            assert await ask(both) == ("no", "1")
        began = asyncio.get_running_loop().time()
        assert await ask(both) == ("no", "1")
        assert asyncio.get_running_loop().time() == began
        assert len(one.asked) == FAILURES
        await asyncio.sleep(FIRST_REST_S)
        assert await ask(both) == ("yes", "0")
        assert [rung["state"] for rung in both.report()] == ["closed", "closed"]

    virtual_time(run())


def test_a_question_that_nobody_waits_for_any_more_counts_for_nothing() -> None:
    async def run() -> None:
        one = Provider(0.5)
        only = ladder(one)
        for _ in range(2 * FAILURES):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await ask(only)
        (line,) = only.report()
        assert (line["name"], line["state"], line["failures"], line["failed"]) == ("0", "closed", 0, 0)

    virtual_time(run())


def test_who_says_too_little_has_failed_if_the_next_one_says_more() -> None:
    async def run() -> None:
        one, two = Provider(""), Provider("no")
        both = ladder(one, two)
        answer = await both.ask(lambda provider: provider.answer(), enough=bool)
        assert (answer.value, answer.by) == ("no", "1")
        assert [(rung["state"], rung["reason"]) for rung in both.report()] == [
            ("open", "another had more of an answer"),
            ("closed", ""),
        ]

    virtual_time(run())


def test_where_all_say_too_little_it_is_taken() -> None:
    async def run() -> None:
        both = ladder(Provider(""), Provider(""))
        for _ in range(2 * FAILURES):
            assert (await both.ask(lambda provider: provider.answer(), enough=bool)).by == "0"
        assert both.report()[0]["failures"] == 0

    virtual_time(run())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(ProviderError("wrong key"), "wrong key"), (5.0, "0 did not answer in time")],
    ids=["refuses", "stalls"],
)
def test_the_last_failure_s_reason_is_told(fault: Exception | float, reason: str) -> None:
    async def run() -> None:
        both = ladder(Provider(fault), Provider("no"))
        await ask(both)
        assert [(rung["failed"], rung["reason"]) for rung in both.report()] == [(1, reason), (0, "")]

    virtual_time(run())


def test_those_that_rest_are_asked_after_all_others_where_that_is_wanted() -> None:
    async def run() -> None:
        one = Provider(*[ProviderError("status 500")] * FAILURES, "yes", ProviderError("status 500"))
        both = ladder(one, Provider(ProviderError("too much to do")))
        for _ in range(FAILURES):
            with pytest.raises(ProviderError):
                await ask(both)
        with pytest.raises(ProviderError):
            await ask(both)
        assert len(one.asked) == FAILURES
        answer = await both.ask(lambda provider: provider.answer(), resting_too=True)
        assert (answer.value, answer.by) == ("yes", "0")
        assert both.report()[0]["state"] == "closed"

    virtual_time(run())


def test_who_rests_and_is_asked_all_the_same_has_not_long_and_rests_no_longer_for_it() -> None:
    async def run() -> None:
        now = asyncio.get_running_loop().time
        one = Provider(5.0)
        only = Ladder([Rung(name="0", provider=one, timeout_s=4.0, tries=2)])
        for _ in range(FAILURES):
            with pytest.raises(ProviderError):
                await ask(only)
        opened = now()
        with pytest.raises(ProviderError, match="did not answer within 2 s"):
            await only.ask(lambda provider: provider.answer(), resting_too=True)
        assert now() - opened == pytest.approx(LAST_RESORT_S)
        assert only.report()[0]["rests_s"] == pytest.approx(FIRST_REST_S - LAST_RESORT_S, abs=0.1)

    virtual_time(run())


def test_who_is_well_is_asked_once_though_those_that_rest_may_be_too() -> None:
    async def run() -> None:
        one, two = Provider("yes"), Provider(ProviderError("no"))
        answer = await ladder(one, two).ask(lambda provider: provider.answer(), resting_too=True)
        assert (answer.by, len(one.asked), len(two.asked)) == ("0", 1, 0)

    virtual_time(run())


def test_who_has_failed_too_often_is_left_alone_even_where_nobody_else_is_left() -> None:
    async def run() -> None:
        one = Provider(ProviderError("status 500"))
        only = ladder(one)
        for _ in range(2 * HOPELESS):
            with pytest.raises(ProviderError):
                await only.ask(lambda provider: provider.answer(), resting_too=True)
        assert len(one.asked) == HOPELESS

    virtual_time(run())
