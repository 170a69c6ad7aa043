"""Recordings on their way from the event loop to the disk."""

import asyncio
import subprocess
import sys
import wave
from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from callcenter.config import Recording
from callcenter.media.tape import BUFFERED, Tape, Tapes, recording
from callcenter.media.wav_file import header

DAY = date(2026, 11, 21)
CALL = UUID(int=7)
LOUD = np.full(160, 8000, "<i2").tobytes()
QUICK_S = 0.01

_WRITER = """
import asyncio, resource, sys
from pathlib import Path
from uuid import UUID
from callcenter.media.tape import Tapes

async def main(folder, limit):
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    async with Tapes(folder, keep_days=1, every_s=0.01) as tapes:
        tape = tapes.start(UUID(int=7), 0.0)
        for tick in range(100_000):
            at = 0.02 * (tick + 1)
            tape.caller(at, b"\\x40\\x1f" * 160)
            tape.agent(at, b"\\x40\\x1f" * 160 if tick % 100 < 50 else None)
            await asyncio.sleep(0.0001)
            if tick % 50 == 0:
                print(tick, tape.path, flush=True)
            if limit and tick == 1500:
                break

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
print("done", flush=True)
"""


def tapes(folder: Path, **changes: object) -> Tapes:
    return Tapes(folder, **({"keep_days": 30, "every_s": QUICK_S, "today": lambda: DAY} | changes))  # type: ignore[arg-type]


def sides(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def sounding(side: NDArray[np.int16]) -> list[tuple[float, float]]:
    """Where it sounds, in seconds at 8 kHz."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], side != 0, [0]]).astype(int)))
    return [(float(start) / 8000, float(end) / 8000) for start, end in edges.reshape(-1, 2)]


def started(service: Tapes, at: float = 0.0) -> Tape:
    tape = service.start(CALL, at)
    assert tape is not None
    return tape


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - what is waited for happens in another thread
            await asyncio.sleep(QUICK_S)


async def test_a_call_is_recorded_with_the_caller_on_the_left(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "recordings"
    async with tapes(folder) as service:
        tape = started(service, 50.0)
        for tick in range(1, 101):
            at = 50.0 + tick * 0.02
            if tick <= 50:
                tape.caller(at, LOUD)
            tape.agent(at, LOUD if tick > 60 else None)
        tape.close()
    path = folder / "2026-11-21" / f"{CALL}.wav"
    assert tape.path == path
    sound = sides(path)
    assert sounding(sound[:, 0]) == [(0.0, 1.0)]
    assert sounding(sound[:, 1]) == [(1.22, 2.02)]
    assert [each.stat().st_mode & 0o777 for each in (folder, path.parent, path)] == [0o700, 0o700, 0o600]


async def test_the_rate_is_the_lines(tmp_path: Path) -> None:
    async with tapes(tmp_path) as service:
        tape = service.start(CALL, 0.0, 16_000)
        assert tape is not None
        tape.agent(0.5, LOUD * 2)
    with wave.open(str(tape.path)) as file:
        assert (file.getframerate(), file.getnframes()) == (16_000, 8_320)


async def test_it_is_written_while_the_call_goes_on(tmp_path: Path) -> None:
    async with tapes(tmp_path) as service:
        tape = started(service)
        for tick in range(1, 151):
            tape.caller(tick * 0.02, LOUD)
            tape.agent(tick * 0.02, None)
        path = tape.path
        assert path is not None
        await until(lambda: path.exists() and path.stat().st_size >= 44 + 2 * 32_000)
        assert sounding(sides(path)[:, 0])[0][0] == 0.0
        assert len(sides(path)) <= 2 * 8000


async def test_a_tape_that_is_not_closed_ends_with_the_service(tmp_path: Path) -> None:
    async with tapes(tmp_path) as service:
        tape = started(service)
        tape.caller(0.02, LOUD)
    assert tape.closed
    assert tape.path is not None
    assert len(sides(tape.path)) == 160


async def test_a_call_without_sound_leaves_an_empty_file(tmp_path: Path) -> None:
    async with tapes(tmp_path) as service:
        tape = started(service)
        tape.close()
        tape.close()
    assert tape.path is not None
    assert len(sides(tape.path)) == 0


async def test_two_calls_never_share_sound(tmp_path: Path) -> None:
    async with tapes(tmp_path) as service:
        both = [service.start(UUID(int=number), 0.0) for number in (1, 2)]
        for tick in range(1, 101):
            for number, tape in enumerate(both, start=1):
                assert tape is not None
                tape.caller(tick * 0.02, np.full(160, number, "<i2").tobytes())
                tape.agent(tick * 0.02, np.full(160, 10 * number, "<i2").tobytes())
    for number in (1, 2):
        sound = sides(tmp_path / "2026-11-21" / f"{UUID(int=number)}.wav")
        assert set(np.unique(sound[:, 0])) <= {0, number}
        assert set(np.unique(sound[:, 1])) <= {0, 10 * number}


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({"enabled": False}, None),
        ({"enabled": True}, "state/recordings"),
        ({"enabled": True, "folder": "elsewhere"}, "elsewhere"),
    ],
    ids=["off", "on", "elsewhere"],
)
async def test_as_the_settings_say(tmp_path: Path, settings: dict[str, object], folder: str | None) -> None:
    if "folder" in settings:
        settings = settings | {"folder": tmp_path / str(settings["folder"])}
    async with recording(Recording.model_validate(settings), tmp_path / "state") as start:
        tape = start(CALL, 0.0, 8000)
    assert [path.parent.parent for path in tmp_path.rglob("*.wav")] == ([tmp_path / folder] if folder else [])
    assert bool(tape) == bool(folder)


async def test_what_waits_for_the_disk_is_bounded(tmp_path: Path) -> None:
    """A minute of frames comes before the writer looks again."""
    with capture_logs() as logged:
        async with tapes(tmp_path) as service:
            tape = started(service)
            for tick in range(1, 3001):
                tape.caller(tick * 0.02, LOUD)
    assert tape.lost == 3000 - BUFFERED
    assert [line for line in logged if line["event"] == "x recording"] == [
        {"event": "x recording", "log_level": "warning", "call": CALL.hex[:12], "lost_frames": 3000 - BUFFERED}
    ]
    assert tape.path is not None
    assert sounding(sides(tape.path)[:, 0]) == [(0.0, BUFFERED * 0.02)]


def _under_a_file(folder: Path) -> Path:
    folder.write_text("not a folder")
    return folder / "recordings"


@pytest.mark.parametrize(
    ("place", "least_free", "reason"),
    [(_under_a_file, 0, "Not a directory"), (lambda folder: folder, 1 << 62, "MB free")],
    ids=["unwritable", "no room"],
)
async def test_without_a_place_there_is_no_recording_and_the_log_says_so(
    tmp_path: Path, place: Callable[[Path], Path], least_free: int, reason: str
) -> None:
    with capture_logs() as logged:
        async with tapes(place(tmp_path / "recordings"), least_free=least_free) as service:
            assert service.start(CALL, 0.0) is None
            await asyncio.sleep(5 * QUICK_S)
    assert [line["event"] for line in logged] == ["! recordings", "x recording"]
    assert reason in logged[0]["error"]
    assert reason in logged[1]["reason"]


async def test_a_place_that_comes_back_is_used(tmp_path: Path) -> None:
    folder = _under_a_file(tmp_path / "disk")
    async with tapes(folder) as service:
        assert service.start(CALL, 0.0) is None
        folder.parent.unlink()
        begun: list[Tape] = []

        def begins() -> bool:
            tape = service.start(CALL, 0.0)
            begun.extend([tape] if tape else [])
            return bool(begun)

        await until(begins)
        begun[0].caller(0.02, LOUD)
    assert begun[0].path is not None
    assert len(sides(begun[0].path)) == 160


async def test_a_file_that_cannot_be_made_costs_one_recording(tmp_path: Path) -> None:
    (tmp_path / "2026-11-21").mkdir()
    (tmp_path / "2026-11-21" / f"{CALL}.wav").write_bytes(b"precious")
    with capture_logs() as logged:
        async with tapes(tmp_path) as service:
            failing, other = started(service), service.start(UUID(int=8), 0.0)
            assert other is not None
            await until(lambda: failing.path is None)
            for tape in (failing, other):
                tape.caller(0.02, LOUD)
    assert [(line["event"], line["call"]) for line in logged] == [("! recording", CALL.hex[:12])]
    assert "exists" in logged[0]["error"]
    assert failing.taken() == ([], [])
    assert other.path is not None
    assert len(sides(other.path)) == 160


def test_a_full_disk_costs_the_recording_and_keeps_what_it_took(tmp_path: Path) -> None:
    """30 s of sound where a file may have 100,000 bytes."""
    child = subprocess.run(
        [sys.executable, "-c", _WRITER, str(tmp_path), "100000"], capture_output=True, text=True, check=True, timeout=60
    )
    assert child.stdout.endswith("done\n")
    assert child.stdout.count("! recording") == 1
    (path,) = tmp_path.glob("*/*.wav")
    assert f"1500 {path}" in child.stdout
    assert path.stat().st_size == 100_000
    assert sounding(sides(path)[:, 0]) == [(0.0, (100_000 - 44) / 4 / 8000)]


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The recording of a process that was killed in the middle of a call of more than ten seconds."""
    arguments = [sys.executable, "-c", _WRITER, str(tmp_path), "0"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        path = Path(next(line.split()[1] for line in child.stdout if int(line.split()[0]) >= 600))
        child.kill()
    return path


async def test_a_killed_daemon_leaves_a_file_that_can_be_played(killed: Path) -> None:
    def check() -> None:
        sound = sides(killed)
        assert len(sound) > 8 * 8000
        assert sounding(sound[:, 0]) == [(0.0, len(sound) / 8000)]
        assert sounding(sound[:, 1])[:2] == [(0.02, 1.02), (2.02, 3.02)]

    check()
    with killed.open("ab") as file:
        file.write(b"\x40\x1f\0\0\x40")
    async with tapes(killed.parent.parent):
        pass
    check()
    assert len(sides(killed)) * 4 == killed.stat().st_size - 44 - 1


async def test_only_old_recordings_are_removed(tmp_path: Path) -> None:
    for day in ("2026-10-01", "2026-11-19", "2026-11-20", "2026-11-21"):
        (tmp_path / day).mkdir()
        (tmp_path / day / f"{CALL}.wav").write_bytes(header(0, 8000))
    (tmp_path / "2026-10-01" / "notes.txt").write_text("kept")
    (tmp_path / "2025-99-99.txt").write_text("kept")
    today = DAY
    async with tapes(tmp_path, keep_days=1, today=lambda: today) as service:
        await until(lambda: not (tmp_path / "2026-11-19").exists())
        assert (tmp_path / "2026-11-20").exists()
        today = date(2026, 11, 22)
        await until(lambda: not (tmp_path / "2026-11-20").exists())
        assert started(service).path == tmp_path / "2026-11-22" / f"{CALL}.wav"
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {
        "2026-10-01/notes.txt",
        "2025-99-99.txt",
        f"2026-11-21/{CALL}.wav",
        f"2026-11-22/{CALL}.wav",
    }
