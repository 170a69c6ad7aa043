"""What engines make: sound in WAV files, written by programs."""

import asyncio
import tempfile
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from callcenter.errors import SimulationError
from callcenter.media.pcm import Samples, to_samples

SYNTHESIS_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Mono, as loud and as long as it was made."""

    samples: Samples
    rate: int


def read(path: Path) -> Sound:
    """A 16-bit WAV file, its channels mixed. Raises wave.Error, EOFError or OSError."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise wave.Error("its samples are not of 16 bits")
        channels = file.getnchannels()
        samples = to_samples(file.readframes(file.getnframes()))
        return Sound(samples=samples.reshape(-1, channels).mean(axis=1, dtype=np.float32), rate=file.getframerate())


async def spoken_by(
    engine: str, command: list[str], *arguments: str, environment: Mapping[str, str] | None = None
) -> Sound:
    """Run a program whose last argument is the WAV file to write. Raises SimulationError when it does not speak."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments,
            str(file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        try:
            async with asyncio.timeout(SYNTHESIS_S):
                _, complaint = await process.communicate()
        except TimeoutError:
            raise SimulationError(f"{engine} did not speak within {SYNTHESIS_S:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode or not file.is_file():
            reason = complaint.decode(errors="replace").strip() or f"it ended with status {process.returncode}"
            raise SimulationError(f"{engine} did not speak: {reason}")
        try:
            return await asyncio.to_thread(read, file)
        except (wave.Error, EOFError) as error:
            raise SimulationError(f"{engine} wrote no sound: {error}") from error
