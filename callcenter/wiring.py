"""How calls are connected: their legs in Asterisk, the way of their sound, and the tape that it is kept on."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from callcenter.asterisk.ari import Ari
from callcenter.asterisk.dialplan_legs import DialplanLegs
from callcenter.asterisk.events import Channel
from callcenter.asterisk.legs import Legs
from callcenter.asterisk.media_server import MediaServer
from callcenter.asterisk.names import Names
from callcenter.asterisk.switchboard import Switchboard
from callcenter.config import Media, Settings
from callcenter.media import lines
from callcenter.media.choice import chosen
from callcenter.media.clock import Clock
from callcenter.media.line import Line
from callcenter.media.line_choice import DIALPLAN, LineChoice
from callcenter.media.lines import Lines
from callcenter.media.tape import Tape, recording
from callcenter.office import named


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Connects each call in the way that is chosen for it."""

    instance: str
    """What is made in Asterisk is named after it."""
    media: Media
    ari: Ari
    switchboard: Switchboard
    lines: Lines
    tape: Callable[[UUID, float, int], Tape | None]
    """As an office wants it."""

    def legs(self, channel: Channel, call: str) -> Legs:
        """What the call of that name, whose caller is on `channel`, makes in Asterisk."""
        kind = DialplanLegs if self._choice(channel).kind == DIALPLAN else Legs
        return kind(self.ari, self.switchboard.open(channel.id), channel.id, Names(instance=self.instance, call=call))

    def line(self, channel: Channel) -> Line:
        """Of the call whose caller is on `channel`. Raises LegError when there can be none."""
        return self.lines.open(self._choice(channel))

    def _choice(self, channel: Channel) -> LineChoice:
        return chosen(self.media, channel.did, named(channel.arguments))


@asynccontextmanager
async def opened(settings: Settings, clock: Clock, instance: str) -> AsyncIterator[Wiring]:
    """For as long as a daemon lives; its lines tick with `clock`. Raises ConfigurationError when a port is taken."""
    async with (
        Ari(settings.asterisk) as ari,
        lines.opened(settings.media, clock, MediaServer.of(settings.asterisk)) as ways,
        recording(settings.recording, settings.paths.state) as tape,
    ):
        yield Wiring(instance=instance, media=settings.media, ari=ari, switchboard=Switchboard(), lines=ways, tape=tape)
