"""The sentences of one conversation: which wording comes next, and values put into words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from callcenter.dialogue import sentences, spoken
from callcenter.dialogue.brain import Filled
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.parts import fields
from callcenter.dialogue.slot import MomentSlot, MoneySlot


class Wording:
    """Chooses among a flow's sentences; never the same acknowledgement twice in a row."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._acknowledged = 0
        self._asked: Counter[str] = Counter()
        self._said: Counter[Sequence[str]] = Counter()
        self._moment = ""

    def acknowledgement(self) -> str:
        """A short sign of having understood."""
        known = self._flow.sentences.acknowledgements
        self._acknowledged += 1
        return known[(self._acknowledged - 1) % len(known)]

    def question(self, slot: str) -> str | None:
        """How to ask for `slot` this time; None once it was asked often enough."""
        asked, spec = self._asked[slot], self._flow.slots[slot]
        if asked > (self._flow.limits.again if spec.required else 0):
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

    def turn(self, texts: Sequence[str], slots: Mapping[str, Filled], today: date) -> str:
        """Which of `texts` it is this time, filled in; the last of them stays. Empty if there is nothing to say."""
        if not texts:
            return ""
        self._said[texts] += 1
        return self.filled(texts[min(self._said[texts], len(texts)) - 1], slots, today)

    def filled(self, text: str, slots: Mapping[str, Filled], today: date) -> str:
        """`text` with the slots in words; sentences with one that is not known are left out."""
        if not fields(text):
            return text
        said = self._words(slots, {name for name in fields(text) if name in slots}, today)
        moments = [slots[name].value for name in said if isinstance(self._flow.slots[name], MomentSlot)]
        self._moment = moments[-1] if moments else self._moment
        whole = [clause for clause in sentences.clauses(text) if set(fields(clause)) <= said.keys()]
        return " ".join(clause.format(**said) for clause in whole)

    def take_moment(self) -> str:
        """The last moment that was put into words since it was taken, ISO 8601; empty if none was."""
        moment, self._moment = self._moment, ""
        return moment

    def read_back(self, slots: Mapping[str, Filled], today: date) -> str:
        """The details in sentences; what is not known is left out."""
        confirmation = self._flow.confirmation
        said = self._words(slots, set(slots), today)
        details = [
            ", ".join(part.format(**said) for part in parts if set(fields(part)) <= said.keys())
            for parts in confirmation.parts
        ]
        return " ".join([confirmation.opening, *(_sentence(text) for text in details if text)])

    def _words(self, slots: Mapping[str, Filled], names: set[str], today: date) -> dict[str, str]:
        return {name: spoken.value(self._flow, name, slots[name].value, today) for name in names}


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
