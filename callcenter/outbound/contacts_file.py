"""Whom a campaign calls, from a CSV file: the number, and whatever else is known under the names of slots.

The first line names the columns. `number` must be there; `zone` names the contact's own time zone; the others become
data that the flow may use. Commas, semicolons and tabs separate; a spreadsheet's UTF-8 mark is skipped.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from callcenter.errors import FileError
from callcenter.outbound.number import normal, zones_of
from callcenter.outbound.passing import LONGEST, packed
from callcenter.store.contacts import Contact

NUMBER = "number"
ZONE = "zone"
_SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What to take for granted about numbers."""

    region: str
    """The country of those without a plus."""
    zone: str
    """The time zone of those that do not tell."""


@dataclass(slots=True, kw_only=True)
class _Mistakes:
    path: Path
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, column: str, what: str) -> None:
        self.found.append((line, f"column {column}: {what}"))

    def raise_if_any(self) -> None:
        if self.found:
            line, what = self.found[0]
            more = f" (and {len(self.found) - 1} more mistakes)" if len(self.found) > 1 else ""
            raise FileError(self.path, line, what + more)


def read(path: Path, places: Places) -> list[Contact]:
    """The contacts in the file at `path`, in its order.

    Raises FileError with the line and the column of the first mistake, and how many more there are.
    """
    mistakes = _Mistakes(path=path)
    contacts: dict[str, Contact] = {}
    for line, row in _rows(path, _text(path)):
        contact = _contact(line, row, places, mistakes)
        if contact and contact.number in contacts:
            mistakes.add(line, NUMBER, f"{contact.number} is on line {contacts[contact.number].line} already")
        elif contact:
            contacts[contact.number] = contact
    mistakes.raise_if_any()
    return list(contacts.values())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FileError(path, None, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FileError(path, line, "not UTF-8: save the file as CSV UTF-8") from error


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the line that it ends on."""
    header = text.partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=header.count), strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check(path, names)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _row(path, reader.line_num, names, cells)
    except csv.Error as error:
        raise FileError(path, reader.line_num, f"not CSV: {error}") from error


def _check(path: Path, names: Sequence[str]) -> None:
    if NUMBER not in names:
        found = ", ".join(names) or "none"
        raise FileError(path, 1, f"column {NUMBER} is missing; the first line names the columns, which are {found}")
    for index, name in enumerate(names, start=1):
        if not name:
            raise FileError(path, 1, f"column {index} has no name")
        if name in names[: index - 1]:
            raise FileError(path, 1, f"column {name} is there twice")


def _row(path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) > len(names):
        raise FileError(
            path, line, f"column {len(names) + 1}: {len(cells)} cells where the first line names {len(names)}"
        )
    return {name: cell.strip() for name, cell in zip(names, cells, strict=False)}


def _contact(line: int, row: dict[str, str], places: Places, mistakes: _Mistakes) -> Contact | None:
    data = {name: cell for name, cell in row.items() if cell and name not in (NUMBER, ZONE)}
    if len(packed(data)) > LONGEST:
        longest = max(data, key=lambda name: len(data[name]))
        mistakes.add(line, longest, "too much is known of this contact for a call to take along")
    zone = row.get(ZONE, "")
    if zone and not _is_zone(zone):
        mistakes.add(line, ZONE, f"{zone} is no time zone, such as Europe/Paris")
        return None
    try:
        number = normal(row.get(NUMBER, ""), places.region)
    except ValueError as error:
        mistakes.add(line, NUMBER, str(error))
        return None
    return Contact(number=number, zones=(zone,) if zone else zones_of(number, places.zone), data=data, line=line)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # there is no such zone, or it is a folder of them
        return False
    return True
