"""Names as they are said in French, Spanish and Portuguese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.dialogue.slots import name


def parsed(text: str, language: str, asked: bool = True) -> str | None:
    found = name.parse(text, asked, language)
    return found.value if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mc Donald", "McDonald"),
        ("my name is angus mcdonald", "Angus McDonald"),
        ("Maria de la Cruz", "Maria de la Cruz"),
        ("Ludwig van Beethoven", "Ludwig van Beethoven"),
        ("K as in Karen, A as in Anna, T as in Tom", "Kat"),
        ("Miller, double L", "Miller"),
        ("Karen Mitchell speaking.", "Karen Mitchell"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert parsed(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Je m'appelle Jean Dupont.", "Jean Dupont"),
        ("je m'appelle jean dupont", "Jean Dupont"),
        ("Mon nom est Martin.", "Martin"),
        ("Mon nom, c'est Claire Moreau", "Claire Moreau"),
        ("C'est Sophie Bernard à l'appareil.", "Sophie Bernard"),
        ("Sophie Bernard à l'appareil.", "Sophie Bernard"),
        ("C'est madame Lefèvre.", "Lefèvre"),
        ("Monsieur Dupont.", "Dupont"),
        ("M. Dupont", "Dupont"),
        ("Oui, bonjour, Jean-Pierre Martin.", "Jean-Pierre Martin"),
        ("Jean Dupont.", "Jean Dupont"),
        ("jean dupont", "Jean Dupont"),
        ("JEAN DUPONT", "Jean Dupont"),
        ("Dupont, Jean", "Dupont Jean"),
        ("Moi c'est Karim Benzema", "Karim Benzema"),
        ("Alors, euh, Nathalie Petit", "Nathalie Petit"),
        ("Au nom de Girard, s'il vous plaît.", "Girard"),
        ("Charles de Gaulle", "Charles de Gaulle"),
        ("Yann Le Goff", "Yann Le Goff"),
        ("Le Goff", "Le Goff"),
        ("Jeanne d'Arc", "Jeanne d'Arc"),
        ("Marie du Plessis", "Marie du Plessis"),
        ("D comme Denis, U comme Ursule, P comme Pierre, O comme Oscar, N comme Nicolas, T comme Thérèse", "Dupont"),
        ("Dupond, D-U-P-O-N-D", "Dupond"),
        ("Morel, ça s'écrit M, O, R, deux L, E", "Morlle"),
        ("Dupont, ça s'écrit D U P O N T", "Dupont"),
        ("Hélène, H. É. L. È. N. E.", "Hélène"),
        ("emme a erre té i enne", "Martin"),
        ("Oui.", None),
        ("Non, merci.", None),
        ("C'est compliqué.", None),
        ("C'est pour une panne internet.", None),
        ("Je suis occupé", None),
        ("Je suis locataire.", None),
        ("Pourquoi vous me demandez ça ?", None),
        ("Rappelez-moi demain", None),
        ("Je ne comprends pas.", None),
        ("Au revoir.", None),
        ("", None),
    ],
)
def test_french(text: str, expected: str | None) -> None:
    assert parsed(text, "fr") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Me llamo María López.", "María López"),
        ("me llamo maría lópez", "María López"),
        ("Mi nombre es Juan Carlos García Pérez.", "Juan Carlos García Pérez"),
        ("Soy Ana Ruiz.", "Ana Ruiz"),
        ("Hola, buenos días, soy la señora Fernández.", "Fernández"),
        ("Sí, Carmen Ortega.", "Carmen Ortega"),
        ("Carmen Ortega al habla.", "Carmen Ortega"),
        ("Pues, Luz Castro", "Luz Castro"),
        ("A nombre de Pedro Sánchez, por favor.", "Pedro Sánchez"),
        ("José de la Torre", "José de la Torre"),
        ("María del Carmen Vega Soto", "María del Carmen Vega Soto"),
        ("Ortega y Gasset", "Ortega y Gasset"),
        ("Don Luis Romero", "Luis Romero"),
        ("Es Lucía Marín", "Lucía Marín"),
        ("carmen ortega", "Carmen Ortega"),
        ("M de Madrid, A de Ana, R de Roma, I de Italia, N de Nápoles", "Marin"),
        ("Marín, M-A-R-Í-N", "Marín"),
        ("Vega, uve e ge a", "Vega"),
        ("Llorente, se escribe doble L, O, R, E, N, T, E", "Llorente"),
        ("Sí.", None),
        ("Soy el dueño.", None),
        ("Soy paciente nueva", None),
        ("Es para pedir una cita", None),
        ("No le entiendo", None),
        ("Estoy ocupada.", None),
        ("Quiero cambiar la cita", None),
        ("Llámeme mañana", None),
        ("¿Por qué lo pregunta?", None),
        ("Adiós", None),
    ],
)
def test_spanish(text: str, expected: str | None) -> None:
    assert parsed(text, "es") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O meu nome é João Silva.", "João Silva"),
        ("o meu nome é joão da silva", "João da Silva"),
        ("Chamo-me Maria Santos.", "Maria Santos"),
        ("Daqui fala Pedro Costa.", "Pedro Costa"),
        ("Daqui fala o Pedro Costa", "Pedro Costa"),
        ("Sou o João.", "João"),
        ("Sou a Ana Maria Lopes, da Transportes Lima.", "Ana Maria Lopes"),
        ("Fala a doutora Helena Matos", "Helena Matos"),
        ("É o Rui Pereira.", "Rui Pereira"),
        ("Bom dia, é a Sofia Neves.", "Sofia Neves"),
        ("Meu nome é Carlos Alberto de Souza.", "Carlos Alberto de Souza"),
        ("Me chamo Juliana", "Juliana"),
        ("António dos Santos e Costa", "António dos Santos e Costa"),
        ("Senhor engenheiro Vasco da Gama", "Vasco da Gama"),
        ("Dona Rosa", "Rosa"),
        ("rui pereira", "Rui Pereira"),
        ("RUI PEREIRA", "Rui Pereira"),
        ("M de Maria, A de Ana, T de Tiago, O de Óscar, S de Sara", "Matos"),
        ("Matos, M-A-T-O-S", "Matos"),
        ("Melo, escreve-se eme, é, ele, o", "Melo"),
        ("Sim.", None),
        ("É complicado.", None),
        ("É sobre uma fatura.", None),
        ("Sou da Transportes Lima.", None),
        ("Sou cliente.", None),
        ("Estou ocupada", None),
        ("Não percebi.", None),
        ("Queria falar com a contabilidade", None),
        ("Ligue-me amanhã.", None),
        ("Porque é que pergunta?", None),
        ("Adeus", None),
    ],
)
def test_portuguese(text: str, expected: str | None) -> None:
    assert parsed(text, "pt") == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "My name is Karen Mitchell. No, sorry, Karen Miller.", "Karen Miller"),
        ("en", "My name is Karen Mitchell. Actually, low risk.", "Karen Mitchell"),
        ("en", "Sorry?", None),
        ("fr", "Je m'appelle Jean Dupont, non, pardon, Jean Durand.", "Jean Durand"),
        ("fr", "Dupont, euh non, Durand.", "Durand"),
        ("fr", "Je m'appelle Jean Dupont, pardon, j'ai une panne", "Jean Dupont"),
        ("es", "Me llamo Juan García, no, perdón, Juan Gómez", "Juan Gómez"),
        ("pt", "Chamo-me João Silva, aliás, João Santos.", "João Santos"),
    ],
)
def test_corrected(language: str, text: str, expected: str | None) -> None:
    assert parsed(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Bonjour, je m'appelle Jean Dupont et j'appelle pour une panne.", "Jean Dupont"),
        ("fr", "Bonjour, c'est Jean Dupont, je n'ai plus d'internet.", "Jean Dupont"),
        ("fr", "Ici madame Martin, ma box ne marche plus.", "Martin"),
        ("fr", "C'est pour une panne.", None),
        ("fr", "Jean Dupont", None),
        ("fr", "Je suis propriétaire", None),
        ("es", "Hola, soy Marta Gil y quería una cita.", "Marta Gil"),
        ("es", "Me llamo Marta y quería una cita.", "Marta"),
        ("es", "Soy nueva", None),
        ("es", "Marta Gil", None),
        ("pt", "Bom dia, daqui fala Maria Santos, da Lima e Filhos.", "Maria Santos"),
        ("pt", "Bom dia, sou o Pedro Costa e queria falar com a doutora Matos.", "Pedro Costa"),
        ("pt", "Queria falar com a doutora Matos", None),
        ("pt", "Pedro Costa", None),
    ],
)
def test_unasked(language: str, text: str, expected: str | None) -> None:
    assert parsed(text, language, asked=False) == expected


@given(st.text(), st.booleans(), st.sampled_from(["en", "fr", "es", "pt"]))
def test_nothing_raises(text: str, asked: bool, language: str) -> None:
    parsed(text, language, asked)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Dias.", "pt", "Dias"),
        ("João Dias", "pt", "João Dias"),
        ("Bom dia, é Ana Dias.", "pt", "Ana Dias"),
        ("Bons dias.", "pt", None),
        ("Pronto.", "pt", None),
        ("Pronto, é Ana Dias.", "pt", "Ana Dias"),
        ("Bom dia, o meu nome é João Silva Queria falar com a assistência.", "pt", "João Silva"),
        ("Díez.", "es", "Díez"),
        ("Ana Díez.", "es", "Ana Díez"),
        ("Diez.", "es", None),
        ("diez", "es", None),
        ("Me llamo Juan Diez.", "es", "Juan Diez"),
        ("Buenos días.", "es", None),
        ("Hugo Mas.", "es", "Hugo Mas"),
        ("Es para Hugo Mas.", "es", "Hugo Mas"),
        ("Para Hugo Mas", "es", "Hugo Mas"),
        ("La cita es para mi hijo Hugo Mas.", "es", "Hugo Mas"),
        ("Es para mi hijo.", "es", None),
        ("Para mañana.", "es", None),
        ("Para una revisión.", "es", None),
        ("Más.", "es", None),
        ("Martin, Paul Martin.", "fr", "Paul Martin"),
        ("Martin. Paul Martin.", "fr", "Paul Martin"),
        ("Le nom ? C'est Paul Martin.", "fr", "Paul Martin"),
        ("Le nom ? Martin.", "fr", "Martin"),
        ("Nom : Martin", "fr", "Martin"),
        ("C'est pour Paul Martin.", "fr", "Paul Martin"),
        ("Bond, James Bond.", "en", "James Bond"),
        ("Name? Paul Martin.", "en", "Paul Martin"),
        ("It's for John Smith.", "en", "John Smith"),
        ("This is Mary Day.", "en", "Mary Day"),
    ],
)
def test_names_that_are_ordinary_words_or_said_twice(text: str, language: str, expected: str | None) -> None:
    assert parsed(text, language) == expected
