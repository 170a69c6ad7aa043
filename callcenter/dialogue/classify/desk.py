"""Where a flow gets its understanding from: what the settings choose, and what the classifiers of all flows share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from callcenter.config import Understanding
from callcenter.dialogue.classify import sentence_models
from callcenter.dialogue.classify.chain import Chain
from callcenter.dialogue.classify.classifier import Classifier, Meaning
from callcenter.dialogue.classify.embedder import Embedder
from callcenter.dialogue.classify.embeddings import Embeddings
from callcenter.dialogue.classify.http import HttpClassifier
from callcenter.dialogue.classify.patterns import Patterns, openings
from callcenter.dialogue.classify.sentence_models import Loaded

log = structlog.get_logger()

CONTROL = frozenset({"yes", "no", "filler", "repeat", "human", "goodbye", "hold"})
"""What must be understood at once and for certain, so patterns go before any service."""


class Model:
    """A sentence model in threads of its own."""

    def __init__(self, loaded: Loaded, threads: Executor, *, most: int) -> None:
        self.calibration = loaded.calibration
        self.embedder = Embedder(loaded.model, threads, most=most)
        self._languages = loaded.languages

    def knows(self, language: str) -> bool:
        """Whether its guesses about sentences in `language` are worth anything."""
        return self._languages is None or language in self._languages


class Desk:
    """Makes a chain of classifiers for each flow of a daemon, and knows them all."""

    def __init__(self, settings: Understanding, session: aiohttp.ClientSession, model: Model | None) -> None:
        self._settings = settings
        self._session = session
        self._model = model
        self._chains: dict[str, Chain] = {}

    async def chain(self, flow: str, language: str, meanings: Sequence[Meaning]) -> Chain:
        """The understanding of the flow of that name, ready to be asked. Its examples are embedded here, once.

        Raises EmbeddingError when the model fails.
        """
        steps = await self._steps(flow, language, meanings)
        self._chains[flow] = chain = Chain(steps, least_confidence=self._settings.least_confidence)
        return chain

    def report(self) -> dict[str, Any]:
        """For `callcenter status`, by flow."""
        return {flow: chain.report() for flow, chain in self._chains.items()}

    async def _steps(self, flow: str, language: str, meanings: Sequence[Meaning]) -> list[Classifier]:
        """Patterns are always the last resort: they are there when nothing else is."""
        match self._settings.classifier:
            case "embeddings" if self._model and self._model.knows(language):
                model = await Embeddings.prepare(self._model.embedder, self._model.calibration, meanings)
                return [Patterns(meanings, first=True), model, Patterns(openings(meanings))]
            case "embeddings":
                log.info("x embeddings", flow=flow, language=language, reason="the model does not know the language")
            case "http":
                control = [meaning for meaning in meanings if meaning.name in CONTROL]
                return [Patterns(control, first=True), self._http(meanings), Patterns(meanings)]
        return [Patterns(meanings)]

    def _http(self, meanings: Sequence[Meaning]) -> HttpClassifier:
        settings = self._settings
        return HttpClassifier(
            self._session, meanings, url=settings.url, faq_url=settings.faq_url, timeout_s=settings.timeout_s
        )


@asynccontextmanager
async def opened(
    settings: Understanding, locate: Callable[[str], str], threads: Callable[[int], Executor]
) -> AsyncIterator[Desk]:
    """A desk for as long as a daemon lives.

    `locate` gives the folder of a model by its name, `threads` an executor with so many workers. Raises
    MissingPartError when the settings want a model that is not there.
    """
    async with aiohttp.ClientSession() as session:
        if settings.classifier != "embeddings":
            yield Desk(settings, session, None)
            return
        executor = threads(settings.workers)
        try:
            folder = Path(locate(settings.model))
            loaded = await asyncio.get_running_loop().run_in_executor(executor, sentence_models.load, folder)
            yield Desk(settings, session, Model(loaded, executor, most=settings.workers + settings.waiting))
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
