"""What is made of the moments at which packets arrive."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.bench.arrivals import FRAME, PERIOD, Stream, jitter, timekeeping

BEGIN, SECOND = 100.0, 50


def stream(
    late_ms: dict[int, float] | None = None,
    *,
    lost: Sequence[int] = (),
    skipped_before: dict[int, int] | None = None,
    first: tuple[int, int] = (0, 0),
    packets: int = SECOND,
) -> Stream:
    """A second of a stream; packets are late, lost or preceded by frames that were never made, by number."""
    skips = np.cumsum([(skipped_before or {}).get(number, 0) for number in range(packets)], dtype=np.int64)
    times = np.arange(packets) + skips
    kept = [number for number in range(packets) if number not in lost]
    late = np.array([(late_ms or {}).get(number, 0.0) for number in range(packets)]) / 1000
    return Stream(
        at=(BEGIN + 0.005 + times * PERIOD + late)[kept],
        sequence=((first[0] + np.arange(packets)) & 0xFFFF)[kept],
        timestamp=((first[1] + times * FRAME) & 0xFFFFFFFF)[kept],
        begin=BEGIN,
        end=BEGIN + (times[-1] + 1) * PERIOD if packets else BEGIN + SECOND * PERIOD,
    )


@pytest.mark.parametrize(
    ("given_stream", "late", "left_out", "missing", "worst_ms"),
    [
        pytest.param(stream(), 0, 0, 0, 0.0, id="perfect"),
        pytest.param(stream({7: 19.9}), 0, 0, 0, 19.9, id="as-late-as-allowed"),
        pytest.param(stream({7: 20.1, 9: 45.0}), 2, 0, 0, 45.0, id="two-late"),
        pytest.param(stream(dict.fromkeys(range(1, 50), 25.0)), 49, 0, 0, 25.0, id="all-later-than-the-first"),
        pytest.param(stream(skipped_before={20: 3}), 0, 3, 0, 0.0, id="a-stall-made-good-by-skipping"),
        pytest.param(stream(lost=[3, 4, 30]), 0, 0, 3, 0.0, id="lost"),
        pytest.param(stream(lost=range(10)), 0, 0, 9, 0.0, id="begins-late"),
        pytest.param(stream(lost=range(40, 50)), 0, 0, 9, 0.0, id="stops-early"),
        pytest.param(stream(packets=0), 0, 0, 50, 0.0, id="nothing"),
        pytest.param(stream({7: 30.0}, first=(65530, 0xFFFFFF00)), 1, 0, 0, 30.0, id="counters-wrap"),
    ],
)
def test_what_became_of_the_frames(
    given_stream: Stream, late: int, left_out: int, missing: int, worst_ms: float
) -> None:
    found = timekeeping([given_stream])
    assert (found.late, found.left_out, found.missing) == (late, left_out, missing)
    assert found.worst_ms == pytest.approx(worst_ms, abs=0.01)
    assert found.kept is (late + left_out + missing == 0)


def test_streams_are_summed_and_the_worst_one_shows() -> None:
    found = timekeeping([stream(), stream({5: 21.0}), stream(lost=[9])])
    assert (found.packets, found.late, found.missing) == (149, 1, 1)
    assert found.worst_ms == pytest.approx(21.0, abs=0.01)
    assert found.jitter_ms < found.jitter_max_ms


def test_no_stream_at_all() -> None:
    assert timekeeping([]).packets == 0


@pytest.mark.parametrize("count", [1, 16, 200])
def test_jitter_approaches_a_constant_difference(count: int) -> None:
    """J += (|D| - J) / 16 has this closed form for an unchanging D."""
    gaps = np.array([(-1) ** number * 0.004 for number in range(count)])
    assert jitter(gaps) == pytest.approx(0.004 * (1 - (15 / 16) ** count))


def test_most_gaps_tell_the_p99() -> None:
    found = timekeeping([stream(dict.fromkeys(range(0, 50, 2), 2.0))])
    assert found.gap_p99_ms == pytest.approx(2.0, abs=0.01)


@given(
    late=st.dictionaries(st.integers(1, SECOND - 1), st.floats(0, 200).filter(lambda ms: abs(ms - 20) > 0.01)),
    first=st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)),
)
def test_every_late_packet_is_counted_wherever_the_counters_begin(
    late: dict[int, float], first: tuple[int, int]
) -> None:
    found = timekeeping([stream(late, first=first)])
    assert found.late == sum(ms > 20 for ms in late.values())
    assert found.left_out == 0
    assert found.worst_ms == pytest.approx(max(late.values(), default=0.0), abs=0.01)


@given(lost=st.sets(st.integers(2, SECOND - 3)), skips=st.dictionaries(st.integers(1, SECOND - 1), st.integers(1, 9)))
def test_what_is_lost_and_what_was_never_made_are_told_apart(lost: set[int], skips: dict[int, int]) -> None:
    found = timekeeping([stream(lost=sorted(lost), skipped_before=skips)])
    assert (found.left_out, found.missing, found.late) == (sum(skips.values()), len(lost), 0)
