"""What a terminal shows of work on flows."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from callcenter.workshop.chat import Turn
from callcenter.workshop.compare import Arm, Comparison
from callcenter.workshop.rehearsal import Rehearsal, Rehearsed

LONGEST = 400
"""Characters that are shown of a service's answer."""


def turn(made: Turn) -> RenderableType:
    """What the agent says, and why."""
    rows = [Text("       -> " + " ".join(_fetched(made)), style="dim")] if made.fetched else []
    rows += [Text.assemble(("agent  ", "green"), made.exchange.agent)] if made.exchange.agent else []
    facts = [made.exchange.state, *_understood(made)]
    facts += [f"{name} = {_value(value)}" for name, value in made.changed.items()]
    facts += [f"asks {made.fetch}"] if made.fetch else []
    facts += [f"transfers to {made.transfer}"] if made.transfer else []
    rows.append(Text("       " + "  ".join(facts), style="dim"))
    if made.ended_by:
        rows.append(Text.assemble((f"{made.ended_by} hung up: ", "bold"), made.outcome))
    return Group(*rows)


def _understood(made: Turn) -> Iterator[str]:
    understood = made.understood
    if understood and understood.intent:
        yield f"{understood.intent} {understood.confidence:.2f}"
    if understood and understood.answer:
        yield f"question {understood.answer}"
    if understood and understood.sentiment not in {"", "neutral"}:
        yield understood.sentiment


def _fetched(made: Turn) -> Iterator[str]:
    """What a look-up came to: its result, and the rest of the answer."""
    yield made.result or ""
    rest = {name: value for name, value in made.fetched.values.items() if name != "result"} if made.fetched else {}
    if rest:
        text = ", ".join(f"{name}: {_value(value)}" for name, value in rest.items())
        yield f"{{{text if len(text) <= LONGEST else text[:LONGEST] + ' …'}}}"


def rehearsal(made: Rehearsal, *, whole: bool) -> RenderableType:
    """A line for each persona; the conversations of those that failed, or of all if `whole`."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("persona", "outcome", "slots", "turns", ""):
        table.add_column(column)
    for call in made.calls:
        table.add_row(*_row(call))
    shown = [_conversation(call) for call in made.calls if whole or not call.ok]
    speed = len(made.calls) / made.seconds if made.seconds else 0.0
    right = sum(call.outcome_right for call in made.calls)
    summary = (
        f"{right} of {len(made.calls)} outcomes and {made.slots_right} of {made.slots_total} slots right, "
        f"{speed:,.0f} calls a second, at {made.at:%A %Y-%m-%d %H:%M}"
    )
    return Group(*shown, table, Text(summary, style="green" if made.ok else "bold red"))


def comparison(made: Comparison) -> RenderableType:
    """A line for each wording: of how many calls which share ended how, and where that differs for sure."""
    if not made.arms:
        return Text(f"no call of {made.flow} has ended yet")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("variant", "calls", *made.outcomes):
        table.add_column(column, justify="left" if column == "variant" else "right")
    for arm in made.arms:
        shares = [_share(made, arm, outcome) for outcome in made.outcomes]
        table.add_row(arm.variant or "its own words", str(arm.calls), *shares)
    return Group(
        table, Text("95 % confidence in brackets; green and red differ from its own words for sure", style="dim")
    )


def _share(made: Comparison, arm: Arm, outcome: str) -> Text:
    share, apart = arm.share(outcome), made.against_own(arm, outcome)
    low, high = share.interval
    style = "" if apart is None or apart[0] <= 0 <= apart[1] else "green" if apart[0] > 0 else "red"
    return Text(f"{share.value:.0%} ({low:.0%} to {high:.0%})", style=style)


def _row(call: Rehearsed) -> tuple[str | Text, ...]:
    wanted = call.persona.expect
    outcome = call.conversation.outcome + ("" if call.outcome_right else f" instead of {wanted.outcome}")
    wrong = [
        f"{name} is {_value(call.conversation.slots.get(name))}, not {_value(wanted.slots[name])}"
        for name in call.wrong
    ]
    total = len(wanted.slots)
    return (
        call.persona.name,
        Text(outcome, style="green" if call.outcome_right else "bold red"),
        f"{total - len(call.wrong)} of {total}",
        str(len(call.conversation.exchanges)),
        Text("; ".join(wrong), style="red"),
    )


def _conversation(call: Rehearsed) -> RenderableType:
    rows = [Text(call.persona.name, style="bold")]
    for each in call.conversation.exchanges:
        if each.caller:
            rows.append(Text.assemble(("caller  ", "cyan"), each.caller))
        rows.append(Text.assemble(("agent   ", "green"), each.agent, (f"  {each.state}", "dim")))
    ended = call.conversation.ended_by or "nobody"
    return Group(*rows, Text(f"{ended} hung up", style="dim"), Text())


def _value(value: object) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
