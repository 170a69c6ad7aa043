"""What callers of the tests may mean."""

from callcenter.dialogue.classify.classifier import Guess, Kind, Meaning, Source, meanings
from callcenter.dialogue.intents import Phrases

INTENTS = {
    "busy": Phrases(phrases=("i am busy", "no time"), whole=("busy",)),
    "human": Phrases(phrases=("speak to someone",), words=("operator",)),
    "no": Phrases(opening=("no", "nope")),
    "yes": Phrases(opening=("yes", "sure")),
}
ANSWERS = {
    "cost": Phrases(phrases=("what does it cost",)),
    "safe": Phrases(phrases=("is it safe",)),
    "busy": Phrases(phrases=("are your lines busy",)),
}
MEANINGS: tuple[Meaning, ...] = meanings(INTENTS, ANSWERS)


def guess(name: str, confidence: float, source: Source = Source.HTTP, *, sure: bool = True) -> Guess:
    return Guess(name=name, kind=Kind.INTENT, confidence=confidence, source=source, sure=sure)
