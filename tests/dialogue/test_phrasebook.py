"""What each language brings along, and what a flow makes of it."""

import pytest

from callcenter.dialogue import flow
from callcenter.dialogue.cues import load_cues
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.language import load_language
from callcenter.dialogue.parts import fields
from callcenter.dialogue.phrasebook import completed, languages, load_intents, load_phrasebook

LANGUAGES = ("en", "es", "fr", "pt")


def test_four_languages() -> None:
    assert languages() == list(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_is_whole(language: str) -> None:
    book, intents = load_phrasebook(language), load_intents(language)
    assert {"yes", "no", "human", "filler"} <= set(intents)
    assert book.confirmation.opening
    assert load_language(language).unfinished.endings
    asked = book.slots.model_dump()
    assert [name for name in ("name", "phone", "postcode", "moment") if not asked[name]["ask"]] == []
    assert fields(str(asked["money"]["guess"])) == ["value"]


@pytest.mark.parametrize(
    ("language", "cue", "text"),
    [
        ("en", "call", "Call me tomorrow"),
        ("fr", "call", "Rappelez-moi demain"),
        ("es", "call", "Llámeme mañana"),
        ("pt", "call", "Pode ligar-me amanhã"),
        ("en", "added", "bonds too"),
        ("fr", "added", "et aussi le bois"),
        ("en", "money", "about $500"),
        ("fr", "money", "cinq cents euros"),
        ("es", "money", "dos millones"),
        ("pt", "ending", "termina em cinco"),
    ],
)
def test_cues(language: str, cue: str, text: str) -> None:
    assert getattr(load_cues(language), cue).search(text)
    assert not getattr(load_cues(language), cue).search("Karen")


def test_a_flow_replaces_and_adds() -> None:
    content = completed(
        {
            "language": "en",
            "slots": {"who": {"type": "name", "ask": "Who?"}},
            "sentences": {"robot": "Yes.", "goodbye": {"done": "Bye."}},
            "intents": {"lost": {"words": ["lost"]}, "human": {"words": ["boss"]}},
        }
    )
    english = load_phrasebook("en")
    assert (content["slots"]["who"]["ask"], content["slots"]["who"]["why"]) == ("Who?", english.slots.name.why)
    assert (content["sentences"]["robot"], content["sentences"]["hold"]) == ("Yes.", english.hold)
    assert content["sentences"]["goodbye"] == {**english.goodbye, "done": "Bye."}
    assert list(content["intents"])[:2] == ["lost", "human"]
    assert content["intents"]["human"]["words"] == (*load_intents("en")[Intent.HUMAN].words, "boss")


def test_the_schema_wants_only_what_the_language_has_not() -> None:
    schema = flow.schema()
    assert set(schema["required"]) == {"name", "language", "country", "greeting", "slots", "states"}
    assert schema["$defs"]["MoneySlot"]["required"] == ["type"]
    assert set(schema["$defs"]["ChoiceSlot"]["required"]) == {"type", "options"}
    assert {"if", "unless", "say", "set", "forget", "add", "go", "end"} == set(schema["$defs"]["Rule"]["properties"])
    assert "is" in schema["$defs"]["Condition"]["properties"]
    assert schema["properties"]["language"]["enum"] == list(LANGUAGES)


def test_the_schema_takes_one_where_a_list_may_stand() -> None:
    state = flow.schema()["$defs"]["State"]["properties"]
    assert {kind.get("type") for kind in state["ask"]["anyOf"]} == {"string", "array"}
    assert {kind.get("type") for kind in state["say"]["anyOf"]} == {"string", "array"}
