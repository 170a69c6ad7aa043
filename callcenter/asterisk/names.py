"""The ids of what a daemon makes in Asterisk, by which it knows its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The ids that we give to what we make in Asterisk for a call. Neither part may hold a `-`."""

    instance: str
    """Tells this daemon's channels from another's on the same Asterisk."""
    call: str

    @property
    def snoop(self) -> str:
        """Stands in for the caller in the bridge."""
        return f"{prefix(self.instance)}{self.call}-snoop"

    @property
    def media(self) -> str:
        """Our own sound."""
        return f"{prefix(self.instance)}{self.call}-media"

    @property
    def bridge(self) -> str:
        """Holds the snoop and the media, or the caller and the person."""
        return f"{prefix(self.instance)}{self.call}-bridge"

    def person(self, attempt: int) -> str:
        """Whom the caller is transferred to; an id of its own for each attempt."""
        return f"{prefix(self.instance)}{self.call}-person{attempt}"


def prefix(instance: str) -> str:
    """What the ids of everything that `instance` makes begin with."""
    return f"cc-{instance}-"
