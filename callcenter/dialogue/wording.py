"""The sentences of one conversation: which wording comes next, and values put into words."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from callcenter.dialogue import spoken
from callcenter.dialogue.brain import Filled
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.parts import fields
from callcenter.dialogue.slot import MoneySlot


class Wording:
    """Chooses among a flow's sentences; never the same acknowledgement twice in a row."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._acknowledged = 0
        self._asked: Counter[str] = Counter()

    def acknowledgement(self) -> str:
        """A short sign of having understood."""
        sentences = self._flow.sentences.acknowledgements
        self._acknowledged += 1
        return sentences[(self._acknowledged - 1) % len(sentences)]

    def question(self, slot: str) -> str | None:
        """How to ask for `slot` this time; None once it was asked often enough."""
        asked, spec = self._asked[slot], self._flow.slots[slot]
        if asked > self._flow.limits.again:
            return None
        self._asked[slot] += 1
        return spec.ask if asked == 0 else spec.again[(asked - 1) % len(spec.again)]

    def forget(self, slot: str) -> None:
        """Ask for `slot` from the beginning: the caller says that it is wrong."""
        del self._asked[slot]

    def guess(self, slot: str, guess: Filled, today: date) -> str:
        """Whether an amount was meant in thousands."""
        spec = self._flow.slots[slot]
        wording = spec.guess if isinstance(spec, MoneySlot) else self._flow.confirmation.ask
        return wording.format(value=spoken.value(self._flow, slot, guess.value, today))

    def changed(self, slots: Mapping[str, Filled], today: date) -> str:
        """What holds after a correction."""
        values = [spoken.value(self._flow, name, filled.value, today) for name, filled in slots.items()]
        return self._flow.sentences.changed.format(value=", ".join(values))

    def read_back(self, slots: dict[str, Filled], today: date) -> str:
        """The details in sentences; what is not known is left out."""
        said = {name: spoken.value(self._flow, name, filled.value, today) for name, filled in slots.items()}
        confirmation = self._flow.confirmation
        sentences = [
            ", ".join(part.format(**said) for part in parts if set(fields(part)) <= said.keys())
            for parts in confirmation.parts
        ]
        return " ".join([confirmation.opening, *(_sentence(text) for text in sentences if text)])


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
