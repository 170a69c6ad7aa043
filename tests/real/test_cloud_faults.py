"""Clouds that fail in calls over a real Asterisk: a cloud hears and speaks first, and this machine next.

Faults are met one after the other by the calls of one daemon, since all its calls share a breaker; several daemons
with a part of them each save time. The caller of another one, whom nobody hears, presses keys meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcenter import config
from callcenter.asterisk.private import PrivateAsterisk
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.simulation import persona
from callcenter.simulation.happenings import Happening
from callcenter.simulation.persona import Persona
from callcenter.simulation.report import CallResult
from callcenter.simulation.simulation import Plan, simulate
from tests.conftest import REHEARSED, open_to_all
from tests.peers.openai_cloud import Fault, Peer, serving
from tests.real.callers import target

pytestmark = [pytest.mark.real, pytest.mark.timeout(200), pytest.mark.asyncio(loop_scope="module")]

KEYS_ONLY = Path(__file__).parent.parent / "personas" / "faults" / "keys_only.yaml"
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
LANES = (
    (Fault.RATE_LIMITED, Fault.CUT),
    (Fault.STALL, Fault.UNAUTHORISED),
    (Fault.STALL_MIDDLE, Fault.GARBAGE),
)
"""The faults of each daemon's cloud, which hears and speaks; those of the kinds that differ most."""
AT_ONCE = 3
"""Calls that meet a fault; as many failures open a breaker."""
LONGEST_SILENCE_S = 2.0
"""Unexplained: of the caller's recording, with neither the agent's sound nor the caller's words."""
NOTHING = {"channels": 0, "bridges": 0, "tasks": 0}
PIECE_S = 0.02
RESTED_S = 30.0
AMOUNTS = {"Twenty thousand.": 20_000, "Thirty thousand.": 30_000, "Forty thousand.": 40_000, "Fifty thousand.": 50_000}
"""What callers say, each in one fault or after one: what has been said once no voice is asked for."""


class Nobody:
    """Does not look on."""

    def see(self, call: int, happening: Happening) -> None:
        """Look away."""


@dataclass(kw_only=True)
class Cloud:
    """The peer that a house's daemon asks first."""

    house: House
    peer: Peer
    said: str = ""
    """By all who call at the time. It stands in for a recogniser: what is tried is how its answer comes."""

    async def hear(self, sound: bytes, language: str) -> str:
        """What was said."""
        return self.said

    def fail(self, fault: Fault | None) -> None:
        """Answer everything so from now on."""
        self.peer.faults = {} if fault is None else {"transcriptions": fault, "speech": fault}

    async def heard(self) -> int:
        """Utterances that it has recognised."""
        report = await self.house.daemon.status()
        return next(int(line["answered"]) for line in report["recognisers"] if line["name"] == "openai")

    async def rested(self) -> None:
        """Wait until it may be asked again."""
        async with asyncio.timeout(RESTED_S):
            while "open" in await self._breakers():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def _breakers(self) -> set[str]:
        report = await self.house.daemon.status()
        return {line["state"] for line in (*report["recognisers"], *report["voices"])}

    async def called(self, says: str, calls: int) -> Sequence[CallResult]:
        """What came of so many calls at once by people who say this."""
        self.said = says
        return await placed(self.house, caller(says), calls)


def caller(says: str) -> Persona:
    """Somebody who has one thing to say."""
    return Persona.model_validate(
        {
            "name": says,
            "voice": {"engine": "flite", "name": "rms"},
            "lines": [{"on": "how much|amount|again|repeat", "say": says, "repeat": True, "after": 0.2}],
            "expect": {"outcome": "noted", "slots": {"amount": AMOUNTS[says]}},
        }
    )


async def placed(house: House, who: Persona, calls: int) -> Sequence[CallResult]:
    """What came of so many calls at once."""
    settings = house.settings
    plan = Plan(
        personas=[who],
        calls=calls,
        at_once=calls,
        target=target(settings),
        control=settings.paths.control_socket,
        cache=config.load().paths.cache,
    )
    return (await simulate(plan, Nobody())).calls


@asynccontextmanager
async def clouded(folder: Path, url: str, **changes: dict[str, Any]) -> AsyncIterator[House]:
    """A house whose daemon asks the cloud at `url`, and keeps its phrases to itself; `changes` are of sections."""
    cache = config.load().paths.cache
    own = folder / "cache"
    own.mkdir(parents=True)
    for path in cache.iterdir():
        if path.name != "phrases":
            (own / path.name).symlink_to(path)
    changes |= {"openai": {"url": url}, "understanding": {"classifier": "patterns"}}
    async with PrivateAsterisk(cache) as asterisk:
        settings = open_to_all(led_to(config.load(), asterisk, folder / "state"))
        changes["paths"] = {"cache": own}
        daemon = DaemonProcess(
            settings.model_copy(
                update={name: getattr(settings, name).model_copy(update=change) for name, change in changes.items()}
            )
        )
        try:
            yield await House.started(daemon.settings, asterisk, daemon)
        finally:
            await daemon.stop()


async def all_prepared(peer: Peer) -> None:
    """Wait until the daemon asks for no more of its phrases."""
    asked = -1
    while asked < peer.counts["speech"]:
        asked = peer.counts["speech"]
        await asyncio.sleep(0.7)


async def faults_met(faults: Sequence[Fault], folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in calls that meet each of `faults`, and in a call after each."""
    path = folder / "fund.yaml"
    folder.mkdir()
    path.write_text(FLOW)
    peer = Peer(pace_s=0.0)
    recognisers, voices = ("openai", "whisper"), {"en": ("openai:en", "espeak:en-us")}
    async with (
        serving(peer) as address,
        clouded(
            folder,
            f"{address}/v1",
            hearing={"recognisers": recognisers},
            talking={"voices": voices},
            dialogue={"flow": str(path)},
        ) as house,
    ):
        cloud = Cloud(house=house, peer=peer)
        await all_prepared(peer)
        peer.pace_s, peer.transcribe = PIECE_S, cloud.hear
        await ready.wait()
        amounts = iter(AMOUNTS)
        return [wrong for fault in faults for wrong in await fault_met(cloud, fault, next(amounts), next(amounts))]


async def fault_met(cloud: Cloud, fault: Fault, said: str, said_after: str) -> list[str]:
    """What goes wrong while the cloud has `fault`, and in a call when it has none any more."""
    before = cloud.peer.counts.copy()
    cloud.fail(fault)
    found = unwanted(await cloud.called(said, AT_ONCE))
    asked = cloud.peer.counts - before
    found += [f"nobody met it: {dict(asked)}"] if asked.keys() != {"transcriptions", "speech"} else []
    cloud.fail(None)
    await cloud.rested()
    heard, spoken = await cloud.heard(), cloud.peer.counts["speech"]
    found += [f"after it: {wrong}" for wrong in unwanted(await cloud.called(said_after, 1))]
    if await cloud.heard() == heard or cloud.peer.counts["speech"] == spoken:
        found.append("after it the first choice was passed over")
    left = await cloud.house.traces.left()
    found += [f"left behind: {left}"] if left != NOTHING else []
    return [f"{fault.value}: {wrong}" for wrong in found]


def unwanted(calls: Sequence[CallResult]) -> list[str]:
    """What is wrong with them."""
    return [
        f"{call.outcome} {call.lead['slots']}, {call.longest_silence_s} s silent, {call.error or 'no error'}"
        for call in calls
        if not call.ok or call.wrong or (call.longest_silence_s or 0.0) > LONGEST_SILENCE_S
    ]


async def keyed(folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in a call that nobody can hear. The caller knows the keys before the agent has told them all."""
    who = persona.load(KEYS_ONLY)
    lines = [line.model_copy(update={"barge_in": 0.5} if line.dtmf else {}) for line in who.lines]
    async with (
        serving(Peer()) as address,
        clouded(
            folder,
            f"{address}/500/v1",
            hearing={"recognisers": ("openai",)},
            dialogue={"flow": "energy", "pretend_it_is": REHEARSED},
        ) as house,
    ):
        await ready.wait()
        found = unwanted(await placed(house, who.model_copy(update={"lines": tuple(lines)}), 1))
        left = await house.traces.left()
        return [f"keys: {wrong}" for wrong in found] + ([f"left behind: {left}"] if left != NOTHING else [])


async def test_callers_hear_no_failure_and_the_first_choice_is_asked_again(tmp_path: Path) -> None:
    ready = asyncio.Barrier(len(LANES) + 1)  # a daemon that starts takes all that there is of the machine
    async with asyncio.TaskGroup() as group:
        lanes = [
            group.create_task(faults_met(faults, tmp_path / str(lane), ready)) for lane, faults in enumerate(LANES)
        ]
        lanes.append(group.create_task(keyed(tmp_path / "keys", ready)))
    assert [wrong for lane in lanes for wrong in lane.result()] == []
