"""What a terminal shows of campaigns and of the do-not-call list."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from callcenter.outbound.news import News
from callcenter.outbound.plans import Preview
from callcenter.outbound.progress import Progress
from callcenter.store.contacts import Barred, Tally


def line(news: News) -> str:
    """When, to whom, what."""
    again = f", again {news.again.astimezone():%a %H:%M}" if news.again else ""
    return f"{news.at.astimezone():%H:%M:%S}  {news.number:16} {news.what.replace('_', ' ')}{again}"


def progress(found: Sequence[Progress]) -> Table:
    """How far campaigns are, and what came of their calls."""
    rows: list[tuple[str, ...]] = []
    for each in found:
        flow = f"{each.flow}, paused" if each.paused else each.flow
        rows.append((each.name, flow, f"{each.done} of {each.contacts} done, {each.dialling} talking"))
        rows += [("", outcome.replace("_", " "), str(count)) for outcome, count in sorted(each.outcomes.items())]
        rows += [("", zone, f"{count} to be called") for zone, count in each.zones.items()]
        if each.next_call:
            rows.append(("", "next call", f"{each.next_call.astimezone():%a %d %b %H:%M}"))
        if each.over:
            rows.append(("", "over about", f"{each.over.astimezone():%a %d %b %H:%M}"))
    return _table(rows)


def barred(found: Sequence[Barred]) -> Table:
    """The numbers that are never called."""
    return _table([(entry.number, f"{entry.added.astimezone():%Y-%m-%d}", entry.reason) for entry in found])


def preview(found: Preview) -> Table:
    """What a campaign would do."""
    when = f", from {found.next_opening.astimezone():%a %H:%M} on" if found.next_opening else ""
    return _table(
        [
            ("contacts", str(found.contacts)),
            ("could be called now", str(found.now)),
            (f"outside their hours{when}", str(found.later)),
            ("on the do-not-call list", str(found.do_not_call)),
            ("in the campaign already", str(found.known)),
        ]
    )


def summary(tallies: Mapping[str, Tally]) -> Table:
    """What came of campaigns, by name."""
    rows = []
    for name, tally in tallies.items():
        rows += [(name, outcome.replace("_", " "), str(count)) for outcome, count in sorted(tally.outcomes.items())]
        if tally.waiting:
            when = f"{tally.next_due.astimezone():%a %H:%M}" if tally.next_due else ""
            rows.append((name, f"to be called, the first {when}", str(tally.waiting)))
        if tally.dialling:
            rows.append((name, "still talking, noted when the campaign goes on", str(tally.dialling)))
    return _table(rows)


def _table(rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(box=None, show_header=False)
    for row in rows:
        table.add_row(*row)
    return table
