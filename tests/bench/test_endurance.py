"""Growth told from noise."""

import numpy as np
import pytest

from callcenter.bench.endurance import Sample, endurance

HOUR_S = 3600.0


def samples(
    hours: float, mb_per_hour: float = 0.0, files_per_hour: float = 0.0, noise_mb: float = 1.5, warm_up_mb: float = 80.0
) -> list[Sample]:
    """Every 10 s, 50 calls an hour; memory also grows by `warm_up_mb` in the first minutes."""
    random = np.random.default_rng(3)
    return [
        Sample(
            at=at,
            calls=int(50 * at / HOUR_S),
            memory_mb=700.0
            + warm_up_mb * (1 - float(np.exp(-at / (0.03 * hours * HOUR_S))))
            + mb_per_hour * at / HOUR_S
            + noise_mb * float(random.standard_normal()),
            files=60 + round(files_per_hour * at / HOUR_S),
            tasks=20,
            lag_p99_ms=1.0,
        )
        for at in np.arange(0.0, hours * HOUR_S, 10.0).tolist()
    ]


@pytest.mark.parametrize(
    ("made", "flat"),
    [
        (samples(1.0), True),
        (samples(4.0), True),
        (samples(4.0, mb_per_hour=5.0), True),
        (samples(4.0, mb_per_hour=20.0), False),
        (samples(4.0, mb_per_hour=-20.0), True),
        (samples(1.0, mb_per_hour=60.0), False),
        (samples(1.0, files_per_hour=10.0), False),
        (samples(1.0, noise_mb=6.0), True),
        (samples(0.17), True),
        (samples(0.17, mb_per_hour=120.0), False),
        (samples(0.14), None),
        (samples(4.0)[::700], None),
        ([], None),
    ],
    ids=[
        "an-hour",
        "four-hours",
        "slowly",
        "leaks",
        "shrinks",
        "leaks-fast",
        "leaks-files",
        "noisy",
        "ten-minutes",
        "ten-minutes-of-a-leak",
        "too-short",
        "too-few",
        "nothing",
    ],
)
def test_flat(made: list[Sample], flat: bool | None) -> None:
    assert endurance(made).flat is flat


def test_the_line_through_memory() -> None:
    found = endurance(samples(4.0, mb_per_hour=20.0))
    assert found.mb_per_hour == pytest.approx(20, abs=1)
    assert found.mb_per_100_calls == pytest.approx(40, abs=2)
    assert found.warm_up_s == 900


def test_no_line_through_calls_when_none_ends() -> None:
    made = [Sample(at=10.0 * n, calls=0, memory_mb=700.0, files=60, tasks=20, lag_p99_ms=1.0) for n in range(90)]
    assert endurance(made).mb_per_100_calls is None
    assert endurance(made).as_json()["flat"] is True


def test_a_sample_from_the_daemons_answer() -> None:
    status = {"process": {"memory_mb": 712.5, "files": 61, "tasks": 22}, "media": {"p99_ms": 1.25}}
    expected = Sample(at=20.0, calls=3, memory_mb=712.5, files=61, tasks=22, lag_p99_ms=1.25)
    assert Sample.of(status, at=20.0, calls=3) == expected
