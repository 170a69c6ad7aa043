"""Frames and their times, of sound that comes in any pieces and at any time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.spoken import GAP_TICKS, Spoken

LOUD = b"\x00\x20"
"""A sample. Frames of it hold no holes."""


@pytest.mark.parametrize("rate", [8000, 16000])
@given(st.data())
def test_frames_are_exact_whatever_the_pieces(rate: int, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(0, 2000), max_size=20))
    pcm = b"".join(number.to_bytes(2, "little") for number in range(0x2000, 0x2000 + sum(sizes) // 2))
    spoken, taken = Spoken(rate), []
    for place, size in enumerate(sizes):
        start = sum(sizes[:place])
        taken += spoken.push(pcm[start : start + size], float(place))
    frame = rate // 50 * 2
    assert {len(frame) for _, frame in taken} <= {frame}
    assert b"".join(frame for _, frame in taken) == pcm[: len(taken) * frame]
    assert len(pcm) - len(taken) * frame < frame


def test_a_frame_has_the_time_at_which_it_came() -> None:
    spoken = Spoken(8000)
    assert [at for place in range(5) for at, _ in spoken.push(LOUD * 160, 7 + place / 50)] == [
        pytest.approx(7 + place / 50) for place in range(5)
    ]


def test_what_was_held_up_was_spoken_one_after_the_other() -> None:
    spoken = Spoken(8000)
    spoken.push(LOUD * 160, 1.0)
    late = spoken.push(LOUD * 160 * 25, 1.5)
    assert [at for at, _ in late] == [pytest.approx(1.02 + place / 50) for place in range(25)]


def test_nothing_is_spoken_before_what_came_earlier() -> None:
    spoken = Spoken(8000)
    spoken.push(LOUD * 160, 1.0)
    assert [at for at, _ in spoken.push(LOUD * 160 * 3, 1.01)] == [1.0, 1.0, 1.01]


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 1500)), max_size=40))
def test_times_never_go_back_nor_ahead(pieces: list[tuple[float, int]]) -> None:
    spoken, now, latest = Spoken(8000), 0.0, 0.0
    for since, samples in pieces:
        now += since
        for at, _ in spoken.push(LOUD * samples, now):
            assert latest <= at <= now
            latest = at


def test_a_phone_that_sends_nothing_is_silent() -> None:
    spoken = Spoken(8000)
    spoken.push(LOUD * 160, 1.0)
    due = [spoken.tick(1.0 + tick / 50) for tick in range(1, GAP_TICKS + 3)]
    assert [len(frames) for frames in due] == [0] * (GAP_TICKS - 1) + [GAP_TICKS, 1, 1]
    frames = [frame for frames in due for frame in frames]
    assert {pcm for _, pcm in frames} == {bytes(320)}
    assert [at for at, _ in frames] == [pytest.approx(1.02 + place / 50) for place in range(GAP_TICKS + 2)]


def test_a_short_gap_is_not_filled() -> None:
    spoken = Spoken(8000)
    for place in range(5):
        assert spoken.push(LOUD * 160, float(place))
        assert not any(spoken.tick(place + tick / 50) for tick in range(1, GAP_TICKS))


def test_a_short_piece_goes_on_with_the_next() -> None:
    spoken = Spoken(8000)
    assert [len(spoken.push(LOUD * samples, 1.0)) for samples in (160, 138, 160, 22, 160)] == [1, 0, 1, 1, 1]
