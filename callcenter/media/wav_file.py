"""A stereo WAV file that grows, and can be played at any moment: after a crash, too."""

import os
import struct
from pathlib import Path

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_FRAME = 4
"""Bytes of one sample of both sides."""
_HIGHEST_RATE = 192_000


class WavFile:
    """16-bit stereo PCM in a file of its own, for its owner only. All methods block, and raise OSError."""

    def __init__(self, path: Path, rate: int) -> None:
        """Make the file, which must not be there."""
        self.written = 0
        """Bytes of sound."""
        self._rate = rate
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(self._file, header(0, rate))

    def write(self, pcm: bytes) -> None:
        """Add whole stereo samples. When the disk takes only a part, that part is kept."""
        rest = memoryview(pcm)
        try:
            while rest:
                count = os.write(self._file, rest)
                self.written += count
                rest = rest[count:]
        finally:
            os.pwrite(self._file, header(self.written, self._rate), 0)

    def close(self) -> None:
        """Free the file. May be called once."""
        os.close(self._file)


def header(size: int, rate: int) -> bytes:
    """The canonical 44 bytes before `size` bytes of 16-bit stereo PCM, of which a torn last sample does not count."""
    whole = size - size % _FRAME
    form = (b"fmt ", 16, 1, 2, rate, rate * _FRAME, _FRAME, 16)
    return _HEADER.pack(b"RIFF", _HEADER.size - 8 + whole, b"WAVE", *form, b"data", whole)


def repair(path: Path) -> bool:
    """Make the header of a file by WavFile say how much sound is there; whether it did not. Raises OSError."""
    with path.open("r+b") as file:
        found = file.read(_HEADER.size)
        match _HEADER.unpack(found) if len(found) == _HEADER.size else ():
            case (b"RIFF", _, b"WAVE", b"fmt ", 16, 1, 2, int(rate), _, 4, 16, b"data", _) if rate <= _HIGHEST_RATE:
                right = header(file.seek(0, os.SEEK_END) - _HEADER.size, rate)
            case _:
                return False
        if found == right:
            return False
        file.seek(0)
        file.write(right)
    return True
