"""The adapter to OpenAI's SDK, against a real server."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from callcenter.config import Model
from callcenter.dialogue.model.chat import Delta, Spent, Text, ToolCall
from callcenter.dialogue.model.openai_chat import ANSWER_TOKENS, OpenAIChat
from callcenter.errors import ProviderError
from tests.peers.clouds import RETRY_AFTER_S
from tests.peers.openai_cloud import Answer, Fault, Peer, serving

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
HELLO = [{"role": "user", "content": "hello there"}]
TOOL = {"type": "function", "function": {"name": "record", "description": "", "parameters": {"type": "object"}}}


@asynccontextmanager
async def chat_of(
    answer: Answer, fault: Fault | None = None, **settings: Any
) -> AsyncIterator[tuple[OpenAIChat, Peer]]:
    """Patient, unless `settings` say otherwise: this machine may be busy."""
    peer = Peer(answer, pace_s=0.001)
    if fault:
        peer.faults["completions"] = fault
    async with serving(peer) as address:
        model = Model(**{"url": f"{address}/v1", "key": SecretStr(KEY), "first_s": 20.0, "stall_s": 20.0, **settings})
        async with OpenAIChat.opened(model) as chat:
            yield chat, peer


async def deltas(chat: OpenAIChat, tools: Sequence[dict[str, Any]] = ()) -> list[Delta]:
    return [delta async for delta in chat.stream(HELLO, tools)]


def words(found: list[Delta]) -> str:
    return "".join(delta.text for delta in found if isinstance(delta, Text))


async def test_text_as_it_is_written_and_what_it_cost() -> None:
    async with chat_of(lambda request: ["Thank you. How much?"]) as (chat, peer):
        found = await deltas(chat)
    assert [delta.text for delta in found if isinstance(delta, Text)] == ["Thank ", "you. ", "How ", "much? "]
    assert found[-1] == Spent(tokens_in=len("hello there") // 4, tokens_out=4)
    asked = peer.asked[0]
    assert (asked["messages"], asked["model"], asked["stream"]) == (HELLO, Model().name, True)
    assert asked["max_completion_tokens"] == ANSWER_TOKENS
    assert "tools" not in asked, "some servers refuse an empty list"


async def test_tools_come_whole() -> None:
    uses = [{"name": "record", "arguments": {"slot": "amount"}}, {"name": "answer", "arguments": {}}]
    async with chat_of(lambda request: ["Fine.", *uses]) as (chat, peer):
        found = await deltas(chat, [TOOL])
    assert words(found) == "Fine. "
    assert [delta for delta in found if isinstance(delta, ToolCall)] == [
        ToolCall(id="call_0", name="record", arguments='{"slot": "amount"}'),
        ToolCall(id="call_1", name="answer", arguments="{}"),
    ]
    assert peer.asked[0]["tools"] == [TOOL]


@pytest.mark.parametrize(
    ("fault", "told", "may_pass", "retry_after_s"),
    [
        (Fault.REFUSED, "the language model cannot be reached, or broke off", True, None),
        (Fault.UNAUTHORISED, "the language model refuses the key (status 401)", False, None),
        (Fault.RATE_LIMITED, "the language model has too much to do (status 429)", True, float(RETRY_AFTER_S)),
        (Fault.ERROR, "the language model answers with status 500", True, None),
        (Fault.STALL, "the language model did not answer in time", True, None),
        (Fault.STALL_MIDDLE, "the language model did not answer in time", True, None),
        (Fault.CUT, "the language model cannot be reached, or broke off", True, None),
        (Fault.GARBAGE, "the language model answers what cannot be understood", True, None),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else None,
)
async def test_faults(fault: Fault, told: str, may_pass: bool, retry_after_s: float | None) -> None:
    hurry = {Fault.STALL: {"first_s": 0.4}, Fault.STALL_MIDDLE: {"stall_s": 0.3}}.get(fault, {})
    async with chat_of(lambda request: ["One two three four five."], fault, **hurry) as (chat, peer):
        with pytest.raises(ProviderError) as raised:
            await deltas(chat)
    assert peer.counts["completions"] == 1, "the SDK does not try again by itself"
    assert str(raised.value) == told
    assert (raised.value.may_pass, raised.value.retry_after_s) == (may_pass, retry_after_s)
    assert raised.value.__suppress_context__, "nothing of the SDK's own error is shown with it"


async def test_nobody_there() -> None:
    async with OpenAIChat.opened(Model(url="http://127.0.0.1:9/v1", key=SecretStr(KEY))) as chat:
        with pytest.raises(ProviderError, match="cannot be reached") as raised:
            await deltas(chat)
    assert raised.value.may_pass


@pytest.mark.parametrize("fault", [*Fault], ids=lambda fault: fault.value)
async def test_no_key_is_told(fault: Fault, capsys: pytest.CaptureFixture[str]) -> None:
    async with chat_of(lambda request: ["One two."], fault, first_s=0.2, stall_s=0.1) as (chat, _):
        found = ""
        try:
            async with aclosing(chat.stream(HELLO, [])) as stream:  # type: ignore[type-var]
                async for delta in stream:
                    found += str(delta)
                    if len(found) > 200:
                        break
        except ProviderError as error:
            found = f"{error!r} {error} {error.__cause__!r}"
    output = capsys.readouterr()
    assert KEY[:12] not in found + output.out + output.err + repr(chat) + repr(vars(chat)["_settings"])


async def test_who_is_busy_with_what_was_said_is_not_stopped() -> None:
    """The patience is for the model alone, not for the voice that speaks what it has said."""
    found = 0
    async with chat_of(lambda request: ["One two three."], stall_s=1.0) as (chat, _):
        async for _ in chat.stream(HELLO, []):
            found += 1
            await asyncio.sleep(1.2 if found < 3 else 0)
    assert found == 4


async def test_many_at_once_by_one_client() -> None:
    async with chat_of(lambda request: ["Fine."]) as (chat, _):
        assert [words(found) for found in await asyncio.gather(*(deltas(chat) for _ in range(20)))] == ["Fine. "] * 20


def test_the_sdk_is_loaded_only_when_it_is_used() -> None:
    modules = "callcenter.dialogue.model.brain, callcenter.dialogue.model.openai_chat"
    check = f"import sys, {modules}; print('openai' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
