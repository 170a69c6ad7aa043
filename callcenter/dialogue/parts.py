"""What flow files are made of: strict parts, texts to be spoken, words to be heard."""

from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError


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


class Part(BaseModel):
    """A mapping in a flow file. A key that it does not know is an error that lists those it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        allowed = ", ".join(cls.model_fields)
        unknown = [
            InitErrorDetails(
                type=PydanticCustomError("unknown_key", "not known here; allowed are {allowed}", {"allowed": allowed}),
                loc=(str(key),),
                input=value,
            )
            for key, value in content.items()
            if key not in cls.model_fields
        ]
        if unknown:
            raise ValidationError.from_exception_data(cls.__name__, unknown)
        return content
