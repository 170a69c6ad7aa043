"""What Asterisk says happened: the JSON of ARI's event stream as typed values. No I/O."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One leg of a call, as Asterisk describes it."""

    id: str
    name: str
    """With its technology: `PJSIP/phone-00000001`."""
    state: str
    """`Down`, `Ring` (it is calling), `Ringing` (it is called), `Up`, ..."""
    caller_number: str
    caller_name: str
    """Both empty when withheld."""
    did: str
    """The number that was dialled."""
    application: str
    """The Stasis application that holds the channel; empty when none does."""
    created: str
    """ISO 8601 with milliseconds and offset."""
    arguments: tuple[str, ...] = ()
    """What the dialplan gave the Stasis application besides; a StasisStart has it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisStart:
    """A channel is in our hands."""

    channel: Channel
    args: tuple[str, ...]

    @property
    def channel_id(self) -> str:
        """As in the other events."""
        return self.channel.id


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisEnd:
    """A channel is out of our hands: hung up, or gone on in the dialplan."""

    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDestroyed:
    """A channel that was never, or is no longer, in our hands is gone."""

    channel_id: str
    cause: int
    """A Q.850 cause: 16 normal, 17 busy, 19 no answer, 21 refused."""
    sip: int = 0
    """The SIP status that stands behind it; 0 from an Asterisk that does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDtmfReceived:
    """The caller pressed a key."""

    channel_id: str
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReplaced:
    """Somebody else has registered our application and gets its events instead of us."""

    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """An event that nothing here acts on."""

    type: str


ChannelEvent = StasisStart | StasisEnd | ChannelDestroyed | ChannelDtmfReceived
Event = ChannelEvent | ApplicationReplaced | Other


def decode(message: str | bytes) -> Event | None:
    """One message of the event stream; None when it is not an event as Asterisk sends them."""
    try:
        content = json.loads(message)
        return _event(content)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _event(content: dict[str, Any]) -> Event:
    match _text(content, "type"):
        case "StasisStart":
            args = tuple(str(arg) for arg in content.get("args", ()))
            return StasisStart(channel=channel(content["channel"]), args=args)
        case "StasisEnd":
            return StasisEnd(channel_id=_text(content["channel"], "id"))
        case "ChannelDestroyed":
            return ChannelDestroyed(
                channel_id=_text(content["channel"], "id"),
                cause=int(content.get("cause", 0)),
                sip=int(content.get("tech_cause", 0)),
            )
        case "ChannelDtmfReceived":
            return ChannelDtmfReceived(channel_id=_text(content["channel"], "id"), digit=_text(content, "digit"))
        case "ApplicationReplaced":
            return ApplicationReplaced(application=_text(content, "application"))
        case other:
            return Other(type=other)


def channel(content: dict[str, Any]) -> Channel:
    """A channel as it stands in events and answers. Raises ValueError, TypeError or KeyError for anything else."""
    caller = content["caller"]
    dialplan = dict(content["dialplan"])
    data = _text(dialplan, "app_data") if dialplan.get("app_name") == "Stasis" else ""
    application, *arguments = data.split(",")
    return Channel(
        id=_text(content, "id"),
        name=_text(content, "name"),
        state=_text(content, "state"),
        caller_number=_text(caller, "number"),
        caller_name=_text(caller, "name"),
        did=_text(dialplan, "exten"),
        application=application,
        created=_text(content, "creationtime"),
        arguments=tuple(arguments),
    )


def _text(content: dict[str, Any], key: str) -> str:
    value = content[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a text")
    return value
