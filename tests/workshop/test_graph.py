"""A flow's ways in words and as pictures."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from callcenter.dialogue.flow import SHIPPED, Flow, load_flow
from callcenter.dialogue.rule import Rule
from callcenter.workshop.course import ANYWHERE, Way, in_words, ways
from callcenter.workshop.graph import mermaid, svg

FLOWS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))

SMALL = """\
name: small
language: en
country: US
greeting: Hello.
slots:
  owner: {type: yes_no, ask: "Is it \\"yours\\"?"}
states:
  begin:
    ask: [owner]
    on: [{if: {is: {owner: false}}, go: sorry}, {if: {intent: busy, count: {busy: 2}}, end: refused}]
    go: glad
  glad: {say: Good., end: true}
  sorry: {say: A pity., go: begin}
always: [{if: {intent: human}, end: callback}]
"""


@pytest.fixture
def small(tmp_path: Path) -> Flow:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return load_flow(path)


def rule(**keys: Any) -> Rule:
    return Rule.model_validate({"say": "x", **keys})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"if": {"intent": "busy"}}, "busy"),
        ({"if": {"intent": ["yes", "not_interested"]}}, "yes or not interested"),
        ({"if": {"intent": "busy", "count": {"busy": 2}}}, "second busy"),
        ({"if": {"intent": "busy", "count": {"busy": 4}}}, "4th busy"),
        ({"if": {"is": {"owner": False}}}, "owner is no"),
        ({"if": {"is": {"zone": ["75*", "92*"]}, "above": {"amount": 100}}}, "zone is 75* or 92*, amount above 100"),
        ({"if": {"known": ["a", "b"]}, "unless": {"unknown": "c"}}, "a and b known unless c not known"),
        ({"if": {"result": "nobody", "count": {"angry": 2}}}, "nobody, angry 2 times"),
        ({"if": {"heard": "any", "sentiment": "negative"}}, "any said, negative"),
        ({"unless": {"open": "adviser"}}, "unless adviser is there"),
        (
            {"if": {"closed": "adviser", "state": "a", "outcome": "partial"}},
            "in a, partial so far, adviser is not there",
        ),
        ({"if": {"below": {"age": 18}}}, "age below 18"),
    ],
)
def test_conditions_in_words(keys: dict[str, Any], words: str) -> None:
    assert in_words(rule(**keys)) == words


def test_every_way_is_there(small: Flow) -> None:
    assert ways(small) == [
        Way(origin="begin", to="sorry", ends=False, when="owner is no"),
        Way(origin="begin", to="refused", ends=True, when="second busy"),
        Way(origin="begin", to="glad", ends=False, when=""),
        Way(origin="glad", to="", ends=True, when=""),
        Way(origin="sorry", to="begin", ends=False, when=""),
        Way(origin=ANYWHERE, to="callback", ends=True, when="human"),
    ]


def test_mermaid(small: Flow) -> None:
    assert mermaid(small).splitlines() == [
        "flowchart TD",
        '  begin["begin<br/>asks owner"]',
        '  glad["glad<br/>Good."]',
        '  sorry["sorry<br/>A pity."]',
        '  end__refused(["refused"])',
        '  end__(["goodbye"])',
        '  end__callback(["callback"])',
        '  anywhere{{"anywhere"}}',
        '  begin -->|"owner is no"| sorry',
        '  begin -->|"second busy"| end__refused',
        "  begin --> glad",
        "  glad --> end__",
        "  sorry --> begin",
        '  anywhere -->|"human"| end__callback',
    ]


@pytest.mark.parametrize("name", FLOWS)
def test_the_picture_of_a_shipped_flow_has_all_states_and_no_box_on_another(name: str) -> None:
    flow = load_flow(name)
    drawn = ElementTree.fromstring(svg(flow))
    texts = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert set(flow.states) <= texts
    boxes = [
        (float(box.attrib["x"]), float(box.attrib["y"]))
        for box in drawn.iter("{http://www.w3.org/2000/svg}rect")
        if "box" in box.attrib["class"]
    ]
    assert len(boxes) >= len(flow.states)
    assert len(set(boxes)) == len(boxes)
    for x, y in boxes:
        assert not any(abs(x - other) < 190 and y == height for other, height in boxes if (other, height) != (x, y))


@pytest.mark.parametrize("name", FLOWS)
def test_mermaid_names_are_plain(name: str) -> None:
    for line in mermaid(load_flow(name)).splitlines()[1:]:
        assert re.match(r"  \w+(\[|\(\[|\{\{| -->)", line), line
