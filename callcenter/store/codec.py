"""Records to JSON text and back, and what of a value PostgreSQL can hold."""

import json
import math
import re
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.store.records import (
    CallEnded,
    CallStarted,
    LeadChanged,
    PhrasePrepared,
    Record,
    SlotValue,
    TurnEnded,
)
from callcenter.usage import Charge

_KINDS: dict[str, type[Record]] = {
    kind.__name__: kind for kind in (CallStarted, TurnEnded, LeadChanged, CallEnded, PhrasePrepared)
}

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL refuses U+0000 in `text` and `jsonb`; half a surrogate pair is not UTF-8."""


def encode(record: Record) -> str:
    """One line of ASCII; `decode` gives an equal record back."""
    return json.dumps({"kind": type(record).__name__, **asdict(record)}, default=plain)


def decode(line: str | bytes) -> Record:
    """Read a record. Raises ValueError when `line` does not hold one."""
    content = json.loads(line)
    try:
        kind = _KINDS[content.pop("kind")]
        content["at"] = datetime.fromisoformat(content["at"])
        if kind is PhrasePrepared:
            content["phrase"], content["charge"] = UUID(content["phrase"]), Charge(**content["charge"])
        else:
            content["call"] = UUID(content["call"])
        if kind is LeadChanged:
            content["slots"] = {name: SlotValue(**slot) for name, slot in content["slots"].items()}
        if "usage" in content:
            content["usage"] = {name: Charge(**charge) for name, charge in content["usage"].items()}
        return kind(**content)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a record: {error!r}") from error


def plain(value: object) -> str:
    """The `default` of `json.dumps` for records and for what `queries` returns."""
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            raise TypeError(f"{type(value).__name__} is not stored as JSON")


def storable(value: Any) -> Any:
    """`value` with what PostgreSQL refuses replaced: characters by U+FFFD, numbers that are none by null."""
    match value:
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
        case _:
            return value
