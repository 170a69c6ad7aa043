"""Deepgram's recognisers and voices that fail in calls over a real Asterisk, each the first choice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from callcenter.demo import House
from callcenter.simulation.report import CallResult
from tests.peers import deepgram_cloud, remote_whisper
from tests.peers.deepgram_cloud import Fault, Peer, saying
from tests.real.cloud import FLOW, Lane, Trial, all_prepared, clouded, placed, together
from tests.real.who_heard import BY_FIRST, BY_NEXT, all_rendered, flow_to_hear, hears, wants, written

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="module"),
]

Faults = tuple[Fault, ...]

PATHS = {"deepgram": "/v1/listen", "flux": "/v2/listen"}
AWAY = (Fault.REFUSED, Fault.UNAUTHORISED, Fault.ERROR)
STALLED = (Fault.STALL_FIRST, Fault.STALL, Fault.STALL_MIDDLE)
BROKEN = (Fault.CUT, Fault.TRICKLE, Fault.GARBAGE)
LANES: tuple[tuple[str, Sequence[Faults]], ...] = (
    ("deepgram", (AWAY, STALLED)),
    ("deepgram", ((Fault.RATE_LIMITED,), BROKEN, (Fault.EMPTY, Fault.ENDLESS))),
    ("flux", (AWAY, STALLED, (Fault.ENDLESS,))),
    ("flux", ((Fault.RATE_LIMITED,), BROKEN, (Fault.EMPTY,))),
)
"""Whom each daemon asks first, and the faults that connections have in turns: all that a recogniser can have which
listens along. That each of them is got over by itself is tried without Asterisk."""
CALLS = 3
"""Meet them at once: as many as there are of them, and as many failures open a breaker."""
SPOKEN = (
    Fault.REFUSED,
    Fault.UNAUTHORISED,
    Fault.RATE_LIMITED,
    Fault.ERROR,
    Fault.STALL,
    Fault.STALL_MIDDLE,
    Fault.CUT,
    Fault.TRICKLE,
    Fault.GARBAGE,
    Fault.EMPTY,
    Fault.ENDLESS,
)
"""All that a voice can have."""
HEARD = {("flux", Fault.ENDLESS)}
"""Who does not tell of the end of a turn is understood all the same."""
WELL = "well"


@dataclass(kw_only=True)
class Ears:
    """Whom a house's daemon asks first."""

    kind: str
    first: Peer
    left: int = 0
    """So many callers whom it does not hear well have not been heard by the next yet."""

    def trial(self, house: House, faults: Faults) -> Trial:
        """Of calls that meet them."""
        path = PATHS[self.kind]
        amount = BY_FIRST if (self.kind, *faults) in HEARD else BY_NEXT
        return Trial(
            name=f"{self.kind} {' '.join(fault.value for fault in faults)}",
            house=house,
            fail=partial(self._fail, faults),
            asked=lambda: {path: self.first.counts[path]},
            during=partial(placed, house, wants(amount), CALLS),
            after=partial(placed, house, wants(BY_FIRST), 1),
        )

    def was_passed_over(self) -> None:
        """The next has heard somebody. Once it has heard all, nothing is wrong any more: so the rest ends sooner."""
        self.left -= 1
        if not self.left:
            self.first.faults = {}

    def _fail(self, faults: Faults, begins: bool) -> None:
        self.left = CALLS
        self.first.faults = {PATHS[self.kind]: cycle(faults)} if begins else {}


async def ears(kind: str, faults: Sequence[Faults], folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in calls that meet each of `faults`, and in a call after each."""
    found = Ears(kind=kind, first=Peer(saying(lambda: written(BY_FIRST))))
    async with (
        deepgram_cloud.serving(found.first) as deepgram,
        remote_whisper.serving(remote_whisper.Peer(hears(BY_NEXT, found.was_passed_over))) as remote,
        clouded(
            folder,
            {
                "deepgram": {"url": deepgram},
                "remote": {"url": remote},
                "hearing": {"recognisers": (kind, "remote")},
                "talking": {"voices": {"en": ("espeak:en-us",)}},
                "dialogue": {"flow": flow_to_hear(folder)},
            },
        ) as house,
    ):
        await all_rendered(folder)
        await ready.wait()
        return [wrong for each in faults for wrong in await found.trial(house, each).mistakes()]


def flow_of(name: str, folder: Path) -> str:
    """The path of a flow of that name, with a voice of its own: so each fault has a breaker of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(FLOW.replace("name: fund", f"name: {name}\nvoice: {{engine: deepgram, name: {name}}}"))
    return str(path)


async def voices(folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in calls that each meet a fault of SPOKEN, all at once, and in a call after each."""
    faults = {fault.name.lower().replace("_", "-"): fault for fault in SPOKEN}
    peer, hearing = Peer(), remote_whisper.Peer()
    peer.pace_s = 0.0
    names = (WELL, *faults)

    def asked() -> Counter[str]:
        return Counter(query["model"] for query, _ in peer.asked)

    async def called(amount: int) -> Sequence[CallResult]:
        hearing.transcribe = hears(amount)
        return await placed(house, [wants(amount, name) for name in names], len(names))

    def fail(begins: bool) -> None:
        peer.faults = faults if begins else {}

    flows = [flow_of(name, folder) for name in names]
    async with (
        deepgram_cloud.serving(peer) as deepgram,
        remote_whisper.serving(hearing) as remote,
        clouded(
            folder,
            {
                "deepgram": {"url": deepgram},
                "remote": {"url": remote},
                "hearing": {"recognisers": ("remote",)},
                "talking": {"voices": {"en": ("espeak:en-us",)}},
                "dialogue": {"flow": flows[0], "flows": tuple(flows[1:])},
            },
        ) as house,
    ):
        await all_prepared(lambda: peer.counts["/v1/speak"])
        peer.pace_s = 0.02
        await ready.wait()
        trial = Trial(
            name="aura",
            house=house,
            fail=fail,
            asked=asked,
            during=partial(called, BY_NEXT),
            after=partial(called, BY_FIRST),
        )
        return await trial.mistakes()


async def test_callers_hear_no_failure_of_who_listens_along(tmp_path: Path) -> None:
    lanes: list[Lane] = [
        partial(ears, kind, faults, tmp_path / str(number)) for number, (kind, faults) in enumerate(LANES)
    ]
    assert await together(lanes) == []


async def test_callers_hear_no_failure_of_a_voice(tmp_path: Path) -> None:
    assert await together([partial(voices, tmp_path)]) == []
