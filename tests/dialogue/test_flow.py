"""Flow files: the shipped one, and files with mistakes."""

import re
from pathlib import Path

import pytest

from callcenter.dialogue.flow import SHIPPED, Flow, load_flow
from callcenter.dialogue.sentences import clauses
from callcenter.errors import FileError

TEXT = (SHIPPED / "investment.yaml").read_text(encoding="utf-8")


def test_it_stays_readable() -> None:
    assert len(TEXT.splitlines()) < 150


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
        ("language: en", "language: eo", "language: not spoken here; allowed are en, es, fr, pt"),
        ("currency: dollars\n", "", "slots.amount: needs the flow's currency"),
        ("country: US", "country: usa", "country: String should match pattern"),
        ("    type: money", "    type: cash", "'choice', 'choices', 'money', 'number', 'duration', 'name', 'phone'"),
        ("    check: {least: 100", "    check: {least: low", "least: Input should be a valid number"),
        ("    check: {least: 100", '    check: {pattern: "(", least: 100', "not a regular expression"),
        (
            "    check: {least: 100",
            "    check: {open: boss, least: 100",
            "no person is called boss; the people are adviser",
        ),
        ("    rest: other", "    rest: others", "must be one of the options: stocks, bonds"),
        (
            "    ask: How much would",
            "    asked: How much would",
            "slots.amount.money.asked: not known here; allowed are ask",
        ),
        (
            "ask: [name, phone, callback]",
            "ask: [name, fax]",
            "states.contact.ask: no slot is called fax; the slots are interest",
        ),
        (
            "timeline], go: contact",
            "timeline], go: contacts",
            "states.need.go: no state is called contacts; the states are need, contact",
        ),
        ("timeline], go: contact", "timeline], end: qualified, go: contact", "either go or end"),
        (
            "timeline], go: contact",
            "timeline], confirm: true, go: contact",
            "has ask and confirm; a state has one of them at most",
        ),
        (
            "{intent: human}, go: person",
            "{intent: humans}, go: person",
            "always.0.if.intent: no intent is called humans",
        ),
        (
            "{intent: human}, go: person",
            "{intents: human}, go: person",
            "intents: not known here; allowed are intent, heard",
        ),
        ("{if: {intent: human}, go: person}", "{go: person}", "a rule needs if or unless"),
        ("{if: {intent: human}, go", "{if: {}, go", "says no condition"),
        ("heard: any", "heard: all", "no slot is called all"),
        ("{heard: any}", "{is: {risk: none}}", "risk is never none; it is one of conservative, moderate, aggressive"),
        ("count: {busy: 2}", "count: {busi: 2}", "no counter is called busi"),
        ("count: {busy: 2}", "count: {busy: 0}", "greater than or equal to 1"),
        (
            "{result: nobody, outcome: qualified}",
            "{outcome: qualifed}",
            "no outcome is called qualifed; the outcomes are qualified",
        ),
        (
            "on: [{if: {intent: no}, go: refused}]",
            "on: [{if: {result: nobody}, go: refused}]",
            "a result is that of do",
        ),
        ("{transfer: adviser}", "{transfer: boss}", "no person is called boss; the people are adviser"),
        ("{transfer: adviser}", '{transfer: "{risk}"}', "no person is called conservative, moderate, aggressive"),
        ("{transfer: adviser}", "{}", "either transfer or fetch"),
        ("{dial: Local", "{hours: {mon-fry: 9:00-18:00}, dial: Local", "'mon-fry' is no day"),
        ("{dial: Local", "{hours: {mon-fri: 9-18}, dial: Local", "'9-18' are no hours"),
        (
            "known: [interest, amount, risk, timeline]",
            "intent: yes",
            "depends on what is known, not on what was just said",
        ),
        ('"on {phone}"', '"on {fax}"', "no slot is called fax"),
        ('"on {phone}"', '"on {phone"', "expected '}'"),
        ("  lost: I am", "  lost: I {name} am", "{name} is not filled in here; allowed is plain text"),
        (
            "  lost: I am sorry",
            '  changed: "Okay, {amount}."\n  lost: I am sorry',
            "{amount} is not filled in here; allowed is value",
        ),
        ("goodbye: {qualified: Thank", "goodbye: {qualifed: Thank", "no outcome is called qualifed"),
        ("  human: {phrases: [talk", "  human: {phrases: [talk, talk", "'talk' belongs in words, whole or opening"),
        ("\npeople:", "\nlimits: {again: many}\npeople:", "again: Input should be a valid integer"),
        ("years: 3,", "years: 9,", "years must rise"),
        ("  lost: I am sorry", "  acknowledgements: [Great.]\n  lost: I am sorry", "at least 2 items"),
        ("name: investment", "name: [investment", "not YAML"),
        ('"When should we call you?"', "When should we call you?", "got '?'; within {} and [] quote text that has"),
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
    with pytest.raises(FileError, match=r"no such flow; shipped are .*investment"):
        load_flow("investments")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        load_flow(tmp_path / "none.yaml")


VARIED = """
variants:
  short:
    share: 30
    change:
      greeting: Hi.
      slots: {amount: {ask: "How much money?"}}
      states: {more: {question: "More?"}}
  kind: {share: 20, change: {sentences: {hold: Gladly.}}}
"""


def varied(extra: str, folder: Path) -> Flow:
    path = folder / "flow.yaml"
    path.write_text(TEXT + extra, encoding="utf-8")
    return load_flow(path)


@pytest.mark.parametrize(
    ("chance", "variant", "greeting", "hold"),
    [
        (0.0, "short", "Hi.", "Take your time."),
        (0.29, "short", "Hi.", "Take your time."),
        (0.31, "kind", load_flow("investment").greeting, "Gladly."),
        (0.49, "kind", load_flow("investment").greeting, "Gladly."),
        (0.51, "", load_flow("investment").greeting, "Take your time."),
        (0.99, "", load_flow("investment").greeting, "Take your time."),
    ],
)
def test_variants(chance: float, variant: str, greeting: str, hold: str, tmp_path: Path) -> None:
    flow = varied(VARIED, tmp_path).chosen(chance)
    assert (flow.variant, flow.greeting, flow.sentences.hold) == (variant, greeting, hold)
    assert (flow.slots["amount"].ask == "How much money?") is (variant == "short")
    assert flow.states["more"].on == load_flow("investment").states["more"].on
    assert flow.intents == load_flow("investment").intents


def test_a_flow_without_variants() -> None:
    assert load_flow("investment").chosen(0.0).variant == ""


def test_phrases_of_variants(tmp_path: Path) -> None:
    assert {"Hi.", "More?", "Gladly.", "How much money?"} <= set(varied(VARIED, tmp_path).phrases())


@pytest.mark.parametrize(
    ("extra", "line", "says"),
    [
        ("variants:\n  a: {share: 60, change: {}}\n  b: {share: 60, change: {}}\n", 1, "more than 100 per cent"),
        (
            "variants:\n  a:\n    share: 5\n    change: {states: {more: {go: none}}}\n",
            4,
            "no state is called none",
        ),
        ("variants:\n  a:\n    share: 5\n    change:\n      greting: Hi.\n", 5, "'greeting', 'slots', 'states'"),
    ],
)
def test_mistakes_in_variants(extra: str, line: int, says: str, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        varied(extra, tmp_path)
    assert says in str(caught.value)
    assert caught.value.line == len(TEXT.splitlines()) + line
