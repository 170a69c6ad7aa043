from pathlib import Path

import pytest

from callcenter.errors import StoreError
from callcenter.store.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.open()
    return spool


def _again(spool: Spool, directory: Path) -> Spool:
    spool.close()
    spool = Spool(directory / "spool")
    spool.open()
    return spool


def test_lines_are_read_in_order_and_gone_once_stored(spool: Spool, tmp_path: Path) -> None:
    spool.append(["a", "b"])
    spool.append(["c"])
    first = spool.read(2)
    assert (first.lines, spool.count) == (["a", "b"], 3)
    assert spool.read(2) == first
    spool.stored(first)
    spool.append(["d"])
    rest = spool.read(9)
    assert (rest.lines, spool.count) == (["c", "d"], 2)
    spool.stored(rest)
    assert (spool.empty, spool.count) == (True, 0)
    assert (tmp_path / "spool" / "records.jsonl").read_bytes() == b""
    assert spool.read(9).lines == []


def test_what_was_not_stored_survives_a_restart(spool: Spool, tmp_path: Path) -> None:
    spool.append(["a", "b"])
    spool = _again(spool, tmp_path)
    assert (spool.read(9).lines, spool.count) == (["a", "b"], 2)


@pytest.mark.parametrize("torn", [b"c", b'{"kind": "Ca', b"\x00\x00\xff"])
def test_a_torn_last_line_is_put_aside(spool: Spool, tmp_path: Path, torn: bytes) -> None:
    spool.append(["a", "b"])
    with (tmp_path / "spool" / "records.jsonl").open("ab") as file:
        file.write(torn)
    spool = _again(spool, tmp_path)
    assert spool.read(9).lines == ["a", "b"]
    assert (tmp_path / "spool" / "torn").read_bytes() == torn + b"\n"
    spool.append(["d"])
    assert _again(spool, tmp_path).read(9).lines == ["a", "b", "d"]


def test_only_one_process_has_it_open(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="in use by another daemon"):
        Spool(tmp_path / "spool").open()
    spool.open()
    spool.close()
    spool.close()
    with pytest.raises(StoreError, match="closed"):
        spool.append(["a"])


def test_a_disk_that_refuses_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file is in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        Spool(tmp_path / "spool").open()
