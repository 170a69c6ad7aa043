"""What tests of clouds that fail in calls over a real Asterisk have in common.

A lane is a daemon of its own, some of whose providers are small servers of ours (`tests/peers/`), with callers who meet
one fault of these after the other: not at once, since all calls of a daemon share its breakers. Several lanes at the
same time save time (`together`). To hold one fault:

    async with serving(peer) as address, clouded(folder, {"openai": {"url": f"{address}/v1"}, …}) as house:
        await all_prepared(lambda: peer.counts["speech"])   # of a voice in the cloud; else leave it out
        await ready.wait()                                  # all lanes' daemons are up
        await Trial(…).mistakes()                           # what goes wrong, [] if nothing does
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter import config
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.simulation.happenings import Happening
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult
from callcenter.simulation.simulation import Plan, simulate
from tests.conftest import open_to_all
from tests.real.callers import target, undisturbed

FLOW = """\
name: fund
language: en
country: US
currency: dollars
greeting: Hello.
slots: {amount: {type: money, ask: "How much?"}}
states:
  start: {ask: amount, go: noted}
  noted: {say: "{amount}.", end: noted}
sentences: {goodbye: {noted: Bye.}}
"""
"""The shortest that has a lead; `caller` calls it."""
TENS = ("Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy")
AMOUNTS = {f"{number} thousand.": 10_000 * tens for tens, number in enumerate(TENS, 2)}
"""What its callers say, and what it stands for. Who always says something else meets no voice that has it cached."""
AT_ONCE = 2
"""Calls that meet a fault. Each asks for several things, or more than once, so that is enough to open a breaker."""
LONGEST_SILENCE_S = 2.0
"""Unexplained: of the caller's recording, with neither the agent's sound nor the caller's words."""
NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}
RESTED_S = 30.0
QUIET_S = 0.7
"""A voice that was asked for nothing in so long has said all that is prepared."""

Asked = Callable[[], Mapping[str, int]]
"""How often each provider of a trial was asked so far, by any names; all of them are first choices."""
Called = Callable[[], Awaitable[Sequence[CallResult]]]
"""Places calls; what came of them."""
Lane = Callable[[asyncio.Barrier], Coroutine[Any, Any, list[str]]]
"""What goes wrong in it; it waits at the barrier, once, when its daemon is up."""


class Nobody:
    """Does not look on."""

    def see(self, call: int, happening: Happening) -> None:
        """Look away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A fault of the first choices of a house's daemon, and the calls that meet it."""

    name: str
    house: House
    fail: Callable[[bool], None]
    """Lets the fault begin (True), or go (False)."""
    asked: Asked
    during: Called
    after: Called
    unmet: Callable[[], Sequence[str]] = tuple
    """What of the fault no call has met, where it has parts."""

    async def mistakes(self) -> list[str]:
        """What goes wrong twice: a machine that is busy for a moment is no fault of the daemon's."""
        return await self._mistakes() and await self._mistakes()

    async def _mistakes(self) -> list[str]:
        """What goes wrong in calls with the fault, and in those after it: each of the first choices is asked again."""
        before = self.asked()
        self.fail(True)
        found = unwanted(await self.during())
        found += [f"nobody met it: {name}" for name in (*self._passed_over(before), *self.unmet())]
        self.fail(False)
        await rested(self.house)
        before = self.asked()
        after = unwanted(await self.after())
        after += [f"passed over: {name}" for name in self._passed_over(before)]
        after += [f"not well: {line}" for line in await breakers(self.house) if line["failures"]]
        found += [f"after it: {wrong}" for wrong in after]
        found += await left_behind(self.house)
        return [f"{self.name}: {wrong}" for wrong in found]

    def _passed_over(self, before: Mapping[str, int]) -> list[str]:
        return [name for name, count in self.asked().items() if count == before.get(name, 0)]


def caller(says: str) -> Persona:
    """Somebody who says one of AMOUNTS to FLOW."""
    return Persona.model_validate(
        {
            "name": says,
            "voice": {"engine": "flite", "name": "rms"},
            "lines": [{"on": "how much|amount|again|repeat", "say": says, "repeat": True, "after": 0.2}],
            "expect": {"outcome": "noted", "slots": {"amount": AMOUNTS[says]}},
        }
    )


async def placed(house: House, who: Persona | Sequence[Persona], calls: int) -> Sequence[CallResult]:
    """What came of so many calls at once, by one after the other of `who`."""
    settings = house.settings
    plan = Plan(
        personas=[who] if isinstance(who, Persona) else who,
        calls=calls,
        at_once=calls,
        target=target(settings),
        control=settings.paths.control_socket,
        cache=config.load().paths.cache,
    )
    return (await simulate(plan, Nobody())).calls


@asynccontextmanager
async def clouded(folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> AsyncIterator[House]:
    """A house with `changes` of its settings, by section, that keeps its phrases to itself below `folder`.

    `folder` may be there. The caller's words mean what patterns say unless `changes` has another classifier.
    """
    cache = config.load().paths.cache
    own = folder / "cache"
    own.mkdir(parents=True)
    for path in cache.iterdir():
        if path.name != "phrases":
            (own / path.name).symlink_to(path)
    async with PrivateAsterisk(cache) as asterisk:
        settings = open_to_all(led_to(config.load(), asterisk, folder / "state"))
        update = {"understanding": {"classifier": "patterns"}, **changes}
        update["paths"] = {**update.get("paths", {}), "cache": own}
        daemon = DaemonProcess(
            settings.model_copy(
                update={name: getattr(settings, name).model_copy(update=dict(each)) for name, each in update.items()}
            )
        )
        try:
            yield await House.started(daemon.settings, asterisk, daemon)
        finally:
            await daemon.stop()


def short_flow(folder: Path, flow: str = FLOW) -> str:
    """`flow` as a file in `folder`, which is made if need be; for `[dialogue] flow`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "fund.yaml"
    path.write_text(flow, encoding="utf-8")
    return str(path)


async def all_prepared(spoken: Callable[[], int]) -> None:
    """Wait until the daemon asks for no more of its phrases; `spoken` is how many a voice was asked for so far."""
    asked = -1
    while asked < spoken():
        asked = spoken()
        await asyncio.sleep(QUIET_S)


async def breakers(house: House) -> list[dict[str, Any]]:
    """Of all providers of the daemon, as its status has them: `name`, `state`, `failures` and more."""
    report = await house.daemon.status()
    return [line for part in ("listening", "recognisers", "voices", "model") for line in report.get(part, ())]


async def rested(house: House) -> None:
    """Wait until all of its daemon's providers may be asked again."""
    async with asyncio.timeout(RESTED_S):
        while any(line["state"] == "open" for line in await breakers(house)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def unwanted(calls: Sequence[CallResult], longest_silence_s: float = LONGEST_SILENCE_S) -> list[str]:
    """What is wrong with them: another outcome or other slots than expected, or a silence that is too long."""
    return [
        f"{call.name}: {call.outcome} {call.lead['slots']}, {call.longest_silence_s} s silent, "
        f"{call.error or 'no error'}"
        for call in calls
        if not call.ok or call.wrong or (call.longest_silence_s or 0.0) > longest_silence_s
    ]


async def left_behind(house: House) -> list[str]:
    """What the calls so far have left, as a mistake; [] if that is nothing."""
    left = await house.traces.left()
    return [f"left behind: {left}"] if left != NOTHING else []


async def together(lanes: Sequence[Lane]) -> list[str]:
    """What goes wrong in all of `lanes`, at the same time once their daemons are up.

    A daemon that starts takes all that there is of the machine. All lanes' phones and peers are on this loop: while
    asyncio debugged it, it fell behind by seconds, and was heard to.
    """
    undisturbed()
    ready = asyncio.Barrier(len(lanes))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(lane(ready)) for lane in lanes]
    return [wrong for task in tasks for wrong in task.result()]
