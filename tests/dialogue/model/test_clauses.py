import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.model.clauses import MOST_CHARACTERS, MOST_CLAUSES, Answer, Clause


def read(text: str, may_ask: bool = True) -> list[Clause]:
    answer = Answer(may_ask)
    found = []
    for word in text.split(" "):
        if not answer.over:
            found += answer.feed(f"{word} ")
    return [*found, *answer.end()]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Thank you. How much?", ["Thank you.", "How much?"]),
        ("How much?", ["How much?"]),
        ("How much? And for how long? Tell me.", ["How much?"]),
        ("One. Two. Three. Four. Five. Six.", ["One.", "Two.", "Three.", "Four."]),
        ("... — !", []),
        ("", []),
        ("Yes. ...", ["Yes."]),
        ("**Great** choice! 😀 And _how_ much?", ["Great choice!", "And how much?"]),
        ("It costs 50 € a year — d'accord, ça va ?", ["It costs 50 € a year — d'accord, ça va ?"]),
        ('{"name": "record", "arguments": {"slot": "amount"}} How much?', []),
        ("<tool_call> record. How much?", ["How much?"]),
    ],
)
def test_one_question_ends_it(text: str, clauses: list[str]) -> None:
    assert [clause.text for clause in read(text)] == clauses


@pytest.mark.parametrize("text", ["Thank you. How much?", "How much?", "One. Two. Three. Four. Five."])
def test_the_last_is_known_as_such(text: str) -> None:
    assert [clause.last for clause in read(text)][-1]


def test_its_questions_can_be_left_out() -> None:
    assert [clause.text for clause in read("I see. Shall I go on? So be it.", may_ask=False)] == ["I see.", "So be it."]


def test_one_that_never_ends_a_sentence_is_endless() -> None:
    answer = Answer(True)
    for _ in range(MOST_CHARACTERS):
        assert answer.feed("so ") == []
        if answer.over:
            break
    assert answer.is_endless
    assert answer.end() == []


@given(st.text(alphabet="ab .?!,", max_size=2000), st.booleans())
def test_whatever_is_written_it_is_short_and_asks_once(text: str, may_ask: bool) -> None:
    found = read(text, may_ask)
    assert len(found) <= MOST_CLAUSES
    assert sum(clause.asks for clause in found) <= may_ask
    assert all(not clause.asks for clause in found[:-1])
    assert sum(len(clause.text) for clause in found) <= MOST_CHARACTERS + 10
