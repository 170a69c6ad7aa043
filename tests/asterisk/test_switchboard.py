"""Each event in the right mailbox, in order, and never too many."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.events import (
    ApplicationReplaced,
    Channel,
    ChannelDestroyed,
    ChannelDtmfReceived,
    Other,
    StasisEnd,
    StasisStart,
)
from callcenter.asterisk.switchboard import LIMIT, Switchboard


def start(channel: str) -> StasisStart:
    entered = Channel(
        id=channel, name="PJSIP/a", state="Up", caller_number="", caller_name="", did="", application="app", created=""
    )
    return StasisStart(channel=entered, args=())


def key(channel: str, digit: str) -> ChannelDtmfReceived:
    return ChannelDtmfReceived(channel_id=channel, digit=digit)


async def test_events_go_to_their_call() -> None:
    switchboard = Switchboard()
    one, two = switchboard.open("a", "b"), switchboard.open("c")
    for channel, digit in [("a", "1"), ("c", "2"), ("b", "3"), ("a", "4")]:
        assert switchboard.route(key(channel, digit))

    assert [await one.next() for _ in range(3)] == [key("a", "1"), key("b", "3"), key("a", "4")]
    assert await two.next() == key("c", "2")


@pytest.mark.parametrize("event", [key("x", "1"), Other(type="Dial"), ApplicationReplaced(application="a")])
def test_nobodys(event: ChannelDtmfReceived | Other | ApplicationReplaced) -> None:
    switchboard = Switchboard()
    switchboard.open("a")
    assert not switchboard.route(event)


def test_closed() -> None:
    switchboard = Switchboard()
    mailbox = switchboard.open("a")
    mailbox.add("b")
    assert switchboard.route(key("b", "1"))
    mailbox.close()
    mailbox.close()
    assert not switchboard.route(key("a", "1"))
    assert not switchboard.route(key("b", "1"))


async def test_waits() -> None:
    switchboard = Switchboard()
    mailbox = switchboard.open("a")
    async with asyncio.timeout(1), asyncio.TaskGroup() as group:
        reading = group.create_task(mailbox.next())
        ending = group.create_task(mailbox.until(lambda: mailbox.left("a")))
        await asyncio.sleep(0)
        switchboard.route(key("a", "1"))
        await asyncio.sleep(0)
        assert not ending.done()
        switchboard.route(StasisEnd(channel_id="a"))
    assert reading.result() == key("a", "1")
    assert await mailbox.next() == StasisEnd(channel_id="a")


async def test_a_cancelled_reader_takes_nothing() -> None:
    switchboard = Switchboard()
    mailbox = switchboard.open("a")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await mailbox.next()
    switchboard.route(key("a", "1"))
    assert await mailbox.next() == key("a", "1")


async def test_a_channel_that_is_lent_has_not_left_until_it_is_gone() -> None:
    switchboard = Switchboard()
    mailbox = switchboard.open("a")
    mailbox.put(start("a"))
    mailbox.lend("a")
    assert not mailbox.entered("a")
    for event in (StasisEnd(channel_id="a"), key("a", "1")):
        assert switchboard.route(event)
    assert not mailbox.left("a")
    switchboard.route(start("a"))
    assert mailbox.entered("a")
    switchboard.route(StasisEnd(channel_id="a"))
    assert mailbox.left("a")
    assert [await mailbox.next() for _ in range(4)] == [
        start("a"),
        key("a", "1"),
        start("a"),
        StasisEnd(channel_id="a"),
    ]


async def test_a_channel_that_is_lent_may_end() -> None:
    switchboard = Switchboard()
    mailbox = switchboard.open("a")
    mailbox.lend("a")
    switchboard.route(StasisEnd(channel_id="a"))
    switchboard.route(ChannelDestroyed(channel_id="a", cause=16))
    assert mailbox.left("a")
    assert await mailbox.next() == ChannelDestroyed(channel_id="a", cause=16)


@given(st.integers(min_value=0, max_value=3 * LIMIT))
def test_full_mailbox_keeps_the_end(keys: int) -> None:
    switchboard = Switchboard()
    mailbox = switchboard.open("a")
    for _ in range(keys):
        switchboard.route(key("a", "1"))
    switchboard.route(ChannelDestroyed(channel_id="a", cause=16))

    async def drain() -> list[object]:
        return [await mailbox.next() for _ in range(min(keys, LIMIT) + 1)]

    assert asyncio.run(drain())[-1] == ChannelDestroyed(channel_id="a", cause=16)
    assert mailbox.dropped == max(0, keys - LIMIT)
    assert mailbox.left("a")
