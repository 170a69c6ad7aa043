"""A file that can be played whatever happens to who writes it."""

import struct
import wave
from pathlib import Path

import pytest

from callcenter.media.wav_file import WavFile, header, repair

SOUND = bytes(range(200)) * 4


def played(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        return bytes(file.readframes(file.getnframes()))


@pytest.mark.parametrize("rate", [8000, 16000])
def test_it_can_be_played_after_every_write(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "call.wav"
    file = WavFile(path, rate)
    assert played(path) == b""
    for count in (1, 2, 3):
        file.write(SOUND)
        assert played(path) == SOUND * count
    file.close()
    with wave.open(str(path)) as found:
        assert found.getframerate() == rate
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == 44 + file.written


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        WavFile(path, 8000)
    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("behind", "kept"),
    [
        (b"", SOUND),
        (SOUND, SOUND * 2),
        (SOUND + b"\1\2\3", SOUND * 2),
        (b"\1", SOUND),
    ],
    ids=["nothing", "a whole write", "a torn write", "a torn sample"],
)
def test_what_was_written_behind_the_last_header_is_found(tmp_path: Path, behind: bytes, kept: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(header(len(SOUND), 8000) + SOUND + behind)
    assert repair(path) == (kept != SOUND)
    assert played(path) == kept
    assert not repair(path)


def test_what_a_power_cut_took_away_is_not_promised(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(header(len(SOUND) * 2, 8000) + SOUND)
    assert repair(path)
    assert played(path) == SOUND


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"x" * 44, header(0, 8000)[:43], struct.pack("<4sI", b"RIFF", 7) + b"\xff" * 100],
    ids=["empty", "cut", "text", "almost", "another's"],
)
def test_what_is_not_ours_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    assert not repair(path)
    assert path.read_bytes() == content
