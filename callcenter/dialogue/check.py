"""What is wrong with a flow though every part of it is well-formed: found by looking, before a caller meets it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from callcenter import yaml_file
from callcenter.dialogue import references
from callcenter.dialogue.flow import Flow, flow_path, load_flow
from callcenter.dialogue.references import Where
from callcenter.dialogue.rule import Condition, Rule
from callcenter.dialogue.state import State
from callcenter.errors import FileError

Graph = Mapping[str, set[str]]
"""For each state those that may come next."""

_EACH_OTHER = {False: "itself", True: "each other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a caller could run into."""

    where: Where
    """The keys and indexes that lead there in the file."""
    text: str


def check(flow: Flow) -> list[Problem]:
    """All problems of `flow`, in the order of their kinds, and those that only its variants have."""
    found = _problems(flow)
    for name, varied in flow.varied.items():
        found += [
            Problem(where=("variants", name, "change", *problem.where), text=f"{problem.text} ({name})")
            for problem in _problems(varied)
            if problem not in found
        ]
    return found


def _problems(flow: Flow) -> list[Problem]:
    return [
        *_unfinished(flow),
        *_unreachable(flow),
        *_endless(flow),
        *_circles(flow),
        *_unasked(flow),
        *_unanswered(flow),
        *_shadowed(flow),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A problem and its place in the flow's file."""

    line: int
    text: str


def mistakes(path: Path, flow: Flow) -> list[Mistake]:
    """All problems of `flow`, which was read from `path`, in the order of their lines."""
    found = check(flow)
    tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml_file.Loader) if found else None
    placed = [Mistake(line=yaml_file.line_of(tree, problem.where), text=problem.text) for problem in found]
    return sorted(placed, key=lambda mistake: mistake.line)


def load_checked(name_or_path: str | Path) -> Flow:
    """Read a flow that callers may be served with. Raises FileError with its mistakes, a line each."""
    path, flow = flow_path(name_or_path), load_flow(name_or_path)
    if found := mistakes(path, flow):
        rest = "".join(f"\n{path}:{mistake.line}: {mistake.text}" for mistake in found[1:])
        raise FileError(path, found[0].line, found[0].text + rest)
    return flow


def graph(flow: Flow) -> Graph:
    """Where each state leads by itself and by its rules, those for all states aside."""
    return {
        name: {*_by_itself(state), *(rule.go for rule in state.on if rule.go)} for name, state in flow.states.items()
    }


def _by_itself(state: State) -> set[str]:
    return {state.go} if state.go else set()


def _from(starts: Iterable[str], leads: Graph) -> set[str]:
    """What can be reached from `starts`, these included."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += leads.get(name, ())
    return found


def _unfinished(flow: Flow) -> Iterator[Problem]:
    for name, state in flow.states.items():
        if not (state.go or state.end):
            yield Problem(where=("states", name), text=f"{name} has neither go nor end: what comes after it?")


def _unreachable(flow: Flow) -> Iterator[Problem]:
    starts = [flow.first, *(rule.go for rule in flow.always if rule.go)]
    reached = _from(starts, graph(flow))
    for name in flow.states:
        if name not in reached:
            yield Problem(where=("states", name), text=f"{name} is never reached: no go leads there")


def _endless(flow: Flow) -> Iterator[Problem]:
    """States from which no way leads to an end."""
    leads = graph(flow)
    ends = {name for name, state in flow.states.items() if state.end or any(rule.end for rule in state.on)}
    for name, state in flow.states.items():
        if state.go and not _from([name], leads) & ends:
            yield Problem(where=("states", name), text=f"from {name} no way leads to an end")


def _circles(flow: Flow) -> Iterator[Problem]:
    """States that can follow each other for ever while the caller is asked nothing."""
    leads = {name: _silent(state) for name, state in flow.states.items()}
    seen: set[str] = set()
    for name in flow.states:
        circle = {other for other in _from(leads[name], leads) if name in _from(leads[other], leads)}
        if name not in circle or name in seen:
            continue
        seen |= circle
        if not _counts(flow, circle):
            listed = ", ".join(state for state in flow.states if state in circle)
            text = f"{listed} can follow {_EACH_OTHER[len(circle) > 1]} for ever without asking the caller anything"
            yield Problem(where=("states", name), text=text)


def _silent(state: State) -> set[str]:
    """Where a state leads that has nothing to ask, or nothing more. Only its own question is asked every time."""
    rules = [rule for rule in state.on if not rule.is_momentary or (rule.if_ and rule.if_.result)]
    return {*(rule.go for rule in rules if rule.go), *(set() if state.question else _by_itself(state))}


def _counts(flow: Flow, circle: set[str]) -> bool:
    """Whether something in `circle` looks how often it was there."""
    rules = [rule for name in circle for rule in flow.states[name].on]
    counted = circle | {counter for rule in rules for counter in rule.add or ()}
    return any(counted & set(condition.count) for rule in rules for condition in (rule.if_, rule.unless) if condition)


def _unasked(flow: Flow) -> Iterator[Problem]:
    asked = {slot for state in flow.states.values() for slot in state.ask}
    filled = {slot for _, rule in references.rules(flow) for slot in rule.set}
    filled |= {slot for state in flow.states.values() if state.do and state.do.fetch for slot in state.do.fetch.keep}
    for name, slot in flow.slots.items():
        if slot.required and name not in asked | filled:
            text = f"{name} is required, but no state asks for it; say `required: false` if it is only taken when said"
            yield Problem(where=("slots", name), text=text)


def _unanswered(flow: Flow) -> Iterator[Problem]:
    conditions = (condition for _, rule in references.rules(flow) for condition in (rule.if_, rule.unless) if condition)
    handled = {intent for condition in conditions for intent in condition.intent or ()}
    for name in flow.own_intents:
        if name not in handled:
            yield Problem(where=("intents", name), text=f"no rule is for the intent {name}")


def _shadowed(flow: Flow) -> Iterator[Problem]:
    """Rules before which another is used whenever they fit."""
    lists: list[tuple[Where, tuple[Rule, ...]]] = [(("always",), flow.always)]
    lists += [(("states", name, "on"), state.on) for name, state in flow.states.items()]
    for where, rules in lists:
        for index, rule in enumerate(rules):
            before = next((place for place, other in enumerate(rules[:index]) if _covers(other, rule)), None)
            if before is not None:
                text = f"this rule is never used: rule {before + 1} before it fits whenever it does"
                yield Problem(where=(*where, index), text=text)


def _covers(rule: Rule, other: Rule) -> bool:
    """Whether `rule` fits, and leads somewhere, whenever `other` fits."""
    if rule.unless or not rule.if_ or not other.if_ or not (rule.go or rule.end or rule.say):
        return False
    if not rule.is_momentary:
        return False  # it is used once and then makes way
    return all(_implied(rule.if_, other.if_, key) for key in rule.if_.model_fields_set)


def _implied(general: Condition, special: Condition, key: str) -> bool:
    wanted, given = getattr(general, key), getattr(special, key)
    if key in {"intent", "heard", "result", "sentiment", "state", "outcome"}:
        return given is not None and set(given) <= set(wanted)
    return bool(wanted == given)
