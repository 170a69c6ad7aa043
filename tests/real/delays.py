"""How long sound takes on its way, on a machine that does other things too."""

from collections.abc import Awaitable, Callable

from callcenter.media.pcm import FrameQueue, rms_dbfs, to_samples
from tests.waiting import until

TONES = 3
MOST_TONES = 10
LOUD_DBFS = -20.0


async def arrivals(queue: FrameQueue, frames: int, loud_dbfs: float = LOUD_DBFS) -> list[float]:
    """Loop times at which loud frames came: of so many, and of what else came by then."""
    loud: list[float] = []

    def all_here() -> bool:
        loud.extend(at for at, pcm in queue.drain() if rms_dbfs(to_samples(pcm)) > loud_dbfs)
        return len(loud) >= frames

    await until(all_here)
    return loud


async def least(measure: Callable[[], Awaitable[float]], enough: float) -> float:
    """The least of three, and of as many more as it takes to be under `enough`, ten in all.

    Whatever else the machine does delays one tone, the way of the sound delays all.
    """
    found: list[float] = []
    while len(found) < TONES or (min(found) >= enough and len(found) < MOST_TONES):
        found.append(await measure())
    return min(found)
