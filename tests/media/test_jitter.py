import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.jitter import MAX_DROPOUT, MAX_MISORDER, WINDOW, Reorder
from callcenter.media.rtp_packet import Counters, Packet


def packet(sequence: int, ssrc: int = 1) -> Packet:
    return Packet(payload_type=0, sequence=sequence & 0xFFFF, timestamp=0, ssrc=ssrc, payload=b"")


def pushed(*sequences: int, first: int = 0) -> tuple[list[int], Counters]:
    """What comes out for packets numbered from `first`, in terms of the same numbers."""
    counters = Counters()
    reorder = Reorder(counters)
    out = [due for sequence in sequences for due in reorder.push(packet(sequence + first))]
    return [(due.sequence - first) & 0xFFFF for due in out], counters


@pytest.mark.parametrize("first", [0, 1000, 0xFFFD, 0xFFFF])
@pytest.mark.parametrize(
    ("sequences", "out", "counted"),
    [
        ([0, 1, 2, 3], [0, 1, 2, 3], {}),
        ([0, 2, 1, 3], [0, 1, 2, 3], {}),
        ([0, 3, 2, 1, 4], [0, 1, 2, 3, 4], {}),
        ([0, 1, 1, 2, 0], [0, 1, 2], {"duplicate": 2}),
        ([0, 2, 2, 1], [0, 1, 2], {"duplicate": 1}),
        ([0, 2, 3], [0], {}),
        ([0, 2, 3, 4], [0, 2, 3, 4], {"lost": 1}),
        ([0, 2, 3, 4, 1, 5], [0, 2, 3, 4, 5], {"lost": 1, "late": 1}),
        ([0, 2, 3, 4, 1, 1, 5], [0, 2, 3, 4, 5], {"lost": 1, "late": 1, "duplicate": 1}),
        ([0, 2, 4, 6, 8], [0, 2, 4], {"lost": 2}),
        ([0, 11, 12, 13], [0, 11, 12, 13], {"lost": 10}),
    ],
)
def test_order(first: int, sequences: list[int], out: list[int], counted: dict[str, int]) -> None:
    assert pushed(*sequences, first=first) == (out, Counters(**counted))


@pytest.mark.parametrize("jump", [MAX_DROPOUT + 1, 5000, -MAX_MISORDER - 2, -5000])
def test_a_far_jump_is_a_new_start_when_a_second_packet_follows(jump: int) -> None:
    out, counters = pushed(0, 1, 2 + jump, 3 + jump, 4 + jump)
    assert out == [0, 1, *((number + jump) & 0xFFFF for number in (2, 3, 4))]
    assert counters == Counters(restarts=1)


def test_a_single_stray_packet_changes_nothing() -> None:
    assert pushed(0, 1, 9000, 2, 3) == ([0, 1, 2, 3], Counters(stray=1))


def test_another_ssrc_takes_over_with_its_second_packet_and_loses_none() -> None:
    counters = Counters()
    reorder = Reorder(counters)
    assert reorder.push(packet(5)) == [packet(5)]
    assert reorder.push(packet(900, ssrc=2)) == []
    assert reorder.push(packet(901, ssrc=2)) == [packet(900, ssrc=2), packet(901, ssrc=2)]
    assert reorder.push(packet(902, ssrc=2)) == [packet(902, ssrc=2)]
    assert counters == Counters(restarts=1)


def test_a_second_stream_mixed_into_a_live_one_never_takes_over() -> None:
    counters = Counters()
    reorder = Reorder(counters)
    for number in range(20):
        assert reorder.push(packet(number)) == [packet(number)]
        assert reorder.push(packet(number + 300, ssrc=2)) == []
    assert counters == Counters(stray=19)


@given(order=st.permutations(range(12)), copies=st.lists(st.integers(0, 11)), first=st.integers(0, 0xFFFF))
def test_whatever_the_order_each_comes_once_and_none_before_an_earlier_one(
    order: list[int], copies: list[int], first: int
) -> None:
    out, counters = pushed(0, *(number + 1 for number in [*order, *copies]), *range(13, 16), first=first)
    assert out == sorted(set(out))
    assert len(out) + counters.lost == 16
    assert counters.duplicate + counters.late == len(copies) + counters.lost


@given(
    history=st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(1, 3)), max_size=50),
    first=st.integers(0, 0xFFFF),
    ssrc=st.integers(1, 3),
)
def test_after_any_history_a_steady_stream_flows_at_once_again(
    history: list[tuple[int, int]], first: int, ssrc: int
) -> None:
    reorder = Reorder(Counters())
    for number, other in history:
        reorder.push(packet(number, ssrc=other))
    settling = MAX_MISORDER + WINDOW + 2
    for number in range(settling):
        reorder.push(packet(first + number, ssrc=ssrc))
    for number in range(settling, settling + 10):
        assert reorder.push(packet(first + number, ssrc=ssrc))[-1] == packet(first + number, ssrc=ssrc)
