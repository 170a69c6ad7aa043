"""Levels for tests."""

from callcenter.bench.arrivals import Timekeeping
from callcenter.bench.levels import Level, Load, Plane, Spread


def level(
    calls: int = 100,
    *,
    cpu: float = 0.3,
    late: int = 0,
    load_ms: float = 1.0,
    memory: int = 100_000,
    heard: int = 9,
) -> Level:
    """One that held unless told otherwise."""
    return Level(
        calls=calls,
        plane=Plane(
            cpu=cpu,
            memory=memory,
            heard=heard,
            late_ticks=0,
            lag_p99_ms=1.0,
            dropped=0,
            vad_ms=Spread(p50=7, p99=15),
            say_ms=Spread(p50=10, p99=20),
        ),
        sent=Timekeeping(
            packets=calls * 50,
            late=late,
            left_out=0,
            missing=0,
            worst_ms=3,
            jitter_ms=0.2,
            jitter_max_ms=0.5,
            gap_p99_ms=2,
        ),
        load=Load(cpu=0.1, p99_ms=0.5, max_ms=load_ms, unsent=0),
        others=0.0,
    )
