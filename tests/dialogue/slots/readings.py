"""What each parser makes of a phrase, by the kind of slot, for tables that mix them."""

from typing import Any

from callcenter.dialogue.slots import duration, money, number, phone, postcode
from callcenter.dialogue.slots.heard import Heard


def read(kind: str, text: str, language: str, country: str) -> Any:
    """The value of `text` for a slot of `kind` that was asked for: lengths in years to three places."""
    heard = Heard.of(text, language)
    match kind:
        case "money":
            amount = money.parse(heard)
            return amount.value.value if amount else None
        case "number":
            found = number.parse(heard)
        case "years":
            length = duration.parse(heard, True)
            return round(length.value, 3) if length else None
        case "phone":
            digits = phone.digits(heard, True)
            return phone.normal(digits.value, country) if digits else None
        case "own":
            return phone.is_own(heard)
        case _:
            found = postcode.parse(heard, country, True)
    return found.value if found else None
