"""Which line gets a jitter buffer, and of what size."""

import pytest

from callcenter.asterisk.jitter_buffer import size_ms


@pytest.mark.parametrize(
    ("jitter_ms", "size"), [(0, 0), (1.5, 0), (7.9, 0), (8, 40), (11, 60), (16.6, 80), (20, 80), (90, 200)]
)
def test_size(jitter_ms: float, size: int) -> None:
    assert size_ms(jitter_ms / 1000) == size
