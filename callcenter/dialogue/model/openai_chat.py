"""A language model behind OpenAI's chat completions, whoever serves them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from callcenter import openai_client
from callcenter.config import Model
from callcenter.dialogue.model.chat import Delta, Message, Spent, Text, Tool, ToolCall
from callcenter.errors import ProviderError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

WHOM = "the language model"
ANSWER_TOKENS = 300
"""A telephone answer is two sentences; a model that goes on for ever is cut here."""


class OpenAIChat:
    """Shared by all calls."""

    def __init__(self, client: "AsyncOpenAI", settings: Model) -> None:
        self._client = client
        self._settings = settings

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Model) -> AsyncIterator[Self]:
        """Ready to be asked; nothing is sent yet."""
        async with openai_client.opened(settings.url, settings.key) as client:
            yield cls(client, settings)

    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        """The answer as it is written. A tool's call comes whole, when the next thing begins or the answer ends.

        Raises ProviderError when the first of it takes longer than `first_s`, or the next of it than `stall_s`.
        """
        import openai

        now = asyncio.get_running_loop().time
        until = now() + self._settings.first_s
        calls: dict[int, _Call] = {}
        try:
            async with asyncio.timeout_at(until):
                chunks = await self._client.chat.completions.create(**self._request(messages, tools))
            async with chunks:
                while True:
                    # Not around the `yield`: while its listener is busy speaking, nobody waits for the model.
                    async with asyncio.timeout_at(until):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    deltas = _read(chunk, calls)
                    for delta in deltas:
                        yield delta
                    if deltas or calls:
                        until = now() + self._settings.stall_s
                for call in calls.values():
                    yield call.whole
        except TimeoutError:
            raise ProviderError(f"{WHOM} did not answer in time", may_pass=True) from None
        except (openai.OpenAIError, ValueError) as error:
            raise openai_client.explained(error, WHOM) from None

    def _request(self, messages: Sequence[Message], tools: Sequence[Tool]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._settings.name,
            "messages": list(messages),
            "temperature": self._settings.temperature,
            "max_completion_tokens": ANSWER_TOKENS,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return {**request, "tools": list(tools)} if tools else request


@dataclass(slots=True)
class _Call:
    """Of a tool, as it grows."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    @property
    def whole(self) -> ToolCall:
        return ToolCall(id=self.id, name=self.name, arguments="".join(self.arguments))


def _read(chunk: Any, calls: dict[int, _Call]) -> list[Delta]:
    """What `chunk` holds; parts of a tool's call are added to `calls`."""
    found: list[Delta] = []
    if chunk.usage:
        found.append(Spent(tokens_in=chunk.usage.prompt_tokens, tokens_out=chunk.usage.completion_tokens))
    for choice in chunk.choices or ():
        delta = choice.delta
        if delta.content:
            found.append(Text(text=delta.content))
        for part in delta.tool_calls or ():
            call = calls.setdefault(part.index, _Call())
            call.id = part.id or call.id
            if part.function:
                call.name = part.function.name or call.name
                call.arguments.append(part.function.arguments or "")
    return found
