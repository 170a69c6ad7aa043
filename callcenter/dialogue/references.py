"""Whether what a flow names is there: slots, states, intents, people, outcomes, counters."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from callcenter.dialogue.intents import Answer, Phrases
from callcenter.dialogue.parts import fields
from callcenter.dialogue.people import Person
from callcenter.dialogue.phrasebook import ANY as ANY_GOODBYE
from callcenter.dialogue.phrasebook import Sentences
from callcenter.dialogue.rule import ANSWERS, ANY, Condition, OutcomeRule, Rule
from callcenter.dialogue.slot import ChoiceSlot, ChoicesSlot, DurationSlot, MoneySlot, Slot, Value, YesNoSlot, same
from callcenter.dialogue.state import State

Where = tuple[int | str, ...]
"""The keys and indexes that lead to a place in the file."""
Mistake = tuple[Where, str]

BUILT_IN = ("partial", "hung_up", "transferred")
"""Outcomes that every flow has."""
SENTIMENTS = ("negative", "neutral", "positive")


class Named(Protocol):
    """What of a flow names something, or is named."""

    @property
    def slots(self) -> dict[str, Slot]: ...
    @property
    def states(self) -> dict[str, State]: ...
    @property
    def always(self) -> tuple[Rule, ...]: ...
    @property
    def outcomes(self) -> tuple[OutcomeRule, ...]: ...
    @property
    def people(self) -> dict[str, Person]: ...
    @property
    def intents(self) -> dict[str, Phrases]: ...
    @property
    def answers(self) -> dict[str, Answer]: ...
    @property
    def currency(self) -> str: ...
    @property
    def sentences(self) -> Sentences: ...
    @property
    def confirmation(self) -> "HasParts": ...


class HasParts(Protocol):
    """A flow's confirmation."""

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]: ...


def mistakes(flow: Named) -> list[Mistake]:
    """What is named but not there, and where; in each case with what is."""
    return list(_References(flow).all())


def outcomes(flow: Named) -> list[str]:
    """The names of all that a call of `flow` can come to, its own first."""
    ends = [state.end for state in flow.states.values()]
    ends += [rule.end for _, rule in rules(flow)]
    named = [*(rule.outcome for rule in flow.outcomes), *(end for end in ends if isinstance(end, str))]
    return list(dict.fromkeys([*named, *BUILT_IN]))


def rules(flow: Named) -> Iterator[tuple[Where, Rule]]:
    """All rules, and where they are."""
    for name, state in flow.states.items():
        yield from ((("states", name, "on", index), rule) for index, rule in enumerate(state.on))
    yield from ((("always", index), rule) for index, rule in enumerate(flow.always))


class _References:
    def __init__(self, flow: Named) -> None:
        self._flow = flow
        self._counters = {name for _, rule in rules(flow) for name in rule.add or ()}

    def all(self) -> Iterator[Mistake]:
        for name, slot in self._flow.slots.items():
            if slot.check.open:
                yield from self._known("person", [slot.check.open], self._flow.people, ("slots", name, "check", "open"))
            if isinstance(slot, MoneySlot) and not self._flow.currency:
                yield ("slots", name), "needs the flow's currency, as it is spoken after an amount"
        for name, state in self._flow.states.items():
            yield from self._state(("states", name), state)
        for where, rule in rules(self._flow):
            yield from self._rule(where, rule)
        for index, outcome in enumerate(self._flow.outcomes):
            yield from self._conditions(("outcomes", index), outcome.if_, outcome.unless)
        for index, parts in enumerate(self._flow.confirmation.parts):
            for part in parts:
                yield from self._slots(fields(part), ("confirmation", "parts", index))
        for name, answer in self._flow.answers.items():
            yield from self._slots(fields(answer.say), ("answers", name, "say"))
        known = [*outcomes(self._flow), ANY_GOODBYE, "callback", "refused"]
        yield from self._known("outcome", self._flow.sentences.goodbye, known, ("sentences", "goodbye"))

    def _state(self, where: Where, state: State) -> Iterator[Mistake]:
        yield from self._slots(state.ask, (*where, "ask"))
        for key, texts in (("say", state.say), ("again", state.again), ("question", [state.question or ""])):
            for text in texts:
                yield from self._slots(fields(text), (*where, key))
        if state.go:
            yield from self._known("state", [state.go], self._flow.states, (*where, "go"))
        if state.confirm and not self._flow.confirmation.parts:
            yield (*where, "confirm"), "needs confirmation.parts, which say how the details are read back"
        if state.do and state.do.transfer:
            yield from self._transfer(state.do.transfer, (*where, "do", "transfer"))
        if state.do and state.do.fetch:
            named = [*fields(state.do.fetch.url), *state.do.fetch.send, *state.do.fetch.keep]
            yield from self._slots(named, (*where, "do", "fetch"))
        elif not state.do and any(rule.if_ and rule.if_.result for rule in state.on):
            yield (*where, "on"), "a result is that of do, which this state has not"

    def _transfer(self, person: str, where: Where) -> Iterator[Mistake]:
        names = fields(person)
        if not names:
            yield from self._known("person", [person], self._flow.people, where)
            return
        slot = self._flow.slots.get(names[0])
        if not isinstance(slot, ChoiceSlot) or person != f"{{{names[0]}}}":
            yield where, "must be one of the people, or a choice slot in braces whose options are people"
        else:
            yield from self._known("person", slot.options, self._flow.people, where)

    def _rule(self, where: Where, rule: Rule) -> Iterator[Mistake]:
        yield from self._conditions(where, rule.if_, rule.unless)
        for text in rule.say:
            yield from self._slots(fields(text), (*where, "say"))
        for name, value in rule.set.items():
            yield from self._value(name, [value], (*where, "set", name))
        yield from self._slots(rule.forget or (), (*where, "forget"))
        if rule.go:
            yield from self._known("state", [rule.go], self._flow.states, (*where, "go"))

    def _conditions(self, where: Where, if_: Condition | None, unless: Condition | None) -> Iterator[Mistake]:
        for key, condition in (("if", if_), ("unless", unless)):
            if condition:
                yield from self._condition(condition, (*where, key))

    def _condition(self, condition: Condition, where: Where) -> Iterator[Mistake]:
        flow = self._flow
        counters = [*flow.states, *flow.intents, ANSWERS, *sorted(self._counters)]
        yield from self._known("intent", condition.intent, flow.intents, (*where, "intent"))
        yield from self._known("slot", condition.heard, [*flow.slots, ANY], (*where, "heard"))
        yield from self._known("sentiment", condition.sentiment, SENTIMENTS, (*where, "sentiment"))
        yield from self._known("state", condition.state, flow.states, (*where, "state"))
        yield from self._known("outcome", condition.outcome, outcomes(flow), (*where, "outcome"))
        yield from self._known("counter", condition.count, counters, (*where, "count"))
        for key in ("known", "unknown", "above", "below"):
            yield from self._slots(getattr(condition, key) or (), (*where, key))
        for key in ("open", "closed"):
            person = getattr(condition, key)
            yield from self._known("person", [person] if person else None, flow.people, (*where, key))
        for name, values in condition.is_.items():
            yield from self._value(name, values, (*where, "is", name))
        for name in set(condition.count) & set(flow.states) & set(flow.intents):
            yield (*where, "count"), f"{name} is a state and an intent; one of them needs another name to be counted"
        if ANSWERS in condition.count and ANSWERS in {*flow.states, *flow.intents}:
            yield (*where, "count"), f"{ANSWERS} counts the caller's questions; a state or an intent needs another name"

    def _slots(self, names: Iterable[str], where: Where) -> Iterator[Mistake]:
        return self._known("slot", names, self._flow.slots, where)

    def _value(self, name: str, values: Iterable[Value], where: Where) -> Iterator[Mistake]:
        """A slot, and values that it can have."""
        yield from self._slots([name], where)
        allowed: dict[str, str | bool]
        match self._flow.slots.get(name):
            case ChoiceSlot(options=options) | ChoicesSlot(options=options) | DurationSlot(options=options):
                allowed = {option: option for option in options}
            case YesNoSlot():
                allowed = {"yes": True, "no": False}
            case _:
                return
        wrong = [str(value) for value in values if not any(same(option, value) for option in allowed.values())]
        if wrong:
            yield where, f"{name} is never {', '.join(wrong)}; it is one of {', '.join(allowed)}"

    def _known(self, kind: str, names: Iterable[str] | None, there: Iterable[str], where: Where) -> Iterator[Mistake]:
        known = list(there)
        missing = [name for name in names or () if name not in known]
        if missing:
            plural = "people" if kind == "person" else f"{kind}s"
            listed = f"the {plural} are {', '.join(known)}" if known else f"there are no {plural}"
            yield where, f"no {kind} is called {', '.join(missing)}; {listed}"
