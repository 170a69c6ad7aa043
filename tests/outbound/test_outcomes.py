from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.config import Outbound
from callcenter.outbound import outcomes
from callcenter.outbound.outcomes import Policy

MINUTE = timedelta(minutes=1)
POLICY = Policy.of(Outbound(retries={"busy": (5, 15), "no_answer": (60,), "callback": (1440,)}, tries=3))


@pytest.mark.parametrize(
    ("cause", "sip", "rang_s", "outcome"),
    [
        (17, 0, 3, "busy"),
        (19, 0, 12, "no_answer"),
        (18, 0, 12, "no_answer"),
        (0, 0, 29.5, "no_answer"),
        (16, 0, 30.2, "no_answer"),
        (16, 0, 4, "failed"),
        (0, 0, 1, "failed"),
        (1, 0, 0.2, "invalid"),
        (28, 0, 0.2, "invalid"),
        (21, 0, 5, "rejected"),
        (34, 0, 0.5, "congestion"),
        (27, 0, 0.5, "congestion"),
        (38, 0, 30, "congestion"),
        (127, 0, 1, "failed"),
        (21, 603, 5, "rejected"),
        (21, 401, 0.1, "trunk"),
        (21, 407, 0.1, "trunk"),
    ],
)
def test_what_came_of_a_call_that_nobody_answered(cause: int, sip: int, rang_s: float, outcome: str) -> None:
    assert outcomes.unanswered(cause, sip, rang_s, 30) == outcome


@pytest.mark.parametrize(
    ("past", "minutes"),
    [
        (["busy"], 5),
        (["busy", "busy"], 15),
        (["busy", "no_answer"], 60),
        (["no_answer", "no_answer"], None),
        (["no_answer", "busy"], 5),
        (["busy", "no_answer", "busy"], None),  # three tries
        (["callback"], 1440),
        (["congestion"], 2),  # as usual
        (["qualified"], None),
        (["invalid"], None),
        (["busy", "stopped"], 0),
        (["stopped", "stopped", "stopped", "busy"], 5),
        (["trunk"], 1),
        (["busy", "congestion", "trunk", "congestion", "congestion"], 30),  # none of these is a try of theirs
        (["busy", "trunk", "congestion", "no_answer"], 60),
        (["congestion"] * 17, 240),
        (["congestion"] * 18, None),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_when_a_contact_is_called_again(past: list[str], minutes: int | None) -> None:
    assert POLICY.again(past) == (None if minutes is None else minutes * MINUTE)


@given(st.lists(st.sampled_from(["busy", "no_answer", "callback", "refused"]), min_size=1, max_size=10))
def test_nobody_is_called_for_ever(past: list[str]) -> None:
    if len(past) >= 3:
        assert POLICY.again(past) is None


@given(st.lists(st.sampled_from(["busy", "congestion", "trunk", "stopped"]), max_size=10))
def test_what_the_trunk_has_not_carried_takes_no_try_away(past: list[str]) -> None:
    """Whatever happened between, a contact who is busy is called again as if only they had been called."""
    assert POLICY.again([*past, "busy"]) == POLICY.again(["busy"] * (past.count("busy") + 1))
