"""The ways through a flow: which state leads where, and on what condition in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from callcenter.dialogue.flow import Flow
from callcenter.dialogue.rule import Condition, Rule
from callcenter.dialogue.state import State

ANYWHERE = "anywhere"
"""Where the rules lead from that hold in every state."""
TIMES = ("", "", "second ", "third ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From one state to another, or to the end of the call."""

    origin: str
    """A state, or ANYWHERE."""
    to: str
    """A state, or an outcome if it `ends`; empty for the outcome that the flow's rules say."""
    ends: bool
    when: str
    """In words; empty for what happens otherwise."""


def ways(flow: Flow) -> list[Way]:
    """All of them, in the flow's order; those from anywhere come last."""
    found = [way for name, state in flow.states.items() for way in _from(name, state)]
    return [*found, *(way for rule in flow.always for way in _by_rule(ANYWHERE, rule))]


def _from(name: str, state: State) -> Iterator[Way]:
    for rule in state.on:
        yield from _by_rule(name, rule)
    if state.go:
        yield Way(origin=name, to=state.go, ends=False, when="")
    elif state.end:
        yield Way(origin=name, to=_outcome(state.end), ends=True, when="")


def _by_rule(origin: str, rule: Rule) -> Iterator[Way]:
    if rule.go:
        yield Way(origin=origin, to=rule.go, ends=False, when=in_words(rule))
    elif rule.end:
        yield Way(origin=origin, to=_outcome(rule.end), ends=True, when=in_words(rule))


def _outcome(end: str | bool) -> str:
    return end if isinstance(end, str) else ""


def in_words(rule: Rule) -> str:
    """The condition of `rule`, short enough for the label of an arrow."""
    said = ", ".join(_parts(rule.if_)) if rule.if_ else ""
    unless = f"unless {', '.join(_parts(rule.unless))}" if rule.unless else ""
    return " ".join(part for part in (said, unless) if part)


def _parts(condition: Condition) -> Iterator[str]:
    counts = dict(condition.count)
    if condition.intent:
        yield " or ".join(_ordinal(counts.pop(intent, 1)) + intent.replace("_", " ") for intent in condition.intent)
    for names, joint, template in (
        (condition.heard, " or ", "{} said"),
        (condition.sentiment, " or ", "{}"),
        (condition.result, " or ", "{}"),
        (condition.known, " and ", "{} known"),
        (condition.unknown, " and ", "{} not known"),
        (condition.state, " or ", "in {}"),
        (condition.outcome, " or ", "{} so far"),
    ):
        if names:
            yield template.format(joint.join(names))
    for name, values in condition.is_.items():
        yield f"{name} is {' or '.join(_value(value) for value in values)}"
    yield from (f"{name} above {limit:g}" for name, limit in condition.above.items())
    yield from (f"{name} below {limit:g}" for name, limit in condition.below.items())
    yield from (f"{name} {count} times" for name, count in counts.items())
    yield from (f"{person} is there" for person in (condition.open,) if person)
    yield from (f"{person} is not there" for person in (condition.closed,) if person)


def _ordinal(count: int) -> str:
    return TIMES[count] if count < len(TIMES) else f"{count}th "


def _value(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
