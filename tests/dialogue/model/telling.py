"""A language model that answers what a test tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from callcenter.dialogue.model.chat import Delta, Message, Spent, Text, Tool, ToolCall

Part = Delta | Exception | asyncio.Event
"""Of an answer; an exception is raised, an event waited for."""


def use(name: str, **arguments: Any) -> ToolCall:
    """A call of a tool."""
    return ToolCall(id=f"call_{name}", name=name, arguments=json.dumps(arguments))


def text(words: str) -> list[Part]:
    """An answer, word by word, and what it costs."""
    return [*(Text(text=f"{word} ") for word in words.split()), Spent(tokens_in=100, tokens_out=10)]


class Telling:
    """Gives one answer after another; the last of them stays."""

    def __init__(self, *answers: Sequence[Part] | str) -> None:
        self._answers = [text(answer) if isinstance(answer, str) else list(answer) for answer in answers]
        self.asked: list[list[Message]] = []
        self.offered: list[list[str]] = []
        self.closed = 0

    @property
    def system(self) -> str:
        """The last system prompt."""
        return str(self.asked[-1][0]["content"])

    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        """The next answer."""
        self.asked.append(list(messages))
        self.offered.append([tool["function"]["name"] for tool in tools])
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        try:
            for part in answer:
                match part:
                    case asyncio.Event():
                        await part.wait()
                    case Exception():
                        raise part
                    case _:
                        yield part
        finally:
            self.closed += 1
