"""What the agent says next of its own accord: the next question, the details read back, the end."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto

from callcenter.dialogue.brain import Action, Ask, Filled, HangUp, Say
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.progress import Goal, Progress
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
    OFFER = auto()
    """`Would another time suit you better?`"""
    MORE = auto()
    """`Is there anything else?`"""
    OVER = auto()


class Agenda:
    """Where a conversation stands, and its way from there to the end."""

    def __init__(self, flow: Flow, now: Callable[[], datetime]) -> None:
        self._flow = flow
        self._now = now
        self._wording = Wording(flow)
        self._left_out = 0
        self._repeated = False
        self.progress = Progress(flow=flow)
        self.topic = Topic.SLOT
        self.question = Ask(text=flow.greeting, slot="")

    @property
    def slot(self) -> str | None:
        """The slot that the last question was about."""
        return self.question.slot if self.topic in {Topic.SLOT, Topic.GUESS} else None

    @property
    def reviewing(self) -> bool:
        """The details have been read back: whatever the caller names is a correction."""
        return self.topic in {Topic.CONFIRM, Topic.CHANGE, Topic.MORE}

    def keep(self, values: dict[str, Filled]) -> dict[str, Filled]:
        """Take over what was understood; those values that are new or differ from what was known."""
        if values:
            self._left_out = 0
        return self.progress.keep(values)

    def acknowledge(self, changed: dict[str, Filled]) -> Say:
        """A short sign of having understood; a correction is repeated."""
        if changed:
            return Say(text=self._wording.changed(changed, self._now().date()))
        return Say(text=self._wording.acknowledgement())

    def ask(self, topic: Topic, text: str, slot: str = "") -> Actions:
        """Ask `text`; the answer is about `topic`."""
        self._repeated = False
        self.topic = topic
        self.question = Ask(text=text, slot=slot or topic.name.lower())
        return [self.question]

    def may_repeat(self) -> bool:
        """Whether the last question may be said once more; true only once."""
        repeated, self._repeated = self._repeated, True
        return not repeated

    def ask_back(self, slot: str, guess: Filled) -> Actions:
        """Ask whether `guess` was meant."""
        return self.ask(Topic.GUESS, self._wording.guess(slot, guess, self._now().date()), slot)

    def ask_anew(self, slot: str) -> Actions:
        """Ask for a slot whose value is wrong."""
        self.progress.drop(slot)
        self._wording.forget(slot)
        return self.go_on()

    def go_on(self) -> Actions:
        """Ask for the next slot; without one read the details back; when they are right come to the end."""
        slot = self.progress.next_slot
        if slot is None:
            return self._wrap_up()
        question = self._wording.question(slot)
        if question is None:
            return self.leave_out(slot)
        return [*self._contact(slot), *self.ask(Topic.SLOT, question, slot)]

    def _contact(self, slot: str) -> Actions:
        """The offer of a callback, once before the first question about it."""
        if self.progress.goal is Goal.CALL_BACK or slot not in self._flow.contact or self.progress.offered:
            return []
        self.progress.offered = True
        return [Say(text=self._flow.sentences.contact)]

    def leave_out(self, slot: str) -> Actions:
        """On without `slot`; when too many were left out in a row, no further."""
        self.progress.skipped.add(slot)
        self._left_out += 1
        if self._left_out >= self._flow.limits.lost:
            return [Say(text=self._flow.sentences.lost), *self.goodbye()]
        return [Say(text=self._flow.sentences.skipped), *self.go_on()]

    def _wrap_up(self) -> Actions:
        if self.progress.slots and not self.progress.confirmed:
            return self.read_back()
        if self.progress.goal is Goal.CALL_BACK:
            return self.goodbye()
        return self.ask(Topic.MORE, self._flow.more.ask)

    def read_back(self) -> Actions:
        """Say the details and ask whether they are right."""
        details = self._wording.read_back(self.progress.slots, self._now().date())
        return [Say(text=details), *self.ask(Topic.CONFIRM, self._flow.confirmation.ask)]

    def goodbye(self) -> Actions:
        """End with the sentence for the lead's status."""
        return self.end(self._flow.sentences.goodbye[self.progress.status])

    def end(self, text: str) -> Actions:
        """Say `text` and hang up."""
        self.topic = Topic.OVER
        return [Say(text=text), HangUp()]
