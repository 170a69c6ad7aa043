"""What is known before a call fills slots, under their names."""

from datetime import datetime

from callcenter.dialogue.flow import load_flow
from callcenter.dialogue.scripted import ScriptedBrain


def test_what_is_known_beforehand() -> None:
    known = {"name": "Karen Mitchell", "amount": "50000", "risk": "none such", "shoe_size": "42"}
    brain = ScriptedBrain(load_flow("investment"), now=lambda: datetime(2026, 11, 21, 9), known=known)  # noqa: DTZ001
    assert {name: slot.value for name, slot in brain.lead.slots.items()} == {"name": "Karen Mitchell", "amount": 50000}
