"""What services are asked, and what becomes of what they say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue import lookup
from callcenter.dialogue.brain import Fetch, Fetched, Filled
from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.slot import NumberSlot, Slot, TextSlot, YesNoSlot
from callcenter.dialogue.state import FetchSpec

FLOW = load_flow("investment")
PLAIN = {"again": ("Again?",), "why": "So.", "wrong": "No.", "ask": "Well?"}
SLOTS: dict[str, Slot] = {
    **FLOW.slots,
    "owner": YesNoSlot.model_validate({"type": "yes_no", **PLAIN}),
    "rooms": NumberSlot.model_validate({"type": "number", **PLAIN}),
    "note": TextSlot.model_validate({"type": "text", **PLAIN}),
}


def filled(value: Any) -> Filled:
    return Filled(value=value, heard="")


def test_what_is_known_is_sent() -> None:
    spec = FetchSpec(url="https://x/{name}?p={phone}", method="get", send=("amount", "risk"), timeout_s=1.5)
    found = lookup.fetch(spec, {"name": filled("Ann Lee/x?"), "amount": filled([1, 2])})
    url = "https://x/Ann%20Lee%2Fx%3F?p="
    assert found == Fetch(url=url, method="get", send={"amount": [1, 2]}, timeout_s=1.5)


def test_an_address_that_is_not_known_is_not_asked() -> None:
    spec = FetchSpec(url="https://x/{name}/{phone}", method="delete")
    assert lookup.fetch(spec, {"name": filled("Ann")}) is None


@pytest.mark.parametrize(
    ("fetched", "expected"),
    [
        (Fetched(result="ok", values={}), "ok"),
        (Fetched(result="ok", values={"result": "taken"}), "taken"),
        (Fetched(result="ok", values={"result": 5}), "ok"),
        (Fetched(result="ok", values={"result": ""}), "ok"),
        (Fetched(result="failed", values={"result": "taken"}), "failed"),
    ],
)
def test_results(fetched: Fetched, expected: str) -> None:
    assert lookup.result(fetched) == expected


@pytest.mark.parametrize(
    ("slot", "value", "expected"),
    [
        ("owner", True, True),
        ("owner", "no", False),
        ("owner", "perhaps", None),
        ("rooms", 3, 3),
        ("rooms", "3", None),
        ("rooms", True, None),
        ("rooms", float("nan"), None),
        ("callback", "2026-11-24T15:30:10+01:00", "2026-11-24T15:30"),
        ("callback", "tomorrow", None),
        ("callback", 5, None),
        ("phone", "+12125550136", "+12125550136"),
        ("phone", "212 555", None),
        ("risk", "moderate", "moderate"),
        ("risk", "none", None),
        ("interest", "funds", ["funds"]),
        ("interest", ["funds", "tulips"], ["funds"]),
        ("interest", ["tulips"], None),
        ("note", 12, "12"),
        ("note", " ", None),
        ("note", {"a": 1}, None),
    ],
)
def test_values_as_slots_hold_them(slot: str, value: Any, expected: Any) -> None:
    assert lookup.typed(SLOTS[slot], value) == expected


def test_fields_of_fields() -> None:
    spec = FetchSpec(url="http://x", keep={"note": "visit.by", "rooms": "visit.none", "owner": "visit.by.name"})
    assert lookup.kept(spec, Fetched(result="ok", values={"visit": {"by": "Ann"}}), SLOTS) == {"note": filled("Ann")}


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_ANYTHING, st.sampled_from(sorted(SLOTS)))
def test_no_answer_raises(value: Any, slot: str) -> None:
    lookup.kept(FetchSpec(url="http://x", keep={slot: "a"}), Fetched(result="ok", values={"a": value}), SLOTS)
