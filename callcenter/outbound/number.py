"""Telephone numbers in their one normal form, and the time zones that they belong to. Pure."""

import phonenumbers
from phonenumbers import timezone

_UNKNOWN = "Etc/Unknown"


def normal(text: str, region: str) -> str:
    """`text` as E.164: `06 12 34 56 78` in FR is `+33612345678`.

    Raises ValueError with what is wrong. Whether anybody has the number, only a call tells.
    """
    if not text.strip():
        raise ValueError("there is no number")
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not region:
            raise ValueError(f"{text} has no country: begin it with + or set outbound.region") from None
        raise ValueError(f"{text} is no telephone number") from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise ValueError(f"{text} is no telephone number that can be dialled")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def zones_of(number: str, default: str) -> tuple[str, ...]:
    """The time zones of an E.164 number; `default` alone when it tells none."""
    zones = timezone.time_zones_for_number(phonenumbers.parse(number))
    return tuple(zone for zone in zones if zone != _UNKNOWN) or (default,)
