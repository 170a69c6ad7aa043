from pathlib import Path

import pytest

from callcenter.errors import FileError
from callcenter.outbound.contacts_file import Places, read
from callcenter.store.contacts import Contact

FRANCE = Places(region="FR", zone="UTC")


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "contacts.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_spreadsheets_file(tmp_path: Path) -> None:
    text = (
        "\ufeffnumber;name;owner;zone\r\n"
        '06 12 34 56 78;"Durand; Claire";oui;\r\n'
        ";;;\r\n"
        "+1 212 555 0100;Bob;;America/New_York\r\n"
        '+44 20 7946 0000;"two\r\nlines"\r\n'
    )
    assert read(written(tmp_path, text), FRANCE) == [
        Contact(
            number="+33612345678", zones=("Europe/Paris",), data={"name": "Durand; Claire", "owner": "oui"}, line=2
        ),
        Contact(number="+12125550100", zones=("America/New_York",), data={"name": "Bob"}, line=4),
        Contact(number="+442079460000", zones=("Europe/London",), data={"name": "two\r\nlines"}, line=6),
    ]


def test_a_number_that_tells_no_zone(tmp_path: Path) -> None:
    (contact,) = read(written(tmp_path, "number\n+80012345678\n"), Places(region="", zone="Europe/Madrid"))
    assert contact.zones == ("Europe/Madrid",)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "column number is missing; the first line names the columns, which are none"),
        ("phone,name\n1,2\n", 1, "which are phone, name"),
        ("number,,name\n", 1, "column 2 has no name"),
        ("number,name,name\n", 1, "column name is there twice"),
        ("number\n+33612345678\n12\n", 3, "column number: 12 is no telephone number that can be dialled"),
        ("number\nClaire\n", 2, "column number: Claire is no telephone number"),
        ("number,name\n,Claire\n", 2, "column number: there is no number"),
        ("number\n0612345678\n+33 6 12 34 56 78\n", 3, r"column number: \+33612345678 is on line 2 already"),
        ("number,zone\n+33612345678,Paris\n", 2, "column zone: Paris is no time zone"),
        ("number\n+33612345678,x\n", 2, "column 2: 2 cells where the first line names 1"),
        ('number\n"+336', 2, "not CSV"),
        (b"number,name\n+33612345678,Andr\xe9\n", 2, "not UTF-8"),
        ("number\n1\n2\n3\n", 2, r"\(and 2 more mistakes\)"),
        (f"number,note\n+33612345678,{'x' * 3000}\n", 2, "column note: too much is known"),
    ],
    ids=[
        *("empty", "no number column", "nameless column", "column twice", "short number", "word", "no number"),
        *("number twice", "zone", "too many cells", "quote", "Latin-1", "several", "too long"),
    ],
)
def test_a_mistake_has_its_line_and_column(tmp_path: Path, text: str | bytes, line: int, message: str) -> None:
    with pytest.raises(FileError, match=message) as caught:
        read(written(tmp_path, text), FRANCE)
    assert caught.value.line == line


def test_a_national_number_without_a_region(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"begin it with \+ or set outbound\.region"):
        read(written(tmp_path, "number\n0612345678\n"), Places(region="", zone="UTC"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        read(tmp_path / "none.csv", FRANCE)
