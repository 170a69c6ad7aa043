"""What flow files are made of: texts to be spoken, words to be heard, names of other things in the file."""

import re
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from callcenter.dialogue import spelling

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
"""What `normal` takes for one."""
_LONG_ENOUGH = 3
"""Letters; in a shorter word the accent tells it from another, as in `spelling`."""


def fields(text: str) -> list[str]:
    """The names of the `{placeholders}` in `text`. Raises ValueError for a brace without its other."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def normal(text: str) -> str:
    """Lower case words with single spaces between them, no punctuation; of three letters or more without accents."""
    words = WORD.findall(text.lower().replace("’", "'"))
    return " ".join(spelling.plain(word) if len(word) >= _LONG_ENOUGH else word for word in words)


def _only(*allowed: str) -> AfterValidator:
    def check(text: str) -> str:
        unknown = [name for name in fields(text) if name not in allowed]
        if unknown:
            raise ValueError(f"{{{unknown[0]}}} is not filled in here; allowed is {' '.join(allowed) or 'plain text'}")
        return text

    return AfterValidator(check)


def _well_formed(text: str) -> str:
    fields(text)
    return text


def listed(one_or_more: Any) -> Any:
    """A list, where one alone need not be written as one."""
    return one_or_more if isinstance(one_or_more, list | tuple) else (one_or_more,)


_Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Text = Annotated[_Spoken, _only()]
"""A sentence or more that the agent says."""
ValueTemplate = Annotated[_Spoken, _only("value")]
"""A sentence with `{value}`."""
Template = Annotated[_Spoken, AfterValidator(_well_formed)]
"""Something to be said, or part of it, with the names of slots as placeholders."""
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Templates = Annotated[
    tuple[Template, ...], BeforeValidator(listed, json_schema_input_type=Template | tuple[Template, ...])
]
"""One, or several of which the first is said first."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
"""What a caller may say."""
Saying = Annotated[Words, AfterValidator(normal), StringConstraints(min_length=1)]
"""The same as `normal` makes it."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Of a slot, a state and the like."""
Names = Annotated[
    tuple[Name, ...], Field(min_length=1), BeforeValidator(listed, json_schema_input_type=Name | tuple[Name, ...])
]
"""One, or a list."""
