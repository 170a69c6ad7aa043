"""What is wrong with a flow though every part of it is well-formed: found by looking, before a caller meets it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from callcenter import yaml_file
from callcenter.dialogue import references
from callcenter.dialogue.flow import Flow, flow_path, load_flow
from callcenter.dialogue.intents import Intent
from callcenter.dialogue.references import Where
from callcenter.dialogue.rule import Condition, Rule
from callcenter.dialogue.slot import PostcodeSlot
from callcenter.dialogue.slots import postcode
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
        *_foreign(flow),
        *_hasty(flow),
        *_mute(flow),
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
        circle = _around(name, leads)
        if not circle or name in seen:
            continue
        seen |= circle
        added = {each for state in circle for rule in flow.states[state].on for each in rule.add or ()}
        within = {state: leads[state] & circle for state in circle}
        endless = {state: set(_uncounted(state, flow.states[state], within, added)) for state in circle}
        if any(_around(state, endless) for state in circle):
            yield Problem(where=("states", name), text=_told([each for each in flow.states if each in circle], flow))


def _told(circle: list[str], flow: Flow) -> str:
    """What is wrong with states that follow each other for ever, and what would bound it."""
    around = f"{', '.join(circle)} can follow {_EACH_OTHER[len(circle) > 1]} for ever"
    bound = f"a state with a `question` bounds it, or a rule that leads out by `if: {{count: {{{circle[-1]}: 3}}}}`"
    asked = {slot for name in circle for slot in flow.states[name].ask}
    forgotten = {slot for name in circle for rule in flow.states[name].on for slot in rule.forget or ()}
    if again := ", ".join(sorted(asked & forgotten)):
        return f"{around}: that {again} is asked again after `forget` is not enough; {bound}"
    return f"{around} without asking the caller anything; {bound}"


def _around(name: str, leads: Graph) -> set[str]:
    """The states through which a way leads from `name` back to it; empty if none does."""
    return {other for other in _from(leads[name], leads) if name in _from(leads.get(other, ()), leads)}


def _lasting(state: State) -> Iterator[Rule]:
    """The rules of `state` that can be used before the caller says anything."""
    return (rule for rule in state.on if not rule.is_momentary or (rule.if_ and rule.if_.result))


def _silent(state: State) -> set[str]:
    """Where a state leads that has nothing to ask, or nothing more. Only its own question is asked every time."""
    ways = {rule.go for rule in _lasting(state) if rule.go}
    return {*ways, *(set() if state.question else _by_itself(state))}


def _uncounted(name: str, state: State, circle: Graph, added: set[str]) -> Iterator[str]:
    """Where in `circle` a state leads for ever, rather than until something that the circle counts is too much.

    A count bounds its rule's own way where it is in `unless`; and the ways after a rule that leads out, if these have
    its other conditions too. `added` is what rules of the circle count.
    """
    outs: list[Condition] = []
    for rule in _lasting(state):
        if rule.if_ and rule.if_.count and not rule.unless and (rule.end or (rule.go and rule.go not in circle)):
            outs.append(rule.if_)
        elif rule.go and rule.go in circle:
            counted = added | _passed(name, rule.go, circle)
            if not (_is_limited(rule, counted) or _is_bounded(rule.if_, outs, counted)):
                yield rule.go
    for to in set() if state.question else _by_itself(state) & circle.keys():
        if not _is_bounded(None, outs, added | _passed(name, to, circle)):
            yield to


def _passed(origin: str, to: str, circle: Graph) -> set[str]:
    """The states that are entered each time that the way from `origin` by `to` leads back to `origin`."""
    without = {state: {name: ways - {state} for name, ways in circle.items()} for state in circle}
    return {origin, to, *(state for state, rest in without.items() if origin not in _from([to], rest))}


def _is_limited(rule: Rule, counted: set[str]) -> bool:
    """Whether `rule` fits no more once enough is `counted`."""
    limit = rule.unless
    return bool(limit and limit.model_fields_set == {"count"} and set(limit.count) <= counted)


def _is_bounded(condition: Condition | None, outs: list[Condition], counted: set[str]) -> bool:
    """Whether one of `outs` fits whenever `condition` does (always, if there is none) and enough is `counted`."""
    return any(
        set(out.count) <= counted
        and all(condition is not None and _implied(out, condition, key) for key in out.model_fields_set - {"count"})
        for out in outs
    )


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


def _foreign(flow: Flow) -> Iterator[Problem]:
    """Postcodes of a country whose postcodes are not known."""
    known = postcode.countries()
    if flow.country not in known and any(isinstance(slot, PostcodeSlot) for slot in flow.slots.values()):
        text = f"no postcodes of {flow.country} are known; known are those of {', '.join(sorted(known))}"
        yield Problem(where=("country",), text=text)


def _hasty(flow: Flow) -> Iterator[Problem]:
    """Rules that leave a state before it asks for the slot that they are about: of an unknown one no value holds."""
    for name, state in flow.states.items():
        for index, rule in enumerate(state.on):
            but = rule.unless
            about = {*but.is_, *but.above, *but.below} & set(state.ask) if but and not rule.if_ else set()
            if about and (rule.go or rule.end):
                slots = ", ".join(sorted(about))
                text = f"this rule fits before {slots} is asked for; add `if: {{known: {slots}}}`"
                yield Problem(where=("states", name, "on", index), text=text)


def _mute(flow: Flow) -> Iterator[Problem]:
    """Intents that fill nothing though they answer questions, and rules that wait for what is told beside them."""
    mute = {name for name, meant in flow.intents.items() if not meant.fills}
    for name in (Intent.YES, Intent.NO, Intent.FILLER):
        if name in mute:
            text = f"{name.value} answers questions: it cannot have `fills: false`"
            yield Problem(where=("intents", name.value), text=text)
    for where, rule in references.rules(flow):
        if rule.if_ and rule.if_.heard and rule.if_.intent and set(rule.if_.intent) <= mute:
            text = (
                f"this rule is never used: {', '.join(rule.if_.intent)} has `fills: false`, so nothing is heard with it"
            )
            yield Problem(where=where, text=text)


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
