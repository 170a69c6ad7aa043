"""When the agent is to be silent for a sound, when it goes on, and when the caller is in no hurry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.media.pcm import Samples, Trail, rms_dbfs, to_pcm, to_samples
from callcenter.speech.onset import ECHO_S, PROOF_WINDOWS, SURE_WINDOWS, Floor, Judgement, Onset, measured
from callcenter.speech.utterances import Began, Ended, Event, Utterances, Window
from tests.speech.duplex import LINE_NOISE_DBFS, RATE, WINDOW, Duplex, duplex, echo_of, noise, voice

THRESHOLD = 0.5
QUIET = 0.01
SETTLED = PROOF_WINDOWS + 30
"""Windows after which the line's noise is known, and that it has no echo."""


class Listener:
    """An onset on a line without echo, whose agent talks or does not; windows of any sound, 32 ms apart."""

    def __init__(self, *, agent_talks: bool = True, line_dbfs: float = -60, settled: bool = True) -> None:
        self._trail = Trail(RATE)
        self._onset = Onset(THRESHOLD, self._trail)
        self.agent_talks = agent_talks
        self._agent = to_pcm(voice(9, 1))
        self._line_dbfs = line_dbfs
        self._number = 0
        if settled:
            self.hear(*[self.line(seed) for seed in range(SETTLED)])

    def line(self, seed: int) -> Samples:
        """A window of nothing but the line's noise."""
        return noise(seed, WINDOW, self._line_dbfs)

    def hear(self, *windows: Samples, probability: float = QUIET) -> list[bool | None]:
        """What each of them begins."""
        return [self._judge(window, probability) for window in windows]

    def _judge(self, samples: Samples, probability: float) -> bool | None:
        self._number += 1
        at = self._number * 0.032
        if self.agent_talks:
            self._trail.put(self._agent[self._number % 40 * 320 :][:320], at)
        window = Window(pcm=to_pcm(samples), began=at - 0.03, ended=at)
        judgement = self._onset.judge(window, probability, measured([window.pcm])[0])
        assert judgement.probability == probability, "there is no echo"
        return judgement.begins


def burst(ms: float, dbfs: float, before_ms: float = 0) -> list[Samples]:
    """Windows with one stretch of noise."""
    samples = np.zeros(4 * WINDOW, np.float32)
    start, size = round(before_ms * RATE / 1000), round(ms * RATE / 1000)
    samples[start : start + size] = noise(5, size, dbfs)
    return list(samples.reshape(4, WINDOW) + noise(6, 4 * WINDOW, -60).reshape(4, WINDOW))


class TestOverTheAgent:
    @pytest.mark.parametrize(
        ("ms", "dbfs", "before_ms", "expected"),
        [
            pytest.param(128, -20, 0, [False, True, False, False], id="once, when it has lasted"),
            pytest.param(128, -40, 0, [False, True, False, False], id="a soft consonant"),
            pytest.param(100, -20, 20, [False, True, False, False], id="within two windows wherever it begins"),
            pytest.param(24, -10, 4, [False] * 4, id="a click"),
            pytest.param(24, -10, 20, [False] * 4, id="a click across two windows"),
            pytest.param(128, -49, 0, [False] * 4, id="too faint"),
        ],
    )
    def test_a_sound_begins_before_the_vad_is_sure(
        self, ms: float, dbfs: float, before_ms: float, expected: list[bool]
    ) -> None:
        assert Listener().hear(*burst(ms, dbfs, before_ms)) == expected

    @pytest.mark.parametrize(
        ("probability", "dbfs", "begins"),
        [(0.3, -30, True), (0.29, -30, False), (0.9, -30, True), (0.3, -50, False), (0.9, -50, False)],
    )
    def test_one_window_of_likely_speech_begins(self, probability: float, dbfs: float, begins: bool) -> None:
        short = noise(5, WINDOW, dbfs)
        short[: WINDOW // 2] = noise(6, WINDOW // 2, -60)  # too short for a sound
        assert Listener().hear(short, probability=probability) == [begins]

    @pytest.mark.parametrize(
        ("probability", "over_db", "begins"),
        [(0.3, 8, False), (0.3, 12, True), (0.6, 4, False), (0.6, 8, True), (QUIET, 8, False)],
    )
    def test_in_noise_it_has_to_stand_out(self, probability: float, over_db: float, begins: bool) -> None:
        listener = Listener(line_dbfs=-32)
        assert listener.hear(noise(5, WINDOW, -32 + over_db), probability=probability) == [begins]

    @pytest.mark.parametrize("dbfs", [-50, -30, -20])
    def test_steady_noise_begins_nothing(self, dbfs: float) -> None:
        listener = Listener(line_dbfs=dbfs)
        assert not any(listener.hear(*[listener.line(1000 + seed) for seed in range(300)]))

    def test_noise_that_sets_in_begins_once(self) -> None:
        listener = Listener()
        assert sum(map(bool, listener.hear(*[noise(seed, WINDOW, -30) for seed in range(200)]))) == 1

    def test_until_the_line_has_proved_to_have_no_echo_it_takes_longer(self) -> None:
        listener = Listener(settled=False)
        listener.hear(*[listener.line(seed) for seed in range(PROOF_WINDOWS - 1)])
        speech = [noise(seed, WINDOW, -20) for seed in range(SURE_WINDOWS)]
        assert listener.hear(*speech, probability=0.9) == [False] * (SURE_WINDOWS - 1) + [True]


class TestWhileTheAgentIsSilent:
    @given(st.lists(st.tuples(st.floats(0, 1), st.integers(-60, -10)), max_size=30))
    def test_probabilities_decide(self, sounds: list[tuple[float, int]]) -> None:
        listener = Listener(agent_talks=False, settled=False)
        for probability, dbfs in sounds:
            assert listener.hear(noise(1, WINDOW, dbfs), probability=probability) == [None]


def judged(line: Duplex) -> list[tuple[float, Judgement]]:
    """The end of each window and its judgement, when the VAD takes all that is louder than the line for speech."""
    onset = Onset(THRESHOLD, line.trail)
    heard = []
    for window in line.windows():
        probability = 0.95 if rms_dbfs(to_samples(window.pcm)) > LINE_NOISE_DBFS + 5 else QUIET
        heard.append((window.ended, onset.judge(window, probability, measured([window.pcm])[0])))
    return heard


def agent_from(start_s: float, until_s: float) -> Samples:
    """Six seconds with the agent's voice in their midst."""
    agent = voice(1, 6, pitch=110)
    agent[: round(start_s * RATE)] = 0
    agent[round(until_s * RATE) :] = 0
    return agent


def test_an_echo_is_no_speech_and_a_caller_over_it_is() -> None:
    agent = agent_from(1, 6)
    caller = np.zeros(agent.size, np.float32)
    caller[4 * RATE : 5 * RATE] = voice(2, 1, pitch=110)
    heard = judged(duplex(agent, caller + echo_of(agent, delay_ms=200, down_db=20, filtered=True)))
    assert not any(judgement.begins for ended, judgement in heard if ended < 4)
    assert max(judgement.probability for ended, judgement in heard if 2 < ended < 4) < THRESHOLD
    assert next(ended for ended, judgement in heard if judgement.begins) <= 4.1
    assert sum(judgement.probability > THRESHOLD for ended, judgement in heard if 4 < ended < 5) >= 20


def test_a_caller_who_talks_while_the_echo_is_not_yet_known_is_heard() -> None:
    agent = agent_from(1, 6)
    caller = np.zeros(agent.size, np.float32)
    caller[round(1.3 * RATE) : round(2.3 * RATE)] = voice(2, 1, pitch=180)
    heard = judged(duplex(agent, caller + echo_of(agent, delay_ms=150, down_db=20)))
    assert 1.3 < next(ended for ended, judgement in heard if judgement.begins) <= 1.6


def test_what_comes_back_when_the_agent_has_finished_is_an_echo_too() -> None:
    agent = agent_from(1, 4)
    heard = judged(duplex(agent, echo_of(agent, delay_ms=300, down_db=10)))
    tail = [judgement for ended, judgement in heard if 4.1 < ended < 4.28]
    assert len(tail) >= 5
    assert all(judgement.begins is None and judgement.probability < THRESHOLD for judgement in tail)


def test_an_echo_that_the_vad_hears_at_once_is_not_taken_for_proof_that_there_is_none() -> None:
    agent = agent_from(0, 6)
    heard = judged(duplex(agent, echo_of(agent, delay_ms=30, down_db=20)))
    assert not any(judgement.begins for _, judgement in heard)


def test_long_after_the_agent_nothing_is_an_echo() -> None:
    listener = Listener()
    listener.agent_talks = False
    later = [noise(seed, WINDOW, -20) for seed in range(round(ECHO_S / 0.032) + 2)]
    assert listener.hear(*later, probability=0.9)[-1] is None


class TestFloor:
    @pytest.mark.parametrize("dbfs", [-65, -45, -30])
    def test_it_comes_to_the_level_of_the_line(self, dbfs: float) -> None:
        floor = Floor()
        for _ in range(150):
            floor.follow(dbfs)
        assert floor.dbfs == pytest.approx(dbfs, abs=1)
        assert floor.loud_dbfs == pytest.approx(max(-45, dbfs + 12), abs=1)

    def test_a_short_sound_hardly_moves_it(self) -> None:
        floor = Floor()
        for dbfs in [-60] * 150 + [-40] * 4:
            floor.follow(dbfs)
        assert floor.dbfs < -57

    def test_what_varies_is_exceeded_by_more(self) -> None:
        steady, varying = Floor(), Floor()
        for number in range(300):
            steady.follow(-40)
            varying.follow(-40 + (8 if number % 2 else -8))
        assert varying.loud_dbfs > steady.loud_dbfs + 8

    @given(st.lists(st.floats(-200, 0), max_size=200))
    def test_it_stays_within_what_it_heard(self, levels: list[float]) -> None:
        floor = Floor()
        for level in levels:
            floor.follow(level)
        assert max(-70, min([-30, *levels])) - 1e-6 <= floor.dbfs <= max([-30, *levels]) + 1e-6


def follow(*windows: tuple[float, bool | None]) -> list[tuple[int, Event]]:
    """The events of windows with such probabilities and beginnings, each with the number of its window."""
    utterances = Utterances(threshold=THRESHOLD, early_ms=224)
    return [
        (number, event)
        for number, (probability, begins) in enumerate(windows)
        for event in utterances.feed(Window(pcm=bytes(4), began=float(number), ended=number + 1.0), probability, begins)
    ]


class TestUtterances:
    def test_a_beginning_is_one_at_once(self) -> None:
        assert [(n, type(event)) for n, event in follow((QUIET, False), (0.4, True))] == [(1, Began)]

    def test_none_is_none_however_probable(self) -> None:
        assert follow(*[(0.95, False)] * 10) == []

    def test_a_doubtful_beginning_is_soon_given_up(self) -> None:
        events = follow((QUIET, True), *[(QUIET, False)] * 8)
        assert [(n, type(event)) for n, event in events] == [(0, Began), (4, Ended)]
        ended = events[-1][1]
        assert isinstance(ended, Ended)
        assert ended.pcm == b""

    def test_once_it_is_surely_speech_it_gets_the_usual_pause(self) -> None:
        events = follow((QUIET, True), (0.9, None), *[(QUIET, None)] * 10)
        assert [(n, type(event)) for n, event in events] == [(0, Began), (8, Ended)]


def test_levels_of_many_windows_are_those_of_each() -> None:
    windows = [to_pcm(noise(seed, size, -10.0 - seed)) for seed, size in enumerate((256, 512, 256, 512, 256))]
    together = measured(windows)
    assert together == [levels for window in windows for levels in measured([window])]
    assert [levels.mean for levels in together] == pytest.approx([-10, -11, -12, -13, -14], abs=0.8)
    assert [sum(levels.blocks) / len(levels.blocks) for levels in together] == pytest.approx(
        [levels.mean for levels in together], abs=0.5
    )
    assert measured([]) == []
