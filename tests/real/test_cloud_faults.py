"""A cloud of OpenAI's protocol that fails in calls over a real Asterisk: it hears and speaks first.

Next this machine hears, or a Whisper elsewhere, which leaves more of this machine to the other lanes; espeak-ng speaks.
The caller of one more daemon, whom nobody hears, presses keys meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from callcenter.demo import House
from callcenter.simulation import persona
from callcenter.simulation.report import CallResult
from tests.conftest import REHEARSED
from tests.peers import remote_whisper
from tests.peers.clouds import Mouth
from tests.peers.openai_cloud import Fault, Peer, serving
from tests.real.cloud import (
    AMOUNTS,
    AT_ONCE,
    Trial,
    all_prepared,
    caller,
    clouded,
    left_behind,
    placed,
    short_flow,
    together,
    unwanted,
)

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="module"),
]

KEYS_ONLY = Path(__file__).parent.parent / "personas" / "faults" / "keys_only.yaml"
LANES = (
    ("whisper", (Fault.RATE_LIMITED, Fault.CUT)),
    ("remote", (Fault.STALL, Fault.UNAUTHORISED)),
    ("remote", (Fault.STALL_MIDDLE, Fault.GARBAGE)),
    ("remote", (Fault.TRICKLE, Fault.EMPTY)),
    ("remote", (Fault.ENDLESS, Fault.ERROR, Fault.REFUSED)),
)
"""Who hears next, and the faults of each daemon's cloud: all that hearing and speaking can have."""
ASKED = ("transcriptions", "speech")
PIECE_S = 0.02


@dataclass(kw_only=True)
class Cloud:
    """What a house's daemon asks first."""

    house: House
    peer: Peer
    said: str = ""
    """By all who call at the time. It stands in for a recogniser: what is tried is how its answer comes."""

    async def hear(self, sound: bytes, language: str) -> str:
        """What was said."""
        return self.said

    def trial(self, fault: Fault, said: str, said_after: str) -> Trial:
        """Of calls by people who say this while it has `fault`, and that when it has none any more."""
        return Trial(
            name=fault.value,
            house=self.house,
            fail=partial(self._fail, fault),
            asked=lambda: {name: self.peer.counts[name] for name in ASKED},
            during=partial(self._called, said, AT_ONCE),
            after=partial(self._called, said_after, 1),
        )

    def _fail(self, fault: Fault, begins: bool) -> None:
        self.peer.faults = dict.fromkeys(ASKED, fault) if begins else {}

    async def _called(self, says: str, calls: int) -> Sequence[CallResult]:
        self.said = says
        return await placed(self.house, caller(says), calls)


async def faults_met(
    mouth: Mouth, next_ear: str, faults: Sequence[Fault], folder: Path, ready: asyncio.Barrier
) -> list[str]:
    """What goes wrong in calls that meet each of `faults`, and in a call after each; `next_ear` hears instead."""
    peer, whisper = Peer(pace_s=0.0, mouth=mouth), remote_whisper.Peer()
    async with (
        serving(peer) as address,
        remote_whisper.serving(whisper) as whisper_address,
        clouded(
            folder,
            {
                "openai": {"url": f"{address}/v1"},
                "remote": {"url": whisper_address},
                "hearing": {"recognisers": ("openai", next_ear)},
                "talking": {"voices": {"en": ("openai:en", "espeak:en-us")}},
                "dialogue": {"flow": short_flow(folder)},
            },
        ) as house,
    ):
        cloud = Cloud(house=house, peer=peer)
        await all_prepared(lambda: peer.counts["speech"])
        peer.pace_s, peer.transcribe = PIECE_S, cloud.hear
        whisper.transcribe = cloud.hear
        await ready.wait()
        said = iter(AMOUNTS)
        return [wrong for fault in faults for wrong in await cloud.trial(fault, next(said), next(said)).mistakes()]


async def keyed(folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in a call that nobody can hear. The caller knows the keys before the agent has told them all."""
    who = persona.load(KEYS_ONLY)
    lines = [line.model_copy(update={"barge_in": 0.5} if line.dtmf else {}) for line in who.lines]
    async with (
        serving(Peer()) as address,
        clouded(
            folder,
            {
                "openai": {"url": f"{address}/500/v1"},
                "hearing": {"recognisers": ("openai",)},
                "dialogue": {"flow": "energy", "pretend_it_is": REHEARSED},
            },
        ) as house,
    ):
        await ready.wait()
        found = unwanted(await placed(house, who.model_copy(update={"lines": tuple(lines)}), 1))
        return [f"keys: {wrong}" for wrong in found] + await left_behind(house)


async def test_callers_hear_no_failure_and_the_first_choice_is_asked_again(tmp_path: Path) -> None:
    mouth = Mouth()
    lanes = [partial(faults_met, mouth, ear, faults, tmp_path / faults[0].value) for ear, faults in LANES]
    assert await together([*lanes, partial(keyed, tmp_path / "keys")]) == []
