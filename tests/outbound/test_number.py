import pytest

from callcenter.outbound.number import normal, zones_of


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+33 6 12 34 56 78", "", "+33612345678"),
        ("06.12.34.56.78", "FR", "+33612345678"),
        ("0033612345678", "FR", "+33612345678"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("+351 912 345 678", "FR", "+351912345678"),
        ("tel:+34-612-345-678", "", "+34612345678"),
    ],
)
def test_the_one_form(text: str, region: str, number: str) -> None:
    assert normal(text, region) == number


@pytest.mark.parametrize("text", ["", "  ", "hello", "12", "+33", "+999 1234567", "+33612345678 ext. 5", "1" * 30])
def test_what_cannot_be_dialled(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        normal(text, "FR")


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+33612345678", ("Europe/Paris",)),
        ("+12125550100", ("America/New_York",)),
        ("+5511912345678", ("America/Sao_Paulo",)),
        ("+80012345678", ("Asia/Tokyo",)),
    ],
)
def test_where_a_number_is(number: str, zones: tuple[str, ...]) -> None:
    assert zones_of(number, "Asia/Tokyo") == zones
