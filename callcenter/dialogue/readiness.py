"""What it takes to understand a language is read and compiled before the first call, not in the middle of it."""

from collections.abc import Callable
from datetime import datetime

from callcenter.dialogue import sentiment
from callcenter.dialogue.brain import Answered, Said
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.forms import load_forms
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.slots import moment, preparation, yes_no
from callcenter.dialogue.slots.heard import Heard
from callcenter.dialogue.understanding import understand


def make_ready(flow: Flow, now: Callable[[], datetime]) -> None:
    """Have a short conversation along `flow` with nobody. Takes up to half a second for each language, once; blocks."""
    moment.warm_up({flow.language})
    preparation.warm_up({flow.language})
    yes_no.parse(Heard.of("", flow.language), True)
    sentiment.judge("", flow.language)
    load_forms(flow.language)
    for name in flow.slots:
        understand(flow.greeting, flow, Situation(now=now(), caller="", asked=name))
    brain = ScriptedBrain(flow, now=now)
    brain.decide(Answered(caller=""))
    for text in (flow.prompt, flow.greeting):
        brain.completeness(text)
        brain.decide(Said(text=text))
