"""The lead tells who has heard a caller: the same words are one amount to the first choice, and another to the next."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from callcenter.simulation.persona import Persona
from tests.real.cloud import FLOW, all_prepared, caller

BY_FIRST, BY_NEXT = 50_000, 20_000


def flow_to_hear(folder: Path) -> str:
    """The path of a flow in `folder` that does not say what it has heard, and is the shorter for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "fund.yaml"
    path.write_text(FLOW.replace('say: "{amount}.", ', ""), encoding="utf-8")
    return str(path)


async def all_rendered(folder: Path) -> None:
    """Wait until the daemon of that folder has rendered its phrases: meanwhile calls get little of the machine."""
    await all_prepared(lambda: len(list((folder / "cache" / "phrases").glob("*.wav"))))


def wants(amount: int, flow: str | None = None) -> Persona:
    """Somebody whose lead is to be of `amount`, in calls about the usual flow or another of `cloud.FLOW`'s kind."""
    who = caller("Twenty thousand.")
    expect = who.expect.model_copy(update={"slots": {"amount": amount}})
    return who.model_copy(update={"name": flow or who.name, "flow": flow, "expect": expect})


def written(amount: int) -> str:
    """As a recogniser writes it."""
    return f"${amount:,}."


def hears(amount: int, then: Callable[[], None] = lambda: None) -> Callable[[bytes, str], Awaitable[str]]:
    """What a peer that is handed whole utterances makes of each; `then` is called each time."""

    async def heard(sound: bytes, language: str) -> str:
        then()
        return written(amount)

    return heard
