"""Telephone numbers: spoken digits in groups, `double five`, `zéro six douze`; to E.164."""

import re
from functools import cache

import phonenumbers

from callcenter.dialogue.slots.figures import runs_of, written
from callcenter.dialogue.slots.heard import GROUPING_SPACE, Found, Heard
from callcenter.dialogue.slots.quantity import SIGN
from callcenter.dialogue.slots.vocabulary import any_of, numbers

_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,.]\d{3})+")
_SPACED = re.compile(rf"[1-9]\d{{0,2}}(?:{GROUPING_SPACE}\d{{3}})+")
_REPEATED = re.compile(r"([1-9]\d{0,2})\1$")


def digits(heard: Heard, asked: bool) -> Found | None:
    """The telephone digits in `heard`, with `+` if said; unasked only a run too long to be anything else."""
    plausible = numbers(heard.language).phones.plausible
    runs = _runs(heard)
    if asked and runs:
        longest = max(runs, key=lambda run: len(run.value))
        if len(longest.value) >= plausible:
            return longest
        return Found(value="".join(run.value for run in runs), start=runs[0].start, end=runs[-1].end)
    long = [run for run in runs if len(run.value) >= plausible and not _is_amount(heard, run)]
    return long[-1] if long else None


def _runs(heard: Heard) -> list[Found]:
    figures = written(heard)
    found = []
    for match in runs_of(heard.language).finditer(figures.text):
        value = ("+" if match["plus"] else "") + re.sub(r"\D", "", re.sub(r"(\d)[^\W\d]+", r"\1", match[0]))
        run = figures.found(value, *match.span())
        if not (value == "1" and heard.is_article(run.start, run.end)):
            found.append(run)
    return found


def _is_amount(heard: Heard, run: Found) -> bool:
    """Whether `run` was written like 1,500,000,000 or said like five billion, or is followed by a currency."""
    text = heard.text[run.start : run.end]
    if _GROUPED.fullmatch(text) or _large(heard.language).search(heard.words(run).lower()):
        return True
    return bool(_SPACED.fullmatch(text) and _currency(heard.language).match(heard.text, run.end))


@cache
def _large(language: str) -> re.Pattern[str]:
    return re.compile(numbers(language).phones.large)


@cache
def _currency(language: str) -> re.Pattern[str]:
    amounts = numbers(language).amounts
    return re.compile(rf"\s*(?:{any_of(amounts.of)}\s*)?(?:{any_of(amounts.currencies)}|{SIGN})(?!\w)")


@cache
def _own(language: str) -> re.Pattern[str]:
    return re.compile(rf"\b{any_of(numbers(language).phones.own)}(?!\w)")


def is_own(heard: Heard) -> bool:
    """Whether the caller means the number that they are calling from."""
    return bool(_own(heard.language).search(heard.text.strip(" .,!?")))


def normal(number: str, country: str) -> str | None:
    """`number` in E.164 if it is a possible one; without `+` it is one of `country` (two letters).

    A last group that makes it too long counts once if it was heard twice, as recognisers write it: `06 … 56 78 78`.
    """
    for digits in dict.fromkeys((number, _REPEATED.sub(r"\1", number))):
        parsed = _parsed(digits, country)
        if parsed and _is_possible(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if not is_too_long(digits, country):
            return None
    return None


def _parsed(number: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None


def _is_possible(parsed: phonenumbers.PhoneNumber) -> bool:
    """Whether it has the length of a number there, and begins as one may: with no 0 in France, with no 3 in Spain."""
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return False
    digits = phonenumbers.national_significant_number(parsed)
    plans = _plans(parsed.country_code or 0)
    return not plans or any(re.fullmatch(plan, digits) for plan in plans)


@cache
def _plans(country_code: int) -> tuple[str, ...]:
    """Patterns of all numbers of the countries with that code."""
    regions = phonenumbers.region_codes_for_country_code(country_code)
    known = [plan for region in regions if (plan := phonenumbers.PhoneMetadata.metadata_for_region(region))]
    numbers_of = [plan.general_desc for plan in known if plan.general_desc]
    return tuple(one.national_number_pattern for one in numbers_of if one.national_number_pattern)


@cache
def keyed(country: str) -> str:
    """A pattern of what is a whole telephone number of `country` (two letters) as it is dialled there.

    What begins as a number with its country code may, has no end that is known, and does not fit. Empty where numbers
    differ in length.
    """
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country) if country else None
    if not plan or not plan.general_desc or len(plan.general_desc.possible_length) != 1:
        return ""
    (length,), code = plan.general_desc.possible_length, str(plan.country_code)
    national = rf"(?=\d{{{length}}}$)(?:{plan.general_desc.national_number_pattern})"
    match plan.national_prefix:
        case None:
            return f"(?!{code}){national}"
        case prefix if prefix == code:  # as in North America, where it may be left out
            return f"(?:{prefix})?(?!{code}){national}"
        case prefix:
            return f"{prefix}{national}"


def is_whole(number: str, country: str) -> bool:
    """Whether E.164 `number` is a possible one to which no digit can be added."""
    return normal(number, country) is not None and is_too_long(number + "0", country)


def is_too_long(number: str, country: str) -> bool:
    """Whether no more digits can make `number` a telephone number."""
    parsed = _parsed(number, country)
    reason = phonenumbers.is_possible_number_with_reason(parsed) if parsed else None
    return bool(reason == phonenumbers.ValidationResult.TOO_LONG)


def corrected(number: str, ending: str) -> str:
    """E.164 `number` with its last digits replaced by `ending`."""
    return number[: -len(ending)] + ending
