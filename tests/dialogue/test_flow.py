"""Flow files: the shipped one, and files with mistakes."""

import re
from pathlib import Path

import pytest

from callcenter.dialogue.flow import SHIPPED, load_flow
from callcenter.dialogue.sentences import clauses
from callcenter.errors import FileError

TEXT = (SHIPPED / "investment.yaml").read_text(encoding="utf-8")


def test_it_stays_readable() -> None:
    assert len(TEXT.splitlines()) < 200


def test_questions_are_short() -> None:
    flow = load_flow("investment")
    questions = [text for slot in flow.slots.values() for text in (slot.ask, *slot.again)]
    assert [text for text in questions if len(text.split()) > 12] == []


def test_phrases_are_whole_clauses_without_placeholders() -> None:
    phrases = load_flow("investment").phrases()
    assert len(phrases) == len(set(phrases)) > 60
    assert [phrase for phrase in phrases if clauses(phrase) != [phrase] or "{" in phrase] == []
    assert phrases[0] == load_flow("investment").greeting
    assert {"Is that right?", "How much would you like to invest?", "Great.", "Goodbye."} <= set(phrases)


def test_a_file_by_its_path() -> None:
    assert load_flow(SHIPPED / "investment.yaml") == load_flow("investment")


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("currency: dollars", "curency: dollars", "curency: not known here; allowed are name, language"),
        ("language: en", "language: fr", "language: Input should be 'en'"),
        ("country: US", "country: usa", "country: String should match pattern"),
        ("    type: money", "    type: cash", "'choice', 'choices', 'money', 'duration', 'name', 'phone', 'moment'"),
        ("    least: 100", "    least: low", "least: Input should be a valid number"),
        ("    rest: other", "    rest: others", "must be one of the options: stocks, bonds"),
        ("contact: [name, phone, callback]", "contact: [name, fax]", "no slot is called fax; the slots are interest"),
        ('"on {phone}"', '"on {fax}"', "no slot is called fax"),
        ('"on {phone}"', '"on {phone"', "expected '}'"),
        ("  nobody: I am", "  nobody: I {name} am", "{name} is not filled in here; allowed is plain text"),
        ('changed: "Okay, {value}."', 'changed: "Okay, {amount}."', "{amount} is not filled in here; allowed is value"),
        ("    new: Thank", "    news: Thank", "'new', 'partial', 'qualified', 'refused' or 'callback'"),
        ("  goodbye:\n    phrases", "  farewell:\n    phrases", "farewell"),
        ("limits: {again: 2", "limits: {again: many", "again: Input should be a valid integer"),
        ("years: 3,", "years: 9,", "years must rise"),
        (
            "acknowledgements: [Great., Got it., Okay., Thank you., Perfect.]",
            "acknowledgements: [Great.]",
            "at least 2 items",
        ),
        ("name: investment", "name: [investment", "not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(right: str, wrong: str, says: str, tmp_path: Path) -> None:
    assert right in TEXT
    path = tmp_path / "flow.yaml"
    path.write_text(TEXT.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(FileError) as caught:
        load_flow(path)
    message = str(caught.value)
    assert says in message
    assert re.match(rf"{re.escape(str(path))}:\d+: ", message)


def test_the_line_is_right(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(TEXT.replace("    type: money", "    kind: 5\n    type: money", 1), encoding="utf-8")
    with pytest.raises(FileError) as caught:
        load_flow(path)
    assert caught.value.line == 1 + TEXT[: TEXT.index("    type: money")].count("\n")


def test_an_unknown_name_lists_the_shipped() -> None:
    with pytest.raises(FileError, match="no such flow; shipped are investment"):
        load_flow("investments")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        load_flow(tmp_path / "none.yaml")
