"""WAV files in memory: how utterances travel to recognisers elsewhere, and come to the one that is offered here.

Read are PCM of 8, 16, 24 and 32 bits and floating point of 32 and 64, with any number of channels. Python's own `wave`
knows no floating point, and before 3.12 no WAVE_FORMAT_EXTENSIBLE, which many programs write.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from callcenter.media.pcm import Samples, to_pcm

READ = "a WAV file: PCM of 8, 16, 24 or 32 bits or floating point, 4,000 to 192,000 samples per second, any channels"
"""What `Wav.parse` understands, for a sentence that says what is allowed."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_RATES = range(4000, 192_001)
_BITS = {_PCM: {8, 16, 24, 32}, _FLOAT: {32, 64}}
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class NotWavError(ValueError):
    """What is wrong with a file, as a part of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wav:
    """The sound of a file, as it is in there."""

    data: bytes
    rate: int
    """Samples per second, of each channel."""
    channels: int
    bits: int
    """Of a sample."""
    floating: bool = False

    @classmethod
    def parse(cls, file: bytes) -> "Wav":
        """Raises NotWavError when it is not what `READ` says.

        A file that ends before its sound should is taken for what is there: programs that write to a pipe cannot know
        how long it will be.
        """
        if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
            raise NotWavError("it does not begin as a WAV file does")
        form: tuple[int, int, int, int] | None = None
        for name, content in _chunks(file):
            if name == b"fmt ":
                form = _form(content)
            elif name == b"data" and form:
                kind, channels, rate, bits = form
                whole = len(content) - len(content) % (channels * bits // 8)
                return cls(data=content[:whole], rate=rate, channels=channels, bits=bits, floating=kind == _FLOAT)
        raise NotWavError("it has no sound in it" if form else "it does not say what its sound is like")

    @property
    def seconds(self) -> float:
        """How long it takes to play."""
        return len(self.data) / (self.channels * self.bits // 8) / self.rate

    def mono(self) -> bytes:
        """Its channels mixed, as 16-bit PCM at its own rate."""
        if self.channels == 1 and self.bits == 16:
            return self.data
        mixed = self._samples().reshape(-1, self.channels).mean(axis=1, dtype=np.float32)
        return to_pcm(np.nan_to_num(mixed, posinf=1.0, neginf=-1.0))

    def _samples(self) -> Samples:
        """All of them, between -1 and 1."""
        if self.floating:
            return np.frombuffer(self.data, f"<f{self.bits // 8}").astype(np.float32)
        if self.bits == 8:
            return (np.frombuffer(self.data, "u1").astype(np.float32) - np.float32(128)) / np.float32(128)
        if self.bits == 24:
            wide = np.zeros((len(self.data) // 3, 4), "u1")
            wide[:, 1:] = np.frombuffer(self.data, "u1").reshape(-1, 3)
            return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
        return np.frombuffer(self.data, f"<i{self.bits // 8}").astype(np.float32) / np.float32(2 ** (self.bits - 1))


def written(pcm: bytes, rate: int) -> bytes:
    """16-bit mono `pcm` as a file."""
    sizes = (b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16)
    return _HEADER.pack(*sizes, _PCM, 1, rate, 2 * rate, 2, 16, b"data", len(pcm)) + pcm


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each; the last may be cut short."""
    place = 12
    while place + 8 <= len(file):
        name, size = struct.unpack_from("<4sI", file, place)
        yield name, file[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _form(content: bytes) -> tuple[int, int, int, int]:
    """Kind, channels, rate and bits."""
    if len(content) < 16:
        raise NotWavError("it does not say what its sound is like")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content)
    if kind == _EXTENSIBLE and len(content) >= 26:
        # The kind is what the GUID of the sub-format begins with.
        (kind,) = struct.unpack_from("<H", content, 24)
    if bits not in _BITS.get(kind, ()):
        raise NotWavError(f"its format is {kind} with {bits} bits")
    if not channels or rate not in _RATES:
        raise NotWavError(f"it has {channels} channels and {rate} samples per second")
    return kind, channels, rate, bits
