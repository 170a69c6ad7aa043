"""Language models that fail in calls over a real Asterisk: the flow's own rules go on, and the model is asked again.

Each call needs the model for what only it understands, and for the words of a question. Callers of a model with a fault
have something plainer to say when they are asked again; those after it have not: a call of theirs gets no further
without the model. One more daemon leads a whole shipped conversation by a model that is well.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from callcenter.demo import House
from callcenter.dialogue.flow import load_flow
from callcenter.simulation import persona
from callcenter.simulation.persona import Persona
from tests.conftest import REHEARSED
from tests.peers.conversation import OWN_WORDS, Sensible
from tests.peers.openai_cloud import Fault, Peer, serving
from tests.real.cloud import AT_ONCE, Trial, breakers, clouded, left_behind, placed, short_flow, together, unwanted
from tests.real.stand_in_ears import ByLength

pytestmark = [
    pytest.mark.real,
    pytest.mark.alone,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

FLOW = """\
name: fund
language: en
country: US
currency: dollars
greeting: Hi.
slots:
  risk:
    type: choice
    ask: Risk?
    options: {low: {says: low, words: [low]}, high: {says: high, words: [high]}}
  amount: {type: money, ask: "Sum?"}
states:
  start: {ask: [risk, amount], go: noted}
  noted: {end: noted}
sentences: {acknowledgements: [Good., Fine.], goodbye: {noted: Bye.}}
"""
OBSCURE = (
    "I like to sleep soundly.",
    "I like to sleep soundly every single night.",
    "I like to sleep soundly every single night of the year.",
    "I like to sleep soundly every single night of the year and of the next one.",
)
"""What callers say, which is understood by the model alone."""
MEANINGS = {"sleep soundly": {"name": "record", "arguments": {"slot": "risk", "value": "low"}}}
PLAIN, AMOUNT = "Low.", "Ten thousand."
"""What they say besides. All of it sounds for times of its own."""
LANES = (
    ((Fault.STALL,), (Fault.UNAUTHORISED,)),
    ((Fault.STALL_MIDDLE,), (Fault.RATE_LIMITED,)),
    ((Fault.TRICKLE,), (Fault.REFUSED,)),
    ((Fault.GARBAGE,), (Fault.CUT,)),
    ((Fault.NO_SUCH_TOOL, Fault.BAD_ARGUMENTS, Fault.EMPTY, Fault.ENDLESS), (Fault.ERROR,)),
)
"""The faults of each daemon's model: all that there are. Nonsense is of many kinds at once, since that is not the
business of the breaker that all calls share."""
WORD_S = 0.05
SOON_S = 0.2
FIRST_CLAUSE = 4
"""Pieces of the peer's answer after which its first clause is whole, and its tool's arguments are there."""
WHOLE = Path(__file__).parent.parent / "personas" / "faults" / "in_one_breath.yaml"
LEAST_WORDED = 2
"""Questions of the whole conversation that the model must have put in its own words."""


def caller(risk: Sequence[str]) -> Persona:
    """Somebody who says one of `risk` after the other when asked for it, and its last again and again."""
    asked = [
        {"on": "risk|which one|again|repeat", "say": text, "repeat": text is risk[-1], "after": SOON_S} for text in risk
    ]
    return Persona.model_validate(
        {
            "name": " ".join(risk),
            "voice": {"engine": "flite", "name": "rms"},
            "lines": [*asked, {"on": "sum|amount", "say": AMOUNT, "repeat": True, "after": SOON_S}],
            "expect": {"outcome": "noted", "slots": {"risk": "low", "amount": 10_000}},
        }
    )


FLEXIBLE = [caller([obscure, PLAIN]) for obscure in OBSCURE]
"""They get on without a model."""
STUBBORN = caller(OBSCURE[:1])
"""Does not."""


async def faults_met(trials: Sequence[Sequence[Fault]], folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in calls that meet the faults of each of `trials`, and in a call after each."""
    flow = short_flow(folder, FLOW)
    ears = await ByLength.of(FLEXIBLE)
    peer = Peer(Sensible(load_flow(flow), meanings=MEANINGS), ears.transcribe, pace_s=WORD_S)
    peer.middle = FIRST_CLAUSE
    async with (
        serving(peer) as address,
        clouded(folder, modelled(address, flow=flow)) as house,
    ):
        await ready.wait()
        return [wrong for faults in trials for wrong in await trial(faults, house, peer).mistakes()]


def modelled(address: str, **dialogue: Any) -> dict[str, dict[str, Any]]:
    """Settings of a house whose model and only recogniser are at `address`, with these of `[dialogue]` besides."""
    return {
        "model": {"url": f"{address}/v1"},
        "openai": {"url": f"{address}/v1"},
        "hearing": {"recognisers": ("openai",)},
        "talking": {"voices": {"en": ("espeak:en-us",)}},
        "dialogue": {"brain": "model", **dialogue},
    }


def trial(faults: Sequence[Fault], house: House, peer: Peer) -> Trial:
    """Of calls that meet one of `faults` each, and of one when the model has none any more."""
    calls = max(AT_ONCE, len(faults))
    said = dict(zip(OBSCURE[:calls], cycle(faults), strict=False))
    met: Counter[str] = Counter({fault.value: 0 for fault in faults})

    def fault_of(request: dict[str, Any]) -> Fault | None:
        words = str(request["messages"])
        fault = next(fault for text, fault in said.items() if f"{text}</caller>" in words)
        met[fault.value] += 1
        return fault

    def fail(begins: bool) -> None:
        peer.fault_of = fault_of if begins else lambda request: None

    return Trial(
        name=" ".join(met),
        house=house,
        fail=fail,
        asked=lambda: {"model": peer.counts["completions"]},
        during=lambda: placed(house, FLEXIBLE[:calls], calls),
        after=lambda: placed(house, STUBBORN, 1),
        unmet=lambda: [name for name, count in met.items() if not count],
    )


async def led(folder: Path, ready: asyncio.Barrier) -> list[str]:
    """What goes wrong in a whole call of a shipped flow with a model that is well."""
    who = persona.load(WHOLE)
    ears = await ByLength.of([who])
    peer = Peer(Sensible(load_flow("investment"), lambda: REHEARSED), ears.transcribe, pace_s=WORD_S)
    async with (
        serving(peer) as address,
        clouded(folder, modelled(address, flow="investment", pretend_it_is=REHEARSED)) as house,
    ):
        await ready.wait()
        calls = await placed(house, who, 1)
        found = unwanted(calls)
        worded = [turn for call in calls for turn in call.turns if OWN_WORDS["en"][-1] in turn.agent]
        found += [f"the model has worded {len(worded)} questions"] if len(worded) < LEAST_WORDED else []
        found += [f"not well: {line}" for line in await breakers(house) if line["failures"]]
        return [f"led: {wrong}" for wrong in found] + await left_behind(house)


async def test_callers_hear_no_failure_and_the_model_is_asked_again(tmp_path: Path) -> None:
    lanes = [partial(faults_met, trials, tmp_path / trials[0][0].value) for trials in LANES]
    assert await together([*lanes, partial(led, tmp_path / "led")]) == []
