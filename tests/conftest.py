"""The real parts that tests share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, TypeVar

import pytest
import pytest_asyncio
import structlog

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.config import Admission, Dialogue, Recording, Settings, load
from callcenter.demo import DaemonProcess, House, led_to
from tests.lanes import Lanes, turn

Result = TypeVar("Result")

REHEARSED = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time; a Friday, within all opening hours
"""What flows take for the time when a house is opened, as in the tests of them as text."""
OTHER_FLOWS = ("energy", "support", "reception", "appointments")
EVERYBODY = Admission(lag_ms=10_000, waiting=1000, latency_ms=1_000_000)
"""However busy this machine is with other tests, callers come in."""

# The usual renderer draws a failure's frames with all their variables, which holds the loop up for 0.2 s and more: a
# test's other calls then miss their frames.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the real parts runs last; an ordinary failure shows first."""
    items.sort(key=lambda item: turn(item.nodeid) if item.get_closest_marker("real") else -1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Whatever `--dist` says."""
    config.option.loadscopereorder = False  # which would begin with the most tests, not with the longest
    return Lanes(config, log)


@pytest.fixture(scope="session")
def private_asterisk() -> Iterator[PrivateAsterisk]:
    """One Asterisk for all tests that leave it as it was. It belongs to no event loop."""
    asterisk = PrivateAsterisk(load().paths.cache)
    finish(asterisk.start())
    try:
        yield asterisk
    finally:
        finish(asterisk.close())


@pytest_asyncio.fixture
async def new_asterisk() -> AsyncIterator[Callable[[], Awaitable[PrivateAsterisk]]]:
    """Starts an Asterisk of a test's own, to kill and start again."""
    async with AsyncExitStack() as stack:

        async def start() -> PrivateAsterisk:
            return await stack.enter_async_context(PrivateAsterisk(load().paths.cache))

        yield start


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A daemon on an Asterisk where no test takes its application away, for all tests that leave both as they were.

    It has all the shipped flows, and takes it for a Friday morning.
    """
    asterisk = PrivateAsterisk(load().paths.cache)
    settings = open_to_all(led_to(load(), asterisk, tmp_path_factory.mktemp("state")))
    dialogue = Dialogue(flows=OTHER_FLOWS, pretend_it_is=REHEARSED)
    settings = settings.model_copy(update={"recording": Recording(enabled=True), "dialogue": dialogue})
    daemon = DaemonProcess(settings)
    try:
        finish(asterisk.start())
        yield finish(House.started(settings, asterisk, daemon))
    finally:
        finish(daemon.stop())
        finish(asterisk.close())


def open_to_all(settings: Settings) -> Settings:
    """`settings` with which no caller is one too many."""
    return settings.model_copy(update={"admission": EVERYBODY})


def finish(work: Awaitable[Result]) -> Result:
    """What comes of `work`, on a loop of its own; it leaves the loop that pytest-asyncio has set alone."""
    loop = asyncio.new_event_loop()
    try:
        result = loop.run_until_complete(work)
        loop.run_until_complete(loop.shutdown_default_executor())
        return result
    finally:
        loop.close()
