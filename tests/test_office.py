"""Which office a call comes to."""

from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from callcenter.attention import Manners
from callcenter.config import Limits
from callcenter.latency import Latencies
from callcenter.office import Office, Offices, named
from tests.stand_ins import ToneVoice


def nobody(*_: object) -> NoReturn:
    raise AssertionError("nobody has called")


def office(flow: str) -> Office:
    return Office(
        instance="test",
        flow=flow,
        legs=nobody,
        line=nobody,
        ear=nobody,
        brain=nobody,
        voice=ToneVoice(),
        fillers=(),
        store=nobody,
        tape=nobody,
        tell=nobody,
        latencies=Latencies(),
        manners=Manners(is_backchannel=nobody, pause_ms=600, short_pause_ms=350, long_pause_ms=1100, filler_ms=1500),
        limits=Limits(),
    )


OFFICES = Offices(by_flow={name: office(name) for name in ("usual", "energy", "support")}, default="usual")


@pytest.mark.parametrize(
    ("arguments", "flow"),
    [
        ((), "usual"),
        (("flow=",), "usual"),
        (("flow=energy",), "energy"),
        (("flow = support ",), "support"),
        (("contact=17", "flow=energy"), "energy"),
        (("energy",), "usual"),
    ],
)
def test_the_dialplan_chooses(arguments: tuple[str, ...], flow: str) -> None:
    with capture_logs() as logs:
        assert OFFICES.asked_for(arguments).flow == flow
    assert logs == []


@pytest.mark.parametrize("asked", ["Energy", "nowhere", "energy;flow=support"])
def test_a_flow_that_is_not_loaded_is_logged_and_the_usual_one_answers(asked: str) -> None:
    with capture_logs() as logs:
        assert OFFICES.asked_for([f"flow={asked}"]).flow == "usual"
    (entry,) = logs
    assert entry == {
        "event": "! flow",
        "log_level": "error",
        "asked": asked,
        "loaded": ["usual", "energy", "support"],
        "answers": "usual",
    }


def test_other_arguments_are_there_by_name() -> None:
    assert named(["flow=energy", "contact=17", "note=a=b"]) == {"flow": "energy", "contact": "17", "note": "a=b"}
