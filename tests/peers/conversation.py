"""Answers of chat completions as a sensible model gives them, from the flow itself: for whole calls without a key.

It goes by nothing but the request. What the caller said last it understands by the parsers of its own copy of the
flow, and says so by the tools that it is offered; then it asks for the slot that the system prompt names, in words of
its own.
To talk to it, with `[model] url = "http://127.0.0.1:8100/v1"`:

    python -m tests.peers.conversation investment --port 8100
"""

import argparse
import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from callcenter.dialogue.flow import Flow, load_flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.model import prompt
from callcenter.dialogue.model.chat import Delta, Message, Spent, Text, Tool, ToolCall
from callcenter.dialogue.reading import Situation
from callcenter.dialogue.understanding import Understood, understand
from tests.peers.openai_cloud import Answer, Peer, Piece, Use, serving

OWN_WORDS = {
    "en": ("Thank you.", "Sorry, I am not sure that I got that.", "Tell me, please:"),
    "fr": ("Merci bien.", "Pardon, je ne suis pas sûr de comprendre.", "Dites-moi, s'il vous plaît :"),
    "es": ("Muchas gracias.", "Perdone, no sé si le he entendido.", "Dígame, por favor:"),
    "pt": ("Muito obrigada.", "Desculpe, não sei se percebi.", "Diga-me, por favor:"),
}
"""By language: what was understood is thanked for, what was not is excused, and how a question begins."""


class Sensible:
    """Converses about a flow."""

    def __init__(
        self,
        flow: Flow,
        now: Callable[[], datetime] = datetime.now,
        *,
        eager: bool = False,
        meanings: Mapping[str, Use] | None = None,
    ) -> None:
        """An `eager` one records also what it is told is known. `meanings` are uses of tools for callers' words, by a
        pattern for them, that the flow's parsers do not know; to a use the quote is added."""
        self._flow = flow
        self._now = now
        self._eager = eager
        self._meanings = meanings or {}

    def __call__(self, request: dict[str, Any]) -> Sequence[Piece]:
        """What it says or does."""
        last = request["messages"][-1]
        if last["role"] != "user":
            results = [message["content"] for message in request["messages"] if message["role"] == "tool"]
            return [self._says(request, not all(result.startswith("refused") for result in results))]
        text = _last_words(last["content"])
        return self._uses(text, request) or [self._says(request, not self._understood(text, request).nothing)]

    def _says(self, request: dict[str, Any], understood: bool) -> str:
        thanks, excuse, begin = OWN_WORDS[self._flow.language]
        asked = _asked(request)
        said = thanks if understood else excuse
        return f"{said} {begin} {asked[2]}" if asked else said

    def _uses(self, text: str, request: dict[str, Any]) -> list[Piece]:
        """The tools that tell what the caller meant by `text`."""
        offered = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in request["tools"]}
        if "ready" in offered:  # the doctor's
            return [{"name": "ready", "arguments": {"number": 7}}]
        for pattern, use in self._meanings.items():
            found = re.search(pattern, text, re.IGNORECASE)
            if found and use["name"] in offered:
                return [{**use, "arguments": {"quote": found[0], **use["arguments"]}}]
        understood = self._understood(text, request)
        known = set(re.findall(r"^- (\w+) = ", request["messages"][0]["content"], re.MULTILINE))
        records: list[Piece] = [
            {"name": "record", "arguments": {"slot": name, "value": filled.value, "quote": filled.heard}}
            for name, filled in understood.values.items()
            if self._eager or name not in known
        ]
        return [*records, *self._meant(understood, text, offered)]

    def _understood(self, text: str, request: dict[str, Any]) -> Understood:
        system = request["messages"][0]["content"]
        found = re.search(rf"(?:{prompt.ASK}|is asked{prompt.FOR})(\w+)", system)
        asked = found[1] if found and prompt.NOTED not in system else None
        return understand(text, self._flow, Situation(now=self._now(), caller="", asked=asked))

    def _meant(self, understood: Understood, text: str, offered: dict[str, Any]) -> list[Piece]:
        """By the tools for what is no answer, which are offered while that is open."""
        intent = understood.intent
        if understood.answer and "answer" in offered and "caller_means" in offered:
            return [{"name": "answer", "arguments": {"question": understood.answer}}]
        if intent == Intent.HUMAN and "transfer" in offered:
            return [
                {"name": "transfer", "arguments": {"to": whom, "quote": text}}
                for whom in offered["transfer"]["to"]["enum"]
            ]
        if intent == Intent.GOODBYE and "end_call" in offered:
            outcome = offered["end_call"]["outcome"]["enum"][-1]
            return [{"name": "end_call", "arguments": {"outcome": outcome, "quote": text}}]
        if "caller_means" in offered and intent in offered["caller_means"]["meaning"]["enum"]:
            return [{"name": "caller_means", "arguments": {"meaning": intent, "quote": text}}]
        return []


def _asked(request: dict[str, Any]) -> re.Match[str] | None:
    """The slot that is to be asked for, and how the flow asks for it."""
    pattern = rf"^{prompt.ASK}(\w+), in your own words, such as: (.*)$"
    return re.search(pattern, request["messages"][0]["content"], re.MULTILINE)


def _last_words(content: str) -> str:
    """The caller's, without the tags."""
    return str(re.findall(r"<caller>(.*?)</caller>", content, re.DOTALL)[-1])


class DirectChat:
    """The same without a line in between: an `Answer` as a `Chat`."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.used: Counter[str] = Counter()
        """Tools."""

    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[Delta]:
        """Word by word."""
        request = json.loads(json.dumps({"messages": list(messages), "tools": list(tools)}))
        self.asked.append(request)
        for number, piece in enumerate(self.answer(request)):
            if isinstance(piece, str):
                for word in piece.split():
                    yield Text(text=f"{word} ")
            else:
                self.used[piece["name"]] += 1
                arguments = piece["arguments"]
                text = arguments if isinstance(arguments, str) else json.dumps(arguments)
                yield ToolCall(id=f"call_{number}", name=piece["name"], arguments=text)
        yield Spent(tokens_in=len(json.dumps(request)) // 4, tokens_out=10)


async def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("flow")
    parser.add_argument("--port", type=int, default=8100)
    options = parser.parse_args()
    async with serving(Peer(Sensible(load_flow(options.flow))), options.port) as address:
        print(f"{address}/v1")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
