"""A Whisper on another machine, asked first, that fails in calls over a real Asterisk; a cloud is next."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from callcenter.demo import House
from tests.peers import openai_cloud, remote_whisper
from tests.peers.openai_cloud import Fault
from tests.real.cloud import AT_ONCE, Trial, clouded, placed, together
from tests.real.who_heard import BY_FIRST, BY_NEXT, all_rendered, flow_to_hear, hears, wants

pytestmark = [
    pytest.mark.real,
    pytest.mark.alone,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="module"),
]

LANES = (
    ("multipart", (Fault.REFUSED, Fault.STALL, Fault.EMPTY)),
    ("json", (Fault.UNAUTHORISED, Fault.STALL_MIDDLE, Fault.GARBAGE)),
    ("json", (Fault.RATE_LIMITED, Fault.TRICKLE, Fault.CUT)),
    ("multipart", (Fault.ERROR, Fault.ENDLESS)),
)
"""How each daemon asks, and all faults that an answer can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """What a house's daemon hears with first."""

    house: House
    peer: remote_whisper.Peer

    def trial(self, fault: Fault) -> Trial:
        """Of calls that meet it."""
        return Trial(
            name=fault.value,
            house=self.house,
            fail=partial(self._fail, fault),
            asked=lambda: {"remote": len(self.peer.asked)},
            during=partial(placed, self.house, wants(BY_NEXT), AT_ONCE),
            after=partial(placed, self.house, wants(BY_FIRST), 1),
        )

    def _fail(self, fault: Fault, begins: bool) -> None:
        self.peer.fault = fault if begins else None


async def met(style: str, faults: Sequence[Fault], folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in calls that meet each of `faults`, and in a call after each."""
    first, following = remote_whisper.Peer(hears(BY_FIRST)), openai_cloud.Peer(transcribe=hears(BY_NEXT))
    async with (
        remote_whisper.serving(first) as remote,
        openai_cloud.serving(following) as openai,
        clouded(
            folder,
            {
                "remote": {"url": remote, "style": style, "timeout_s": 2.0},
                "openai": {"url": f"{openai}/v1"},
                "hearing": {"recognisers": ("remote", "openai")},
                "talking": {"voices": {"en": ("espeak:en-us",)}},
                "dialogue": {"flow": flow_to_hear(folder)},
            },
        ) as house,
    ):
        ears = Ears(house=house, peer=first)
        await all_rendered(folder)
        await ready.wait()
        return [wrong for fault in faults for wrong in await ears.trial(fault).mistakes()]


async def test_callers_hear_no_failure_and_the_first_choice_is_asked_again(tmp_path: Path) -> None:
    lanes = [
        partial(met, style, faults, tmp_path / f"{number}-{style}") for number, (style, faults) in enumerate(LANES)
    ]
    assert await together(lanes) == []
