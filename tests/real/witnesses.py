"""People in calls over all ways at once, with somebody in the way of those over TCP: witnesses of what goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import psutil

from callcenter.asterisk.private import PrivateAsterisk
from callcenter.asterisk.run_directory import LOOPBACK
from callcenter.config import LineOfNumber, Settings, load
from callcenter.demo import DaemonProcess, House, led_to
from callcenter.dialogue.flow import load_flow
from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples, frame_bytes, rms_dbfs
from tests.conftest import open_to_all
from tests.peers.between import Between, Link
from tests.real.callers import PATIENCE_S, Caller, calling, ended
from tests.real.test_admission import ALIKE, SLIP, WINDOW, Tape, place, rendered

Tapes = dict[str, asyncio.Task[Tape]]
Start = Callable[[asyncio.TaskGroup], Tapes]
"""Starts what goes wrong; returns what those hear who must be greeted all the same."""

ELSEWHERE = "127.0.0.9"
"""Where those who stand in the way listen, or wait for them to pass on, at the same port."""
RTP, DIALPLAN = "9001", "777"
NUMBERS = {
    RTP: LineOfNumber(line="rtp"),
    "9002": LineOfNumber(line="audiosocket"),
    "9003": LineOfNumber(line="audiosocket", rate=16_000),
    "9004": LineOfNumber(line="websocket"),
    "9005": LineOfNumber(line="websocket", rate=16_000),
}
WEBSOCKETS = {"9004", "9005"}
FOUR_WAYS = (RTP, "9002", "9004", DIALPLAN)
UNUSED = {"waiting": 0, "expected": 0}
FRAMES_BEFORE = 50
"""A tape begins with a second of silence."""
MOST_MISSING = 6
"""Tenths of a second of the greeting, which takes several seconds: three gaps. The machine has other things to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A house in which somebody stands in the way of all sound that comes over TCP."""

    house: House
    audiosocket: Between
    websocket: Between
    dials: bool
    """The daemon dials Asterisk's WebSockets, rather than listens for them."""

    def between(self, extension: str) -> Between:
        """Who stands in the way of calls to `extension`."""
        return self.websocket if extension in WEBSOCKETS else self.audiosocket

    @property
    def process(self) -> psutil.Process:
        """The daemon."""
        return psutil.Process(self.house.daemon.pid)

    def files(self) -> int:
        """How many the daemon has open, apart from connections to ARI, which are kept for some seconds."""
        http = urlsplit(self.house.settings.asterisk.url).port
        with_sound = self.websocket.came_from if self.dials else set()
        with self.process.oneshot():
            to_http = [each for each in self.process.net_connections("tcp4") if each.raddr and each.raddr.port == http]
            return self.process.num_fds() - sum(each.laddr.port not in with_sound for each in to_http)

    async def left(self) -> dict[str, Any]:
        """What calls have left behind; of the lines, connections and calls that are waited for."""
        traces = await self.house.traces.left()
        told = (await self.house.daemon.status())["lines"]
        return {**traces, **{name: {key: told[name][key] for key in UNUSED} for name in told}}

    @property
    def nothing(self) -> dict[str, Any]:
        """What `left` should be."""
        servers = ["audiosocket"] if self.dials else ["audiosocket", "websocket"]
        return {**dict.fromkeys(("channels", "bridges", "tasks"), 0), **dict.fromkeys(servers, UNUSED)}


@asynccontextmanager
async def opened(state: Path, *, dials: bool) -> AsyncIterator[Lines]:
    """A number for each kind of line. A daemon that dials has somebody between itself and all of Asterisk's HTTP."""
    async with PrivateAsterisk(load().paths.cache) as asterisk:
        settings = led_astray(open_to_all(led_to(load(), asterisk, state)), asterisk, dials=dials)
        media, daemon = settings.media, DaemonProcess(settings)
        audiosocket = Between(media.audiosocket_listen.replace(LOOPBACK, ELSEWHERE), media.audiosocket_listen)
        if dials:
            ours, theirs = (urlsplit(url).netloc for url in (settings.asterisk.url, asterisk.ari_url))
            websocket = Between(ours, theirs, "/media/")
        else:
            websocket = Between(f"{LOOPBACK}:{asterisk.websocket_port}", media.websocket_listen)
        async with audiosocket, websocket:
            try:
                house = await House.started(settings, asterisk, daemon)
                yield Lines(house=house, audiosocket=audiosocket, websocket=websocket, dials=dials)
            finally:
                await daemon.stop()


def led_astray(settings: Settings, asterisk: PrivateAsterisk, *, dials: bool) -> Settings:
    """Such that connections with sound come to those in the way, whoever makes them."""
    media = {
        "by_did": NUMBERS,
        "audiosocket_listen": f"{LOOPBACK}:{asterisk.websocket_port + 1}",
        "audiosocket_host": ELSEWHERE,
        "websocket": "dial" if dials else "listen",
        "websocket_listen": f"{ELSEWHERE}:{asterisk.websocket_port}",
    }
    url = asterisk.ari_url.replace(LOOPBACK, ELSEWHERE) if dials else asterisk.ari_url
    changes = {"media": media, "asterisk": {"url": url}}
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=change) for name, change in changes.items()}
    )


class Talk(NamedTuple):
    """A call."""

    caller: Caller
    tape: Tape
    """Of what they hear."""
    link: Link
    """In the way of it."""


@asynccontextmanager
async def linked(lines: Lines, extension: str) -> AsyncIterator[Talk]:
    """A call over TCP. Those that stand in one way are connected one by one, to know which is whose."""
    between = lines.between(extension)
    async with AsyncExitStack() as stack:
        async with between.one_by_one:
            caller, tape = await stack.enter_async_context(taped(lines, extension))
            link = await between.link()
        yield Talk(caller, tape, link)


@asynccontextmanager
async def taped(lines: Lines, extension: str) -> AsyncIterator[tuple[Caller, Tape]]:
    """A call, and what the caller hears, with a little silence before it: the first of it may be missing."""
    async with calling(lines.house, extension) as caller:
        tape = Tape(caller.handset)
        for _ in range(FRAMES_BEFORE):
            tape.add(0.0, bytes(frame_bytes(NARROWBAND)))
        yield caller, tape


@asynccontextmanager
async def dialled(lines: Lines, extension: str) -> AsyncIterator[tuple[Caller, Tape]]:
    """The same over any way."""
    if extension == RTP:
        async with taped(lines, extension) as (caller, tape):
            yield caller, tape
    else:
        async with linked(lines, extension) as talk:
            yield talk.caller, talk.tape


async def is_understood(caller: Caller) -> None:
    """Assert that the daemon knows what the caller says."""
    assert (await caller.gets_across("Index funds, please."))["slots"] == {"interest": ["funds"]}


async def has_hung_up(lines: Lines, caller: Caller) -> str:
    """Assert that it was the caller who ended a call whose greeting they had heard; which call."""
    call = str((await caller.told("call"))["call"])
    transcript = await ended(lines.house.settings, call)
    assert transcript.call.reason == "caller"
    assert transcript.turns[0].heard_by_caller.startswith(load_flow("investment").greeting)
    return call


async def witnesses(lines: Lines, extension: str) -> Tape:
    """Listen to the greeting, be understood, and hang up; what was heard."""
    async with dialled(lines, extension) as (caller, tape):
        await caller.told("turn", index=0)
        await is_understood(caller)
    await has_hung_up(lines, caller)
    return tape


def missing(phrase: Samples, heard: Samples) -> list[float]:
    """The moments of `phrase`, in seconds, that are not in `heard`, where each may be a little later than the last."""
    shift, missed = place(heard, phrase), []
    for at in range(0, phrase.size - WINDOW, WINDOW):
        window = phrase[at : at + WINDOW]
        if min(rms_dbfs(part) for part in np.split(window, 5)) < SILENCE_DBFS:
            continue
        first = max(0, shift + at - SLIP)
        pieces = np.lib.stride_tricks.sliding_window_view(heard[first : shift + at + WINDOW + SLIP], WINDOW)
        alike = pieces @ window / np.maximum(np.linalg.norm(pieces, axis=1) * np.linalg.norm(window), 1e-9)
        if alike.max() < ALIKE:
            missed.append(at / NARROWBAND)
        else:
            shift = first + int(np.argmax(alike)) - at
    return missed


async def damaged(lines: Lines, start: Start) -> dict[str, list[float]]:
    """What was missing of the greeting, by whom it was missed, while what was started went wrong."""
    (greeting,) = await rendered(load_flow("investment").greeting)
    async with asyncio.TaskGroup() as group:
        tapes = {extension: group.create_task(witnesses(lines, extension)) for extension in FOUR_WAYS}
        tapes |= start(group)
    missed = {who: missing(greeting, tape.result().sound) for who, tape in tapes.items()}
    print("missing of the greeting:", missed)
    return {who: moments for who, moments in missed.items() if len(moments) > MOST_MISSING}


async def borne(lines: Lines, start: Start) -> None:
    """Start what goes wrong: on each way a witness is greeted meanwhile, and nothing is left of all of it.

    Those whose tapes `start` returns must have been greeted too. It is done once more if somebody was not, for a
    machine that is busy with other things may garble any sound.
    """
    files = lines.files()
    if await damaged(lines, start):
        assert await damaged(lines, start) == {}
    assert await lines.left() == lines.nothing
    async with asyncio.timeout(PATIENCE_S):
        while lines.files() > files:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.2)
