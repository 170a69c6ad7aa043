"""The sentences of `utterances.yaml`, and how well a classifier understands them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcenter import yaml_file
from callcenter.dialogue.classify.classifier import Classifier, Meaning, meanings
from callcenter.dialogue.intents import Phrases
from callcenter.yaml_file import Part


class Sentences(Part):
    """Of one meaning."""

    known: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def phrases(self) -> Phrases:
        """As a flow would list those that are known."""
        return Phrases(
            phrases=tuple(text for text in self.known if " " in text),
            whole=tuple(text for text in self.known if " " not in text),
        )


class Utterances(Part):
    """Of one call."""

    intents: dict[str, Sentences]
    answers: dict[str, Sentences]
    nothing: tuple[str, ...]

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """What callers may mean."""
        intents, answers = ({name: each.phrases for name, each in of.items()} for of in (self.intents, self.answers))
        return meanings(intents, answers)

    @property
    def said(self) -> list[tuple[str, str]]:
        """The held-out sentences with the name of what is meant."""
        return [(text, name) for name, each in {**self.intents, **self.answers}.items() for text in each.said]


class _Both(Part):
    fr: Utterances
    en: Utterances


def load() -> Mapping[str, Utterances]:
    """By language."""
    both = yaml_file.load(Path(__file__).with_name("utterances.yaml"), _Both)
    return {"fr": both.fr, "en": both.en}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of held-out sentences when those below `least` were left aside."""

    least: float
    right: int
    wrong: int
    said: int
    invented: int
    """Sentences that mean nothing, taken for something."""
    nothing: int

    def __str__(self) -> str:
        return (
            f"confidence {self.least:.2f}: {self.right} of {self.said} right, {self.wrong} wrong, "
            f"the others asked again; of {self.nothing} that mean nothing {self.invented} taken for something"
        )


async def score(classifier: Classifier, utterances: Utterances, leasts: Sequence[float]) -> list[Score]:
    """Of `classifier`, for each of `leasts`."""
    said = [(await classifier.classify(text), name) for text, name in utterances.said]
    nothing = [await classifier.classify(text) for text in utterances.nothing]
    return [
        Score(
            least=least,
            right=sum(guess is not None and guess.confidence >= least and guess.name == name for guess, name in said),
            wrong=sum(guess is not None and guess.confidence >= least and guess.name != name for guess, name in said),
            said=len(said),
            invented=sum(guess is not None and guess.confidence >= least for guess in nothing),
            nothing=len(nothing),
        )
        for least in leasts
    ]
