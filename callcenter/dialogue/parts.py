"""What flow files are made of: texts to be spoken, words to be heard."""

from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def fields(text: str) -> list[str]:
    """The names of the `{placeholders}` in `text`. Raises ValueError for a brace without its other."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


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


_Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Text = Annotated[_Spoken, _only()]
"""A sentence or more that the agent says."""
ValueTemplate = Annotated[_Spoken, _only("value")]
"""A sentence with `{value}`."""
Template = Annotated[_Spoken, AfterValidator(_well_formed)]
"""A part of a sentence with the names of slots as placeholders."""
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]
"""What a caller may say."""
