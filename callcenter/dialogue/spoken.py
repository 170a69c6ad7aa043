"""Values as the agent says them in its language: amounts, telephone numbers and times that a voice reads well."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import phonenumbers

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.forms import Amounts, Clock, Large, Moments, Phones, load_forms
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    MoneySlot,
    PhoneSlot,
    PostcodeSlot,
)

_WEEK = 7


def value(flow: Flow, slot: str, content: Any, today: date) -> str:
    """The `content` of `slot` in words."""
    language = flow.language
    match flow.slots[slot]:
        case MoneySlot():
            return money(content, flow.currency, language)
        case PhoneSlot():
            return phone(content, flow.country, language)
        case PostcodeSlot():
            return postcode(content, language)
        case MomentSlot():
            return moment(datetime.fromisoformat(content), today, language)
        case ChoicesSlot(options=options):
            return listed([options[name].says for name in content], language)
        case ChoiceSlot(options=options):
            return options[content].says
        case DurationSlot(options=lengths):
            return lengths[content].says
        case _:
            return _plain(content, language)


def _plain(content: Any, language: str) -> str:
    """Yes and no, numbers, names and text."""
    match content:
        case bool():
            return yes_no(content, language)
        case int() | float():
            return number(content, language)
        case _:
            return str(content)


def yes_no(answer: bool, language: str = "en") -> str:
    """`yes` or `no`."""
    forms = load_forms(language)
    return forms.yes if answer else forms.no


def listed(words: Sequence[str], language: str = "en") -> str:
    """`a, b and c`; empty for none."""
    *first, last = words or [""]
    return load_forms(language).last.format(first=", ".join(first), last=last) if first else last


def money(amount: float | list[float], currency: str, language: str = "en") -> str:
    """`60,000 dollars`, `entre 1 et 2 millions d'euros`; `amount` is one, or `[low, high]`."""
    forms = load_forms(language).amounts
    ends = amount if isinstance(amount, list) else [amount]
    numbers = [_number(end, forms) for end in ends]
    said = forms.range.format(low=numbers[0], high=numbers[1]) if len(numbers) > 1 else numbers[0]
    if currency:
        template = forms.plain if numbers[-1][-1].isdigit() else forms.after_large
        said = template.format(number=said, currency=currency)
    for sounds, instead in forms.elided.items():
        said = said.replace(sounds, instead)
    return said


def number(amount: float, language: str = "en") -> str:
    """`1,500`, `2.5 million`."""
    forms = load_forms(language).amounts
    said = _number(amount, forms)
    return said.removesuffix("0") if forms.decimal in said else said


def _number(amount: float, forms: Amounts) -> str:
    large = next((one for one in forms.large if abs(amount) >= one.of and amount * 100 % one.of == 0), None)
    if large:
        return _large(amount / large.of, large, forms)
    return _punctuated(f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}", forms)


def _large(count: float, large: Large, forms: Amounts) -> str:
    """`1.5 million`, from 1.5."""
    if count == 1:
        return large.one
    template = (abs(count) < 2 and large.below_two) or large.more
    return template.format(number=_punctuated(f"{count:,.2f}".rstrip("0").rstrip("."), forms))


def _punctuated(written: str, forms: Amounts) -> str:
    """`1,234.50` with the separators of the language."""
    return written.translate({ord(","): forms.thousands, ord("."): forms.decimal})


def phone(number: str, country: str, language: str = "en") -> str:
    """E.164 `number` in words, in groups; the country code only if it is not that of `country` (two letters)."""
    forms = load_forms(language).phones
    parsed = phonenumbers.parse(number, country)
    home = phonenumbers.country_code_for_region(country) == parsed.country_code
    layout = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    groups = _groups(phonenumbers.format_number(parsed, layout))
    digits, sizes = "".join(groups), forms.groups.get(country, ())
    if home and sum(sizes) == len(digits):
        groups = [digits[sum(sizes[:place]) : sum(sizes[: place + 1])] for place in range(len(sizes))]
    said = ", ".join(_digits(group, forms) for group in groups)
    return said if home else f"{forms.plus} {said}"


def _groups(written: str) -> list[str]:
    return re.findall("[^\\W_]+", written)


def _digits(group: str, forms: Phones) -> str:
    """`group` as a pair where pairs are said, else one by one; letters stay."""
    if forms.pairs and len(group) == 2 and group[0] != "0" and group.isdecimal():
        return forms.pairs[int(group) - 10]
    return " ".join(forms.digits[int(character)] if character.isdecimal() else character for character in group)


def postcode(code: str, language: str = "en") -> str:
    """`code` in words, group by group; or as the number it is, where people say it so."""
    forms = load_forms(language).phones
    if forms.postcode == "number" and code.isdecimal():
        zeros = len(code) - len(code.lstrip("0"))
        return " ".join([forms.digits[0]] * zeros + [code[zeros:]]).strip()
    return ", ".join(" ".join(_digits(character, forms) for character in group) for group in _groups(code))


def moment(at: datetime, today: date, language: str = "en") -> str:
    """`tomorrow at 3 p.m.`, `mardi à 15 heures`, `el martes 24 de noviembre a las 15:30`."""
    forms = load_forms(language).moments
    return forms.whole.format(day=_day(at.date(), today, forms), clock=_clock(at, forms.clock))


def _day(day: date, today: date, forms: Moments) -> str:
    """Near days and those of the next six by their name, others with their date."""
    days, weekday = (day - today).days, forms.weekdays[day.weekday()]
    if 0 <= days < len(forms.near):
        return forms.near[days]
    if 0 < days < _WEEK:
        return forms.weekday.format(weekday=weekday)
    written = forms.numbers.get(day.day) or forms.number.format(number=day.day)
    return forms.date.format(weekday=weekday, number=written, month=forms.months[day.month - 1])


def _clock(at: datetime, rules: Sequence[Clock]) -> str:
    rule = next(rule for rule in rules if rule.hours[0] <= at.hour <= rule.hours[1] and not (rule.full and at.minute))
    return rule.says.format(hour=at.hour, hour12=at.hour % 12 or 12, minute=f"{at.minute:02}", minutes=at.minute)
