"""All shipped flows by all their personas, as text."""

from datetime import datetime
from pathlib import Path

import pytest

from callcenter.dialogue.flow import SHIPPED, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.simulation import persona
from callcenter.workshop import rehearsal
from callcenter.workshop.conversation import play

PERSONAS = Path(__file__).parent.parent / "personas"
FLOWS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
FOREIGN = {"other_language", "transferred"}
"""What becomes of callers who speak another language than the flow."""
LONGEST = 150
"""Lines of a shipped flow, which a business person reads."""


def files(flow: str) -> list[Path]:
    folders = [PERSONAS / flow, *([PERSONAS] if flow == "investment" else [])]
    return sorted(path for folder in folders for path in folder.glob("*.yaml"))


def test_five_businesses_in_four_languages() -> None:
    assert FLOWS == ["appointments", "energy", "investment", "reception", "support"]
    assert {load_flow(flow).language for flow in FLOWS} == {"en", "es", "fr", "pt"}


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_short_and_has_its_personas(flow: str) -> None:
    assert len((SHIPPED / f"{flow}.yaml").read_text(encoding="utf-8").splitlines()) < LONGEST
    assert len(files(flow)) >= 6
    own = load_flow(flow)
    for path in files(flow):
        caller = persona.load(path)
        assert (caller.flow or "investment") == flow
        assert caller.language == own.language or caller.expect.outcome in FOREIGN, path.name
        rehearsal.check(own, caller, path)


@pytest.mark.parametrize("flow", FLOWS)
def test_every_outcome_and_19_of_20_slots_are_right(flow: str) -> None:
    own, callers = load_flow(flow), [persona.load(path) for path in files(flow)]
    for worded in (own, *own.varied.values()):
        report = rehearsal.rehearse(worded, callers, NOW)
        wrong = [str(call.conversation) for call in report.calls if not call.ok]
        assert report.ok, "\n\n".join(wrong)


def test_there_is_something_to_compare() -> None:
    energy = load_flow("energy")
    wordings = [energy.chosen(chance).variant for chance in (0.0, 0.49, 0.51, 0.99)]
    assert wordings == ["brief", "brief", "", ""]
    heard = {
        play(ScriptedBrain(each, now=lambda: NOW), persona.load(PERSONAS / "energy" / "straight.yaml"))
        .exchanges[0]
        .agent
        for each in (energy, *energy.varied.values())
    }
    assert len(heard) == 2, heard


@pytest.mark.parametrize("flow", FLOWS)
def test_nothing_said_has_a_placeholder(flow: str) -> None:
    report = rehearsal.rehearse(load_flow(flow), [persona.load(path) for path in files(flow)], NOW)
    said = [each.agent for call in report.calls for each in call.conversation.exchanges]
    assert not [text for text in said if "{" in text]
