"""Yes or no: `yes, please`, `tout à fait`, `claro que no`, `pois não`; what is neither, as `no sé`, is no answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from callcenter import yaml_file
from callcenter.dialogue import correction, spelling
from callcenter.dialogue.intents import Intent, Phrases
from callcenter.dialogue.language import SHIPPED
from callcenter.dialogue.parts import Saying, normal
from callcenter.dialogue.phrasebook import load_intents
from callcenter.dialogue.slots.heard import Found, Heard
from callcenter.yaml_file import Part

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CLAUSE_END = re.compile(r"[.,;:!?¡¿…\x1f]")


class Replies(Part):
    """A language's `yes_no.yaml`: what answers such a question, beside what means yes and no at any time."""

    yes: Phrases
    no: Phrases
    polite: tuple[Saying, ...] = ()
    """Yeses that a no beside them overrules: `okay, no`."""
    neither: tuple[Saying, ...]
    """Sayings that are no answer, though a word in them is one."""
    lead_ins: tuple[Saying, ...]
    """Words with which an answer may begin."""


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    anywhere: re.Pattern[str]
    """In a group by its kind: `yes`, `no` or `neither`."""
    opening: re.Pattern[str]
    """Those too that count only at the beginning of a clause."""
    whole: re.Pattern[str]
    neither: re.Pattern[str]
    lead_in: re.Pattern[str]
    polite: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Answer:
    kind: str
    start: int
    end: int


@cache
def _vocabulary(language: str) -> _Vocabulary:
    replies, common = yaml_file.load(SHIPPED / language / "yes_no.yaml", Replies), load_intents(language)
    both = {"yes": (replies.yes, common[Intent.YES]), "no": (replies.no, common[Intent.NO])}
    anywhere = {
        kind: [saying for part in parts for saying in (*part.phrases, *part.words)] for kind, parts in both.items()
    }
    opening = {kind: [saying for part in parts for saying in part.opening] for kind, parts in both.items()}
    whole = {kind: [saying for part in parts for saying in part.whole] for kind, parts in both.items()}
    neither = {"neither": [*replies.neither]}
    return _Vocabulary(
        anywhere=_kinds(anywhere | neither),
        opening=_kinds({kind: anywhere[kind] + opening[kind] for kind in both} | neither),
        whole=_kinds(whole | neither),
        neither=re.compile(_spelt(replies.neither)),
        lead_in=re.compile(_spelt(replies.lead_ins)),
        polite=re.compile(_spelt(replies.polite)),
    )


def _kinds(sayings: dict[str, list[str]]) -> re.Pattern[str]:
    """The longest of all that fits, in a group by its kind."""
    ordered = sorted(((saying, kind) for kind in sayings for saying in sayings[kind]), key=lambda pair: -len(pair[0]))
    sizes = sorted({len(saying) for saying, _ in ordered}, reverse=True)
    parts = []
    for size in sizes:
        for kind in sayings:
            same = [saying for saying, its in ordered if its == kind and len(saying) == size]
            parts += [f"(?P<{kind}_{size}>{_spelt(same)})"] if same else []
    return re.compile("|".join(parts))


def _spelt(sayings: Iterable[str]) -> str:
    return spelling.pattern(sorted(sayings, key=len, reverse=True))


def parse(heard: Heard, asked: bool) -> Found | None:
    """Whether `heard`, a whole utterance, says yes or no; nothing unless that was `asked`.

    It looks for corrections itself, so it must not be given only what follows one.
    """
    if not asked:
        return None
    known, text = _vocabulary(heard.language), _normal(heard)
    answer = _decisive([answer for answer in _answers(text, known) if answer.kind != "neither"], text, heard, known)
    return Found(value=answer.kind == "yes", start=answer.start, end=answer.end) if answer else None


def is_unsure(heard: Heard) -> bool:
    """Whether all that `heard` answers is that the caller cannot tell: `no sé`, which begins like a no."""
    kinds = {answer.kind for answer in _answers(_normal(heard), _vocabulary(heard.language))}
    return kinds == {"neither"}


def _normal(heard: Heard) -> str:
    return _WORD.sub(lambda word: normal(word[0]), heard.text)


def _answers(text: str, known: _Vocabulary) -> Iterator[_Answer]:
    """All in order; what counts only at the beginning of a clause may follow another answer, too."""
    end, begins, only = 0, True, True
    for word in _WORD.finditer(text):
        if word.start() < end:
            continue
        begins = begins or bool(_CLAUSE_END.search(text, end, word.start()))
        found = _at(text, word.start(), begins, only, known)
        lead_in = None if found or not begins else known.lead_in.match(text, word.start())
        if found:
            yield found
        begins = bool(lead_in or (found and found.kind != "neither"))
        only = only and begins
        end = found.end if found else (lead_in or word).end()


def _at(text: str, start: int, begins: bool, only: bool, known: _Vocabulary) -> _Answer | None:
    """The answer at `start`, where a clause `begins` or not; `only` answers went before it, or nothing."""
    found = known.whole.match(text, start) if only else None
    if not found or not _stands_alone(found, text, known):
        found = (known.opening if begins else known.anywhere).match(text, start)
    if not found:
        return None
    if unsure := _unsure(found, text, known):
        return _Answer("neither", found.start(), unsure.end())
    return _Answer(str(found.lastgroup).partition("_")[0], found.start(), found.end())


def _unsure(found: re.Match[str], text: str, known: _Vocabulary) -> re.Match[str] | None:
    """What is neither and goes on from within `found`, as in `pues no sé`, or ends all after it: `no, no sé`."""
    for word in _WORD.finditer(text, found.start() + 1):
        neither = known.neither.match(text, word.start())
        if word.start() >= found.end():
            return neither if neither and _ends(text, neither.end()) and _is_no(found) else None
        if neither and neither.end() > found.end():
            return neither
    return None


def _is_no(found: re.Match[str]) -> bool:
    return str(found.lastgroup).startswith("no_")


def _stands_alone(found: re.Match[str], text: str, known: _Vocabulary) -> bool:
    """Whether it is all that follows, or a clause of its own: `si, si`; but `please, …` only begins something."""
    clause = _CLAUSE_END.match(text, found.end()) and not known.polite.fullmatch(found[0])
    return bool(clause) or _ends(text, found.end())


def _ends(text: str, place: int) -> bool:
    return not re.search(r"\w", text[place:])


def _decisive(answers: list[_Answer], text: str, heard: Heard, known: _Vocabulary) -> _Answer | None:
    """The first; if there are both, the last one where it corrects the others or ends it all."""
    if len({answer.kind for answer in answers}) > 1:
        answers = [answer for answer in answers if not _is_weak(answer, text, known)] or answers
    if len({answer.kind for answer in answers}) > 1:
        first, last = answers[0], answers[-1]
        corrects = correction.is_in(heard.text[first.end : last.end], heard.language)
        return last if corrects or _ends(text, last.end) else first
    return answers[0] if answers else None


def _is_weak(answer: _Answer, text: str, known: _Vocabulary) -> bool:
    """A yes of mere politeness, or a no that asks to agree: `sí, ¿no?`."""
    if answer.kind == "no":
        return text[answer.end :].lstrip().startswith("?")
    return bool(known.polite.fullmatch(text, answer.start, answer.end))
