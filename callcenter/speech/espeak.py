"""espeak-ng's voices: any language, at once, with the sound of a machine. It is GPL-3 and a program of its own."""

import asyncio
import io
import re
import shutil
import subprocess
import wave
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcenter import debian
from callcenter.config import Talking
from callcenter.debian import Tree
from callcenter.errors import MissingPartError, Overloaded, SpeechError
from callcenter.media.pcm import Clip, resample, to_pcm, to_samples
from callcenter.speech.mastering import master
from callcenter.speech.threads import PATIENT, pool

WORKERS = 2
"""Texts spoken at once, each by a process of its own."""
WORDS_PER_MINUTE = 150
SPEAK_S = 10.0
"""A sentence takes some 30 ms; one that takes this long is given up."""


class Espeak:
    """Speaks for many calls at once."""

    def __init__(self, voice: str, command: Sequence[str], settings: Talking) -> None:
        """The voice that espeak-ng calls `voice`: a language (`fr`, `pt-br`), perhaps with a variant (`fr+f3`).

        `command` starts the program; see `program`.
        """
        self.name = f"espeak-ng {voice} {WORDS_PER_MINUTE}"
        self._voice = voice
        self._command = command
        # A process is started by a thread: from the event loop it takes 4 ms, up to 10, in which nothing else is done.
        self._threads = pool(WORKERS, "espeak", PATIENT)
        self._most = WORKERS + settings.waiting
        self._pending = 0

    async def start(self) -> None:
        """See that the program runs and has the voice: without it, it would speak in another and not complain.

        Raises MissingPartError when it has not.
        """
        try:
            listed = [await self._run(lambda output: output, arguments) for arguments in _LISTS]
        except SpeechError as error:
            raise MissingPartError(f"espeak-ng cannot be used: {error}") from error
        parts = self._voice.lower().split("+")
        if any(part not in _names(output) for part, output in zip(parts, listed, strict=False)):
            raise MissingPartError(f"espeak-ng has no voice {self._voice!r}; `espeak-ng --voices` lists them")

    async def render(self, text: str, rate: int) -> Clip:
        """Speak `text`. What is cancelled while it waits is dropped, and the process of what is being spoken killed."""
        if self._pending >= self._most:
            raise Overloaded(f"{self._pending} texts already wait for the voice {self.name}")
        self._pending += 1
        arguments = ("-v", self._voice, "-s", str(WORDS_PER_MINUTE), *_AS_WAV)
        try:
            pcm = await self._run(partial(_mastered, rate=rate), arguments, _plain(text))
        finally:
            self._pending -= 1
        return Clip(text=text, pcm=pcm, rate=rate)

    def close(self) -> None:
        """Drop what waits, and let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, made_of: Callable[[bytes], bytes], arguments: Sequence[str], text: str = "") -> bytes:
        """What is `made_of` the output of the program, all in a thread. Raises SpeechError."""
        run = _Run([*self._command, *arguments], text)
        work = asyncio.get_running_loop().run_in_executor(self._threads, lambda: made_of(run.output()))
        try:
            return await work
        except asyncio.CancelledError:
            run.end()
            raise


class _Run:
    """One run of a program, for one thread to wait for and another to end."""

    def __init__(self, command: Sequence[str], text: str) -> None:
        self._command = command
        self._text = text
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False

    def output(self) -> bytes:
        """What it writes when it reads the text. Raises SpeechError."""
        pipe = subprocess.PIPE
        try:
            with subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe) as self._process:
                if self._unwanted:
                    self._process.kill()
                return self._answer(self._process)
        except OSError as error:
            raise SpeechError(f"{self._command[0]} cannot be started: {error.strerror}") from error

    def end(self) -> None:
        """Nobody wants its output any more."""
        self._unwanted = True
        if self._process:
            self._process.kill()

    def _answer(self, process: subprocess.Popen[bytes]) -> bytes:
        try:
            output, complaint = process.communicate(self._text.encode(), timeout=SPEAK_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise SpeechError(f"espeak-ng did not speak within {SPEAK_S:g} s") from None
        if process.returncode:
            reason = complaint.decode(errors="replace").strip() or f"it ended with status {process.returncode}"
            raise SpeechError(f"espeak-ng failed: {reason}")
        return output


_AS_WAV = ("-b", "1", "--stdin", "--stdout")
"""Reads UTF-8, whatever the locale, and writes a WAV file."""
_LISTS = (("--voices",), ("--voices=variant",))


def program(cache: Path) -> list[str]:
    """How to start espeak-ng: the installed one, else one that was brought to `cache` from the distribution's packages.

    Raises MissingPartError saying how to bring it.
    """
    installed = shutil.which("espeak-ng")
    if installed:
        return [installed]
    for root in sorted(cache.glob(f"{debian.VOICES.name}-*")):
        if (tree := Tree(root)).complete:
            data = next(root.glob("usr/lib/*/espeak-ng-data"), root)
            return [*tree.command("usr/bin/espeak-ng"), f"--path={data.parent}"]
    raise MissingPartError("espeak-ng is not installed, and a flow speaks with it; run `apt install espeak-ng`")


def _plain(text: str) -> str:
    """Without what espeak-ng takes for phonemes."""
    return text.replace("[[", "[ [")


def _mastered(wav: bytes, rate: int) -> bytes:
    """16-bit samples at `rate`, fit for a telephone line; nothing where nothing can be said."""
    if not wav:
        return b""
    samples, own_rate = _read(wav)
    return to_pcm(master(resample(samples, own_rate, rate), rate))


def _read(wav: bytes) -> tuple[NDArray[np.float32], int]:
    """The samples and their rate. In a pipe the header promises more than there is."""
    try:
        with wave.open(io.BytesIO(wav), "rb") as file:
            return to_samples(file.readframes(file.getnframes())), file.getframerate()
    except (wave.Error, EOFError, ValueError) as error:
        raise SpeechError(f"espeak-ng wrote no sound: {error}") from error


def _names(listed: bytes) -> set[str]:
    """Every word in espeak-ng's table of voices: languages, their other names, and the files of variants."""
    return set(re.findall(r"[\w-]+", listed.decode(errors="replace").lower()))
