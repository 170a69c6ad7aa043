"""The states of a flow: what the agent says, asks and does in each, and where the conversation goes from there."""

from typing import Literal, Self

from pydantic import Field, model_validator

from callcenter.dialogue.parts import Name, Names, Template, Templates
from callcenter.dialogue.rule import Rule
from callcenter.yaml_file import Part

Result = Literal["nobody", "ok", "failed"]
"""Those that actions have by themselves; a service may answer others."""


class FetchSpec(Part):
    """A look-up at a service: what is known goes there as JSON, and the answer's fields become slots."""

    url: Template
    """`http://` or `https://`, with the names of slots as placeholders."""
    method: Literal["get", "post", "put", "delete"] = "post"
    send: tuple[Name, ...] = ()
    """Slots whose values are sent, if known: as JSON, or in the query of a `get`."""
    keep: dict[Name, str] = Field(default_factory=dict)
    """Slots, and which field of the answer fills each; dots lead into fields of fields."""
    timeout_s: float = Field(default=3.0, gt=0, le=20)
    """After this long without a whole answer the result is `failed`."""


class Do(Part):
    """What happens besides talking."""

    transfer: Template | None = None
    """Connect the caller to one of the `people`, or to the one whom a choice slot names: `"{department}"`.
    The result is `nobody` if they are not there, do not answer, or did not earlier in this call."""
    fetch: FetchSpec | None = None
    """The result is `failed`, or the answer's own text field `result`, else `ok`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.transfer is None) == (self.fetch is None):
            raise ValueError("either transfer or fetch")
        return self


class State(Part):
    """One stretch of a conversation. Of ask, question, confirm and do it has one at most."""

    say: Templates = ()
    """On entering; of several the first is said the first time, and so on; the last stays."""
    ask: Names | tuple[()] = ()
    """Slots that are asked for in this order, as far as they are not known."""
    question: Template | None = None
    """A question that is about no slot: its answer is for the rules."""
    again: Templates = ()
    """Other wordings of the question, one for each time that the answer was not understood."""
    patience_s: float | None = Field(default=None, gt=0, le=120)
    """So long a silence is granted after what is asked here, to who has something to fetch or to try."""
    confirm: bool = False
    """Read the details back, and let the caller correct them."""
    do: Do | None = None
    on: tuple[Rule, ...] = ()
    """The first that fits is used, at each thing that the caller says and whenever something becomes known."""
    go: Name | None = None
    """Where to go when all is asked, confirmed or done, and after an answer that no rule is for."""
    end: Name | bool = False
    """The same, but say goodbye and hang up: with the outcome of that name, or if true with what the outcome rules
    say."""

    @model_validator(mode="after")
    def _one_purpose(self) -> Self:
        purposes = {"ask": self.ask, "question": self.question, "confirm": self.confirm, "do": self.do}
        found = [name for name, purpose in purposes.items() if purpose]
        if len(found) > 1:
            raise ValueError(f"has {' and '.join(found)}; a state has one of them at most")
        if self.again and not self.question:
            raise ValueError("again is for a question; a slot has its own")
        if self.go and self.end:
            raise ValueError("either go or end")
        return self

    @property
    def asks(self) -> bool:
        """Whether it waits for the caller, if what it asks for is not known already."""
        return bool(self.ask or self.question or self.confirm)
