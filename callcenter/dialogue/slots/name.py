"""A person's name: `my name is Karen Mitchell`, `Karen.`, `K-A-R-E-N`."""

import re

from rapidfuzz import fuzz

from callcenter.dialogue.slots.heard import Found

_LETTERS = r"[^\W\d_]"
_WORD = rf"{_LETTERS}+(?:['’-]{_LETTERS}+)*\.?"
_CUE = re.compile(
    r"\b(?:(?:my |the |full )*name(?: is|'s|’s|:)?|this is|that(?: would|'d|’d) be|that(?:'s|’s| is)|it(?:'s|’s| is)"
    r"|i am|i['’]m|(?:you can |just |please )?call me|put down)\s+(?=\S)",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    r"\b(?:(?i:(?:my|the) (?:full )?name(?: is|'s|’s))\s+|(?i:this is|i['’]m|i am)\s+(?=[A-Z][a-z]+ [A-Z][a-z]))"
)
_SPELLED = re.compile(rf"(?<!\w)(?:{_LETTERS}[-.,\s]+){{2,}}{_LETTERS}\b\.?")
_LEAD_IN = re.compile(
    r"^(?:(?:yes|yeah|yep|sure|of course|okay|ok|certainly|well|um+|uh+|oh|so|hi|hello|please|no problem|and|absolutely"
    r"|thanks|thank you|right|no|sorry|go ahead|mr|mrs|ms|miss|dr)\b[\s,.!]*)+",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset(
    """
    a about again ahead all am an and any are as ask asking at be been bonds busy but by bye call calling can could
    day did do does doing dollars don't double driving eight else er five for four from funds give go going good
    goodbye got had has have he hear hello hey hmm how hundred i i'd i'll i'm i've if in interested is it it's just
    know later like long looking maybe me mean moment money more morning much my name need never nine no nope not now
    number of off ok okay on one or our out over pardon phone please plus question rather really repeat right robot
    said say second seven she should six so some somebody someone sorry speak still stocks stop sure talk tell ten
    thank thanks that that's the them then there they think this thousand three time to tomorrow too triple two
    uh um understand up wait want was way we well were what what's when where which who whoever why will with would
    wrong yeah year years yep yes yet you your zero
    """.split()  # noqa: SIM905 - a list of as many strings would be unreadable
)
_SENTENCE_END = re.compile(r"(?<=\w\w)[.!?]+(?=\s|$)|$")
_MOST_WORDS = 3


def parse(text: str, asked: bool) -> Found | None:
    """A name in `text`, the caller's words as recognised, in title case; a bare one only when it was `asked` for."""
    introduced = list((_CUE if asked else _CERTAIN).finditer(text))
    for cue in reversed(introduced):
        found = _name(text, cue.end(), strict=False)
        if found:
            return found
    return _bare(text) if asked else None


def is_whole(found: str) -> bool:
    """Whether `found` has a first and a last name; one alone may be all, too."""
    return " " in found


def _bare(text: str) -> Found | None:
    """The first sentence that is nothing but a name."""
    start = 0
    for end in [match.end() for match in _SENTENCE_END.finditer(text)]:
        found = _name(text[:end], start + len(text[start:end]) - len(text[start:end].lstrip()), strict=True)
        if found:
            return found
        start = end
    return None


def _name(text: str, start: int, strict: bool) -> Found | None:
    """Up to three name words from `start`; `strict` allows nothing after them."""
    lead_in = _LEAD_IN.match(text[start:])
    start += lead_in.end() if lead_in else 0
    words: list[str] = []
    end = start
    while len(words) <= _MOST_WORDS:
        gap = re.compile(r"[\s,]*").match(text, end)
        place = gap.end() if gap else end
        spelled, plain = _SPELLED.match(text, place), re.compile(_WORD).match(text, place)
        if spelled:
            words = _with_spelling(words, "".join(re.findall(_LETTERS, spelled[0])))
            end = spelled.end()
        elif plain and plain[0].rstrip(".").lower().replace("’", "'") not in _NOT_NAMES:
            words.append(plain[0].rstrip("."))
            end = plain.end()
            if plain[0].endswith(".") and len(plain[0]) > 2:
                break
        else:
            break
    if not 0 < len(words) <= _MOST_WORDS or all(len(word) == 1 for word in words):
        return None
    if strict and re.search(r"\w", text[end:]) and (len(words) == 1 or text[end] != ","):
        return None
    return Found(value=" ".join(_titled(word) for word in words), start=start, end=end)


def _with_spelling(words: list[str], spelled: str) -> list[str]:
    """`Karen, K-A-R-I-N`: the spelling stands for the word before it, if it is near."""
    if words and fuzz.ratio(words[-1].lower(), spelled.lower()) >= 50:
        return [*words[:-1], spelled]
    return [*words, spelled]


def _titled(word: str) -> str:
    """Title case; a name written with capitals inside (McDonald) is kept."""
    if word[0].isupper() and not word.isupper():
        return word
    return "-".join(part[:1].upper() + part[1:].lower() for part in word.split("-"))
