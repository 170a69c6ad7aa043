"""A bad network, datagram by datagram."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.simulation.impairment import Due, Impairment
from callcenter.simulation.persona import Network

COUNT = 20_000


def sent(network: Network, count: int = COUNT, seed: int = 1) -> list[Due]:
    """What becomes of `count` datagrams, one each 20 ms, each holding its number."""
    impairment = Impairment(network, seed)
    return [due for number in range(count) for due in impairment.send(str(number).encode(), number * 0.02)]


def order(arriving: list[Due]) -> list[int]:
    return [int(due.datagram) for due in sorted(arriving, key=lambda due: due.at)]


def test_perfect() -> None:
    assert sent(Network(), 5) == [Due(at=number * 0.02, datagram=str(number).encode()) for number in range(5)]


@pytest.mark.parametrize("loss", [0.05, 0.5, 1.0])
def test_loss(loss: float) -> None:
    assert 1 - len(sent(Network(loss=loss))) / COUNT == pytest.approx(loss, abs=0.01)


@pytest.mark.parametrize("jitter_ms", [15, 60])
def test_jitter(jitter_ms: float) -> None:
    delays = [due.at - int(due.datagram) * 0.02 for due in sent(Network(jitter_ms=jitter_ms))]
    assert len(delays) == COUNT
    assert min(delays) >= 0
    assert max(delays) == pytest.approx(jitter_ms / 1000, rel=0.01)
    assert sum(delays) / COUNT == pytest.approx(jitter_ms / 2000, rel=0.05)


def test_jitter_changes_the_order_only_when_it_is_longer_than_a_packet() -> None:
    assert order(sent(Network(jitter_ms=20))) == list(range(COUNT))
    assert order(sent(Network(jitter_ms=60))) != list(range(COUNT))


def test_reorder() -> None:
    arrived = order(sent(Network(reorder=0.1), COUNT))
    swapped = sum(number < before for before, number in pairwise(arrived))
    # One that has just changed places with its predecessor stays where it is.
    assert swapped / COUNT == pytest.approx(0.1 / 1.1, abs=0.01)
    assert max(abs(number - place) for place, number in enumerate(arrived)) == 1


@given(
    st.builds(Network, jitter_ms=st.floats(0, 200), loss=st.floats(0, 1), reorder=st.floats(0, 1)), st.integers(0, 99)
)
def test_nothing_is_added_and_the_same_seed_does_the_same(network: Network, seed: int) -> None:
    arrived = sent(network, 100, seed)
    assert len({due.datagram for due in arrived}) == len(arrived)
    assert all(due.at >= int(due.datagram) * 0.02 for due in arrived)
    assert arrived == sent(network, 100, seed)


def test_losses_do_not_depend_on_the_rest() -> None:
    alone, together = (sent(Network(loss=0.1, jitter_ms=jitter), 500) for jitter in (0, 60))
    assert {due.datagram for due in alone} == {due.datagram for due in together}
    assert sent(Network(loss=0.1), 500, seed=1) != sent(Network(loss=0.1), 500, seed=2)
