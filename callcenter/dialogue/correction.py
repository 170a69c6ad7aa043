"""How callers take back what they have just said: `fifty thousand. No, sorry, sixty.`"""

import re

_SIGN = re.compile(
    r"\b(?:no[,.]*\s+sorry|sorry|i mean|i meant|actually|or rather|scratch that|correction|no[,.]+\s+wait"
    r"|make (?:it|that)"
    r"|no[,.]*\s+(?:it's|it is|make)|no(?:[,.]+(?=\s+\w)))[,.]*",
    re.IGNORECASE,
)
_LAST = re.compile(rf"(?:{_SIGN.pattern})\W*$", re.IGNORECASE)
_REFUSAL = re.compile(r"\w\W+(?:no|wait)\W*$", re.IGNORECASE)


def pieces(text: str) -> list[str]:
    """What stands between the signs of a correction; the last one is what holds."""
    return [piece for piece in _SIGN.split(text) if re.search(r"\w", piece)]


def is_in(text: str) -> bool:
    """Whether `text` corrects something."""
    return len(pieces(text)) > 1 or bool(_SIGN.search(text))


def is_open(text: str) -> bool:
    """Whether `text` ends where a correction begins, so that what is right is still to come."""
    return bool(_LAST.search(text))


def is_begun(text: str) -> bool:
    """Whether `text` ends in a `no`, which takes back an answer that goes before it."""
    return bool(_REFUSAL.search(text))
