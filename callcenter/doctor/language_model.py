"""Whether the language model is there, streams, and uses tools."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import cast

from callcenter import openai_client
from callcenter.config import Model, Settings
from callcenter.dialogue.model.chat import Delta, Message, Text, Tool, ToolCall
from callcenter.dialogue.model.openai_chat import OpenAIChat
from callcenter.doctor.clouds import CLOUD_S
from callcenter.doctor.finding import Ailment, Check
from callcenter.doctor.place import Place, Reason
from callcenter.doctor.sample import Equipment
from callcenter.errors import ProviderError

NAME = "ready"
NUMBER = 7
ASKED: tuple[Message, ...] = (
    {
        "role": "system",
        "content": f"You test a telephone line. Answer by the tool `{NAME}`, with what the caller says.",
    },
    {"role": "user", "content": f"<caller>My number is {NUMBER}.</caller>"},
)
TOOL: Tool = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": "Say that the line works.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer", "description": "The caller's number."}},
            "required": ["number"],
        },
    },
}
MOST_OFFERED = 8
"""Models that are named to who has named another."""
MOST_LETTERS = 40
OTHER_MODEL = "name a model in [model] name that uses tools"


def check(settings: Settings, equipment: Equipment) -> list[Check]:
    """Of the model, if it leads conversations."""
    if settings.dialogue.brain != "model":
        return []

    find = partial(_model, equipment)
    return [Check(name="language model", find=find, advice="see whether its server is well", longest_s=CLOUD_S)]


async def _model(equipment: Equipment, settings: Settings) -> str:
    place = Place.of(settings, "model", "[model] name")
    place.demand_key()
    await equipment.ready(settings)
    patience_s = max(equipment.patience_s, settings.model.first_s)
    patient = settings.model.model_copy(update={"first_s": patience_s, "stall_s": patience_s})
    async with OpenAIChat.opened(patient) as chat:
        trial = _Trial(chat=chat, model=settings.model, place=place, patience_s=patience_s)
        return await trial.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """Of one model."""

    chat: OpenAIChat
    model: Model
    place: Place
    patience_s: float

    async def result(self) -> str:
        """What is said of a model that is well. Raises Ailment of another."""
        try:
            deltas, first_s = await self._answer([TOOL])
        except ProviderError as error:
            raise await self._why(error) from error
        _demand_tool(self.model.name, deltas)
        self.place.demand_haste(self.model.name, first_s, self.model.first_s, setting="first_s")
        return f"{self.model.name} at {self.place.server}: used a tool after {first_s:.2f} s"

    async def _answer(self, tools: Sequence[Tool]) -> tuple[list[Delta], float]:
        """The answer, and after how many seconds it began. Raises ProviderError."""
        began, first_s, deltas = time.perf_counter(), 0.0, list[Delta]()
        stream = cast(AsyncGenerator[Delta, None], self.chat.stream(ASKED, tools))
        try:
            async with asyncio.timeout(self.patience_s), aclosing(stream):
                async for delta in stream:
                    first_s = first_s or time.perf_counter() - began
                    deltas.append(delta)
        except TimeoutError:
            raise ProviderError(f"its answer was not finished within {self.patience_s:g} s") from None
        return deltas, first_s

    async def _why(self, error: ProviderError) -> Ailment:
        """What there is to say of its failure. Who refuses the question may not have the model, or it uses no tools."""
        told, model, server = str(error), self.model.name, self.place.server
        if Reason.of(told) is Reason.QUESTION:
            offered = await self._offered()
            if offered and model not in offered:
                named = ", ".join(offered[:MOST_OFFERED]) + (" …" if len(offered) > MOST_OFFERED else "")
                advice = "name one of those in [model] name, or have it brought there"
                return Ailment(f"the model {model} is not there; {server} offers {named}", advice)
            if await self._answers_without_tools():
                return Ailment(f"{model} answers, but not where there are tools to use", OTHER_MODEL)
        return Ailment(f"{model}: {told}", self.place.advice(told))

    async def _offered(self) -> list[str]:
        """The names of the models that are there; none where the server does not tell."""
        async with openai_client.opened(self.model.url, self.model.key) as client:
            try:
                async with asyncio.timeout(self.patience_s):
                    return [offered.id async for offered in client.models.list()]
            except Exception:  # the SDK's own, and its libraries': it was asked only to say more of a failure
                return []

    async def _answers_without_tools(self) -> bool:
        try:
            deltas, _ = await self._answer(())
        except ProviderError:
            return False
        return bool(deltas)


def _demand_tool(name: str, deltas: Sequence[Delta]) -> None:
    """Raise Ailment unless the tool was used as it was described."""
    uses = [delta for delta in deltas if isinstance(delta, ToolCall)]
    if not uses:
        words = " ".join("".join(delta.text for delta in deltas if isinstance(delta, Text)).split())
        said = f"wrote “{words[:MOST_LETTERS]}”" if words else "answered nothing"
        raise Ailment(f"{name} {said} where it was asked to use a tool", OTHER_MODEL)
    if uses[0].name != NAME:
        raise Ailment(f"{name} used a tool that it was not offered: {uses[0].name[:MOST_LETTERS]}", OTHER_MODEL)
    try:
        json.loads(uses[0].arguments)["number"]
    except (ValueError, LookupError, TypeError):
        raise Ailment(f"{name} used a tool with arguments that were not asked for", OTHER_MODEL) from None
