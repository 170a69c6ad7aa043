"""Yes and no, as people say them in four languages, and what is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import yes_no
from callcenter.dialogue.slots.heard import Heard


def said(sayings: str) -> list[str]:
    """Those between the bars."""
    return [" ".join(saying.split()) for saying in sayings.split("|")]


YES = {
    "en": """
        Yes. | Yeah, sure. | Yes, no problem. | No problem. | I do. | I am. | Um, yes | Well, of course | Okay. |
        Why not? | That's right, yes | I think so | yes please go ahead | No, sorry, yes. | Right. | Certainly. | I
        don't mind.
    """,
    "fr": """
        Oui. | Tout à fait. | Ben oui. | Bah oui, bien sûr | Je ne dis pas non. | C'est ça. | Euh, oui | Mais oui !
        | Si, si. | Pas de problème. | Oui oui, je suis propriétaire | D'accord. | Je crois que oui. | Non, pardon,
        oui. | Exactement | oui tout a fait | Volontiers. | Moi, oui. | Pourquoi pas. | Effectivement. | C'est moi.
        | Ah oui, oui | Je pense que oui | Ça remarche ! | Oui, c'est bon | Oui, il n'y a pas de souci. | Je veux
        bien.
    """,
    "es": """
        Sí. | Si. | Sí, claro. | si claro | Claro. | Claro que sí | Por supuesto. | Pues sí. | Cómo no. | Desde
        luego | Eso es. | Así es. | Vale. | Yo creo que sí. | No hay problema. | Sí, no hay problema | No, perdón,
        sí. | Efectivamente. | Sí, soy yo | Bueno, sí | Es correcto. | Ya lo creo. | Sí, ¿no? | Con mucho gusto |
        hombre claro | ¡Claro que sí, mujer!
    """,
    "pt": """
        Sim. | Sim, sim. | Claro. | Claro que sim. | Pois. | Pois não. | Pois claro. | Com certeza. | É. | Sou. |
        Tenho. | Sou, sim. | Pode ser. | Acho que sim. | Não há problema. | Sim, não há problema. | Não, desculpe,
        sim. | Exatamente. | É isso mesmo. | Bem, sim | Está certo. | Isso. | Com todo o gosto. | Porque não? | Isso
        mesmo | Pois é. | sim com certeza
    """,
}
NO = {
    "en": """
        No. | Nope. | No, thank you. | Not at all. | Not really. | I'm afraid not | I don't. | Okay, no. | Of course
        not. | Yes, sorry, no. | no I rent | I'm not the owner | Well, no | Please, no
    """,
    "fr": """
        Non. | Pas du tout. | Nan. | Ben non. | Non merci. | Ah non, pas du tout | Je ne suis pas propriétaire. |
        Non, je suis locataire | Bien sûr que non. | Je ne crois pas. | Pas encore. | Absolument pas. | Toujours
        pas. | Oui, enfin non. | Nom. | Euh non | Moi non | Ça ne marche pas. | Certainement pas ! | c'est pas moi |
        Non, c'est bon. | D'accord, mais non | Non, pas de problème.
    """,
    "es": """
        No. | No, gracias. | Pues no. | Para nada. | En absoluto | Qué va. | Claro que no. | Creo que no. | No, soy
        inquilino | No soy el dueño | Todavía no. | Yo no | De ninguna manera | Sí, perdón, no. | Bueno, no. | Por
        supuesto que no | Vale, pero no. | Nunca. | Sigue sin funcionar | No, claro
    """,
    "pt": """
        Não. | Nao. | Não, obrigado. | Nem por isso. | Claro que não. | De modo nenhum. | Acho que não. | Não sou eu
        | Não, sou inquilino. | Ainda não. | Nem pensar. | Eu não | Sim, desculpe, não. | Bem, não | Está bem, mas
        não. | Não tenho. | Não quero | Também não. | Não me parece.
    """,
}
NEITHER = {
    "en": """
        What do you mean? |
        I don't know. | No idea. | Not sure. | Maybe. | Yes and no. | Fifty thousand | My name is Peter.
    """,
    "fr": """
        Vous pouvez m'envoyer quelqu'un ? | Je m'appelle Jean. | S'il vous plaît, je voudrais un conseiller. |
        Je ne sais pas. | Je sais pas trop | Aucune idée. | Ça dépend. | Peut-être. | Oui et non. | J'ai pas compris
        | Jean Dupont | Au gaz.
    """,
    "es": """
        No sé si puedo. | Por favor, quería una cita. | No me acuerdo. |
        No sé. | No lo sé | No sé, la verdad | Ni idea. | Depende. | Quizás. | No le he entendido. | María López |
        El lunes.
    """,
    "pt": """
        Com os recursos humanos, por favor. | Não me lembro. | Se faz favor, queria falar com a Ana. |
        Não sei. | Não faço ideia | Sei lá. | Depende. | Talvez. | Se calhar. | Não percebi. | Maria Santos | Na
        segunda.
    """,
}
TABLE = [
    (language, text, value)
    for sayings, value in ((YES, True), (NO, False), (NEITHER, None))
    for language in sayings
    for text in said(sayings[language])
]


def answer(text: str, language: str, asked: bool = True) -> bool | None:
    found = yes_no.parse(Heard.of(text, language), asked)
    return found.value if found else None


@pytest.mark.parametrize(("language", "text", "value"), TABLE)
def test_answers(language: str, text: str, value: bool | None) -> None:
    assert answer(text, language) is value
    assert answer(text.lower(), language) is value


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_only_a_question_makes_it_an_answer(language: str) -> None:
    assert [
        text for text in said(YES[language]) + said(NO[language]) if answer(text, language, asked=False) is not None
    ] == []


def test_the_words_of_the_answer() -> None:
    heard = Heard.of("Euh, oui, je suis propriétaire.", "fr")
    found = yes_no.parse(heard, True)
    assert found
    assert heard.words(found) == "oui"


@given(st.text(), st.sampled_from(["en", "fr", "es", "pt"]))
def test_nothing_raises(text: str, language: str) -> None:
    answer(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No sé.", "es"),
        ("Pues no sé.", "es"),
        ("No, no sé.", "es"),
        ("Não sei.", "pt"),
        ("Eu não sei.", "pt"),
        ("Je ne sais pas.", "fr"),
        ("Non, je ne sais pas.", "fr"),
        ("I don't know.", "en"),
        ("Well, I don't really know.", "en"),
        ("I have no idea.", "en"),
    ],
)
def test_who_does_not_know_says_neither_yes_nor_no(text: str, language: str) -> None:
    heard = Heard.of(text, language)
    assert yes_no.parse(heard, True) is None
    assert yes_no.is_unsure(heard)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No problem.", "en"),
        ("Why not?", "en"),
        ("Pas de problème.", "fr"),
        ("Il n'y a pas de problème.", "fr"),
        ("Y a pas de souci.", "fr"),
        ("Pourquoi pas ?", "fr"),
        ("Sin problema.", "es"),
        ("No hay problema.", "es"),
        ("¿Por qué no?", "es"),
        ("Sem problema.", "pt"),
        ("Sem problema nenhum.", "pt"),
        ("Não há problemas.", "pt"),
        ("Por que não?", "pt"),
    ],
)
def test_a_yes_with_a_no_in_it(text: str, language: str) -> None:
    heard = Heard.of(text, language)
    found = yes_no.parse(heard, True)
    assert found
    assert found.value is True
    assert not yes_no.is_unsure(heard)


@pytest.mark.parametrize("text", ["Yes.", "No.", "No, not right now.", "Tomorrow at ten.", "Um"])
def test_what_is_an_answer_or_none_at_all_is_not_unsure(text: str) -> None:
    assert not yes_no.is_unsure(Heard.of(text, "en"))
