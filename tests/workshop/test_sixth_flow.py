"""A business of its own, written from the flows' documentation alone: a flow file and personas, and no Python."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from callcenter import repertoire
from callcenter.config import Dialogue, Settings
from callcenter.dialogue import check
from callcenter.dialogue.flow import SHIPPED, load_flow
from callcenter.simulation import persona
from callcenter.workshop import rehearsal

FOLDER = Path(__file__).parent.parent / "flows"
RESTAURANT = FOLDER / "restaurant.yaml"
PERSONAS = sorted((FOLDER / "restaurant" / "personas").glob("*.yaml"))
STRANGE = sorted((Path(__file__).parent.parent / "personas" / "investment").glob("*.yaml"))
NOW = datetime(2026, 11, 20, 12, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday, when the manager is in
DOCUMENTATION = (SHIPPED / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCUMENTATION, re.DOTALL)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_it_has_no_mistakes_and_its_callers() -> None:
    assert check.mistakes(RESTAURANT, load_flow(str(RESTAURANT))) == []
    assert len(PERSONAS) >= 6


@pytest.mark.parametrize("path", PERSONAS, ids=lambda path: path.stem)
def test_every_caller_of_the_restaurant_is_served(path: Path) -> None:
    flow, caller = load_flow(str(RESTAURANT)), persona.load(path)
    rehearsal.check(flow, caller, path)
    report = rehearsal.rehearse(flow, [caller], NOW)
    assert report.ok, "\n\n".join(str(call.conversation) for call in report.calls)


def test_a_daemon_has_it_beside_a_shipped_one() -> None:
    found = repertoire.flows(Settings(dialogue=Dialogue(flow="investment", flows=(str(RESTAURANT),))))
    assert list(found) == ["investment", "restaurant"]


def test_half_of_the_callers_hear_the_other_greeting() -> None:
    own = load_flow(str(RESTAURANT))
    half = [own.chosen(chance) for chance in (0.0, 0.49, 0.51, 0.99)]
    assert [flow.variant for flow in half] == ["short", "short", "", ""]
    assert half[0].greeting != half[2].greeting


@pytest.mark.parametrize("path", STRANGE, ids=lambda path: path.stem)
def test_strange_callers_of_the_shipped_flow_have_an_answer(path: Path) -> None:
    flow, caller = load_flow("investment"), persona.load(path)
    rehearsal.check(flow, caller, path)
    report = rehearsal.rehearse(flow, [caller], NOW)
    assert report.ok, "\n\n".join(str(call.conversation) for call in report.calls)


def test_the_documentation_begins_with_a_whole_flow_and_ends_with_a_persona(tmp_path: Path) -> None:
    path = written(tmp_path, "tables.yaml", EXAMPLES[0])
    flow = load_flow(str(path))
    caller = persona.load(written(tmp_path, "persona.yaml", EXAMPLES[-1]))
    assert check.mistakes(path, flow) == []
    assert rehearsal.rehearse(flow, [caller], NOW).ok
