"""From how like the examples of a meaning a sentence is to how sure that is."""

from dataclasses import dataclass
from math import exp

from callcenter.dialogue.classify.nearest import Nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A logistic regression, fitted for one model."""

    likeness: float
    margin: float
    bias: float

    def confidence(self, found: Nearest) -> float:
        """How often a guess with such a likeness and margin is right, 0 to 1."""
        return 1 / (1 + exp(-(self.likeness * found.likeness + self.margin * found.margin + self.bias)))
