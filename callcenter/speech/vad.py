"""Voice activity by Silero's ONNX model: one batch holds a window of every call that has one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from callcenter.errors import MissingPartError
from callcenter.media.pcm import DIGITAL_SILENCE, NARROWBAND

Floats = NDArray[np.float32]

MODEL = "silero_vad.onnx"
STATE = 128
FULL_SCALE = 32768
CLEARLY_QUIET = 0.1
QUIET_WINDOWS = 32
"""After this many clearly quiet windows (1 s) a call's state is made new. Left alone it drifts: after two minutes of
noise, speech is noticed 60 ms later."""
FAINT_DBFS = -55.0
"""What never gets this loud for 8 ms is a line's own noise. Speech at -38 is heard no later for it."""
FAINT_WINDOWS = 16
"""After so many faint windows (0.5 s) the model need not see more, and its state is best left as it is: over noise at
-60 and -70, 80 words were noticed 4 to 12 ms sooner than if it had gone on. After 4 windows, up to 4 ms later."""


class Track:
    """What the model remembers of one call."""

    __slots__ = ("context", "faint", "quiet", "rate", "state")

    def __init__(self, rate: int = NARROWBAND) -> None:
        self.rate = rate
        self.quiet = 0
        self.faint = 0
        self.state: Floats = np.zeros((2, STATE), np.float32)
        self.context: Floats = np.zeros(rate // 250, np.float32)
        """The last 4 ms of the window before: 32 samples at 8 kHz."""

    def is_faint(self, dbfs: float) -> bool:
        """Take the level of the next window's loudest part; whether there is nothing to hear in it, nor has been."""
        self.faint = self.faint + 1 if dbfs < FAINT_DBFS else 0
        return self.faint > FAINT_WINDOWS

    def keep(self, probability: float, state: Floats, samples: Floats) -> None:
        """Remember what a step over `samples` (the context before, then the window) left."""
        self.context = samples[-len(self.context) :]
        self.quiet = self.quiet + 1 if probability < CLEARLY_QUIET else 0
        self.state = state
        # After half a second of digital silence the model would take line noise for speech.
        if self.quiet >= QUIET_WINDOWS or np.abs(samples).max() * FULL_SCALE <= DIGITAL_SILENCE:
            self.quiet = 0
            self.state = np.zeros((2, STATE), np.float32)


class Detector(Protocol):
    """Tells speech from other sound."""

    def step(self, windows: Sequence[tuple[Track, bytes]]) -> list[float]:
        """The probability of speech in each window; at most one window of a track. Blocks."""


class Silero:
    """The model, on one thread: a batch is too small to gain from more."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        path = folder / MODEL
        if not path.is_file():
            raise MissingPartError(f"{path} is not there; run `callcenter models fetch silero-vad`")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def step(self, windows: Sequence[tuple[Track, bytes]]) -> list[float]:
        """The probability of speech in each window, which takes 20 µs of one core in a batch, 70 alone."""
        probabilities = [0.0] * len(windows)
        for rate in {track.rate for track, _ in windows}:
            places = [place for place, (track, _) in enumerate(windows) if track.rate == rate]
            batch = [windows[place] for place in places]
            for place, probability in zip(places, self._step(batch, rate), strict=True):
                probabilities[place] = probability
        return probabilities

    def _step(self, batch: Sequence[tuple[Track, bytes]], rate: int) -> list[float]:
        tracks = [track for track, _ in batch]
        pcm = np.frombuffer(b"".join(window for _, window in batch), "<i2").reshape(len(batch), -1)
        samples = np.concatenate([[track.context for track in tracks], pcm.astype(np.float32) / FULL_SCALE], axis=1)
        state = np.stack([track.state for track in tracks], axis=1)
        inputs: dict[str, Any] = {"input": samples, "state": state, "sr": np.array(rate, np.int64)}
        output, after = self._session.run(None, inputs)
        probabilities: list[float] = output[:, 0].tolist()
        for row, (track, probability) in enumerate(zip(tracks, probabilities, strict=True)):
            track.keep(probability, after[:, row], samples[row])
        return probabilities
