"""When a telephone number that is keyed is whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import phone, postcode

COUNTRIES = ("FR", "US", "ES", "PT", "MX", "AO")
"""Whose numbers have one length each."""
digits = st.text("0123456789", min_size=1, max_size=16)


@pytest.mark.parametrize("country", ["GB", "DE", "IT", "BE", "BR", "XX", ""])
def test_where_numbers_differ_in_length_none_is_known_to_be_whole(country: str) -> None:
    assert phone.keyed(country) == ""


@given(st.sampled_from(COUNTRIES), digits)
def test_what_is_whole_is_a_number_to_which_no_key_can_be_added(country: str, keyed: str) -> None:
    found = next((end for end in range(1, 17) if re.fullmatch(phone.keyed(country), keyed[:end])), None)
    if found:
        assert phone.is_whole(keyed[:found], country)


@given(st.sampled_from([("FR", "33"), ("ES", "34"), ("PT", "351"), ("MX", "52"), ("AO", "244")]), digits)
def test_a_number_with_its_country_code_is_not_cut(where: tuple[str, str], number: str) -> None:
    country, code = where
    for keyed in (f"00{code}{number}", f"{code}{number}"):
        assert not any(re.fullmatch(phone.keyed(country), keyed[:end]) for end in range(len(keyed) + 1))


@pytest.mark.parametrize(
    ("country", "figures"),
    [("FR", 5), ("BE", 4), ("BR", 8), ("CZ", 5), ("PT", None), ("US", None), ("NL", None), ("GB", None), ("", None)],
)
def test_how_many_figures_a_postcode_has(country: str, figures: int | None) -> None:
    assert postcode.figures_in(country) == figures
