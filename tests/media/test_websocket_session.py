"""A session in virtual time: what Asterisk does is decided by each test, tick by tick."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.media.pcm import Clip
from callcenter.media.playout import Playout
from callcenter.media.websocket_session import MARK_EVERY, MOST_AHEAD, Session

START = "MEDIA_START connection_id:1 channel:x channel_id:y format:slin optimal_frame_size:320 ptime:20"


class Room:
    """A session, its playout, and an Asterisk whose queue is looked into."""

    def __init__(self, start: str = START, *, marks: bool = True) -> None:
        self.playout = Playout(8000)
        self.queue: deque[str | bytes] = deque()
        self.said: list[str | bytes] = []
        self.heard: list[bytes] = []
        self.marks = marks
        self.tick = 0
        self.session = Session("slin", self.playout, self._sent)
        self.session.text(start)

    def _sent(self, message: str | bytes) -> None:
        self.said.append(message)
        if message == "FLUSH_MEDIA":
            self.queue.clear()
        elif isinstance(message, bytes) or (message.startswith("MARK_MEDIA") and self.marks):
            self.queue.append(message)

    @property
    def queued(self) -> int:
        return sum(isinstance(item, bytes) for item in self.queue)

    def pass_(self, ticks: int = 1, *, plays: bool = True, choked: bool = False) -> None:
        for _ in range(ticks):
            self.tick += 1
            self.session.tick(self.tick * 0.02, 0, choked=choked)
            if plays:
                self.play()

    def play(self) -> None:
        """20 ms of Asterisk's own clock."""
        while self.queue and isinstance(item := self.queue[0], str):
            self.queue.popleft()
            self.session.text(item.replace("MARK_MEDIA", "MEDIA_MARK_PROCESSED"))
        if self.queue:
            item = self.queue.popleft()
            assert isinstance(item, bytes)
            self.heard.append(item)


def clip(frames: int) -> Clip:
    pcm = b"".join(int(1000 + number).to_bytes(2, "little") * 160 for number in range(frames))
    return Clip(text="words", pcm=pcm, rate=8000)


def test_a_frame_a_tick_and_a_mark_every_so_often() -> None:
    room = Room()
    room.playout.say(clip(3))
    room.pass_(30)
    marks = [place for place, message in enumerate(room.said) if isinstance(message, str)]
    assert room.said[:3] == [clip(3).pcm[start : start + 320] for start in (0, 320, 640)]
    assert room.said[marks[0]] == "MARK_MEDIA 1", "when the turn has ended"
    assert marks[0] == 3
    assert sum(isinstance(message, bytes) for message in room.said) == 30
    assert len(marks) == 1 + 27 // MARK_EVERY
    assert (room.session.counters.sent, room.session.counters.left_out) == (30, 0)


def test_the_dialect_is_the_one_that_asterisk_began_with() -> None:
    start = '{"event":"MEDIA_START","connection_id":"1","format":"slin","optimal_frame_size":320,"ptime":20}'
    room = Room(start, marks=False)
    room.pass_(MARK_EVERY)
    assert room.said[-1] == '{"command": "MARK_MEDIA", "correlation_id": "1"}'


@pytest.mark.parametrize("size", [80, 160, 320, 480, 640, 1000])
def test_messages_are_as_large_as_asterisk_likes_them(size: int) -> None:
    room = Room(START.replace(":320", f":{size}"), marks=False)
    room.playout.say(clip(50))
    room.pass_(50)
    frames = [message for message in room.said if isinstance(message, bytes)]
    assert {len(frame) for frame in frames} == {size}
    assert clip(50).pcm.startswith(b"".join(frames))
    assert len(b"".join(frames)) > 50 * 320 - size


@pytest.mark.parametrize(
    ("start", "fault"),
    [
        (START.replace("slin", "ulaw"), "Asterisk sends ulaw where slin was asked for"),
        (START.replace(":320", ":0"), "Asterisk passes slin through as it is, without a queue of its own"),
    ],
    ids=["another format", "passed through"],
)
def test_a_start_that_cannot_be_used(start: str, fault: str) -> None:
    session = Room(start).session
    assert (session.fault, session.started) == (fault, None)


def test_played_is_what_asterisk_has_played() -> None:
    room = Room()
    room.pass_(MARK_EVERY + 1)
    room.playout.say(clip(2))
    room.pass_(2, plays=False)
    assert room.playout.idle
    assert not room.session.played
    room.play()
    assert not room.session.played
    room.play()
    room.play()
    assert room.session.played


def test_what_is_interrupted_is_flushed_once_and_its_marks_are_not_waited_for() -> None:
    room = Room()
    room.pass_(MARK_EVERY + 1)
    room.playout.say(clip(100))
    room.pass_(15, plays=False)
    room.playout.pause()
    room.pass_(1, plays=False)
    assert room.said.count("FLUSH_MEDIA") == 1
    assert room.queued == 1, "the fade-out"
    room.pass_(300)
    assert (room.said.count("FLUSH_MEDIA"), room.session.fault) == (1, "")
    room.playout.resume()
    room.pass_(100)
    assert room.session.played


def test_what_is_interrupted_while_asterisk_plays_nothing_is_flushed_too() -> None:
    room = Room()
    room.pass_(MARK_EVERY + 1)
    room.playout.say(clip(100))
    room.pass_(60, plays=False)
    assert room.session.counters.held
    room.playout.pause()
    room.pass_(1, plays=False)
    assert room.queued == 1, "the fade-out"


def test_a_turn_that_ends_by_itself_is_not_flushed() -> None:
    room = Room()
    room.playout.say(clip(10))
    room.pass_(50)
    assert "FLUSH_MEDIA" not in room.said


@pytest.mark.parametrize("full", ["MEDIA_XOFF", '{"event":"MEDIA_XOFF","channel_id":"y"}'])
def test_nothing_is_sent_while_asterisk_is_full(full: str) -> None:
    room = Room()
    room.playout.say(clip(20))
    room.pass_(5)
    room.session.text(full)
    before = list(room.said)
    room.pass_(20)
    assert room.said == before
    assert room.session.counters.held == 20
    assert room.playout.queued_seconds == pytest.approx(0.3)
    room.session.text("MEDIA_XON")
    room.pass_(1)
    assert len(room.said) == len(before) + 1, "no burst"


def test_frames_are_held_when_asterisk_does_not_play_and_silence_is_left_out_afterwards() -> None:
    room = Room()
    room.pass_(MARK_EVERY + 1)
    room.playout.say(clip(60))
    room.pass_(50, plays=False)
    assert room.queued <= MOST_AHEAD
    assert room.session.counters.held >= 50 - MOST_AHEAD
    room.pass_(80)
    assert room.session.played
    assert b"".join(frame for frame in room.heard if any(frame)) == clip(60).pcm
    room.pass_(40)
    assert room.queued <= 3
    assert room.session.counters.left_out >= 10
    room.pass_(200)
    assert room.queued == room.session.counters.sent - len(room.heard) <= 3


def test_a_hiccup_of_one_mark_leaves_nothing_out() -> None:
    room = Room()
    room.pass_(MARK_EVERY + 6)
    room.pass_(8, plays=False)
    for _ in range(8):
        room.play()
    room.pass_(100)
    assert room.session.counters.left_out == 0
    assert room.session.counters.most_ahead > 3


@pytest.mark.parametrize(
    ("marks", "fault"),
    [(True, "Asterisk has played nothing for 5 s"), (False, "")],
    ids=["with marks", "an Asterisk that knows none"],
)
def test_what_is_never_played(marks: bool, fault: str) -> None:
    room = Room(marks=marks)
    room.pass_(MARK_EVERY + 1)
    room.pass_(240, plays=False)
    assert room.session.fault == ""
    room.pass_(30, plays=False)
    assert room.session.fault == fault
    assert room.session.counters.held == (0 if not marks else pytest.approx(240, abs=10))


def test_an_asterisk_that_knows_no_marks_is_sent_none_after_a_while() -> None:
    room = Room(marks=False)
    room.pass_(300)
    asked = sum(isinstance(message, str) for message in room.said)
    room.playout.say(clip(20))
    room.pass_(200)
    assert sum(isinstance(message, str) for message in room.said) == asked
    assert len([frame for frame in room.heard if any(frame)]) == 20
    assert room.session.played


def test_a_socket_that_takes_nothing() -> None:
    room = Room()
    room.pass_(5)
    room.playout.say(clip(50))
    room.pass_(240, choked=True)
    assert (room.session.fault, room.session.counters.sent) == ("", 5)
    room.pass_(3)
    room.pass_(240, choked=True)
    assert (room.session.fault, room.session.counters.sent) == ("", 8)
    room.pass_(20, choked=True)
    assert room.session.fault == "Asterisk has taken nothing for 5 s"


def test_ticks_without_a_frame_are_told_to_the_playout() -> None:
    room = Room()
    room.pass_(2)
    room.session.text("MEDIA_XOFF")
    room.pass_(3)
    room.session.text("MEDIA_XON")
    room.session.tick(0.2, 4, choked=False)
    assert room.playout.trail.position(0.22) == (2 + 3 + 4 + 1) * 160
    assert room.session.counters.skipped == 4


@given(st.lists(st.sampled_from(["tick", "stuck", "choked", "say", "pause", "resume", "stop", "xoff", "xon"])))
@settings(max_examples=100, deadline=None)
def test_whatever_happens_little_is_ahead_and_all_of_it_is_counted(course: list[str]) -> None:
    room = Room()
    room.pass_(MARK_EVERY + 2)
    for step in course:
        match step:
            case "say":
                room.playout.say(clip(7))
            case "pause" | "resume" | "stop":
                getattr(room.playout, step)()
            case "xoff" | "xon":
                room.session.text(f"MEDIA_{step.upper()}")
            case _:
                room.pass_(plays=step != "stuck", choked=step == "choked")
        assert room.queued <= MOST_AHEAD
    frames = sum(isinstance(message, bytes) for message in room.said)
    counters = room.session.counters
    assert counters.sent == frames
    assert room.tick == counters.sent + counters.held + counters.left_out
    room.session.text("MEDIA_XON")
    room.playout.stop()
    room.pass_(100)
    assert room.session.played
    assert room.queued <= 3


@given(st.lists(st.sampled_from(["MEDIA_MARK_PROCESSED 1", "MEDIA_MARK_PROCESSED 2", "MEDIA_MARK_PROCESSED x", START])))
def test_marks_that_asterisk_invents_change_nothing(messages: list[str]) -> None:
    room = Room()
    for message in messages:
        room.session.text(message)
    room.pass_(60)
    assert room.session.fault == ""
    assert len(room.heard) == 60
