"""Who calls, and from which number."""

from pathlib import Path

from callcenter.simulation.persona import Persona
from callcenter.simulation.phone import SipTarget
from callcenter.simulation.simulation import Plan


def persona(name: str, *, nobody_there: bool = False) -> Persona:
    content = {"name": name, "nobody_there": nobody_there, "expect": {"outcome": "transferred"}}
    return Persona.model_validate(content)


def test_the_number_tells_the_dialplan_whether_a_person_answers() -> None:
    plan = Plan(
        personas=[persona("there"), persona("not there", nobody_there=True)],
        calls=3,
        target=SipTarget(password=""),
        control=Path("control.sock"),
        cache=Path("cache"),
        first_number=9_998,
    )
    assert [(number, caller.name) for number, caller in plan.callers] == [
        ("+15550109998", "there"),
        ("+15550119999", "not there"),
        ("+15550100000", "there"),
    ]
