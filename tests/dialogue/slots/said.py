"""Whole numbers put into words, in English, French, Spanish and Portuguese, for round trips through the parsers."""

from collections.abc import Callable

_MILLION, _THOUSAND = 1_000_000, 1_000


def _words(text: str) -> list[str]:
    return text.split()


_EN_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_EN_TENS = _words("- - twenty thirty forty fifty sixty seventy eighty ninety")
_FR_ONES = _words(
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept "
    "dix-huit dix-neuf"
)
_FR_TENS = _words("- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt")
_ES_ONES = _words(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
_ES_TENS = _words("- - veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_ES_HUNDREDS = _words(
    "- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
)
_PT_ONES = _words(
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezasseis dezassete dezoito "
    "dezanove"
)
_PT_TENS = _words("- - vinte trinta quarenta cinquenta sessenta setenta oitenta noventa")
_PT_HUNDREDS = _words("- cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos")


def english(number: int) -> str:
    if number >= _MILLION:
        return _joined(english(number // _MILLION), "million", number % _MILLION, english)
    if number >= _THOUSAND:
        return _joined(english(number // _THOUSAND), "thousand", number % _THOUSAND, english)
    if number >= 100:
        return _joined(_EN_ONES[number // 100], "hundred", number % 100, lambda rest: f"and {english(rest)}")
    if number < 20:
        return _EN_ONES[number]
    return _EN_TENS[number // 10] + (f"-{_EN_ONES[number % 10]}" if number % 10 else "")


def french(number: int) -> str:
    if number >= _MILLION:
        unit = "million" if number < 2 * _MILLION else "millions"
        return _joined(french(number // _MILLION), unit, number % _MILLION, french)
    if number >= _THOUSAND:
        count = number // _THOUSAND
        return _joined(
            "" if count == 1 else french(count).replace("vingts", "vingt"), "mille", number % _THOUSAND, french
        )
    if number >= 100:
        count = number // 100
        return _joined("" if count == 1 else french(count), "cent", number % 100, french)
    if number < 20:
        return _FR_ONES[number]
    tens, ones = number // 10, number % 10
    if tens in (7, 9):
        ones += 10
    if ones == 0:
        return _FR_TENS[tens] + ("s" if number == 80 else "")
    link = " et " if ones in (1, 11) and number < 80 else "-"
    return _FR_TENS[tens] + link + _FR_ONES[ones]


def belgian(number: int) -> str:
    """French as in Belgium and Switzerland."""
    words = french(number)
    for tens, of_belgium in (("soixante-dix", "septante"), ("quatre-vingt-dix", "nonante")):
        words = words.replace(f"{tens}-", f"{of_belgium}-").replace(tens, of_belgium)
    return words


def spanish(number: int) -> str:
    if number >= _MILLION:
        count = number // _MILLION
        head, unit = ("un", "millón") if count == 1 else (_short(spanish(count)), "millones")
        return _joined(head, unit, number % _MILLION, spanish)
    if number >= _THOUSAND:
        count = number // _THOUSAND
        return _joined("" if count == 1 else _short(spanish(count)), "mil", number % _THOUSAND, spanish)
    if number == 100:
        return "cien"
    if number > 100:
        return _joined(_ES_HUNDREDS[number // 100], "", number % 100, spanish)
    if number < 30:
        return _ES_ONES[number]
    return _ES_TENS[number // 10] + (f" y {_ES_ONES[number % 10]}" if number % 10 else "")


def portuguese(number: int) -> str:
    if number >= _MILLION:
        unit = "milhão" if number < 2 * _MILLION else "milhões"
        return _joined(portuguese(number // _MILLION), unit, number % _MILLION, _portuguese_rest)
    if number >= _THOUSAND:
        count = number // _THOUSAND
        return _joined("" if count == 1 else portuguese(count), "mil", number % _THOUSAND, _portuguese_rest)
    if number == 100:
        return "cem"
    if number > 100:
        return _joined(_PT_HUNDREDS[number // 100], "", number % 100, lambda rest: f"e {portuguese(rest)}")
    if number < 20:
        return _PT_ONES[number]
    return _PT_TENS[number // 10] + (f" e {_PT_ONES[number % 10]}" if number % 10 else "")


def _portuguese_rest(rest: int) -> str:
    """`mil e cem`, `mil e dez`, but `mil cento e dez`."""
    return ("e " if rest < 100 or (rest < _THOUSAND and rest % 100 == 0) else "") + portuguese(rest)


def _short(spanish_number: str) -> str:
    """`treinta y un mil`, `veintiún mil`."""
    return (
        spanish_number.removesuffix("o").replace("veintiun", "veintiún")
        if spanish_number.endswith("uno")
        else spanish_number
    )


def _joined(head: str, unit: str, rest: int, say: Callable[[int], str]) -> str:
    return " ".join(word for word in (head, unit, say(rest) if rest else "") if word)


SAID: dict[str, tuple[str, Callable[[int], str]]] = {
    "English": ("en", english),
    "French": ("fr", french),
    "Belgian": ("fr", belgian),
    "Spanish": ("es", spanish),
    "Portuguese": ("pt", portuguese),
}
"""How each puts a number into words, and the code of its language."""
