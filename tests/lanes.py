"""Which tests run one after the other in one process, and which processes begin with what.

The marks that pytest-xdist groups by do not reach its scheduler under pytest 9.2, which gives an item's id no other
end any more; then each test is a group, two processes start what a module's tests share, and two houses stand.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

HOUSE = frozenset(
    f"tests/real/test_{name}.py"
    for name in (
        "bench",
        "crosstalk",
        "daemon",
        "faults",
        "line_mix",
        "lines",
        "outbound",
        "personas",
        "voices_by_language",
    )
)
"""Their tests share a daemon, and wait for people to speak."""
CLOUDS = frozenset(f"tests/real/test_{name}.py" for name in ("cloud_faults", "deepgram_faults", "prepared_phrases"))
"""Each of their tests has several daemons, which leave no room for one another."""
LONG = tuple(
    f"tests/real/test_{name}.py"
    for name in (
        *("personas", "voices_by_language", "faults", "crosstalk", "bench"),
        *("cloud_faults", "deepgram_faults", "prepared_phrases"),
        *("broken_house", "speech", "simulation", "simulation_voices"),
        *("whisper_server", "flows", "store_faults", "understanding"),
    )
)
"""The real ones that take longest begin first, so that all processes end at about the same time. Of the house's, those
come first that do worse beside the many daemons of the clouds' than beside tests without the real parts."""


def lane(nodeid: str) -> str:
    """The name of what a test runs in one process with: the house's, the clouds', or its own file."""
    path = nodeid.partition("::")[0]
    return "house" if path in HOUSE else "clouds" if path in CLOUDS else path


def turn(nodeid: str) -> int:
    """After how many others the test's file begins, of those that need the real parts."""
    path = nodeid.partition("::")[0]
    return LONG.index(path) if path in LONG else len(LONG)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """A process takes one lane after the other, in the order of the tests; one begins with the house's at once."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        if "house" in self.workqueue:
            self.workqueue.move_to_end("house", last=False)
        super()._assign_work_unit(node)
