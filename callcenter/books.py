"""What is kept of all calls: their records, how long answers took, what was spent; and who looks on meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from callcenter.background import running
from callcenter.config import Settings
from callcenter.control import Watchers
from callcenter.latency import Latencies
from callcenter.store.database import Database
from callcenter.store.recorder import Recorder
from callcenter.store.spool import Spool
from callcenter.usage import Meter, Prices, as_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Where all calls write."""

    recorder: Recorder
    watchers: Watchers
    latencies: Latencies
    prices: Prices
    spent: Meter
    """By all calls, and by what was rendered beforehand."""

    def meter(self) -> Meter:
        """Of one call, at the prices of the day."""
        return Meter(self.prices, self.spent)

    def report(self) -> dict[str, Any]:
        """For `status`."""
        return {
            "latency": self.latencies.report(),
            "store": asdict(self.recorder.counts),
            "usage": as_report(self.spent.total()),
        }


@asynccontextmanager
async def opened(settings: Settings, instance: str) -> AsyncIterator[Books]:
    """For as long as a daemon lives; calls that an `instance` before it left open are recorded as lost.

    Raises StoreError when there can be no database. The recorder runs, so that the log soon says whether a configured
    database lets us in, and is still to be closed: what it cannot store any more it leaves in the spool.
    """
    async with Database(settings.database, settings.paths) as database, running() as start:
        recorder = Recorder(database, Spool(settings.paths.state / "spool"), instance=instance)
        recorder.close_lost(datetime.now(UTC))
        start(recorder.run())
        yield Books(
            recorder=recorder,
            watchers=Watchers(),
            latencies=Latencies(),
            prices=settings.prices,
            spent=Meter(settings.prices),
        )
