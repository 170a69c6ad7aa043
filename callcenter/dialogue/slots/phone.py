"""Telephone numbers: spoken digits in groups, `double five`, `oh`; to E.164."""

import re

import phonenumbers

from callcenter.dialogue.slots.heard import Found, Heard

_REPEATED = {"double": 2, "triple": 3, "treble": 3}
_DIGIT = r"(?:\d+(?:st|nd|rd|th)?|oh|o|zero|nought|(?:double|triple|treble)\s+(?:\d|oh|o|zero))"
_RUN = re.compile(rf"(?<![\w$])(?:(?:\+|plus)\s*)?\(?{_DIGIT}(?:[\s,.\-–/()]*(?:{_DIGIT})(?!\w))*(?!\w)")
_PIECE = re.compile(r"(double|triple|treble)\s+(\d|oh|o|zero)|(\d+)|(oh|o|zero|nought)")
_KIND = "(?:phone |mobile |cell )?"
_OWN = re.compile(
    rf"\b(?:(?:this|same) {_KIND}(?:number|one|1|line|phone)(?: (?:is fine|is good|please|here))?$"
    rf"|(?:this|same) {_KIND}number"
    r"|number (?:that )?(?:i'm|i am|i) (?:calling|phoning|ringing|call|on)|(?:one|1|phone) (?:that )?i'm (?:calling|on)"
    r"|calling (?:you )?from|(?:see|have|got) (?:it|my number)|(?:this|same) (?:one|1))\b"
)
_PLAUSIBLE = 10
"""Digits in a row that are a telephone number even when it was not asked for."""


def digits(heard: Heard, asked: bool) -> Found | None:
    """The telephone digits in `heard`, with `+` if said; unasked only a run too long to be anything else."""
    runs = [Found(value=_joined(match[0]), start=match.start(), end=match.end()) for match in _RUN.finditer(heard.text)]
    if asked and runs:
        longest = max(runs, key=lambda run: len(run.value))
        if len(longest.value) >= _PLAUSIBLE:
            return longest
        return Found(value="".join(run.value for run in runs), start=runs[0].start, end=runs[-1].end)
    long = [run for run in runs if len(run.value) >= _PLAUSIBLE and not _is_amount(heard, run)]
    return long[-1] if long else None


def _is_amount(heard: Heard, run: Found) -> bool:
    """Whether `run` was written like 1,500,000,000 or said like five billion."""
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+", heard.text[run.start : run.end])
    return bool(grouped or re.search(r"thousand|million|billion", heard.words(run), re.IGNORECASE))


def _joined(run: str) -> str:
    found = "+" if re.match(r"\+|plus", run) else ""
    for repeated, digit, plain, _ in _PIECE.findall(run):
        if repeated:
            found += ("0" if not digit.isdigit() else digit) * _REPEATED[repeated]
        else:
            found += plain or "0"
    return found


def is_own(heard: Heard) -> bool:
    """Whether the caller means the number that they are calling from."""
    return bool(_OWN.search(heard.text.strip(" .,!?")))


def normal(number: str, country: str) -> str | None:
    """`number` in E.164 if it is a possible one; without `+` it is one of `country` (two letters)."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_whole(number: str, country: str) -> bool:
    """Whether E.164 `number` is a possible one to which no digit can be added."""
    return normal(number, country) is not None and is_too_long(number + "0", country)


def is_too_long(number: str, country: str) -> bool:
    """Whether no more digits can make `number` a telephone number."""
    try:
        reason = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number, country))
    except phonenumbers.NumberParseException:
        return False
    return bool(reason == phonenumbers.ValidationResult.TOO_LONG)


def corrected(number: str, ending: str) -> str:
    """E.164 `number` with its last digits replaced by `ending`."""
    return number[: -len(ending)] + ending
