"""Where calls get their brains from: the script's alone, or one that a language model steers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

from callcenter.breaker import Breaker
from callcenter.config import Dialogue, Model
from callcenter.dialogue.brain import Brain
from callcenter.dialogue.classify.classifier import Classifier
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.model.brain import ModelBrain
from callcenter.dialogue.model.chat import Chat
from callcenter.dialogue.model.mind import NAME, Mind
from callcenter.dialogue.model.openai_chat import OpenAIChat
from callcenter.dialogue.scripted import ScriptedBrain


class Brains:
    """For all calls, which share the model and its breaker."""

    def __init__(self, settings: Model, chat: Chat | None = None) -> None:
        """Without a `chat` the flow's own rules lead every conversation."""
        self._settings = settings
        self._chat = chat
        self._breaker = Breaker()

    @classmethod
    @asynccontextmanager
    async def opened(cls, dialogue: Dialogue, model: Model) -> AsyncIterator[Self]:
        """As the settings say; the SDK is loaded only if it is used, and nothing is sent yet."""
        if dialogue.brain == "scripted":
            yield cls(model)
            return
        async with OpenAIChat.opened(model) as chat:
            yield cls(model, chat)

    def brain(
        self,
        flow: Flow,
        *,
        now: Callable[[], datetime],
        classifier: Classifier | None = None,
        known: Mapping[str, str] | None = None,
    ) -> Brain:
        """Of one call along `flow`."""
        if self._chat is None:
            return ScriptedBrain(flow, now=now, classifier=classifier, known=known)
        mind = Mind(self._chat, self._settings, self._breaker)
        return ModelBrain(flow, mind, now=now, classifier=classifier, known=known)

    def report(self) -> list[dict[str, Any]]:
        """For `status`, like that of a ladder."""
        if self._chat is None:
            return []
        return [{"name": NAME, **self._breaker.report(asyncio.get_running_loop().time())}]
