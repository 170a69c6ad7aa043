"""When a caller speaks, and when they wait or leave: times in seconds since the answer."""

from dataclasses import dataclass
from typing import Any

import pytest

from callcenter.simulation.conduct import Conduct, Leave, Play
from callcenter.simulation.persona import Persona


@dataclass(frozen=True, slots=True)
class Clause:
    """The agent says `text`: announced at `at`, on the wire for `seconds` from 40 ms later on."""

    at: float
    text: str
    seconds: float
    filler: bool = False

    def sounds(self, now: float) -> bool:
        return self.at + 0.04 <= now <= self.at + 0.04 + self.seconds


def played(
    lines: list[dict[str, Any]],
    clauses: list[Clause],
    *,
    until: float = 60.0,
    otherwise: str | None = "Pardon?",
    patience: float = 20.0,
    speech: float = 1.0,
) -> list[tuple[float, str]]:
    """What the caller does and when, to 0.1 s; each line takes `speech` seconds to say."""
    persona = Persona.model_validate(
        {"name": "n", "lines": lines, "otherwise": otherwise, "patience": patience, "expect": {"outcome": "partial"}}
    )
    conduct, sounded, done, busy_until = Conduct(persona, 0.0), None, list[tuple[float, str]](), 0.0
    told: set[Clause] = set()
    for tick in range(int(until / 0.02)):
        now = tick * 0.02
        for clause in clauses:
            if clause.at <= now and clause not in told:
                told.add(clause)
                conduct.agent_says(clause.text, now, filler=clause.filler)
            if clause.sounds(now):
                sounded = now
        if now < busy_until:
            continue
        if done and busy_until:
            conduct.ends_turn(busy_until)
            busy_until = 0.0
        match conduct.decide(now, sounded):
            case Play(line=line):
                conduct.begins_turn(line)
                done.append((round(now, 1), line.told or "hangs up"))
                busy_until = now + speech
            case Leave(reason=reason):
                return [*done, (round(now, 1), reason)]
            case None:
                pass
    return done


FUNDS = {"on": "interested", "say": "Funds."}
COUGH = {"on": "interested", "cough": True, "barge_in": 1.0}
AMOUNT = {"on": "how much", "say": "Fifty."}


@pytest.mark.parametrize(
    ("lines", "clauses", "expected"),
    [
        pytest.param([FUNDS], [Clause(1, "Interested in what?", 2)], [(3.5, "Funds.")], id="answers after the stop"),
        pytest.param([FUNDS | {"after": 2}], [Clause(1, "Interested?", 2)], [(5.0, "Funds.")], id="takes its time"),
        pytest.param(
            [FUNDS | {"after": 0}], [Clause(1, "Interested?", 2)], [(3.5, "Funds.")], id="is sure of the stop"
        ),
        pytest.param(
            [FUNDS],
            [Clause(1, "Interested in what?", 2), Clause(3.3, "Funds, bonds?", 1)],
            [(4.8, "Funds.")],
            id="a pause between clauses is no stop",
        ),
        pytest.param(
            [FUNDS, AMOUNT],
            [Clause(1, "Are you interested?", 1), Clause(6, "How much?", 1)],
            [(2.5, "Funds."), (7.5, "Fifty.")],
            id="turn by turn",
        ),
        pytest.param(
            [FUNDS, AMOUNT],
            [Clause(1, "Noted.", 0.5), Clause(1.6, "How much?", 1)],
            [(3.1, "Fifty.")],
            id="what fits may come in the second clause",
        ),
        pytest.param([FUNDS], [Clause(1, "Hm.", 0.5)], [(3.0, "Pardon?")], id="is puzzled only after a while"),
        pytest.param(
            [FUNDS],
            [Clause(1, "Hello.", 0.5), Clause(2.4, "Interested in what?", 1)],
            [(3.9, "Funds.")],
            id="a late clause makes it clear",
        ),
        pytest.param(
            [FUNDS | {"barge_in": 1.0}], [Clause(1, "Interested in a long list?", 5)], [(2.0, "Funds.")], id="barges in"
        ),
        pytest.param(
            [AMOUNT | {"barge_in": 1.0}],
            [Clause(1, "Thank you for that.", 3), Clause(4, "How much is it?", 5)],
            [(5.0, "Fifty.")],
            id="counts a barge-in from the clause that asks",
        ),
        pytest.param(
            [FUNDS | {"barge_in": 9.0}],
            [Clause(1, "Interested?", 1)],
            [(2.5, "Funds.")],
            id="the agent stops before it is barged into",
        ),
        pytest.param(
            [COUGH, FUNDS],
            [Clause(1, "Interested in what?", 4)],
            [(2.0, "[cough]"), (5.5, "Funds.")],
            id="answers although they have coughed",
        ),
        pytest.param(
            [COUGH | {"repeat": True}, FUNDS],
            [Clause(1, "Interested in what?", 4), Clause(5.2, "Funds, bonds?", 1), Clause(6.5, "Interested?", 3)],
            [(2.0, "[cough]"), (7.5, "[cough]"), (10.0, "Funds.")],
            id="coughs once for each clause that asks",
        ),
        pytest.param(
            [{"on": "interested", "say": "Mm-hm.", "aside": True, "barge_in": 0.5}, FUNDS],
            [Clause(1, "Interested in what?", 4)],
            [(1.5, "Mm-hm."), (5.5, "Funds.")],
            id="says that they listen",
        ),
        pytest.param(
            [{"on": "anything else", "hang_up": True}],
            [Clause(1, "Anything else?", 1)],
            [(2.5, "hangs up")],
            id="hangs up by its script",
        ),
        pytest.param(
            [FUNDS | {"after": 12}, {"on": "still there", "say": "Yes."}],
            [Clause(1, "Interested?", 1), Clause(8, "Are you still there?", 1)],
            [(14.0, "Funds.")],
            id="silent on purpose, however often it is asked",
        ),
    ],
)
def test_does(lines: list[dict[str, Any]], clauses: list[Clause], expected: list[tuple[float, str]]) -> None:
    assert played(lines, clauses, until=16.0) == expected


def test_silent_line_is_never_answered() -> None:
    """The daemon announces what it says, but nothing sounds on the wire."""
    assert played([FUNDS], [Clause(1, "Interested in what?", -1)]) == [(20.0, "patience")]


def test_clause_that_never_sounds_is_not_answered() -> None:
    clauses = [Clause(1, "Hello.", 1), Clause(2.5, "Interested in what?", -1)]
    assert played([FUNDS], clauses, otherwise=None) == [(22.0, "patience")]


def test_patience_is_counted_from_the_last_sound_of_either() -> None:
    assert played([FUNDS], [Clause(1, "Interested?", 1)], patience=5) == [(2.5, "Funds."), (8.5, "patience")]


def test_says_nothing_without_a_line_that_fits() -> None:
    clauses = [Clause(1, "Hello.", 1), Clause(9, "Still there?", 1), Clause(17, "Still there?", 1)]
    assert played([FUNDS], clauses, otherwise=None, until=18) == []


def test_empty_line_answers_with_silence() -> None:
    lines = [{"on": "interested", "say": ""}, {"on": "still there", "say": "Yes."}]
    clauses = [Clause(1, "Interested?", 1), Clause(9, "Are you still there? Interested?", 1)]
    assert played(lines, clauses, speech=0) == [(2.5, "hangs up"), (10.5, "Yes."), (30.5, "patience")]


@pytest.mark.parametrize(
    ("filler", "expected"), [(True, [(1.5, "Funds."), (11.5, "Fifty.")]), (False, [(1.5, "Funds."), (6.5, "Pardon?")])]
)
def test_a_filler_wants_no_answer(filler: bool, expected: list[tuple[float, str]]) -> None:
    clauses = [
        Clause(0.0, "What are you interested in?", 1.0),
        Clause(4.0, "One moment, please.", 1.0, filler),
        Clause(10.0, "How much?", 1.0),
    ]
    assert played([FUNDS, AMOUNT], clauses, until=20.0)[:2] == expected
