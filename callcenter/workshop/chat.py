"""Talking to a flow at the keyboard: what is typed counts as heard, and what the flow makes of it is shown."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from callcenter.dialogue import lookup
from callcenter.dialogue.brain import (
    Action,
    Answered,
    Fetch,
    Fetched,
    Happening,
    Keyed,
    Said,
    Silent,
    Transfer,
    TransferFailed,
)
from callcenter.dialogue.scripted import ScriptedBrain
from callcenter.enquiry import Enquiries, asked
from callcenter.workshop.conversation import CALLER, MOST_SILENCES, Conversation

HELP = "Type what the caller says; an empty line is silence, /keys 123 presses keys, /quit hangs up."

Show = Callable[["Turn"], None]
Read = Callable[[], str | None]
"""The next line that is typed; None at the end of the input."""


class Turn:
    """What one happening has brought about: something typed, or what came of a look-up or a transfer."""

    def __init__(
        self, conversation: Conversation, happening: Happening, action: Action, before: dict[str, Any]
    ) -> None:
        self.exchange = conversation.exchanges[-1]
        self.understood = conversation.brain.understood
        self.ended_by = conversation.ended_by
        self.outcome = conversation.outcome
        self.transfer = action.to if isinstance(action, Transfer) else None
        self.fetch = f"{action.method.upper()} {asked(action)}" if isinstance(action, Fetch) else None
        self.fetched = happening if isinstance(happening, Fetched) else None
        """What the look-up before came to."""
        self.changed = {name: value for name, value in self.exchange.slots.items() if before.get(name) != value}

    @property
    def result(self) -> str | None:
        """What the look-up before came to, as rules name it."""
        return lookup.result(self.fetched) if self.fetched else None

    def as_json(self) -> str:
        """One line."""
        understood = self.understood
        return json.dumps(
            {
                "agent": self.exchange.agent,
                "state": self.exchange.state,
                "slots": self.exchange.slots,
                "intent": understood.intent if understood else None,
                "confidence": round(understood.confidence, 2) if understood else None,
                "sentiment": understood.sentiment if understood else None,
                "transfer": self.transfer,
                "fetch": self.fetch,
                "result": self.result,
                "answer": dict(self.fetched.values) if self.fetched else None,
                "outcome": self.outcome,
                "ended_by": self.ended_by,
            },
            ensure_ascii=False,
        )


async def chat(
    brain: ScriptedBrain, read: Read, show: Show, *, somebody_there: bool, enquiries: Enquiries
) -> Conversation:
    """Talk until either side hangs up. `read` may block; look-ups are really made."""
    conversation = Conversation(brain)
    silences = 0
    happening: Happening = Answered(caller=CALLER)
    typed = ""
    while True:
        before = dict(conversation.slots)
        action = conversation.take(happening, typed)
        if isinstance(action, Transfer) and somebody_there:
            conversation.ended_by = "person"
        show(Turn(conversation, happening, action, before))
        if conversation.ended_by:
            return conversation
        match action:
            case Transfer():
                happening, typed = TransferFailed(), ""
            case Fetch():
                happening, typed = await enquiries.ask(action), ""
            case _:
                line = read()
                if line is None or line.strip() == "/quit":
                    conversation.ended_by = "caller"
                    return conversation
                silences = silences + 1 if not line.strip() else 0
                happening, typed = _happening(line.strip(), silences), line.strip()


def _happening(line: str, silences: int) -> Happening:
    if line.startswith("/keys "):
        return Keyed(digits=line.removeprefix("/keys ").strip().rstrip("#"))
    if not line:
        return Silent(times=silences, last=silences >= MOST_SILENCES)
    return Said(text=line)


def typed_lines(prompt: str) -> Iterator[str]:
    """Lines from the terminal or a pipe, until it ends."""
    while True:
        try:
            yield input(prompt)
        except EOFError:
            return
