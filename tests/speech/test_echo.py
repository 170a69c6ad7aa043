"""Which sound is the agent's own, with voices, ways and delays that are known."""

import numpy as np
import pytest

from callcenter.media.pcm import Samples, Trail, rms_dbfs, to_pcm, to_samples
from callcenter.speech.echo import CERTAIN, Echo
from tests.speech.duplex import RATE, Duplex, duplex, echo_of, noise, voice

LEAST = -45.0
"""dBFS: quieter is nothing."""
AGENT = voice(1, 6, pitch=110)
RATES = [RATE, 16_000]
"""Of the line; the voices are narrow on both."""


def judged(line: Duplex, echo: Echo) -> list[tuple[float, float, bool]]:
    """Of each window its end, its level, and whether something is left of it without the echo."""
    found = []
    for window in line.windows():
        echo.hear(window.pcm)
        found.append((window.ended, rms_dbfs(to_samples(window.pcm)), echo.leaves(LEAST, window.ended)))
    return found


def share(flags: list[bool]) -> float:
    assert len(flags) > 20, "else it says little"
    return sum(flags) / len(flags)


@pytest.mark.parametrize("filtered", [False, True], ids=["plain", "filtered"])
@pytest.mark.parametrize("down_db", [10, 20])
@pytest.mark.parametrize("delay_ms", [20, 137.5, 300])
@pytest.mark.parametrize("rate", RATES)
def test_an_echo_is_none_of_the_callers(delay_ms: float, down_db: float, filtered: bool, rate: int) -> None:
    line = duplex(AGENT, echo_of(AGENT, delay_ms=delay_ms, down_db=down_db, filtered=filtered), rate=rate)
    echo = Echo(line.trail)
    windows = judged(line, echo)
    assert echo.known
    assert share([left for ended, level, left in windows if ended > 1.5 and level >= LEAST]) <= 0.02


@pytest.mark.parametrize("pitch", [110, 180])
@pytest.mark.parametrize("dbfs", [-20, -30])
@pytest.mark.parametrize("rate", RATES)
def test_a_caller_is_no_echo(pitch: float, dbfs: float, rate: int) -> None:
    line = duplex(AGENT, voice(2, 6, pitch=pitch, dbfs=dbfs), rate=rate)
    echo = Echo(line.trail)
    windows = judged(line, echo)
    assert not echo.known
    assert share([left for _, level, left in windows if level >= LEAST]) >= 0.98


@pytest.mark.parametrize("pitch", [110, 180])
@pytest.mark.parametrize("dbfs", [-20, -30])
@pytest.mark.parametrize("rate", RATES)
def test_a_caller_is_heard_over_an_echo(pitch: float, dbfs: float, rate: int) -> None:
    caller = np.concatenate([np.zeros(2 * RATE, np.float32), voice(2, 4, pitch=pitch, dbfs=dbfs)])
    line = duplex(AGENT, caller + echo_of(AGENT, delay_ms=120, down_db=20, filtered=True), rate=rate)
    echo = Echo(line.trail)
    heard = {round(ended, 3): left for ended, _, left in judged(line, echo)}
    clear = [
        heard[round(ended, 3)]
        for ended, level, _ in judged(duplex(AGENT, caller, rate=rate), Echo(Trail(rate)))
        if level > -36 and ended > 2.1  # the echo is at -40
    ]
    assert share(clear) >= 0.95
    assert not any(left for ended, left in heard.items() if 1.5 < ended < 1.9)


def test_an_echo_whose_delay_changes_is_found_again() -> None:
    early, late = (echo_of(AGENT, delay_ms=delay_ms, down_db=20) for delay_ms in (90, 170))
    turn = 3 * RATE
    line = duplex(AGENT, np.concatenate([early[:turn], late[turn:]]))
    echo = Echo(line.trail)
    windows = judged(line, echo)
    assert echo.known
    assert share([left for ended, level, left in windows if ended > 3.5 and level >= LEAST]) <= 0.02


def test_a_loud_echo_of_a_room_is_an_echo_though_some_of_it_is_left() -> None:
    echoed = echo_of(AGENT, delay_ms=80, down_db=4) + echo_of(AGENT, delay_ms=100, down_db=19)
    line = duplex(AGENT, echoed)
    windows = judged(line, Echo(line.trail))
    assert share([left for ended, level, left in windows if ended > 1.5 and level >= LEAST]) <= 0.05


def test_what_a_caller_says_over_it_does_not_spoil_what_is_known_of_it() -> None:
    caller = voice(2, 6, pitch=110)
    caller[: 2 * RATE] = caller[4 * RATE :] = 0
    line = duplex(AGENT, caller + echo_of(AGENT, delay_ms=120, down_db=15))
    after = [left for ended, level, left in judged(line, Echo(line.trail)) if ended > 4.05 and level >= LEAST]
    assert share(after) <= 0.02


def test_it_is_known_only_after_some_windows() -> None:
    line = duplex(AGENT, echo_of(AGENT, delay_ms=50, down_db=10))
    echo = Echo(line.trail)
    explained = 0
    for window in line.windows():
        echo.hear(window.pcm)
        before = echo.known
        if not echo.leaves(LEAST, window.ended) and rms_dbfs(to_samples(window.pcm)) >= LEAST:
            explained += 1
        assert before or not echo.known or explained >= CERTAIN - 1
    assert echo.known


@pytest.mark.parametrize(("dbfs", "left"), [(-60, False), (-46, False), (-44, True), (-10, True)])
def test_without_an_echo_the_level_decides(dbfs: float, left: bool) -> None:
    echo = Echo(Trail(RATE))
    echo.hear(to_pcm(noise(3, 256, dbfs)))
    assert echo.leaves(LEAST, 0.032) is left


def test_silence_leaves_nothing() -> None:
    line = Duplex(trail=Trail(RATE), sent=AGENT, received=np.zeros(RATE, np.float32))
    assert not any(left for _, _, left in judged(line, Echo(line.trail)))


def test_what_was_played_long_ago_is_no_echo() -> None:
    late: Samples = echo_of(AGENT, delay_ms=900, down_db=10)
    line = duplex(AGENT, late)
    echo = Echo(line.trail)
    judged(line, echo)
    assert not echo.known
