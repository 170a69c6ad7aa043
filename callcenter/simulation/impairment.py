"""A bad network: what it does to the datagrams that are sent over it."""

import random
from dataclasses import dataclass

from callcenter.simulation.persona import Network

BEHIND_S = 0.001
"""A datagram that has changed places follows the other one this closely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A datagram, and when it arrives."""

    at: float
    datagram: bytes


class Impairment:
    """Loses, swaps and delays, the same for the same `seed`; times are in seconds on any one clock."""

    def __init__(self, network: Network, seed: int) -> None:
        self._network = network
        self._random = random.Random(seed)
        self._held: bytes | None = None

    def send(self, datagram: bytes, at: float) -> list[Due]:
        """What arrives for a datagram sent at `at`, in the order of arrival.

        Nothing when it is lost or changes places with its successor, two datagrams when it is that successor. Delays
        can change the order further: of what was returned before, something may be due later.
        """
        # Always three draws, so that the losses are the same whatever else is wrong with the network.
        lost = self._random.random() < self._network.loss
        delay_s = self._random.random() * self._network.jitter_ms / 1000
        swapped = self._random.random() < self._network.reorder
        held, self._held = self._held, None
        if swapped and held is None and not lost:
            self._held = datagram
            return []
        arriving = [] if lost else [Due(at=at + delay_s, datagram=datagram)]
        if held is not None:
            arriving.append(Due(at=at + delay_s + BEHIND_S, datagram=held))
        return arriving
