"""Models brought with the real pip, from wheels in a folder instead of an index."""

import asyncio
import hashlib
import zipfile
from pathlib import Path

import pytest

from callcenter.errors import MissingPartError
from callcenter.speech import wheels
from callcenter.speech.models import Condition, Models, Table, read, table

FIRST, SECOND = b"first half, " * 1000, b"second half"
WHOLE = FIRST + SECOND


def wheel(folder: Path, name: str, content: dict[str, bytes]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in content.items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the index."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder, "model_part1", {"data/model.bin.1": FIRST})
    wheel(folder, "model_part2", {"data/model.bin.2": SECOND})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def known(sha256: str = hashlib.sha256(WHOLE).hexdigest()) -> Table:
    return read(f"""
        default = ["big"]
        [wheels]
        "model-part1==1.0" = 5000
        "model-part2==1.0" = 5000
        [models.big]
        about = "A model in two parts"
        licence = "MIT"
        [models.big.files."model.bin"]
        size = {len(WHOLE)}
        sha256 = "{sha256}"
        from = ["model-part1==1.0/data/model.bin.1", "model-part2==1.0/data/model.bin.2"]
    """)


async def test_parts_are_brought_joined_and_kept(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = Models(tmp_path, known())
    assert models.condition("big") is Condition.MISSING
    told: list[tuple[str, int, int]] = []
    await models.fetch(progress=lambda *progress: told.append(progress))
    assert (models.path("big") / "model.bin").read_bytes() == WHOLE
    assert await models.verify("big") is Condition.READY
    assert told[-1] == ("big", 10_000, 10_000)
    assert told == sorted(told)
    assert names(models.folder) == ["big", "lock"]
    monkeypatch.setenv("PIP_FIND_LINKS", "nowhere")
    await models.fetch()


async def test_a_damaged_file_is_found_and_replaced(tmp_path: Path, index: Path) -> None:
    models = Models(tmp_path, known())
    await models.fetch()
    (models.path("big") / "model.bin").write_bytes(WHOLE[:-1] + b"!")
    assert models.condition("big") is Condition.READY
    assert await models.verify("big") is Condition.DAMAGED
    await models.fetch()
    assert await models.verify("big") is Condition.READY


async def test_what_was_downloaded_before_a_failure_is_kept(tmp_path: Path, index: Path) -> None:
    second = index / "model_part2-1.0-py3-none-any.whl"
    away = second.rename(tmp_path / second.name)
    models = Models(tmp_path, known())
    with pytest.raises(
        MissingPartError, match=r"could not bring model-part2==1.0 .*run `callcenter models fetch` again"
    ):
        await models.fetch()
    away.rename(second)
    (index / "model_part1-1.0-py3-none-any.whl").unlink()
    await models.fetch()
    assert await models.verify("big") is Condition.READY


async def test_a_wrong_hash_is_refused(tmp_path: Path, index: Path) -> None:
    models = Models(tmp_path, known(sha256="0" * 64))
    with pytest.raises(MissingPartError, match="SHA-256"):
        await models.fetch()
    assert models.condition("big") is Condition.MISSING


async def test_a_wheel_without_the_part_is_refused(tmp_path: Path, index: Path) -> None:
    wheel(index, "model_part2", {"data/other": SECOND})
    with pytest.raises(MissingPartError, match="is broken"):
        await Models(tmp_path, known()).fetch()


async def test_two_fetches_at_once_both_succeed(tmp_path: Path, index: Path) -> None:
    one, other = Models(tmp_path, known()), Models(tmp_path, known())
    await asyncio.gather(one.fetch(), other.fetch())
    assert await one.verify("big") is Condition.READY


async def test_a_cancelled_fetch_leaves_no_process_and_no_lock(tmp_path: Path, index: Path) -> None:
    models = Models(tmp_path, known())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await models.fetch()
    async with asyncio.timeout(30):
        await models.fetch()
    assert await models.verify("big") is Condition.READY


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file in the way")
    with pytest.raises(MissingPartError, match="cannot write models"):
        await Models(tmp_path, known()).fetch()


def test_a_missing_model_says_how_to_bring_it(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="run `callcenter models fetch` big"):
        Models(tmp_path, known()).path("big")
    with pytest.raises(MissingPartError, match="run `callcenter models fetch` big"):
        Models(tmp_path, known()).locate("big")
    assert Models(tmp_path, known()).locate("large-v3") == "large-v3"
    with pytest.raises(MissingPartError, match="no model small; there are big"):
        Models(tmp_path, known()).path("small")


@pytest.mark.parametrize(
    ("complaint", "expected"),
    [
        ("/usr/bin/python: No module named pip", "ensurepip"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "make room"),
        (
            "WARNING: Retrying\nERROR: No matching distribution found for x==1",
            r"\(No matching distribution found for x==1\)",
        ),
        ("", "it gave no reason"),
    ],
)
def test_what_pip_says_in_one_sentence(complaint: str, expected: str) -> None:
    with pytest.raises(MissingPartError, match=expected):
        raise MissingPartError(wheels.explain("x==1", complaint))


def test_the_shipped_table_is_complete() -> None:
    shipped = table()
    assert set(shipped.default) <= set(shipped.models)
    for model in shipped.models.values():
        for file in model.files:
            assert len(file.sha256) == 64
            assert file.members
            assert {member.requirement for member in file.members} <= set(shipped.wheels)
