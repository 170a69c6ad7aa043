"""What a flow asks a service, and what becomes of the answer."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from typing import Any
from urllib.parse import quote

from callcenter.dialogue.brain import Fetch, Fetched, Filled
from callcenter.dialogue.parts import fields
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    MoneySlot,
    NumberSlot,
    PhoneSlot,
    Slot,
    YesNoSlot,
)
from callcenter.dialogue.state import FetchSpec

FAILED = "failed"
"""The result of a look-up without an answer."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_REPLIES = {"yes": True, "no": False}


def fetch(spec: FetchSpec, slots: Mapping[str, Filled]) -> Fetch | None:
    """The look-up that `spec` describes, with what is known; in the query of its address what is not known is empty.

    None if its path is not known: `DELETE /bookings/` would be about all of them.
    """
    if any(name not in slots for name in fields(spec.url.partition("?")[0])):
        return None
    known = {name: quote(str(slots[name].value), safe="") if name in slots else "" for name in fields(spec.url)}
    return Fetch(
        url=Formatter().vformat(spec.url, (), known),
        method=spec.method,
        send={name: slots[name].value for name in spec.send if name in slots},
        timeout_s=spec.timeout_s,
    )


def result(fetched: Fetched) -> str:
    """What the answer calls its own result, else whether there was an answer."""
    own = fetched.values.get("result")
    return own if fetched.result == "ok" and isinstance(own, str) and own else fetched.result


def kept(spec: FetchSpec, fetched: Fetched, slots: Mapping[str, Slot]) -> dict[str, Filled]:
    """The slots that the answer fills; a field that is not there, or that its slot cannot hold, fills none."""
    found: dict[str, Filled] = {}
    for name, path in spec.keep.items():
        value = typed(slots[name], _field(fetched.values, path))
        if value is not None:
            found[name] = Filled(value=value, heard="")
    return found


def told(data: Mapping[str, str], slots: Mapping[str, Slot]) -> dict[str, Filled]:
    """The slots that are known beforehand, from text under their names; what its slot cannot hold fills none."""
    values = {name: typed(slots[name], _read(slots[name], text)) for name, text in data.items() if name in slots}
    return {name: Filled(value=value, heard="") for name, value in values.items() if value is not None}


def _read(slot: Slot, text: str) -> str | float:
    if isinstance(slot, MoneySlot | NumberSlot):
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if number.is_integer() else number
    return text


def _field(values: Any, path: str) -> Any:
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def typed(slot: Slot, value: Any) -> Any:
    """`value`, of a file or a service, as `slot` holds it; None if it cannot."""
    match slot:
        case YesNoSlot():
            return value if isinstance(value, bool) else _REPLIES.get(str(value).lower())
        case MoneySlot() | NumberSlot():
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return value if is_number else None
        case MomentSlot():
            return _moment(str(value))
        case PhoneSlot():
            return value if isinstance(value, str) and _E164.fullmatch(value) else None
        case ChoiceSlot(options=options) | DurationSlot(options=options):
            return value if isinstance(value, str) and value in options else None
        case ChoicesSlot(options=options):
            wanted = [
                one
                for one in (value if isinstance(value, list) else [value])
                if isinstance(one, str) and one in options
            ]
            return wanted or None
    return str(value) if isinstance(value, str | int | float) and str(value).strip() else None


def _moment(text: str) -> str | None:
    """ISO 8601 as the slot holds it: local, to the minute."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(timespec="minutes")
    except ValueError:
        return None
