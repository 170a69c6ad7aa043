"""What happens in a call, told as it happens to the store and to whoever watches."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from callcenter.dialogue.brain import Lead, Outcome
from callcenter.store.records import CallEnded, CallStarted, LeadChanged, Record, SlotValue, TurnEnded
from callcenter.usage import Charges, cost_of


class Journal:
    """The record of one call. Nothing here blocks or fails: the store has its spool, a slow watcher is dropped."""

    def __init__(
        self, call: UUID, caller: str, store: Callable[[Record], None], tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self.recording: Path | None = None
        """Where the sound is kept."""
        self._call = call
        self._caller = caller
        self._store = store
        self._tell = tell
        self._lead = Lead()

    def arrived(self, **known: str) -> None:
        """The call is there; `known` are the texts of a CallStarted."""
        self._store(CallStarted(call=self._call, caller=self._caller, at=datetime.now(UTC), **known))
        self._publish("call", did=known["did"], flow=known["flow"])

    def saying(self, turn: int, text: str, *, filler: bool = False) -> None:
        """A clause begins to play; a `filler` only bridges the wait for an answer."""
        self._publish("say", turn=turn, text=text, filler=filler)

    def heard(self, text: str, confidence: float) -> None:
        """The caller said something."""
        self._publish("heard", text=text, confidence=round(confidence, 3))

    def lead(self, lead: Lead) -> None:
        """The lead as it is; stored when it has changed."""
        if lead == self._lead:
            return
        self._lead = lead
        slots = {name: SlotValue(value=slot.value, heard=slot.heard) for name, slot in lead.slots.items()}
        self._store(LeadChanged(call=self._call, status=lead.status, slots=slots, at=datetime.now(UTC)))
        self._publish("lead", status=lead.status, slots={name: slot.value for name, slot in lead.slots.items()})

    def turn(
        self, index: int, *, timings: Mapping[str, float], usage: Charges = MappingProxyType({}), **words: str
    ) -> None:
        """An exchange is over; `usage` is what has come since the one before, `words` are the texts of a TurnEnded."""
        rounded = {stage: round(ms, 1) for stage, ms in timings.items()}
        now = datetime.now(UTC)
        self._store(TurnEnded(call=self._call, index=index, timings=rounded, usage=dict(usage), at=now, **words))
        told = {provider: charge.as_json() for provider, charge in usage.items()}
        self._publish("turn", index=index, timings=rounded, usage=told, **words)

    def ended(self, outcome: Outcome, reason: str, usage: Charges = MappingProxyType({})) -> None:
        """The call is over; `usage` is that of the whole of it."""
        recording, now = str(self.recording) if self.recording else None, datetime.now(UTC)
        ending = CallEnded(
            call=self._call, outcome=outcome, reason=reason, recording=recording, usage=dict(usage), at=now
        )
        self._store(ending)
        self._publish("end", outcome=outcome, reason=reason, cost=cost_of(usage))

    def _publish(self, event: str, **fields: Any) -> None:
        self._tell({"event": event, "call": str(self._call), "caller": self._caller, **fields})
