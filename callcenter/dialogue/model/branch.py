"""A conversation as it would go on: a copy of the scripted brain, kept if what is tried on it may be.

What a model does with its tools is tried on such a copy: the flow's rules, not the model, say where it leads.
"""

import copy
from collections.abc import Callable, Iterable
from datetime import datetime

from callcenter.dialogue.brain import Ask, HangUp
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.parts import normal
from callcenter.dialogue.progress import Progress
from callcenter.dialogue.questions import Actions, Questions, Topic
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.dialogue.slot import ChoiceSlot, ChoicesSlot, DurationSlot, Slot, YesNoSlot
from callcenter.dialogue.understanding import Understood

_STAYING = {
    *(Intent.YES, Intent.NO, Intent.FILLER, Intent.REPEAT, Intent.WITHHELD),
    *(Intent.HOLD, Intent.WHY, Intent.ROBOT, Intent.HUMAN),
}
"""Who means this does not want to end the call, though it may be over then."""


class Branch:
    """One of the ways that a conversation may go."""

    def __init__(
        self, script: ScriptedBrain, flow: Flow, now: Callable[[], datetime], shared: Iterable[object]
    ) -> None:
        """`shared` is what no copy is made of; the flow and the clock are not either."""
        self.script = script
        self._flow = flow
        self._now = now
        self._shared = tuple(shared)

    def fork(self) -> "Branch":
        """A copy; it takes about 0.1 ms."""
        kept = (self._flow, self._now, *self._flow.people.values(), *self._shared)
        script = copy.deepcopy(self.script, {id(one): one for one in kept})
        return Branch(script, self._flow, self._now, self._shared)

    def take(self, understood: Understood) -> Actions:
        """Go on as if the flow's own parsers had understood this."""
        known = self.progress.slots
        fresh = self.script.agenda.keep(understood.values)
        changed = {name: filled for name, filled in fresh.items() if name in known}
        return self.script.decided(understood, fresh, changed)

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return self.script.agenda.progress

    @property
    def questions(self) -> Questions:
        """What was asked."""
        return self.script.agenda.questions

    @property
    def situation(self) -> Situation:
        """What the understanding of the caller's words depends on."""
        return self.script.situation

    @property
    def is_by_keys(self) -> bool:
        """Whether nobody hears the caller, who answers by keys."""
        return self.script.keypad.in_use

    @property
    def asks_freely(self) -> bool:
        """Whether the open question is for a slot and no yes or no decides anything there.

        Where one does, other words for the question could mean the opposite: `is it still broken` for `does it work`.
        """
        asked = self._flow.slots.get(self.questions.open.slot)
        if asked is None or self.questions.topic is not Topic.SLOT:
            return False
        rules = (rule.if_ for rule in self._flow.states[self.progress.state].on)
        agreed = any(rule and Intent.YES in (rule.intent or ()) for rule in rules)
        return not (agreed or isinstance(asked, YesNoSlot) or self._is_agreed(asked))

    def _is_agreed(self, slot: Slot) -> bool:
        """Whether an option of `slot` is chosen by a yes or a no: `are you the owner`."""
        if not isinstance(slot, ChoiceSlot | ChoicesSlot | DurationSlot):
            return False
        known = (self._flow.intents[intent] for intent in (Intent.YES, Intent.NO))
        replies = {saying for phrases in known for saying in (*phrases.whole, *phrases.words, *phrases.opening)}
        return any(normal(word) in replies for option in slot.options.values() for word in option.if_asked)

    @property
    def next_question(self) -> Ask:
        """The one that is open."""
        return self.questions.open

    @property
    def still_open(self) -> tuple[str, ...]:
        """The slots that callers fill and that are neither known nor left out; what is being asked first."""
        done = {*self.progress.slots, *self.progress.skipped}
        rest = [name for name in self._flow.heard if name not in done]
        return tuple(sorted(rest, key=lambda name: name != self.questions.slot))

    def rang(self, name: str) -> bool:
        """Whether the one of the flow's people that was to be rung last is the one of that `name`."""
        return self.script.agenda.ringing is self._flow.people[name]

    def endings(self) -> dict[str, tuple["Branch", Actions]]:
        """How the flow's rules let the call end now, by the outcome, for whatever a caller may mean who wants that."""
        found: dict[str, tuple[Branch, Actions]] = {}
        for intent in self._flow.intents:
            branch = self.fork()
            actions = [] if intent in _STAYING else branch.take(Understood(intent=intent, confidence=1.0))
            if actions and isinstance(actions[-1], HangUp):
                found.setdefault(branch.script.outcome, (branch, actions))
        return found
