import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.pcm import Clip
from callcenter.media.playout import LIMIT_S, Heard, Playout

RATE = 8000
FRAME = 160
"""Samples."""
LEVEL = 20000
FADE = 64
"""Samples: 8 ms."""
STEEPEST = LEVEL // FRAME + LEVEL // (FADE - 1) + 2
"""The largest step between two samples: of a clip's own slope and a fade's together."""


def clip(text: str = "one two three four", frames: float = 10, before: float = 0, after: float = 0) -> Clip:
    """A steady sound of so many frames between silences; its level rises and falls within a frame of its ends."""
    envelope = np.minimum(np.arange(round(frames * FRAME)) / FRAME, 1)
    sound = np.minimum(envelope, envelope[::-1]) * LEVEL
    silences = [np.zeros(round(length * FRAME)) for length in (before, after)]
    samples = np.concatenate([silences[0], sound, silences[1]])
    return Clip(text=text, pcm=samples.astype("<i2").tobytes(), rate=RATE)


def playing(*clips: Clip) -> Playout:
    playout = Playout(RATE)
    for each in clips:
        assert playout.say(each)
    return playout


def take(playout: Playout, frames: int, start: int = 0) -> bytes:
    """So many frames as a line sends them, with silence where there is nothing to play; at times of `start` and on."""
    return b"".join(playout.frame(float(start + number)) or bytes(2 * FRAME) for number in range(frames))


def samples(pcm: bytes) -> list[int]:
    return [int(sample) for sample in np.frombuffer(pcm, "<i2")]


def steepest(pcm: bytes) -> int:
    return int(np.abs(np.diff([0, *samples(pcm), 0])).max())


class TestPlaying:
    def test_nothing_to_play_is_none(self) -> None:
        playout = Playout(RATE)
        assert playout.frame(0) is None
        assert (playout.speaking, playout.idle, playout.paused, playout.queued_seconds) == (False, True, False, 0)

    def test_clips_follow_each_other_without_a_gap(self) -> None:
        first, second = clip(frames=2.5), clip(frames=3.25)
        playout = playing(first, second)
        assert take(playout, 6) == (first.pcm + second.pcm).ljust(6 * 2 * FRAME, b"\0")
        assert playout.frame(6) is None
        assert playout.idle

    def test_what_is_left(self) -> None:
        playout = playing(clip(frames=10), clip(frames=5))
        assert playout.queued_seconds == pytest.approx(0.3)
        take(playout, 11)
        assert playout.queued_seconds == pytest.approx(0.08)
        assert playout.speaking
        take(playout, 4)
        assert not playout.speaking

    def test_a_full_queue_refuses(self) -> None:
        half = clip(frames=LIMIT_S * 25)
        playout = playing(half, half)
        assert not playout.say(clip(frames=1))
        take(playout, 1)
        assert playout.say(clip(text="", frames=1))
        assert playout.stop().meant == "one two three four one two three four"

    def test_a_clip_at_another_rate_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="16000 samples per second on a line at 8000"):
            Playout(RATE).say(Clip(text="", pcm=b"", rate=16000))

    @given(lengths=st.lists(st.integers(0, 1000), max_size=8), data=st.data())
    def test_samples_out_are_samples_in(self, lengths: list[int], data: st.DataObject) -> None:
        clips = [
            Clip(text=f"{length}", pcm=data.draw(st.binary(min_size=2 * length, max_size=2 * length)), rate=RATE)
            for length in lengths
        ]
        playout = playing(*clips)
        came = b""
        while pcm := playout.frame(0):
            assert len(pcm) == 2 * FRAME
            came += pcm
        said = b"".join(each.pcm for each in clips)
        assert came[: len(said)] == said
        assert not any(came[len(said) :])
        assert playout.stop().complete


class TestPause:
    def test_it_fades_out_within_a_frame(self) -> None:
        playout = playing(clip())
        before = take(playout, 3)
        playout.pause()
        assert playout.paused
        assert not playout.speaking
        assert not playout.idle
        fade = take(playout, 1)
        assert playout.frame(0) is None
        assert 0 < max(samples(fade)) <= LEVEL
        assert any(samples(fade)[: FADE // 2])
        assert not any(samples(fade)[FADE:]), "it is silent within the frame"
        assert steepest(before + fade) <= STEEPEST

    def test_it_goes_on_from_where_it_was(self) -> None:
        whole = clip()
        playout = playing(whole)
        take(playout, 3)
        playout.pause()
        take(playout, 5)
        playout.resume()
        assert playout.speaking
        faded_in, rest = take(playout, 1), take(playout, 6)
        assert samples(faded_in)[0] == 0
        assert samples(faded_in)[-1] == LEVEL
        assert rest == whole.pcm[4 * 2 * FRAME :]
        assert playout.idle

    def test_it_goes_on_from_the_start_of_the_clip(self) -> None:
        first, second = clip("one"), clip("two")
        playout = playing(first, second)
        take(playout, 13)
        playout.pause()
        take(playout, 5)
        playout.resume(rewind=True)
        assert take(playout, 10) == second.pcm
        assert playout.stop() == Heard(text="one two", meant="one two", seconds=0.4, complete=True, first_sound_at=0)

    def test_between_two_frames_it_is_not_heard(self) -> None:
        whole = clip()
        playout = playing(whole)
        before = take(playout, 3)
        playout.pause()
        playout.resume()
        assert before + take(playout, 7) == whole.pcm

    def test_a_rewind_between_two_frames_still_fades_out(self) -> None:
        whole = clip()
        playout = playing(whole)
        before = take(playout, 3)
        playout.pause()
        playout.resume(rewind=True)
        fade = take(playout, 1)
        assert steepest(before + fade) <= STEEPEST
        assert take(playout, 10) == whole.pcm

    def test_what_is_said_in_a_pause_waits(self) -> None:
        playout = Playout(RATE)
        playout.pause()
        playout.say(clip())
        assert playout.frame(0) is None
        playout.resume()
        assert take(playout, 10) == clip().pcm

    def test_resuming_what_is_not_paused_does_nothing(self) -> None:
        playout = playing(clip())
        before = take(playout, 3)
        playout.resume(rewind=True)
        assert before + take(playout, 7) == clip().pcm


class TestTrail:
    def test_it_is_what_was_sent(self) -> None:
        playout = playing(clip(frames=3.5))
        pcm = b""
        for number in range(10):
            if number == 2:
                playout.pause()
            elif number == 5:
                playout.resume()
            pcm += playout.frame(7 + number / 50) or bytes(2 * FRAME)
        assert [round(float(each) * 32768) for each in playout.trail.samples(0, 10 * FRAME)] == samples(pcm)
        assert any(samples(pcm)[2 * FRAME : 2 * FRAME + FADE]), "the fade is part of it"
        assert playout.trail.sounded_at == pytest.approx(7.12)


class TestStop:
    def test_it_fades_out_and_drops_the_rest(self) -> None:
        playout = playing(clip(), clip())
        before = take(playout, 3)
        playout.stop()
        assert (playout.idle, playout.speaking, playout.queued_seconds) == (True, False, 0)
        fade = take(playout, 1)
        assert any(fade)
        assert steepest(before + fade) <= STEEPEST
        assert playout.frame(0) is None

    def test_what_is_said_next_follows_the_fade(self) -> None:
        playout = playing(clip())
        take(playout, 3)
        playout.stop()
        following = clip("five six", frames=4)
        playout.say(following)
        take(playout, 1)
        assert take(playout, 4) == following.pcm
        assert playout.stop().text == "five six"

    def test_a_pause_and_its_end_before_the_next_frame_leave_the_fade(self) -> None:
        playout = playing(clip())
        before = take(playout, 3)
        playout.stop()
        playout.pause()
        playout.resume()
        assert steepest(before + take(playout, 1)) <= STEEPEST

    def test_it_lifts_a_pause(self) -> None:
        playout = playing(clip())
        take(playout, 3)
        playout.pause()
        assert playout.stop().text == "one"
        assert not playout.paused
        assert any(take(playout, 1)), "the fade of the pause"
        playout.say(clip())
        assert take(playout, 10) == clip().pcm

    def test_the_next_turn_begins_with_nothing(self) -> None:
        playout = playing(clip())
        take(playout, 12)
        playout.stop()
        assert playout.stop() == Heard(text="", meant="", seconds=0, complete=True, first_sound_at=None)


@pytest.mark.parametrize(
    ("frames", "text", "complete"),
    [
        (0, "", False),
        (4, "", False),  # silence so far
        (5, "", False),
        (7, "one", False),
        (9, "one two", False),
        (12, "one two three", False),
        (14, "one two three four", False),
        (20, "one two three four", False),
        (23, "one two three four five", False),
        (26, "one two three four five six", True),
    ],
)
def test_heard(frames: int, text: str, complete: bool) -> None:
    playout = playing(clip(before=4, frames=10, after=5), clip("five  six\n", frames=6, after=4))
    take(playout, frames)
    heard = playout.stop()
    assert (heard.text, heard.complete) == (text, complete)
    assert heard.meant == "one two three four five six"
    assert heard.seconds == pytest.approx(frames * 0.02)


@pytest.mark.parametrize(
    ("clips", "first_sound_at"),
    [
        ([clip()], 100),
        ([clip(before=4)], 104),
        ([clip(before=4.5)], 104),
        ([clip(frames=0, after=5), clip(before=1)], 106),
        ([clip(frames=0, after=5)], None),
        ([], None),
    ],
)
def test_first_sound(clips: list[Clip], first_sound_at: float | None) -> None:
    playout = playing(*clips)
    take(playout, 12, start=100)
    assert playout.stop().first_sound_at == first_sound_at


def test_a_silent_clip_is_heard_when_it_is_over() -> None:
    playout = playing(clip("quiet", frames=0, after=5))
    take(playout, 4)
    heard = playout.stop()
    assert (heard.text, heard.complete) == ("", False)


ACTIONS = st.one_of(
    st.integers(1, 8),
    st.sampled_from(["pause", "resume", "rewind", "stop"]),
    st.builds(
        clip,
        text=st.text("ab ", max_size=30),
        frames=st.floats(2, 12),
        before=st.floats(0, 3),
        after=st.floats(0, 3),
    ),
)


@given(actions=st.lists(ACTIONS, max_size=40))
def test_whatever_happens_there_is_no_click_and_no_word_too_many(actions: list[int | str | Clip]) -> None:
    playout = Playout(RATE)
    sent = b""
    said: list[str] = []
    for action in [*actions, 100, "stop", 1]:
        match action:
            case int():
                sent += take(playout, action)
            case Clip():
                playout.say(action)
                said += action.text.split()
            case "pause":
                playout.pause()
            case "resume":
                playout.resume()
            case "rewind":
                playout.resume(rewind=True)
            case _:
                heard = playout.stop()
                assert heard.meant == " ".join(said)
                assert heard.text.split() == said[: len(heard.text.split())]
                assert heard.text == heard.meant or not heard.complete
                said = []
    assert steepest(sent) <= STEEPEST
