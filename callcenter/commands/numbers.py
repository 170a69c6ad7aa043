"""Telephone numbers as they are typed."""

from callcenter.config import Outbound
from callcenter.errors import ConfigurationError
from callcenter.outbound.number import normal, zones_of
from callcenter.store.contacts import Contact


def contact_of(number: str, outbound: Outbound) -> Contact:
    """Whom that number, as it was typed, belongs to. Raises ConfigurationError."""
    try:
        found = normal(number, outbound.region)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    return Contact(number=found, zones=zones_of(found, outbound.zone))
