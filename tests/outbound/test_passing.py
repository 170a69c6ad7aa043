import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.outbound import passing

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXTS, TEXTS))
def test_what_is_known_survives_the_dialplan(data: dict[str, str]) -> None:
    packed = passing.packed(data)
    assert re.fullmatch(r"[A-Za-z0-9%_.~-]*", packed)
    assert passing.unpacked(packed) == data


@pytest.mark.parametrize("text", ["%7B", "%22a%22", "%7B%22a%22%3A1%7D", "%ff"])
def test_what_is_something_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        passing.unpacked(text)
    assert passing.known({"flow": "energy", "known": text}) == {}


def test_what_a_call_has_taken_along() -> None:
    assert passing.known({"flow": "energy"}) == {}
    assert passing.known({"known": passing.packed({"name": "Zoé, 5 %"})}) == {"name": "Zoé, 5 %"}


def test_arguments() -> None:
    attempt = UUID(int=1)
    assert passing.arguments("energy", attempt, {}) == f"flow=energy,contact={attempt}"
    assert (
        passing.arguments("energy", attempt, {"a": "b"})
        == f"flow=energy,contact={attempt},known=%7B%22a%22%3A%22b%22%7D"
    )
    with pytest.raises(ValueError, match="cannot be named"):
        passing.arguments("a,b", attempt, {})
