"""What a language brings along, whatever the flow is about: a folder of YAML files in `languages/`."""

from functools import cache
from pathlib import Path

from pydantic import Field

from callcenter import yaml_file
from callcenter.dialogue.parts import Saying
from callcenter.yaml_file import Part

SHIPPED = Path(__file__).parent / "languages"


class Unfinished(Part):
    """How a sentence sounds that its speaker has not finished."""

    endings: tuple[tuple[Saying, ...], ...]
    """Words that it ends with, by kind."""
    pairs: dict[Saying, Saying] = Field(default_factory=dict)
    """Words, and which other word must follow somewhere: `between`, `and`."""

    def ending(self, plain: str) -> str:
        """The longest of the endings that `plain`, as `parts.normal` makes it, ends with; empty if none."""
        found = (ending for kind in self.endings for ending in kind if f" {plain}".endswith(f" {ending}"))
        return max(found, key=len, default="")

    def lacks_pair(self, plain: str) -> bool:
        """Whether one word of a pair is there without the other."""
        words = plain.split()
        begun = ((words[words.index(opener) + 1 :], closer) for opener, closer in self.pairs.items() if opener in words)
        return any(after and closer not in after for after, closer in begun)  # `not that either` lacks nothing


class Language(Part):
    """`talk.yaml`: how it is talked."""

    unfinished: Unfinished


@cache
def load_language(code: str) -> Language:
    """The language of that ISO 639-1 code. Raises FileError when there is none, or with the line of a mistake."""
    return yaml_file.load(SHIPPED / code / "talk.yaml", Language)
