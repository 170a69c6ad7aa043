"""A program of its own that speaks one text with SVOX Pico: LIBRARY RESOURCES LOCALE SPEED TEXT FILE.

It imports nothing of callcenter, because it is started without. The calls are those of `picoapi.h`.
"""

import ctypes
import sys
import wave
from pathlib import Path

MEMORY_BYTES = 2_500_000
"""As much as the library's own program gives it."""
RATE = 16_000
IDLE, BUSY = 200, 201
"""`PICO_STEP_IDLE` and `PICO_STEP_BUSY`: all is said, and there is more to come."""
MOST_TEXT = 32_000
"""Lengths are signed 16-bit numbers."""
VOICE = b"voice"


class Pico:
    """One voice."""

    def __init__(self, library: str, resources: Path, locale: str) -> None:
        self._library = ctypes.CDLL(library)
        self._memory = ctypes.create_string_buffer(MEMORY_BYTES)
        self._engine = ctypes.c_void_p()
        system = ctypes.c_void_p()
        self._do("pico_initialize", self._memory, ctypes.c_uint32(MEMORY_BYTES), ctypes.byref(system))
        self._do("pico_createVoiceDefinition", system, VOICE)
        paths = sorted(resources.glob(f"{locale}_*.bin"))
        if not paths:
            raise OSError(f"{resources} has no voice {locale!r}")
        for path in paths:
            resource, name = ctypes.c_void_p(), ctypes.create_string_buffer(256)
            self._do("pico_loadResource", system, bytes(path), ctypes.byref(resource))
            self._do("pico_getResourceName", system, resource, name)
            self._do("pico_addResourceToVoiceDefinition", system, VOICE, name.value)
        self._do("pico_newEngine", system, VOICE, ctypes.byref(self._engine))

    def speak(self, text: str) -> bytes:
        """16-bit samples at `RATE`."""
        rest = text.encode() + b"\0"  # which makes it say what it still holds
        sound = bytearray()
        taken = ctypes.c_int16()
        while rest:
            length = ctypes.c_int16(min(len(rest), MOST_TEXT))
            self._do("pico_putTextUtf8", self._engine, rest, length, ctypes.byref(taken))
            rest = rest[taken.value :]
            sound += self._said()
        return bytes(sound)

    def _said(self) -> bytes:
        chunk = ctypes.create_string_buffer(4096)
        size, kind, status = ctypes.c_int16(), ctypes.c_int16(), BUSY
        sound = bytearray()
        while status == BUSY:
            status = self._library.pico_getData(
                self._engine, chunk, ctypes.c_int16(len(chunk)), ctypes.byref(size), ctypes.byref(kind)
            )
            sound += chunk.raw[: size.value]
        if status != IDLE:
            raise OSError(f"pico_getData answered {status}")
        return bytes(sound)

    def _do(self, name: str, *arguments: object) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            raise OSError(f"{name} answered {status}")


def main(library: str, resources: str, locale: str, speed: str, text: str, file: str) -> None:
    """Speak `text`, at `speed` percent of the usual, into a WAV file."""
    words = text.translate({ord(mark): " " for mark in "<>"})  # which begin and end Pico's own commands
    sound = Pico(library, Path(resources), locale).speak(f'<speed level="{speed}">{words}</speed>')
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(sound)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(str(error))
