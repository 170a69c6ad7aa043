"""Which line gets a jitter buffer, and of what size."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.jitter_buffer import keep, size_ms
from tests.virtual_time import VirtualTimeLoop


@pytest.mark.parametrize(
    ("jitter_ms", "size"), [(0, 0), (1.5, 0), (7.9, 0), (8, 40), (11, 60), (16.6, 80), (20, 80), (90, 200)]
)
def test_size(jitter_ms: float, size: int) -> None:
    assert size_ms(jitter_ms / 1000) == size


class Line(Ari):
    """A line with 10 ms of jitter, and what is done to its buffer."""

    def __init__(self, deaf: Callable[[int], bool], mute: Callable[[float], bool] = lambda now: False) -> None:
        """`deaf` tells of the buffers made so far whether the last one is; `mute` when the caller sends silence."""
        self.set: list[tuple[str, str]] = []
        self._deaf = deaf
        self._mute = mute

    async def jitter_s(self, channel: str) -> float:
        return 0.01

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        self.set.append((name.removeprefix("JITTERBUFFER("), value))

    def silent(self) -> bool:
        made = sum(name == "fixed)" for name, _ in self.set)
        there = bool(self.set) and self.set[-1][0] == "fixed)"
        return self._mute(asyncio.get_running_loop().time()) or (there and self._deaf(made))

    def kept(self, seconds: float) -> list[str]:
        """What was done within so many seconds of a call."""

        async def call() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await keep(self, "caller", self.silent)

        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(call())
        return [name.rstrip(")") for name, _ in self.set]


def test_a_buffer_that_hears_is_left_alone() -> None:
    assert Line(deaf=lambda made: False).kept(60) == ["fixed"]


def test_a_buffer_that_went_deaf_is_made_anew() -> None:
    assert Line(deaf=lambda made: made == 1).kept(60) == ["fixed", "disabled", "fixed"]


def test_a_buffer_that_is_deaf_again_and_again_stays_away() -> None:
    line = Line(deaf=lambda made: True)
    assert line.kept(60) == ["fixed", "disabled", "fixed", "disabled", "fixed", "disabled"]
    assert line.set[0] == ("fixed)", "40")


def test_a_caller_who_is_mute_is_looked_after_ever_more_seldom() -> None:
    line = Line(deaf=lambda made: False, mute=lambda now: 2.0 < now < 30.0)
    assert line.kept(60) == ["fixed"] + ["disabled", "fixed"] * 4
