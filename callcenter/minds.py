"""Who thinks for the agent: the brains of all calls, what tells them what callers mean, and what asks services."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcenter.config import Settings
from callcenter.dialogue.brain import Brain
from callcenter.dialogue.classify import desk as classify
from callcenter.dialogue.classify.classifier import meanings
from callcenter.dialogue.classify.desk import Desk
from callcenter.dialogue.flow import Flow
from callcenter.dialogue.model.brains import Brains
from callcenter.enquiry import Enquiries
from callcenter.speech.models import Models
from callcenter.speech.threads import PATIENT, pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Minds:
    """A brain for each call."""

    now: Callable[[], datetime]
    """The local time that flows go by."""
    desk: Desk
    brains: Brains
    enquiries: Enquiries

    async def along(self, flow: Flow) -> Callable[[Mapping[str, str]], Brain]:
        """What makes a brain for each call along `flow`, given what is known beforehand, by slot.

        Each is in one of the flow's variants, by chance. Raises EmbeddingError when the sentence model fails.
        """
        chain = await self.desk.chain(flow.name, flow.language, meanings(flow.intents, flow.answers))

        def brain(known: Mapping[str, str]) -> Brain:
            return self.brains.brain(flow.chosen(random.random()), now=self.now, classifier=chain, known=known)

        return brain

    def report(self) -> dict[str, Any]:
        """For `status`."""
        return {"understanding": self.desk.report(), "model": self.brains.report()}


@asynccontextmanager
async def opened(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Minds]:
    """For as long as a daemon lives. Raises MissingPartError when a sentence model is wanted and not there."""
    async with (
        Enquiries.open() as enquiries,
        _understanding(settings) as desk,
        Brains.opened(settings.dialogue, settings.model) as brains,
    ):
        yield Minds(now=now, desk=desk, brains=brains, enquiries=enquiries)


def _understanding(settings: Settings) -> AbstractAsyncContextManager[Desk]:
    locate = Models(settings.paths.cache).locate
    return classify.opened(settings.understanding, locate, lambda workers: pool(workers, "embed", PATIENT))
