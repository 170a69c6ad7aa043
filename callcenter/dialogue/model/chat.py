"""The seam of a language model: the conversation so far in, text and calls of tools out, as they are written."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Message = Mapping[str, Any]
"""As in OpenAI's chat completions: `role`, `content`, `tool_calls`, `tool_call_id`."""

Tool = Mapping[str, Any]
"""As in OpenAI's chat completions: `{"type": "function", "function": {"name", "description", "parameters"}}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """More of what is to be said."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool is to be used, all of whose arguments are there."""

    id: str
    name: str
    arguments: str
    """JSON, if the model has kept to its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the answer has cost, at its end."""

    tokens_in: int
    tokens_out: int


Delta = Text | ToolCall | Spent


class Chat(Protocol):
    """A language model, shared by all calls."""

    def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        """The answer as it is written. Raises ProviderError when there is none, or when it breaks off."""
