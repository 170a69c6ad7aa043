"""What a language model is shown of the conversation: of the agent only what the caller got to hear."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from callcenter.dialogue.model.chat import Message

CUT_OFF = " [cut off here: the caller began to talk]"
_CHARACTERS = 3
"""Of a token, rather fewer than most languages have, so that estimates are rather high."""
_ENVELOPE = 4
"""Tokens that a message costs besides its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Of the conversation."""

    who: Literal["caller", "agent"]
    text: str
    cut: bool = False
    """The caller began to talk before it was over."""

    @property
    def tokens(self) -> int:
        """About so many."""
        return tokens(self.content)

    @property
    def content(self) -> str:
        """As the model reads it. The caller's words are between tags that no words can close."""
        if self.who == "agent":
            return self.text + CUT_OFF * self.cut
        return f"<caller>{self.text.replace('<', '(').replace('>', ')')}</caller>"

    @property
    def message(self) -> Message:
        """For the model."""
        return {"role": "user" if self.who == "caller" else "assistant", "content": self.content}


Lines = tuple[Line, ...]


def tokens(text: str) -> int:
    """About so many, with their message."""
    return -(-len(text) // _CHARACTERS) + _ENVELOPE


def extended(lines: Lines, text: str) -> Lines:
    """`lines` when whoever spoke last goes on with `text`."""
    return (*lines[:-1], replace(lines[-1], text=f"{lines[-1].text} {text}"))


def heard(lines: Lines, text: str) -> Lines:
    """`lines` when of the agent's last one the caller got to hear only `text`; nothing of it: it is not there."""
    if not lines or lines[-1].who != "agent":
        return lines
    text, last = " ".join(text.split()), lines[-1]
    if text == " ".join(last.text.split()):
        return lines
    return (*lines[:-1], replace(last, text=text, cut=True)) if text else lines[:-1]


def shortened(lines: Lines, most_tokens: int) -> Lines:
    """The last of `lines`, as many as are no more than about `most_tokens`; the very last in any case.

    What the caller has told is not lost with those before: slots are in the system prompt.
    """
    spent, first = 0, len(lines)
    for place in reversed(range(len(lines))):
        spent += lines[place].tokens
        if spent > most_tokens and first < len(lines):
            break
        first = place
    return lines[first:]


def messages(lines: Sequence[Line]) -> list[Message]:
    """For the model, taking turns, as some models insist; the first is the caller's."""
    merged: list[Message] = []
    for line in lines:
        message = line.message
        if merged and merged[-1]["role"] == message["role"]:
            merged[-1] = {**message, "content": f"{merged[-1]['content']} {message['content']}"}
        else:
            merged.append(message)
    if merged and merged[0]["role"] == "assistant":
        merged.insert(0, Line(who="caller", text="(the caller is on the line)").message)
    return merged
