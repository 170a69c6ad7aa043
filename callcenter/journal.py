"""What happens in a call, told as it happens to the store and to whoever watches."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from callcenter.dialogue.brain import Lead, Outcome
from callcenter.store.records import CallEnded, CallStarted, LeadChanged, Record, SlotValue, TurnEnded


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

    def saying(self, turn: int, text: str) -> None:
        """A clause begins to play."""
        self._publish("say", turn=turn, text=text)

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

    def turn(self, index: int, *, timings: Mapping[str, float], **words: str) -> None:
        """An exchange is over; `words` are the texts of a TurnEnded."""
        rounded = {stage: round(ms, 1) for stage, ms in timings.items()}
        self._store(TurnEnded(call=self._call, index=index, timings=rounded, at=datetime.now(UTC), **words))
        self._publish("turn", index=index, timings=rounded, **words)

    def ended(self, outcome: Outcome, reason: str) -> None:
        """The call is over."""
        recording = str(self.recording) if self.recording else None
        self._store(
            CallEnded(call=self._call, outcome=outcome, reason=reason, recording=recording, at=datetime.now(UTC))
        )
        self._publish("end", outcome=outcome, reason=reason)

    def _publish(self, event: str, **fields: Any) -> None:
        self._tell({"event": event, "call": str(self._call), "caller": self._caller, **fields})
