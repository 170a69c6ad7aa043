"""What the agent can say, rendered before anybody asks for it; what that costs is counted and recorded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import structlog

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.sentences import clauses
from callcenter.errors import SpeechError
from callcenter.speech.voice import PreparedVoice
from callcenter.store.records import PhrasePrepared, Record
from callcenter.usage import Meter, Usage

log = structlog.get_logger()


class Preparation:
    """Of the phrases of flows. Those that are on disk already cost nothing."""

    def __init__(
        self,
        voices: Mapping[str, PreparedVoice],
        rates: Sequence[int],
        spent: Meter,
        store: Callable[[Record], None],
    ) -> None:
        """`voices` by flow, for lines of these `rates`.

        What is paid is added to `spent`, and a record of each phrase goes to `store`.
        """
        self._voices = voices
        self._rates = rates
        self._spent = spent
        self._store = store

    async def openings(self, flows: Iterable[Flow]) -> None:
        """Render what callers hear first. Raises SpeechError: a daemon that cannot greet need not start."""
        for flow in flows:
            await self._prepare(flow, [*clauses(flow.greeting), *clauses(flow.sentences.too_busy)])

    async def everything(self, flows: Iterable[Flow]) -> None:
        """Render what the flows can say, one after the other, while calls are answered already.

        What fails is tried again when it is needed.
        """
        for flow in flows:
            try:
                await self._prepare(flow, flow.phrases())
            except SpeechError as error:
                log.error("! phrases", flow=flow.name, error=str(error))

    async def _prepare(self, flow: Flow, phrases: Iterable[str]) -> None:
        texts, paid = tuple(phrases), partial(self._paid, flow.name)
        for rate in self._rates:
            await self._voices[flow.name].prepare(texts, rate, paid)

    def _paid(self, flow: str, provider: str, characters: int) -> None:
        charge = self._spent.add(provider, Usage(characters_spoken=characters))
        now = datetime.now(UTC)
        self._store(PhrasePrepared(phrase=uuid4(), flow=flow, provider=provider, charge=charge, at=now))
