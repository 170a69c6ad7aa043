"""What a flow's words and phrases make of its meanings."""

from callcenter.dialogue.classify.classifier import Kind, examples
from callcenter.dialogue.intents import Phrases
from tests.dialogue.classify.known import MEANINGS


def test_intents_and_questions_are_meanings() -> None:
    assert [(meaning.name, meaning.kind) for meaning in MEANINGS] == [
        ("busy", Kind.INTENT),
        ("human", Kind.INTENT),
        ("no", Kind.INTENT),
        ("yes", Kind.INTENT),
        ("cost", Kind.ANSWER),
        ("safe", Kind.ANSWER),
        ("busy", Kind.ANSWER),
    ]


def test_all_but_openings_are_examples() -> None:
    phrases = Phrases(phrases=("no time",), whole=("busy", "stop"), words=("stop",), opening=("well",))
    assert examples(phrases) == ("no time", "busy", "stop")
