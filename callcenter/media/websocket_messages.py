"""The control messages of Asterisk's WebSocket channel (chan_websocket), without I/O.

They are text messages between the binary ones, which are sound. Asterisk writes and expects all of a channel's in one
dialect: plain text, or JSON where the channel was made with `transport_data=f(json)` or chan_websocket.conf says so.
What it says first, MEDIA_START, tells which.

    MEDIA_START connection_id:… channel:… channel_id:… format:slin16 optimal_frame_size:640 ptime:20
    {"event":"MEDIA_START","connection_id":…,"format":"slin16","optimal_frame_size":640,"ptime":20, …}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

LONGEST_COMMAND = 128
"""Asterisk drops a longer one with a warning."""


class Dialect(Enum):
    """How control messages are written."""

    PLAIN = "plain-text"
    JSON = "json"


class Command(Enum):
    """What we can tell Asterisk."""

    ANSWER = "ANSWER"
    HANG_UP = "HANGUP"
    MARK = "MARK_MEDIA"
    """Say so when all sound before this has been played. Asterisk 22.8 and later."""
    FLUSH = "FLUSH_MEDIA"
    """Play nothing of what is queued; its marks are lost with it."""
    REPORT_DRAINED = "REPORT_QUEUE_DRAINED"
    """Say so, once, when nothing is queued."""
    STATUS = "GET_STATUS"
    PAUSE = "PAUSE_MEDIA"
    CONTINUE = "CONTINUE_MEDIA"
    START_BUFFERING = "START_MEDIA_BUFFERING"
    STOP_BUFFERING = "STOP_MEDIA_BUFFERING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """MEDIA_START: the first message of a connection."""

    dialect: Dialect
    connection: str
    channel: str
    """The id of the channel; empty before Asterisk 22.7."""
    format: str
    """As Asterisk spells it: ulaw, slin, slin16, …"""
    frame_bytes: int
    """A message of sound should hold a multiple of this: what is left over is dropped. 0 when any size will do."""
    frame_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """MEDIA_MARK_PROCESSED: everything before this mark has been played."""

    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffered:
    """MEDIA_BUFFERING_COMPLETED: what was sent between START_ and STOP_MEDIA_BUFFERING has been played."""

    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """MEDIA_XOFF: 900 frames are queued; from 1,000 on they are dropped silently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roomy:
    """MEDIA_XON: fewer than 800 frames are queued again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """QUEUE_DRAINED: nothing is queued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """DTMF_END: a key was pressed by whom this channel is bridged with."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """STATUS: the answer to GET_STATUS."""

    queued: int
    """Frames."""
    full: bool
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """ERROR: a command that Asterisk did not carry out."""

    reason: str


Message = Started | Played | Buffered | Full | Roomy | Drained | Key | Status | Refused


def decode(text: str) -> Message | None:
    """A control message, in either dialect; None for what is none that we know."""
    try:
        if text.startswith("{"):
            fields = json.loads(text)
            return _message(str(fields["event"]), fields, Dialect.JSON)
        event, _, rest = text.strip().partition(" ")
        return _message(event, _fields(event, rest), Dialect.PLAIN)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def encode(dialect: Dialect, command: Command, mark: str = "") -> str:
    """A command, with the name of a mark where it takes one.

    Raises ValueError for a name that Asterisk would not give back as it is, or that makes the command too long.
    """
    if not mark.isascii() or not mark.isprintable() or mark != mark.strip():
        raise ValueError(f"{mark!r} does not survive as the name of a mark")
    if dialect is Dialect.JSON:
        text = json.dumps({"command": command.value} | ({"correlation_id": mark} if mark else {}))
    else:
        text = f"{command.value} {mark}" if mark else command.value
    if len(text) > LONGEST_COMMAND:
        raise ValueError(f"Asterisk does not read commands longer than {LONGEST_COMMAND} bytes: {text}")
    return text


def _fields(event: str, rest: str) -> dict[str, str]:
    """The words after the event: `name:value`, but a mark is its name alone, and an error's text has spaces."""
    if event in ("MEDIA_MARK_PROCESSED", "MEDIA_BUFFERING_COMPLETED"):
        return {"correlation_id": rest}
    words, found, reason = rest.partition("error_text:")
    fields = {name: value for name, _, value in (word.partition(":") for word in words.split())}
    return fields | ({"error_text": reason} if found else {})


def _message(event: str, fields: Mapping[str, object], dialect: Dialect) -> Message | None:
    match event:
        case "MEDIA_START":
            return _started(fields, dialect)
        case "MEDIA_MARK_PROCESSED":
            return Played(mark=str(fields["correlation_id"]))
        case "MEDIA_BUFFERING_COMPLETED":
            return Buffered(mark=str(fields["correlation_id"]))
        case "MEDIA_XOFF":
            return Full()
        case "MEDIA_XON":
            return Roomy()
        case "QUEUE_DRAINED":
            return Drained()
        case "DTMF_END":
            return Key(digit=str(fields["digit"])[:1])
        case "STATUS":
            return _status(fields)
        case "ERROR":
            return Refused(reason=str(fields["error_text"]).strip())
    return None


def _started(fields: Mapping[str, object], dialect: Dialect) -> Started:
    return Started(
        dialect=dialect,
        connection=str(fields["connection_id"]),
        channel=str(fields.get("channel_id", "")),
        format=str(fields["format"]),
        frame_bytes=_count(fields["optimal_frame_size"]),
        frame_ms=_count(fields.get("ptime", 20)),
    )


def _status(fields: Mapping[str, object]) -> Status:
    full, paused = fields["queue_full"], fields["media_paused"]
    return Status(queued=_count(fields["queue_length"]), full=_true(full), paused=_true(paused))


def _count(value: object) -> int:
    """A whole number from 0 on, written as in JSON or as a word. Raises ValueError."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"{value!r} is no count")
    return int(text)


def _true(value: object) -> bool:
    return value is True or value == "true"
