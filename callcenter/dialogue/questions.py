"""The questions of one conversation: which is open, how it is put, and how often it was."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto

from callcenter.dialogue.brain import Action, Ask, Filled, Say
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.parts import fields
from callcenter.dialogue.progress import Progress
from callcenter.dialogue.wording import Wording

Actions = list[Action]


class Topic(Enum):
    """What the last question was about."""

    SLOT = auto()
    GUESS = auto()
    """`Do you mean fifty thousand dollars?`"""
    CONFIRM = auto()
    """`Is that right?`"""
    CHANGE = auto()
    """`What should I change?`"""
    QUESTION = auto()
    """A state's own question."""
    OVER = auto()


class Questions:
    """What the agent asks and says, in the words whose turn it is."""

    def __init__(self, flow: Flow, progress: Progress, now: Callable[[], datetime]) -> None:
        self._flow = flow
        self._progress = progress
        self._now = now
        self._wording = Wording(flow)
        self._repeated = False
        self._reworded: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self.topic = Topic.SLOT
        self.open = Ask(text=flow.greeting, slot="")
        """The last question."""
        self.guess: Filled | None = None
        """What `Do you mean …` was asked about."""
        self.offered = ""
        """The moment that was named on the way to the last question, ISO 8601."""

    @property
    def slot(self) -> str | None:
        """The slot that the last question was about."""
        return self.open.slot if self.topic in {Topic.SLOT, Topic.GUESS} else None

    @property
    def reviewing(self) -> bool:
        """The details have been read back: whatever the caller names is a correction."""
        reviewed = self.topic is Topic.QUESTION and self._progress.reviewed
        return reviewed or self.topic in {Topic.CONFIRM, Topic.CHANGE}

    def ask(self, topic: Topic, text: str, about: str = "") -> Actions:
        """Ask `text`, `about` a slot or a state."""
        slot, moment = about or topic.name.lower(), self._wording.take_moment()
        if moment or slot != self.open.slot:
            self.offered = moment
        self._repeated = False
        self.topic = topic
        self.guess = None
        patience_s = self._flow.states[self._progress.state].patience_s
        self.open = Ask(text=text, slot=slot, patience_s=patience_s)
        return [self.open]

    def ask_slot(self, slot: str) -> Actions | None:
        """Ask for `slot` in other words than before; None once it was asked often enough."""
        text = self._wording.question(slot)
        return None if text is None else self.ask(Topic.SLOT, text, slot)

    def ask_again(self, slot: str) -> None:
        """Begin anew with the questions for `slot`: the caller says that it is wrong."""
        self._wording.forget(slot)

    def ask_back(self, slot: str, guess: Filled) -> Actions:
        """Ask whether `guess` was meant."""
        asked = self.ask(Topic.GUESS, self._wording.guess(slot, guess, self._now().date()), slot)
        self.guess = guess
        return asked

    def ask_own(self, text: str) -> Actions:
        """The question of the state; it is asked even if nothing that it mentions is known."""
        known = self.filled(text) or " ".join(text.format(**dict.fromkeys(fields(text), "")).split())
        return self.ask(Topic.QUESTION, known, self._progress.state)

    def ask_differently(self) -> Actions | None:
        """The question of the state in other words; None if there are no more of them."""
        state = self._progress.state
        wordings = self._flow.states[state].again
        self._reworded[state] += 1
        return self.ask_own(wordings[self._reworded[state] - 1]) if self._reworded[state] <= len(wordings) else None

    def read_back(self) -> Actions:
        """Say the details and ask whether they are right."""
        self._progress.reviewed = True
        details = self._wording.read_back(self._progress.slots, self._now().date())
        return [Say(text=details), *self.ask(Topic.CONFIRM, self._flow.confirmation.ask)]

    def may_repeat(self) -> bool:
        """Whether the last question may be said once more; true only once."""
        repeated, self._repeated = self._repeated, True
        return not repeated

    def answered(self) -> int:
        """How often the state's question or the details read back were answered, this time included."""
        self._answered[self._progress.state] += 1
        return self._answered[self._progress.state]

    def acknowledge(self, changed: dict[str, Filled]) -> Say:
        """A short sign of having understood; a correction is repeated."""
        if changed:
            return Say(text=self._wording.changed(changed, self._now().date()))
        return Say(text=self._wording.acknowledgement())

    def say(self, texts: tuple[str, ...]) -> Actions:
        """One of `texts`, by how often it was their turn; nothing if it is about what is not known."""
        said = self._wording.turn(texts, self._progress.slots, self._now().date())
        return [Say(text=said)] if said else []

    def filled(self, text: str) -> str:
        """`text` with what is known, without the sentences about what is not."""
        return self._wording.filled(text, self._progress.slots, self._now().date())
