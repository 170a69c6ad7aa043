"""One call's WebSocket channel without I/O: what may be sent to Asterisk, and how much of it has been played.

Asterisk plays a frame each 20 ms, queues what comes early, and its queue gets shorter only while nothing comes. Of the
queue it says nothing, but a mark comes back when all before it has been played. So marks go out five times a second,
and tell

- what was really played, when a turn ends;
- that Asterisk plays at all: while marks do not come back, frames stay with us, where a barge-in stops them, and after
  5 s the channel is broken;
- whether frames pile up in its queue after a stall: then silence is left out until they are gone.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from callcenter.media.line import STALL_S
from callcenter.media.pcm import frame_bytes
from callcenter.media.playout import Playout
from callcenter.media.websocket_messages import (
    Command,
    Full,
    Played,
    Refused,
    Roomy,
    Started,
    decode,
    encode,
)

MARK_EVERY = 10
"""Ticks from mark to mark."""
MOST_AHEAD = 25
"""Frames of which it is not known that they were played: when there are more, Asterisk does not play."""
USUAL_AHEAD = 2
"""So many frames follow a mark before it is back, one or two as measured: what is on the way, and what evens two clocks
out."""


@dataclass(slots=True, kw_only=True)
class Counters:
    """What has happened on one line, in frames of 20 ms where nothing else is said."""

    received: int = 0
    sent: int = 0
    held: int = 0
    """Ticks at which nothing was sent, because Asterisk did not take or did not play what it had."""
    left_out: int = 0
    """Silence that was not sent, because Asterisk had too much."""
    skipped: int = 0
    """Never made, because the clock was late."""
    most_ahead: int = 0
    """Sent and not played when a mark came back."""
    flushes: int = 0
    full: int = 0
    """How often Asterisk said that its queue is full."""
    refused: int = 0
    """Commands that it did not carry out."""
    unknown: int = 0
    """Control messages that were not understood."""


class Marks:
    """Which of the frames sent have been played. Marks have numbers for names."""

    def __init__(self, counters: Counters) -> None:
        self.answered = False
        """One came back."""
        self.wanted = True
        """False for an Asterisk that knows none, up to 22.7: it logs a warning for each."""
        self.surplus = 0
        """Frames that Asterisk has queued and need not have."""
        self._counters = counters
        self._out: deque[tuple[int, int, float]] = deque()
        """Number, frames sent before it, and loop time of those that have not come back."""
        self._number = 0
        self._played = 0
        """Frames of which it is known that they were."""
        self._ahead = 0
        """Frames sent and not played when the latest mark came back."""
        self._said = 0
        """Frames sent up to the last one that was no silence."""
        self._since = 0
        """Ticks since the latest was sent."""

    @property
    def unplayed(self) -> int:
        """Frames sent of which it is not known that they were played."""
        return self._counters.sent - self._played if self.answered else 0

    @property
    def all_said(self) -> bool:
        """Everything but silence has been played, as far as Asterisk tells."""
        return self._played >= self._said or not self.answered

    def sent(self, *, speech: bool) -> None:
        """A frame was sent."""
        self._counters.sent += 1
        self._since += 1
        if speech:
            self._said = self._counters.sent

    def due(self, *, ended: bool) -> bool:
        """Whether a mark belongs here; `ended` when there is nothing more to say."""
        covered = self._out[-1][1] if self._out else self._played
        return self.wanted and (self._since >= MARK_EVERY or (ended and self._said > covered))

    def put(self, at: float) -> str:
        """Send a mark at loop time `at`; its name."""
        self._number += 1
        self._since = 0
        self._out.append((self._number, self._counters.sent, at))
        return str(self._number)

    def back(self, name: str) -> None:
        """A mark came back. One that was flushed, or never sent, says nothing."""
        if name not in {str(number) for number, _, _ in self._out}:
            return
        number = 0
        while str(number) != name:
            number, self._played, _ = self._out.popleft()
        self.answered = True
        before, self._ahead = self._ahead, self.unplayed
        self._counters.most_ahead = max(self._counters.most_ahead, self._ahead)
        # What two marks tell is no hiccup of either side.
        self.surplus = max(0, min(before, self._ahead) - USUAL_AHEAD)

    def forget(self) -> None:
        """Those that are out do not come back, and what was sent is played or thrown away."""
        self._out.clear()
        self._played = self._counters.sent
        self.surplus = self._ahead = 0

    def waited(self, now: float) -> float:
        """For how many seconds the oldest has not come back."""
        return now - self._out[0][2] if self._out else 0.0


class Session:
    """A connection after its handshake: what comes on it, and what is sent each tick of the clock."""

    def __init__(self, format: str, playout: Playout, send: Callable[[str | bytes], None]) -> None:
        """`format` is the one that Asterisk was asked for, linear; `send` takes what is to be sent, text or sound."""
        self.counters = Counters()
        self.started: Started | None = None
        """Sound can flow."""
        self.fault = ""
        """Why this cannot go on; empty while it can."""
        self._format = format
        self._playout = playout
        self._send = send
        self._marks = Marks(self.counters)
        self._full = False
        self._taken_at = math.inf
        """Loop time at which the socket last took something."""
        self._missed = 0
        """Ticks without a frame since the last one sent."""
        self._speaking = False
        self._rest = b""
        """Of a frame, for the next message."""

    @property
    def played(self) -> bool:
        """The caller has heard everything there is to say, as far as Asterisk tells."""
        return self._playout.idle and self._marks.all_said

    def text(self, message: str) -> None:
        """Take a control message."""
        match decode(message):
            case Started() as started:
                self._start(started)
            case Played(mark=name):
                self._marks.back(name)
            case Full():
                self._full = True
                self.counters.full += 1
            case Roomy():
                self._full = False
            case Refused():
                self.counters.refused += 1
            case None:
                self.counters.unknown += 1

    def tick(self, now: float, skipped: int, *, choked: bool) -> bytes | None:
        """Send the frame that is due at loop time `now`, after `skipped` ticks that never came; None was silence.

        `choked` says that the socket takes nothing.
        """
        self.counters.skipped += skipped
        self._missed += skipped
        self._look(now, choked)
        if self._speaking and not self._playout.speaking:
            self._flush()
        if choked or self._full or self._marks.unplayed >= MOST_AHEAD:
            self.counters.held += 1
            self._missed += 1
            return None
        pcm, self._missed = self._playout.frame(now, self._missed), 0
        self._speaking = self._playout.speaking
        self._sound(pcm)
        if self._marks.due(ended=self._playout.idle):
            self._command(Command.MARK, self._marks.put(now))
        return pcm

    def _look(self, now: float, choked: bool) -> None:
        """Find out whether Asterisk has stopped."""
        self._taken_at = now if not choked else min(self._taken_at, now)
        if now - self._taken_at >= STALL_S:
            self.fault = f"Asterisk has taken nothing for {STALL_S:g} s"
        elif self._marks.waited(now) >= STALL_S:
            self._marks.wanted = self._marks.answered
            if self._marks.answered:
                self.fault = f"Asterisk has played nothing for {STALL_S:g} s"
            self._marks.forget()

    def _start(self, started: Started) -> None:
        if started.format != self._format:
            self.fault = f"Asterisk sends {started.format} where {self._format} was asked for"
        elif not started.frame_bytes:
            self.fault = f"Asterisk passes {started.format} through as it is, without a queue of its own"
        else:
            self.started = started

    def _flush(self) -> None:
        """The agent was interrupted: have Asterisk drop what it has not played."""
        self._speaking = False
        self.counters.flushes += 1
        self._rest = b""
        self._marks.forget()
        self._command(Command.FLUSH)

    def _sound(self, pcm: bytes | None) -> None:
        if pcm is None and self._marks.surplus:
            self._marks.surplus -= 1
            self.counters.left_out += 1
            return
        self._marks.sent(speech=pcm is not None)
        for message in self._cut(pcm or bytes(frame_bytes(self._playout.rate))):
            self._send(message)

    def _cut(self, pcm: bytes) -> list[bytes]:
        """Messages of the size that Asterisk likes: what is left over of one is dropped there, so it waits here."""
        size = self.started.frame_bytes if self.started else len(pcm)
        if len(pcm) == size and not self._rest:
            return [pcm]
        whole = self._rest + pcm
        end = len(whole) - len(whole) % size
        self._rest = whole[end:]
        return [whole[start : start + size] for start in range(0, end, size)]

    def _command(self, command: Command, mark: str = "") -> None:
        if self.started:
            self._send(encode(self.started.dialect, command, mark))
