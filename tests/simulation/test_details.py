"""One call in full."""

import io

from rich.console import Console

from callcenter.simulation.details import details
from tests.simulation.test_live import result


def printed(call: object) -> list[str]:
    output = io.StringIO()
    Console(file=output, width=120).print(call)
    return [" ".join(line.split()) for line in output.getvalue().splitlines()]


def test_turns_and_lead_stand_beside_what_was_meant() -> None:
    lines = printed(details(result()))
    assert lines[0] == "terse [sic]"
    assert "210 ms How much? Fifty. 50" in lines
    assert "amount 60 50" in lines
    assert "risk None moderate" in lines
    assert "outcome qualified qualified" in lines


def test_a_call_that_failed_says_why() -> None:
    assert printed(details(result(error="401 Unauthorized"))) == ["terse [sic] 401 Unauthorized"]
