"""The tools that a flow gives a language model, as OpenAI's chat completions describe functions.

A tool does nothing by itself: it says in the flow's terms what the caller means, and quotes the caller's words for it.
"""

from functools import singledispatch
from typing import Any

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.model.chat import Tool
from callcenter.dialogue.model.prompt import Standing
from callcenter.dialogue.slot import (
    ChoiceSlot,
    ChoicesSlot,
    DurationSlot,
    MomentSlot,
    MoneySlot,
    NumberSlot,
    PhoneSlot,
    YesNoSlot,
)

RECORD = "record"
ANSWER = "answer"
MEANS = "caller_means"
TRANSFER = "transfer"
END = "end_call"

_QUOTE = {"type": "string", "description": "The caller's own words for it, exactly as they stand in the conversation."}
_NOT_MEANT = {Intent.FILLER, Intent.HUMAN}
"""Nothing, and what there is a tool of its own for."""


def tools(standing: Standing) -> list[Tool]:
    """Those that make sense now."""
    flow = standing.flow
    found = [_record(flow)]
    if flow.answers:
        found.append(_answer(flow))
    if standing.steers:
        found.append(_means(flow))
        if flow.people:
            found.append(_transfer(flow))
        if standing.endings:
            found.append(_end(standing.endings))
    return found


def meanings(flow: Flow) -> list[str]:
    """The intents that a model may see in the caller's words."""
    return [name for name in flow.intents if name not in _NOT_MEANT]


def _record(flow: Flow) -> Tool:
    values = [{**_schema(slot), "title": name} for name, slot in flow.heard.items()]
    return _tool(
        RECORD,
        "Note what the caller has told. It is refused if the caller's words do not say it; then ask for it.",
        slot={"type": "string", "enum": list(flow.heard)},
        value={"anyOf": values, "description": "Of the type that its slot, the title, has."},
        quote=_QUOTE,
    )


def _answer(flow: Flow) -> Tool:
    asked = "; ".join(
        f"{name}: {(*answer.phrases, *answer.words, *answer.whole, *answer.opening)[0]}"
        for name, answer in flow.answers.items()
    )
    return _tool(
        ANSWER,
        f"Have a question of the caller's answered in the company's own words. The questions: {asked}.",
        question={"type": "string", "enum": list(flow.answers)},
    )


def _means(flow: Flow) -> Tool:
    return _tool(
        MEANS,
        "Say what the caller means who answers no question but, say, has no time, wants to be called back, agrees or"
        " refuses. What then happens, such as offering a callback, the company's rules decide.",
        meaning={"type": "string", "enum": meanings(flow)},
        quote=_QUOTE,
    )


def _transfer(flow: Flow) -> Tool:
    return _tool(
        TRANSFER,
        "Connect a caller who asks for a person.",
        to={"type": "string", "enum": list(flow.people)},
        quote=_QUOTE,
    )


def _end(endings: tuple[str, ...]) -> Tool:
    return _tool(
        END,
        "Say goodbye and hang up, when the caller wants to end the call.",
        outcome={"type": "string", "enum": list(endings)},
        quote=_QUOTE,
    )


def _tool(name: str, description: str, **properties: Any) -> Tool:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


@singledispatch
def _schema(slot: Any) -> dict[str, Any]:
    """Names, postcodes and texts."""
    return {"type": "string"}


@_schema.register
def _(slot: ChoiceSlot | DurationSlot) -> dict[str, Any]:
    return {"type": "string", "enum": list(slot.options)}


@_schema.register
def _(slot: ChoicesSlot) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "enum": list(slot.options)}, "minItems": 1}


@_schema.register
def _(slot: MoneySlot) -> dict[str, Any]:
    number = {"type": "number"}
    return {"anyOf": [number, {"type": "array", "items": number, "minItems": 2, "maxItems": 2}]}


@_schema.register
def _(slot: NumberSlot) -> dict[str, Any]:
    return {"type": "number"}


@_schema.register
def _(slot: YesNoSlot) -> dict[str, Any]:
    return {"type": "boolean"}


@_schema.register
def _(slot: MomentSlot) -> dict[str, Any]:
    return {"type": "string", "description": "Local date and time such as 2026-11-24T10:00."}


@_schema.register
def _(slot: PhoneSlot) -> dict[str, Any]:
    return {"type": "string", "description": "A telephone number, as the caller said it, in digits."}
