"""What is told of a campaign while it is conducted."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that happened to a contact."""

    at: datetime
    number: str
    """Empty: it is about the campaign."""
    what: str
    """`dialling`, an outcome, `waiting` for their hours, or a sentence about the campaign."""
    again: datetime | None = None
    """When they are called again."""
