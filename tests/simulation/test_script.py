"""Which line answers what."""

import pytest

from callcenter.simulation.persona import Line, Persona
from callcenter.simulation.script import Script

LINES = (
    Line(on="interested|looking for", say="Funds."),
    Line(on="how much", say="Fifty thousand."),
    Line(on="how much", say="I said fifty thousand."),
    Line(on="still there", say="Yes.", repeat=True),
    Line(on=r"^goodbye\b", hang_up=True),
)


def script(otherwise: str | None = "Pardon?") -> Script:
    expect = {"outcome": "qualified"}
    return Script(Persona.model_validate({"name": "n", "lines": LINES, "otherwise": otherwise, "expect": expect}))


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        (["What are you INTERESTED in?"], ["Funds."]),
        (
            ["How much?", "Sorry, how much?", "How much, please?"],
            ["Fifty thousand.", "I said fifty thousand.", "Pardon?"],
        ),
        (["How much are you looking for?"], ["Funds."]),
        (["Are you still there?", "Are you still there?"], ["Yes.", "Yes."]),
        (["Thanks. Goodbye."], ["Pardon?"]),
        (["Something else."], ["Pardon?"]),
        (["", "  "], [None, None]),
    ],
)
def test_answers(said: list[str], answers: list[str | None]) -> None:
    tested = script()
    found = []
    for text in said:
        cue = tested.cue(text)
        found.append(cue.line.say if cue else None)
        if cue:
            tested.use(cue.line)
    assert found == answers


def test_nothing_to_say_otherwise() -> None:
    assert script(otherwise=None).cue("Something else.") is None


def test_only_a_fallback_is_marked_as_one() -> None:
    cue, other = script().cue("how much"), script().cue("hm")
    assert cue
    assert other
    assert (cue.fallback, other.fallback) == (False, True)
