"""A language model as one call uses it: with tries, behind the breaker of all calls, within a budget."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

import structlog

from callcenter.breaker import Breaker
from callcenter.config import Model
from callcenter.dialogue.model.chat import Chat, Delta, Message, Spent, Text, Tool, ToolCall
from callcenter.dialogue.model.clauses import Answer, Clause
from callcenter.dialogue.model.history import tokens
from callcenter.errors import ProviderError
from callcenter.ladder import Tries, guarded
from callcenter.usage import Usage

log = structlog.get_logger()

NAME = "model"
"""Of the provider: in logs, prices and usage."""

Piece = Clause | ToolCall


class Mind:
    """Of one call."""

    def __init__(self, chat: Chat, settings: Model, breaker: Breaker) -> None:
        """`chat` and `breaker` are shared by all calls."""
        self._chat = chat
        self._settings = settings
        self._breaker = breaker
        self.usage = Usage()

    @property
    def history_tokens(self) -> int:
        """About so many of the conversation it is to be sent each time."""
        return self._settings.history_tokens

    @property
    def may_be_asked(self) -> bool:
        """Whether the call has tokens left."""
        return self.usage.tokens_in + self.usage.tokens_out < self._settings.tokens_per_call

    async def think(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, may_ask: bool = True
    ) -> AsyncGenerator[Piece, None]:
        """What the model says, clause by clause as each is whole, then the tools that it uses.

        Raises ProviderError when it fails, after as many tries as the settings say while nothing of it was said yet;
        or when it answers nothing, or without end.
        """
        tries = Tries(self._settings.tries)
        while True:
            said = False
            try:
                async with aclosing(self._tried(messages, tools, may_ask)) as pieces:
                    async for piece in pieces:
                        said = True
                        yield piece
                return
            except ProviderError as error:
                log.warning("! provider", name=NAME, error=str(error))
                if said:
                    raise
                await tries.again(error)

    async def _tried(
        self, messages: Sequence[Message], tools: Sequence[Tool], may_ask: bool
    ) -> AsyncGenerator[Piece, None]:
        answer, meter = Answer(may_ask), _Meter(messages)
        try:
            with guarded(NAME, self._breaker):
                async with aclosing(self._in_time(messages, tools, answer)) as deltas:
                    async for delta in deltas:
                        meter.read(delta)
                        for piece in _pieces(delta, answer):
                            yield piece
                        if answer.over:
                            break
                    for clause in answer.end():
                        yield clause
        finally:
            self.usage += meter.usage
        if answer.is_endless:  # not the breaker's business: a caller may have talked the model into it
            raise ProviderError("the language model goes on without end")
        if not meter.wrote:
            raise ProviderError("the language model answers nothing", may_pass=True)

    async def _in_time(
        self, messages: Sequence[Message], tools: Sequence[Tool], answer: Answer
    ) -> AsyncGenerator[Delta, None]:
        """The chat's stream, as long as each clause is whole in time.

        The first may take as long as the model may to its first word and then fall silent, another one only the latter.
        Raises ProviderError for one that takes longer: a model that writes a word a second never stalls.
        """
        now, patience_s = asyncio.get_running_loop().time, self._settings.first_s + self._settings.stall_s
        async with aclosing(_generator(self._chat.stream(messages, tools))) as deltas:
            while True:
                began, clauses = now(), answer.clauses
                try:
                    async with asyncio.timeout(patience_s):
                        delta = await anext(deltas, None)
                except TimeoutError:
                    raise ProviderError("the language model writes too slowly") from None
                if delta is None:
                    return
                patience_s -= now() - began
                yield delta
                if answer.clauses > clauses:
                    patience_s = self._settings.stall_s


def _pieces(delta: Delta, answer: Answer) -> list[Piece]:
    match delta:
        case Text(text=text):
            return [*answer.feed(text)]
        case ToolCall():
            return [*answer.end(), delta]
    return []


async def _generator(stream: AsyncIterator[Delta]) -> AsyncGenerator[Delta, None]:
    """`stream`, which is closed with this."""
    try:
        async for delta in stream:
            yield delta
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


class _Meter:
    """What an answer has cost; estimated where it was left, or broke off, before it said so itself."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._written = 0
        self.wrote = False
        """There was anything in it."""
        self._spent: Spent | None = None

    @property
    def usage(self) -> Usage:
        if self._spent:
            return Usage(tokens_in=self._spent.tokens_in, tokens_out=self._spent.tokens_out)
        if not self.wrote:
            return Usage()
        sent = sum(tokens(str(message.get("content") or "")) for message in self._messages)
        return Usage(tokens_in=sent, tokens_out=tokens("x" * self._written))

    def read(self, delta: Delta) -> None:
        match delta:
            case Text(text=text):
                self._written += len(text)
                self.wrote = self.wrote or not text.isspace()
            case ToolCall(arguments=arguments):
                self._written += len(arguments)
                self.wrote = True
            case Spent():
                self._spent = delta
