"""What keys mean as the answer to a question, and how each shipped flow tells them."""

import re
from datetime import datetime
from typing import Any

import pytest

from callcenter.dialogue import keys
from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.phrasebook import languages, load_phrasebook
from callcenter.dialogue.sentences import clauses
from callcenter.dialogue.slot import NameSlot, NumberSlot, Slot, TextSlot

NOW = datetime(2026, 11, 20, 9, 30)  # noqa: DTZ001 - local time, as the brain is given it; a Friday
FLOWS = ("appointments", "energy", "investment", "reception", "support")
NUMBER = NumberSlot(type="number", ask="How many?", again=("How many?",), why="So.", wrong="No.")


def meant(flow: str, slot: str, digits: str) -> Any:
    read = load_flow(flow)
    return keys.value(read.slots[slot], digits, read.country, read.language, NOW)


@pytest.mark.parametrize(
    ("flow", "slot", "digits", "value"),
    [
        ("energy", "heating", "1", "gas"),
        ("energy", "heating", "6", "other"),
        ("energy", "heating", "7", None),
        ("energy", "heating", "0", None),
        ("energy", "heating", "12", None),
        ("energy", "heating", "*", None),
        ("energy", "heating", "", None),
        ("investment", "interest", "2", ["bonds"]),
        ("investment", "interest", "31", ["funds", "stocks"]),
        ("investment", "interest", "33", ["funds"]),
        ("investment", "interest", "38", None),
        ("investment", "timeline", "3", "long"),
        ("investment", "amount", "50000", 50000),
        ("investment", "amount", "5*5", None),
        ("investment", "amount", "٥٠", None),
        ("investment", "phone", "5552347890", "+15552347890"),
        ("investment", "phone", "555234", None),
        ("investment", "name", "5552347890", None),
        ("support", "solved", "1", True),
        ("support", "solved", "2", False),
        ("support", "solved", "3", None),
        ("support", "problem", "1", None),
        ("energy", "postcode", "75011", "75011"),
        ("energy", "postcode", "06000", "06000"),
        ("energy", "postcode", "7501", None),
        ("energy", "callback", "115", "2026-11-23T15:00"),
        ("energy", "callback", "1153", None),
        ("energy", "callback", "11530", "2026-11-23T15:30"),
        ("energy", "callback", "700", "2026-11-22T00:00"),
        ("energy", "callback", "510", "2026-11-20T10:00"),
        ("energy", "callback", "509", "2026-11-27T09:00"),
        ("energy", "callback", "815", None),
        ("energy", "callback", "124", None),
        ("energy", "callback", "1", None),
    ],
)
def test_what_is_keyed_for_a_slot(flow: str, slot: str, digits: str, value: Any) -> None:
    assert meant(flow, slot, digits) == value


def test_a_number_is_what_was_keyed() -> None:
    assert keys.value(NUMBER, "042", "FR", "fr", NOW) == 42


def menu(flow: Flow, slot: Slot) -> str:
    return keys.menu(slot, flow.sentences.keys, flow.country)


MENUS = {
    ("energy", "occupant"): "Propriétaire : tapez 1. Locataire : tapez 2.",
    ("energy", "heating"): (
        "Au gaz : tapez 1. Au fioul : tapez 2. À l'électricité : tapez 3. Au bois : tapez 4. "
        "Avec une pompe à chaleur : tapez 5. Autrement : tapez 6."
    ),
    ("energy", "postcode"): "Tapez votre code postal.",
    ("support", "line"): "Internet : tapez 1. Le mobile : tapez 2.",
    ("support", "solved"): "Oui : tapez 1. Non : tapez 2.",
    ("support", "name"): "",
    ("support", "problem"): "",
    ("investment", "interest"): (
        "Stocks: press 1. Bonds: press 2. Funds: press 3. Property: press 4. A pension: press 5. Crypto: press 6. "
        "Something else: press 7. You can press more than one key. Then press hash."
    ),
    ("investment", "amount"): "Please key in the whole amount. Then press hash.",
    ("investment", "timeline"): "Short term: press 1. Medium term: press 2. Long term: press 3.",
    ("investment", "phone"): "Please key in the whole number.",
    ("appointments", "reason"): (
        "Para una revisión: pulse 1. Para una limpieza: pulse 2. Para una urgencia: pulse 3. "
        "Para otra consulta: pulse 4."
    ),
    ("appointments", "note"): "",
    ("energy", "callback"): (
        "Tapez le jour, de 1 pour lundi à 7 pour dimanche, puis l'heure en deux chiffres. "
        "Un, un, cinq, c'est lundi à quinze heures. Puis tapez dièse."
    ),
    ("reception", "department"): (
        "As vendas: carregue em 1. A assistência: carregue em 2. A contabilidade: carregue em 3. "
        "O engenheiro Rui Costa: carregue em 4. A doutora Ana Martins: carregue em 5."
    ),
    ("reception", "phone"): "Marque o número completo.",
}


@pytest.mark.parametrize(("flow", "slot"), MENUS)
def test_how_a_slot_is_keyed(flow: str, slot: str) -> None:
    read = load_flow(flow)
    assert menu(read, read.slots[slot]) == MENUS[flow, slot]


@pytest.mark.parametrize(
    ("flow", "slot", "keyed", "after"),
    [
        ("energy", "heating", "1", 1),
        ("energy", "heating", "12", 1),
        ("support", "solved", "2", 1),
        ("investment", "timeline", "3", 1),
        ("investment", "interest", "13", None),
        ("investment", "interest", "0", 1),
        ("investment", "amount", "50000", None),
        ("investment", "amount", "0", None),
        ("energy", "postcode", "75011", 5),
        ("energy", "postcode", "750112", 5),
        ("energy", "postcode", "0", None),
        ("energy", "callback", "115", None),
        ("energy", "callback", "11530", 5),
        ("energy", "callback", "0", 1),
        ("support", "phone", "0612345678", 10),
        ("support", "phone", "0033612345678", None),
        ("support", "phone", "33612345678", None),
        ("support", "phone", "612345678", None),
        ("support", "phone", "0", None),
        ("investment", "phone", "5552347890", 10),
        ("investment", "phone", "15552347890", 11),
        ("investment", "phone", "0033612345678", None),
        ("investment", "phone", "3912345", None),
        ("appointments", "phone", "612345678", 9),
        ("appointments", "phone", "34612345678", None),
        ("reception", "phone", "912345678", 9),
        ("reception", "phone", "351912345678", None),
        ("support", "name", "1", None),
    ],
)
def test_after_how_many_keys_no_more_can_come(flow: str, slot: str, keyed: str, after: int | None) -> None:
    read = load_flow(flow)
    pattern = keys.whole(read.slots[slot], read.country)
    ends = [count for count in range(1, len(keyed) + 1) if re.fullmatch(pattern, keyed[:count])]
    assert (ends[0] if ends else None) == after


@pytest.mark.parametrize("language", languages())
def test_hash_is_told_where_nobody_can_know_the_end(language: str) -> None:
    words = load_phrasebook(language).keys
    slots = {name: load_flow(flow).slots[name] for flow, name in (("energy", "postcode"), ("support", "phone"))}
    for country, known in (("FR", True), ("US", False)):
        assert keys.menu(slots["postcode"], words, country).endswith(words.hash) is not known
    for country, known in (("FR", True), ("DE", False), ("", False)):
        assert keys.menu(slots["phone"], words, country).endswith(words.hash) is not known
    assert keys.menu(NUMBER, words, "FR").endswith(words.hash)


@pytest.mark.parametrize("name", FLOWS)
def test_all_that_a_flow_asks_has_keys_but_names_and_texts(name: str) -> None:
    flow = load_flow(name)
    silent = {slot for slot, spec in flow.heard.items() if not menu(flow, spec)}
    assert silent == {slot for slot, spec in flow.heard.items() if isinstance(spec, NameSlot | TextSlot)}


@pytest.mark.parametrize("name", FLOWS)
def test_keys_are_told_in_phrases_that_can_be_rendered_beforehand(name: str) -> None:
    flow = load_flow(name)
    words = flow.sentences.keys
    told = [flow.sentences.deaf, flow.sentences.call_back, words.yes_no, words.person, words.wrong, words.ready]
    told += [menu(flow, slot) for slot in flow.heard.values()]
    assert {clause for text in told for clause in clauses(text)} <= set(flow.phrases())


@pytest.mark.parametrize("language", languages())
def test_there_are_nine_keys_at_most(language: str) -> None:
    words = load_phrasebook(language).keys
    listed = keys.listed(map(str, range(20)), words)
    assert len(clauses(listed)) == 9
    assert "10" not in listed


@pytest.mark.parametrize(
    ("country", "is_keyed"), [("FR", True), ("PT", True), ("US", True), ("GB", False), ("", False)]
)
def test_a_postcode_with_letters_is_not_keyed(country: str, is_keyed: bool) -> None:
    words, slot = load_phrasebook("en").keys, load_flow("energy").slots["postcode"]
    assert bool(keys.menu(slot, words, country)) is is_keyed
