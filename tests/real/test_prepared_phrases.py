"""What a daemon has a cloud say beforehand: paid once, told by `status`, and kept for `callcenter costs`."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from callcenter.demo import House
from callcenter.store.costs import PhraseCosts, costs
from callcenter.store.database import Database
from tests.peers.openai_cloud import Peer, serving
from tests.real.cloud import QUIET_S, all_prepared, clouded, short_flow

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

SPEECH = "openai:speech"


async def used(house: House) -> dict[str, Any]:
    """By provider, since the daemon's start."""
    providers: dict[str, Any] = (await house.daemon.status())["usage"]["providers"]
    return providers


async def bought(house: House) -> list[PhraseCosts]:
    async with Database(house.settings.database, house.settings.paths) as database, database.session() as session:
        return (await costs(session)).phrases


async def test_phrases_are_counted_and_after_a_restart_nothing_is_paid(tmp_path: Path) -> None:
    peer = Peer(pace_s=0.001)
    async with (
        serving(peer) as address,
        clouded(
            tmp_path,
            {
                "openai": {"url": f"{address}/v1"},
                "hearing": {"recognisers": ("openai",)},
                "talking": {"voices": {"en": ("openai:en",)}},
                "dialogue": {"flow": short_flow(tmp_path)},
            },
        ) as house,
    ):
        await all_prepared(lambda: peer.counts["speech"])
        phrases = peer.counts["speech"]
        assert phrases > 50
        spoken = (await used(house))[SPEECH]["characters_spoken"]
        (row,) = await bought(house)
        assert (row.flow, row.provider, row.phrases) == ("fund", SPEECH, phrases)
        assert row.usage.characters_spoken == spoken > 10 * phrases
        await house.daemon.stop()
        await house.daemon.start()
        await asyncio.sleep(QUIET_S)
        assert await used(house) == {}
        assert await bought(house) == [row]
        assert peer.counts["speech"] == phrases
