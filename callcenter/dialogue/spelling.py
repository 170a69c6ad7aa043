"""Lists of words as regular expressions that find them as people say them and recognisers write them."""

import re
from collections.abc import Iterable

ACCENTS = dict(zip("àáâãäåçèéêëìíîïñòóôõöùúûüýÿ", "aaaaaaceeeeiiiinooooouuuuyy", strict=True))
"""Letters with an accent, and the same without; `œ` and `ß` have no one letter to stand for them."""
_PLAIN = str.maketrans({**ACCENTS, **{letter.upper(): plain.upper() for letter, plain in ACCENTS.items()}, "’": "'"})
_SHORTEST = 3
"""Letters; in a shorter word the accent tells it from another: `é` and `e`, `sí` and `si`, `où` and `ou`."""
_WORD = re.compile(r"[^\W\d_]+")


def plain(text: str) -> str:
    """`text` without accents and with straight apostrophes, letter for letter."""
    return text.translate(_PLAIN)


def pattern(words: Iterable[str]) -> str:
    """Any one of `words`, the first that fits; in lower case, for a search that ignores case.

    A space stands for a space or a hyphen, a comma with one for the same with or without a comma or full stop. Words of
    three letters or more are found without their accents, too.
    """
    return rf"(?<!\w)(?:{'|'.join(_one(word) for word in words) or '(?!)'})(?!\w)"


def _one(words: str) -> str:
    pieces = re.split(r"(,? |')", words.strip())
    return "".join(_JOINTS.get(piece) or _letters(piece) for piece in pieces)


_JOINTS = {" ": r"[\s-]+", ", ": r"[,.]*[\s-]+", "'": "['’]"}


def _letters(piece: str) -> str:
    return _WORD.sub(lambda word: _with_accents(word[0]), re.escape(piece))


def _with_accents(word: str) -> str:
    if len(word) < _SHORTEST:
        return word
    return "".join(f"[{letter}{ACCENTS[letter]}]" if letter in ACCENTS else letter for letter in word)
