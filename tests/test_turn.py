"""What waits for the brain's answer."""

import asyncio

from callcenter.dialogue.brain import Ending, Keyed
from callcenter.turn import Inbox


async def test_what_is_forgotten_is_not_that_the_call_must_end() -> None:
    inbox = Inbox()
    for happening in (Keyed(digits="1"), Ending(reason="shutdown"), Keyed(digits="2")):
        inbox.put(happening)
    inbox.clear()
    async with asyncio.timeout(1):
        await inbox.filled()
        assert (await inbox.get()).happening == Ending(reason="shutdown")
    inbox.clear()
    filled = asyncio.create_task(inbox.filled())
    await asyncio.sleep(0)
    assert not filled.done()
    filled.cancel()


async def test_the_oldest_makes_way() -> None:
    inbox = Inbox(limit=2)
    for digits in "123":
        inbox.put(Keyed(digits=digits))
    assert [(await inbox.get()).happening for _ in range(2)] == [Keyed(digits="2"), Keyed(digits="3")]
