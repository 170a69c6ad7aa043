"""Whatever callers say in whichever shipped flow: every turn ends as it should, and soon."""

import time
from datetime import datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.dialogue.brain import (
    Action,
    Answered,
    Ask,
    Ending,
    Fetch,
    Fetched,
    HangUp,
    Happening,
    Keyed,
    Misheard,
    Said,
    Say,
    Silent,
    Transfer,
    TransferFailed,
    Wait,
)
from callcenter.dialogue.flow import SHIPPED, Flow, load_flow
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.slot import ChoiceSlot, ChoicesSlot, DurationSlot

NOW = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001 - local time, as the brain is given it
FLOWS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
PLAIN = ("555 234 7890", "01 42 68 53 00", "75011", "Karen Mitchell", "50", "10:30", "Tomorrow", "...", "blah blah")


def sayings(flow: Flow) -> list[str]:
    """One way to say each thing that the flow knows."""
    found = [meaning.phrases[:1] or meaning.whole[:1] or meaning.words[:1] for meaning in flow.intents.values()]
    found += [meaning.opening[:1] for meaning in flow.intents.values()]
    found += [answer.phrases[:1] for answer in flow.answers.values()]
    for slot in flow.slots.values():
        if isinstance(slot, ChoiceSlot | ChoicesSlot | DurationSlot):
            found += [(option.words or option.if_asked)[:1] for option in slot.options.values()]
    return [*(saying for one in found for saying in one), *PLAIN]


@cache
def shipped(name: str) -> Flow:
    return load_flow(name)


@cache
def happenings(name: str) -> st.SearchStrategy[Happening]:
    said = st.sampled_from(sayings(shipped(name)))
    return st.one_of(
        st.builds(lambda text: Said(text=text), said),
        st.builds(lambda text, other: Said(text=f"{text}, {other}", interrupted=True), said, said),
        st.sampled_from(
            [
                *(Keyed(digits=digits) for digits in ("0", "1", "2", "5", "115", "0612345678")),
                Silent(times=1),
                Misheard(),
                Misheard(deaf=True),
                TransferFailed(),
                Fetched(result="failed"),
                Fetched(result="ok", values={"result": "none"}),
                Ending(reason="length"),
            ]
        ),
    )


def is_whole(actions: list[Action]) -> bool:
    """Whether a turn ends so that the call knows what to do, with nothing left to fill in."""
    spoken = " ".join(action.text for action in actions if isinstance(action, Say | Ask))
    return isinstance(actions[-1], Ask | Say | Wait | HangUp | Transfer | Fetch) and "{" not in spoken


@pytest.mark.parametrize("name", FLOWS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_every_turn_is_whole(name: str, data: st.DataObject) -> None:
    brain = ScriptedBrain(shipped(name), now=lambda: NOW)
    assert is_whole(brain.decide(Answered(caller="+15551230000")))
    for happening in data.draw(st.lists(happenings(name), max_size=20)):
        actions = brain.decide(happening)
        assert is_whole(actions)
        assert brain.state in shipped(name).states
        assert brain.lead.status
        if isinstance(actions[-1], HangUp):
            break


@pytest.mark.parametrize("name", FLOWS)
def test_deciding_is_quick(name: str) -> None:
    flow = shipped(name)
    texts = [*sayings(flow), " ".join(PLAIN)]
    spent = []
    for _ in range(2):  # the first time languages are loaded
        brain = ScriptedBrain(flow, now=lambda: NOW)
        brain.decide(Answered(caller=""))
        began = time.process_time()
        for text in texts:
            brain.decide(Said(text=text))
        spent.append((time.process_time() - began) / len(texts))
    assert min(spent) < 0.005
