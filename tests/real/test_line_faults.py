"""What goes wrong with the sound of a call, over each way that it can take, on a real Asterisk.

| | `rtp` | `audiosocket` | `websocket` | `websocket`, dialled | `audiosocket-dialplan` |
|---|---|---|---|---|---|
| garbage | dropped: the call goes on | ends the call | ends the call | ends the call | ends the call |
| a message too long | dropped | ends it | ends it | ends it | ends it |
| a flood | heard, as fast as it is read: goes on | ends it | ends it | ends it | ends it |
| a peer that stops reading | | ends it after 5 s | ends it after 5 s | ends it after 5 s | ends it after 5 s |
| one byte at a time | | goes on | goes on | goes on | goes on |
| so, too slowly for sound | | goes on, unheard | ends it after 5 s: no mark comes back | the same | goes on, unheard |
| a cut | ends it | ends it | ends it | ends it | ends it |
| strangers | not read | disconnected | disconnected | | disconnected |

Over RTP nobody waits for anybody: who does not read is not known to, and a datagram comes whole or not at all. What
cuts RTP is the end of Asterisk's channel. A WebSocket that the daemon has dialled is one of Asterisk's HTTP server,
where no stranger can come to the daemon.

A caller whose call ends so goes back to the dialplan, which says that it is sorry. All the while a witness on each way
is greeted and understood.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from callcenter.asterisk.run_directory import LOOPBACK
from tests.real.callers import Caller, calling
from tests.real.harms import Harm, cut, flood, garbage, is_too_slow, stops_reading, too_long
from tests.real.test_admission import Tape
from tests.real.witnesses import (
    DIALPLAN,
    RTP,
    WEBSOCKETS,
    Lines,
    Tapes,
    borne,
    has_hung_up,
    is_understood,
    linked,
    opened,
    taped,
)

pytestmark = [pytest.mark.real, pytest.mark.timeout(200), pytest.mark.asyncio(loop_scope="module")]

CROWD = asyncio.Semaphore(6)
"""So many calls are harmed at a time: each rings, which is work for this machine."""
STALLED_S = 15.0
"""From harm to an apology. A stall is one after 5 s, what is between takes some sound before, and for 1.5 s Asterisk is
asked whether the caller has left."""
APOLOGY_S = 0.7
"""What is heard later than that after the end of the call is none of its sound."""
TRICKLED = 6000
"""Bytes that come one by one, as fast as ever: a third of a second of sound, which is work for two processes."""
MANY = 500
"""Connections or datagrams."""
MOST_GROWTH = 50e6
"""Bytes of memory that the daemon may have more after strangers. The calls before these have loaded what calls load."""
SOME = 100
"""Of the datagrams that were no Asterisk's."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["listens"])
async def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lines]:
    """Of a daemon that listens for WebSockets where a test does not want one that dials."""
    asyncio.get_running_loop().set_debug(False)  # which takes so long that a dozen phones on it come late
    async with opened(tmp_path_factory.mktemp("state"), dials=request.param == "dials") as lines:
        yield lines


# What ends a call


ENDING: Mapping[Harm, tuple[str, ...]] = {
    stops_reading: ("9003", "9004", DIALPLAN),
    is_too_slow: ("9005",),
    garbage: ("9003", "9005", DIALPLAN),
    too_long: ("9002", "9004", DIALPLAN),
    flood: ("9003", "9005", DIALPLAN),
    cut: ("9002", "9004", DIALPLAN),
}
"""Those that take long begin."""
WHY: Mapping[Harm, str] = {
    stops_reading: r"(taken any sound|played nothing) for 5 s",
    is_too_slow: "played nothing for 5 s",
    garbage: "unknown kind|not understood",
    too_long: r"65534 bytes|frame with \d+ bytes exceeds",
    flood: "more comes than anybody can say|more came than sound would be",
    cut: "closed the|has ended",
}
"""What the call's end is put down to."""


async def breaks(caller: Caller, harm: Callable[[], Awaitable[None]], why: str) -> None:
    """Do harm in the middle of the greeting: the call ends soon, and its caller is not left alone."""
    await caller.told("say", turn=0)
    await asyncio.sleep(1.0)
    await harm()
    async with asyncio.timeout(STALLED_S):
        reason = (await caller.told("end"))["reason"]
        over = asyncio.get_running_loop().time()
        while (caller.handset.sounded or 0.0) < over + APOLOGY_S:  # noqa: ASYNC110 - a sound has no event
            await asyncio.sleep(0.05)
    assert re.match(rf"error: the line broke: .*({why})", reason), (why, reason)


async def harmed(lines: Lines, extension: str, harm: Harm) -> None:
    """A call over TCP ends."""

    async def do() -> None:
        harm(link, extension)

    async with CROWD, linked(lines, extension) as (caller, _, link):
        await breaks(caller, do, WHY[harm])


async def rtp_is_cut(lines: Lines) -> None:
    """A call over RTP ends."""
    async with calling(lines.house, RTP) as caller:

        async def do() -> None:
            await lines.house.asterisk.command(f"channel request hangup {(await channel_of(lines, caller)).name}")

        await breaks(caller, do, WHY[cut])


async def test_who_harms_a_call_ends_that_one(lines: Lines) -> None:
    def start(group: asyncio.TaskGroup) -> Tapes:
        group.create_task(rtp_is_cut(lines))
        for harm, extensions in ENDING.items():
            for extension in extensions:
                group.create_task(harmed(lines, extension, harm))
        return {}

    await borne(lines, start)


# What a call goes on with


def name_of(call: str) -> str:
    """What the log and Asterisk call it."""
    return UUID(call).hex[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpChannel:
    """Asterisk's end of a call's RTP."""

    name: str
    asterisk: str
    """Where it sends from, as `host:port` ..."""
    daemon: str
    """... and to."""


async def channel_of(lines: Lines, caller: Caller) -> RtpChannel:
    """As Asterisk tells it, once it is there."""
    media = f"{name_of((await caller.told('call'))['call'])}-media"
    there = await lines.house.asterisk.command("core show channels concise")
    (name,) = [line.split("!")[0] for line in there.splitlines() if line.endswith(media)]
    told = await lines.house.asterisk.command(f"core show channel {name}")
    port = re.search(r"^UNICASTRTP_LOCAL_PORT=(\d+)$", told, re.MULTILINE)
    assert port, told
    daemon = name.removeprefix("UnicastRTP/").rpartition("-")[0]
    return RtpChannel(name=name, asterisk=f"{LOOPBACK}:{port[1]}", daemon=daemon)


def counted(lines: Lines, call: str) -> dict[str, Any]:
    """What the line of a call that is over had counted, by the daemon's log."""
    found = [json.loads(line) for line in lines.house.daemon.log.read_text().splitlines() if "= line closed" in line]
    (counters,) = [each for each in found if each["call"] == name_of(call)]
    return dict(counters)


async def poses_as_asterisk(lines: Lines, kind: str) -> Tape:
    """Somebody sends garbage or a flood of sound as Asterisk does: the agent is heard, among garbage the caller too."""
    async with taped(lines, RTP) as (caller, tape), asyncio.TaskGroup() as group:
        await caller.told("say", turn=0)
        channel = await channel_of(lines, caller)
        group.create_task(strangers(kind, channel.daemon, channel.asterisk))
        await caller.told("turn", index=0)
        if kind == "garbage":
            await is_understood(caller)
    call = await has_hung_up(lines, caller)
    counters = counted(lines, call)
    came = counters["malformed"] if kind == "garbage" else counters["received"] - counters["sent"]
    assert came > SOME, counters
    return tape


async def trickles(lines: Lines, extension: str) -> Tape:
    """What the caller says comes byte by byte, and is understood."""
    async with linked(lines, extension) as (caller, tape, link):
        await caller.told("turn", index=0)
        link.trickle(TRICKLED)
        await is_understood(caller)
    await has_hung_up(lines, caller)
    return tape


async def trickles_too_slowly(lines: Lines, extension: str) -> Tape:
    """Hardly anything comes of what the caller says: the agent is heard all the same."""
    async with linked(lines, extension) as (caller, tape, link):
        await caller.told("say", turn=0)
        is_too_slow(link, extension)
        await caller.told("turn", index=0)
    await has_hung_up(lines, caller)
    return tape


async def test_what_can_be_borne_is_borne(lines: Lines) -> None:
    def start(group: asyncio.TaskGroup) -> Tapes:
        calls = {
            "garbage": poses_as_asterisk(lines, "garbage"),
            "flood": poses_as_asterisk(lines, "flood"),
            **{f"{number} byte by byte": trickles(lines, number) for number in ("9002", "9004", DIALPLAN)},
            **{f"{number} too slow": trickles_too_slowly(lines, number) for number in ("9002", DIALPLAN)},
        }
        return {who: group.create_task(call) for who, call in calls.items()}

    await borne(lines, start)


# Strangers


async def strangers(*who: str) -> list[int]:
    """What they say of what they did, in a process of their own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.peers.strangers", *who), stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    return [int(number) for number in output.split()]


async def attack(lines: Lines, protocol: str, address: str) -> None:
    """They come to one of our servers: no call, nobody stays."""
    came, stayed = await strangers(protocol, address)
    assert (came > MANY, stayed) == (True, 0), protocol


async def shower(lines: Lines) -> None:
    """They send to all ports for RTP."""
    (sent,) = await strangers("rtp", str(lines.process.pid))
    assert sent > MANY


async def test_strangers_change_nothing(lines: Lines) -> None:
    media, memory = lines.house.settings.media, lines.process.memory_info().rss

    def start(group: asyncio.TaskGroup) -> Tapes:
        group.create_task(attack(lines, "audiosocket", media.audiosocket_listen))
        group.create_task(attack(lines, "websocket", media.websocket_listen))
        group.create_task(shower(lines))
        return {}

    await borne(lines, start)
    assert lines.process.memory_info().rss - memory < MOST_GROWTH
    for told in (await lines.house.daemon.status())["lines"].values():
        assert min(told[why] for why in ("unknown", "late", "crowded")) > 0, told


# WebSockets that the daemon dials


@pytest.mark.parametrize("lines", ["dials"], indirect=True)
async def test_it_is_the_same_where_the_daemon_dials(lines: Lines) -> None:
    def start(group: asyncio.TaskGroup) -> Tapes:
        for harm, extensions in ENDING.items():
            for extension in WEBSOCKETS.intersection(extensions):
                group.create_task(harmed(lines, extension, harm))
        return {"9004 byte by byte": group.create_task(trickles(lines, "9004"))}

    await borne(lines, start)
