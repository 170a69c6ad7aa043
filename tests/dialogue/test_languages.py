"""What each language brings along: common intents as people speak on the telephone, and the agent's own sentences."""

import re
from typing import Any

import pytest
import yaml

from callcenter import yaml_file
from callcenter.dialogue import intents
from callcenter.dialogue.intents import Phrases
from callcenter.dialogue.language import SHIPPED, load_language
from callcenter.dialogue.parts import normal
from callcenter.dialogue.phrasebook import load_intents, load_phrasebook

LANGUAGES = ["en", "es", "fr", "pt"]

FRENCH = [
    ("Je voudrais parler à quelqu'un.", "human"),
    ("Passez-moi un conseiller, s'il vous plaît.", "human"),
    ("Est-ce que je peux parler à une vraie personne ?", "human"),
    ("je veux parler a un conseillé", "human"),
    ("Un humain, s'il vous plaît.", "human"),
    ("Vous êtes un robot ?", "robot"),
    ("Je parle à une machine, là ?", "robot"),
    ("C'est un robot ou quoi ?", "robot"),
    ("Pourquoi vous me demandez ça ?", "why"),
    ("C'est pour quoi faire ?", "why"),
    ("Pourquoi ?", "why"),
    ("Ça ne vous regarde pas.", "why"),
    ("Non, ça ne m'intéresse pas.", "not_interested"),
    ("Je ne suis pas intéressée.", "not_interested"),
    ("Ne m'appelez plus.", "not_interested"),
    ("je suis pas interesse", "not_interested"),
    ("J'ai besoin de rien.", "not_interested"),
    ("Je suis très intéressé.", None),
    ("Rappelez-moi plus tard.", "later"),
    ("Vous pouvez me rappeler demain ?", "later"),
    ("Plus tard.", "later"),
    ("Pas maintenant, un autre jour.", "later"),
    ("J'ai pas le temps.", "busy"),
    ("Je suis occupé, là.", "busy"),
    ("Désolé, je suis au volant.", "busy"),
    ("Vous me dérangez.", "busy"),
    ("Attendez une minute.", "hold"),
    ("Ne quittez pas, je vais chercher.", "hold"),
    ("Un instant.", "hold"),
    ("Pouvez-vous répéter, s'il vous plaît ?", "repeat"),
    ("Pardon ?", "repeat"),
    ("Comment ?", "repeat"),
    ("J'ai pas compris.", "repeat"),
    ("Je n'ai pas bien entendu.", "repeat"),
    ("Allô ?", "repeat"),
    ("Je préfère ne pas le dire.", "withheld"),
    ("C'est personnel.", "withheld"),
    ("Au revoir.", "goodbye"),
    ("Merci, bonne journée.", "goodbye"),
    ("Je dois vous laisser.", "goodbye"),
    ("Non.", "no"),
    ("Non, pas du tout.", "no"),
    ("Nom.", "no"),
    ("Je ne crois pas.", "no"),
    ("Non merci, c'est tout.", "no"),
    ("Bien sûr que non.", "no"),
    ("Oui.", "yes"),
    ("Ben oui.", "yes"),
    ("Tout à fait.", "yes"),
    ("C'est ça.", "yes"),
    ("Oui, c'est exact.", "yes"),
    ("Bien sûr !", "yes"),
    ("Si.", "yes"),
    ("Oui, avec plaisir", "yes"),
    ("Euh...", "filler"),
    ("D'accord.", "filler"),
    ("Oui, allô ?", "filler"),
    ("Merci beaucoup.", "filler"),
    ("Au gaz.", None),
    ("Soixante-quinze zéro onze", None),
    ("Jean Dupont", None),
    ("Mon internet ne marche plus depuis hier.", None),
    ("J'ai tout le temps des coupures.", None),
    ("Ma femme s'en occupe.", None),
    ("Je presse le bouton de la box.", None),
    ("J'ai attendu deux minutes.", None),
    ("Je crois que c'est le fioul.", None),
    ("", None),
]
SPANISH = [
    ("Quiero hablar con una persona.", "human"),
    ("¿Me puede pasar con alguien?", "human"),
    ("Páseme con un operador", "human"),
    ("Una persona, por favor.", "human"),
    ("quiero ablar con una persona", "human"),
    ("¿Es usted un robot?", "robot"),
    ("¿Estoy hablando con una máquina?", "robot"),
    ("¿Esto es una grabación?", "robot"),
    ("¿Por qué me lo pregunta?", "why"),
    ("¿Para qué lo necesita?", "why"),
    ("¿Por qué?", "why"),
    ("Eso no le importa.", "why"),
    ("No me interesa.", "not_interested"),
    ("No estoy interesada, gracias.", "not_interested"),
    ("No me llamen más.", "not_interested"),
    ("Déjenme en paz", "not_interested"),
    ("Sí, me interesa.", "yes"),
    ("Y me interesa el lunes", None),
    ("Llámeme más tarde.", "later"),
    ("Mejor otro día.", "later"),
    ("¿Me pueden llamar mañana?", "later"),
    ("Luego.", "later"),
    ("Ahora no puedo.", "later"),
    ("No tengo tiempo.", "busy"),
    ("Estoy ocupado.", "busy"),
    ("Me pilla mal ahora mismo.", "busy"),
    ("Estoy conduciendo", "busy"),
    ("Espere un momento.", "hold"),
    ("Un segundito, por favor.", "hold"),
    ("Déjeme ver.", "hold"),
    ("A ver.", "hold"),
    ("¿Puede repetir, por favor?", "repeat"),
    ("¿Cómo dice?", "repeat"),
    ("¿Perdón?", "repeat"),
    ("No le he entendido.", "repeat"),
    ("No se oye bien", "repeat"),
    ("Prefiero no decirlo.", "withheld"),
    ("Eso es privado.", "withheld"),
    ("Adiós.", "goodbye"),
    ("Venga, hasta luego.", "goodbye"),
    ("Tengo que colgar.", "goodbye"),
    ("No.", "no"),
    ("Pues no.", "no"),
    ("Claro que no.", "no"),
    ("Para nada.", "no"),
    ("No, gracias, eso es todo", "no"),
    ("Nada más.", "no"),
    ("Sí.", "yes"),
    ("Si.", "yes"),
    ("Sí, claro.", "yes"),
    ("Por supuesto.", "yes"),
    ("Eso es.", "yes"),
    ("Claro que sí", "yes"),
    ("Me viene bien", "yes"),
    ("Vale.", "filler"),
    ("Eh...", "filler"),
    ("Hola, buenos días.", "filler"),
    ("Muchas gracias.", "filler"),
    ("Por la tarde", None),
    ("María López", None),
    ("Seis cero cero, uno dos tres", None),
    ("Me duele una muela", None),
    ("El lunes a las diez.", None),
    ("Me gustaría pedir una cita.", None),
    ("Mi mujer dice que no llega.", None),
    ("", None),
]
PORTUGUESE = [
    ("Quero falar com uma pessoa.", "human"),
    ("Pode passar-me a alguém?", "human"),
    ("Queria falar com um operador, se faz favor.", "human"),
    ("Posso falar com alguém de verdade?", "human"),
    ("quero falar com um atendente", "human"),
    ("É um robô?", "robot"),
    ("Estou a falar com uma máquina?", "robot"),
    ("Isto é uma gravação?", "robot"),
    ("Porque é que pergunta?", "why"),
    ("Para que é que precisa disso?", "why"),
    ("Porquê?", "why"),
    ("Isso não é da sua conta.", "why"),
    ("Não estou interessado.", "not_interested"),
    ("Não me interessa, obrigada.", "not_interested"),
    ("Não me liguem mais.", "not_interested"),
    ("nao estou interessada", "not_interested"),
    ("Isso interessa-me muito.", None),
    ("Ligue-me mais tarde.", "later"),
    ("Pode ligar-me amanhã?", "later"),
    ("Mais tarde.", "later"),
    ("Agora não posso.", "later"),
    ("Me liga depois.", "later"),
    ("Não tenho tempo.", "busy"),
    ("Estou ocupada.", "busy"),
    ("Estou numa reunião.", "busy"),
    ("Agora não me dá jeito.", "busy"),
    ("Estou a conduzir", "busy"),
    ("Só um momento.", "hold"),
    ("Espere um bocadinho, por favor.", "hold"),
    ("Deixe-me ver.", "hold"),
    ("Aguarde.", "hold"),
    ("Pode repetir, por favor?", "repeat"),
    ("Desculpe?", "repeat"),
    ("Como disse?", "repeat"),
    ("Não percebi.", "repeat"),
    ("Não estou a ouvir bem.", "repeat"),
    ("Estou?", "repeat"),
    ("Prefiro não dizer.", "withheld"),
    ("Isso é privado.", "withheld"),
    ("Adeus.", "goodbye"),
    ("Então até logo.", "goodbye"),
    ("Tenho de desligar.", "goodbye"),
    ("Não.", "no"),
    ("Nao.", "no"),
    ("Claro que não.", "no"),
    ("Nem por isso.", "no"),
    ("Não, é tudo, obrigado.", "no"),
    ("Mais nada.", "no"),
    ("Sim.", "yes"),
    ("Pois não.", "yes"),
    ("Sim, está certo.", "yes"),
    ("Com certeza.", "yes"),
    ("É isso mesmo.", "yes"),
    ("Claro que sim", "yes"),
    ("Pode ser.", "yes"),
    ("Hum...", "filler"),
    ("Pois, pois.", "filler"),
    ("Está bem.", "filler"),
    ("Bom dia.", "filler"),
    ("Com a contabilidade", None),
    ("Maria Santos", None),
    ("É sobre uma encomenda", None),
    ("Ele está à espera da minha chamada.", None),
    ("Quero marcar uma reunião.", None),
    ("Nove um dois, três quatro cinco", None),
    ("", None),
]
TABLE = [
    (language, text, meant)
    for language, table in (("fr", FRENCH), ("es", SPANISH), ("pt", PORTUGUESE))
    for text, meant in table
]


@pytest.mark.parametrize(("language", "text", "meant"), TABLE)
def test_intents(language: str, text: str, meant: str | None) -> None:
    found = intents.best(text, load_intents(language))
    assert (found.name if found else None) == meant


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_its_words(language: str) -> None:
    assert list(load_intents(language)) == list(load_intents("en"))


def sayings(phrases: Phrases) -> list[str]:
    return [*phrases.phrases, *phrases.words, *phrases.whole, *phrases.opening]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_a_saying_of_an_intent_means_that_one(language: str) -> None:
    """Alone, each is understood as the intent it stands under, not as one that comes first."""
    common = load_intents(language)
    missed = {
        saying: found.name if found else None
        for name, phrases in common.items()
        for saying in sayings(phrases)
        if (found := intents.best(saying, common)) is None or found.name != name
    }
    assert set(missed) <= _SOMETHING_ELSE_ALONE[language], missed


_SOMETHING_ELSE_ALONE = {
    "en": {"is this a real person", "all right", "ok", "okay", "good"},
    "es": {"vale", "de acuerdo", "bien", "bueno", "muy bien", "ok", "okay", "okey", "encantado", "encantada"},
    "fr": {"d'accord", "ok", "okay", "entendu", "tres bien"},
    "pt": {"ok", "okay", "certo", "esta bem", "esta bom", "tá bem", "tá bom", "muito bem", "otimo", "optimo", "beleza"},
}
"""Most are a sound of listening alone; at the beginning of more they are a yes."""


def tree(language: str) -> Any:
    return yaml.load((SHIPPED / language / "sentences.yaml").read_text(encoding="utf-8"), yaml_file.Loader)


def keys(content: Any, path: str = "") -> set[str]:
    """Where something is said, and with how many placeholders."""
    if isinstance(content, dict):
        return {found for key, value in content.items() for found in keys(value, f"{path}.{key}")}
    return {f"{path} {str(content).count('{value}')}"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same(language: str) -> None:
    assert keys(tree(language)) == keys(tree("en"))
    assert load_phrasebook(language).silence


GENDERED = {
    "fr": r"désolée?s?|ravie?|content|sûre?s?|prête?|monsieur|madame|enchantée?",
    "es": r"encantad[oa]|segur[oa]|list[oa]|señora?|bienvenid[oa]|seguro|ocupado|ocupada",
    "pt": r"obrigad[oa]|senhora?|bem-vind[oa]|segur[oa]|pront[oa]|satisfeit[oa]",
    "en": r"sir|madam|miss|mister",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_tells_a_man_from_a_woman(language: str) -> None:
    assert re.findall(rf"\b(?:{GENDERED[language]})\b", str(tree(language)), re.IGNORECASE) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_endings_differ_from_each_other(language: str) -> None:
    endings = [ending for kind in load_language(language).unfinished.endings for ending in kind]
    assert len(endings) == len(set(endings)), [ending for ending in endings if endings.count(ending) > 1]


@pytest.mark.parametrize(
    ("language", "text", "ending"),
    [
        ("fr", "Je voudrais", "je voudrais"),
        ("fr", "Une chaudière à", "à"),
        ("fr", "Euh, alors euh...", "euh"),
        ("fr", "Entre lundi et", "et"),
        ("fr", "Le numéro, c'est le", "le"),
        ("fr", "Au gaz.", ""),
        ("fr", "Oui.", ""),
        ("es", "Quería cambiar la", "la"),
        ("es", "Pues...", "pues"),
        ("es", "Me llamo", "me llamo"),
        ("es", "El lunes.", ""),
        ("es", "Si.", ""),
        ("pt", "Queria falar com a", "a"),
        ("pt", "O meu nome é", "o meu nome é"),
        ("pt", "Mas", "mas"),
        ("pt", "Com a contabilidade.", ""),
        ("pt", "É.", ""),
    ],
)
def test_endings(language: str, text: str, ending: str) -> None:
    assert load_language(language).unfinished.ending(normal(text)) == ending


@pytest.mark.parametrize(
    ("language", "text", "lacks"),
    [
        ("fr", "Entre vingt", True),
        ("fr", "Entre vingt et trente", False),
        ("es", "Entre las dos", True),
        ("es", "Entre las dos y las tres", False),
        ("pt", "Entre as duas", True),
        ("pt", "Entre as duas e as três", False),
    ],
)
def test_pairs(language: str, text: str, lacks: bool) -> None:
    assert load_language(language).unfinished.lacks_pair(normal(text)) is lacks
