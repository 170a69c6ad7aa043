"""Flows that are well-formed and still wrong."""

from pathlib import Path

import pytest

from callcenter.dialogue import check
from callcenter.dialogue.flow import SHIPPED, load_flow

HEAD = """name: small
language: en
country: GB
greeting: Hello.
people: {desk: {dial: PJSIP/desk}}
slots:
  owner: {type: yes_no, ask: "Do you own it?"}
  rooms: {type: number, required: false, ask: "How many rooms?"}
  ticket: {type: text, ask: "-"}
intents: {abroad: {words: [abroad]}}
"""
FETCH = "do: {fetch: {url: 'http://x', keep: {ticket: id}}}"
ABROAD = "always: [{if: {intent: abroad}, end: refused}]"


def problems(rest: str, folder: Path) -> list[tuple[int, str]]:
    path = folder / "small.yaml"
    path.write_text(HEAD + rest, encoding="utf-8")
    return [(mistake.line, mistake.text) for mistake in check.mistakes(path, load_flow(path))]


def written(states: tuple[str, ...]) -> str:
    return "\n  ".join(states).replace("FETCH", FETCH)


def test_a_flow_without_problems(tmp_path: Path) -> None:
    assert problems(f"{ABROAD}\nstates:\n  a: {{ask: owner, go: b}}\n  b: {{{FETCH}, end: true}}", tmp_path) == []


def test_nothing_is_heard_beside_what_fills_nothing(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    head = HEAD.replace("{words: [abroad]}", '{words: [abroad], fills: false}, "yes": {fills: false, words: [ay]}')
    rules = (
        "on: [{if: {intent: abroad, heard: owner}, end: refused}, {if: {intent: [abroad, 'yes'], heard: rooms}, go: b}]"
    )
    path.write_text(f"{head}{ABROAD}\nstates:\n  a: {{ask: owner, {rules}, go: b}}\n  b: {{{FETCH}, end: true}}")
    found = [(mistake.line, mistake.text) for mistake in check.mistakes(path, load_flow(path))]
    nothing = "has `fills: false`, so nothing is heard with it"
    assert found == [
        (10, "yes answers questions: it cannot have `fills: false`"),
        (13, f"this rule is never used: abroad {nothing}"),
        (13, f"this rule is never used: abroad, yes {nothing}"),
    ]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_flows(path: Path) -> None:
    assert check.check(load_flow(path)) == []


@pytest.mark.parametrize(
    ("states", "line", "text"),
    [
        (("a: {ask: owner, go: b}", "b: {FETCH, end: true}", "c: {end: true}"), 15, "c is never reached"),
        (("a: {ask: owner, go: b}", "b: {FETCH}"), 14, "b has neither go nor end"),
        (("a: {ask: owner, go: b}", "b: {question: 'So?', go: b}"), 13, "from a no way leads to an end"),
        (
            ("a: {ask: owner, go: b}", "b: {FETCH, go: a, on: [{if: {result: ok}, end: true}]}"),
            13,
            "a, b can follow each other for ever",
        ),
        (
            ("a: {FETCH, on: [{if: {result: failed}, go: a}], end: true}",),
            13,
            "a can follow itself for ever without asking the caller anything; a state with a `question` bounds it",
        ),
        (
            ("a: {ask: owner, go: b}", "b: {FETCH, on: [{if: {result: ok}, forget: owner, go: a}], end: true}"),
            13,
            "a, b can follow each other for ever: that owner is asked again after `forget` is not enough; a state "
            "with a `question` bounds it, or a rule that leads out by `if: {count: {b: 3}}`",
        ),
        (
            ("a: {ask: owner, on: [{if: {known: owner}, go: b}], end: true}", "b: {on: [{if: {open: desk}, go: a}]}"),
            13,
            "a, b can follow each other for ever",
        ),
        (
            (
                "a: {ask: owner, go: b}",
                "b: {FETCH, on: [{if: {count: {b: 3}}, say: Well., go: c}], go: c}",
                "c: {on: [{if: {known: rooms}, end: true}], go: b}",
            ),
            14,
            "b, c can follow each other for ever",
        ),
        (
            (
                "a: {ask: owner, go: b}",
                "b: {FETCH, on: [{if: {count: {b: 3}, known: rooms}, end: true}], go: c}",
                "c: {go: b}",
            ),
            14,
            "b, c can follow each other for ever",
        ),
        (
            (
                "a: {ask: owner, go: b}",
                "b: {FETCH, on: [{if: {count: {a: 3}}, end: true}], go: c}",
                "c: {go: b}",
            ),
            14,
            "b, c can follow each other for ever",
        ),
        (
            (
                "a: {FETCH, on: [{if: {result: failed, count: {a: 3}}, end: true}, {if: {result: ok}, go: a}], go: b}",
                "b: {ask: owner, end: true}",
            ),
            13,
            "a can follow itself for ever",
        ),
        (
            ("a:", "  ask: rooms", "  on: [{unless: {above: {rooms: 2}}, end: small}]", "  end: true"),
            15,
            "this rule fits before rooms is asked for",
        ),
        (("a: {FETCH, end: true}",), 7, "owner is required, but no state asks for it"),
        (("a: {ask: owner, end: true}",), 9, "ticket is required, but no state asks for it"),
        (
            (
                "a:",
                "  on: [{if: {intent: [yes, no]}, end: true}, {if: {intent: no, known: rooms}, go: a}]",
                "  end: true",
            ),
            14,
            "this rule is never used: rule 1 before it",
        ),
    ],
)
def test_a_problem_and_its_line(states: tuple[str, ...], line: int, text: str, tmp_path: Path) -> None:
    found = problems(f"{ABROAD}\nstates:\n  {written(states)}", tmp_path)
    assert any(there == line and text in said for there, said in found), found


def test_a_problem_of_a_variant(tmp_path: Path) -> None:
    states = f"states:\n  a: {{ask: owner, go: b}}\n  b: {{{FETCH}, go: c}}\n  c: {{end: true}}"
    variants = "variants:\n  short:\n    share: 50\n    change:\n      states: {a: {go: c}}"
    assert problems(f"{ABROAD}\n{states}\n{variants}", tmp_path) == [
        (20, "b is never reached: no go leads there (short)")
    ]


def test_an_intent_that_nobody_answers(tmp_path: Path) -> None:
    assert problems("states: {a: {ask: [owner, ticket], end: true}}", tmp_path) == [
        (10, "no rule is for the intent abroad")
    ]


@pytest.mark.parametrize(
    "states",
    [
        (
            "a: {FETCH, on: [{if: {result: failed, count: {a: 3}}, end: true}, {if: {result: failed}, go: a}], go: b}",
            "b: {ask: owner, end: true}",
        ),
        (
            "a: {ask: owner, go: b}",
            "b: {FETCH, on: [{if: {result: failed}, unless: {count: {b: 3}}, go: b}], end: true}",
        ),
        (
            "a: {ask: owner, go: b}",
            "b: {FETCH, on: [{if: {result: no, count: {c: 2}}, end: true}, {if: {result: no}, go: c}], end: true}",
            "c: {ask: owner, go: b}",
        ),
        (
            "a: {ask: owner, go: b}",
            "b: {FETCH, on: [{if: {count: {tries: 3}}, end: true}, {if: {result: failed}, add: tries}], go: b}",
        ),
        (
            "a: {ask: owner, go: b}",
            "b: {question: 'So?', on: [{if: {intent: no}, go: a}], go: c}",
            "c: {FETCH, end: true}",
        ),
        (
            "a: {ask: owner, on: [{if: {heard: owner}, go: b}], end: true}",
            "b: {FETCH, on: [{if: {result: failed}, go: c}], end: true}",
            "c: {question: 'Again?', go: a}",
        ),
    ],
)
def test_a_way_back_that_asks_or_counts_is_none(states: tuple[str, ...], tmp_path: Path) -> None:
    assert problems(f"{ABROAD}\nstates:\n  {written(states)}", tmp_path) == []


def test_postcodes_of_a_country_that_has_none(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    slots = "slots: {postcode: {type: postcode}}\nstates: {a: {ask: postcode, end: true}}"
    path.write_text(f"name: small\nlanguage: en\ncountry: ZZ\ngreeting: Hello.\n{slots}", encoding="utf-8")
    found = check.mistakes(path, load_flow(path))
    assert [(mistake.line, mistake.text.split(";")[0]) for mistake in found] == [(3, "no postcodes of ZZ are known")]
