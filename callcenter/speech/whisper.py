"""Whisper on this machine, through CTranslate2, made quick for utterances of a few seconds."""

import asyncio
import time
import zlib
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from math import exp

import ctranslate2
import numpy as np
import soxr
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from callcenter.config import Hearing
from callcenter.errors import MissingPartError, Overloaded, SpeechError
from callcenter.speech.recogniser import Recognised
from callcenter.speech.threads import PATIENT, pool

Floats = NDArray[np.float32]

RATE = 16_000
FRAMES_PER_S = 100
FULL_WINDOW = 3000
"""Frames of 10 ms that Whisper was trained on."""
WINDOWS = (1000, 1250, 1500, 2000, 2500, FULL_WINDOW)
"""What the encoder is given: the shortest that holds the utterance. Whisper understands these as well, and its work
grows faster than the window: 76 ms for the first, 104 for the second, 622 for the last. Below 800 it collapses."""
MARGIN = 200
"""So much of its window an utterance must leave free."""
BEAMS = 5
TOKENS_PER_S = 8
TOKENS_SPARE = 16
POSITIONS = 448
"""Tokens that the decoder has places for: of the prompt, the start and the answer together. With more it fails."""
PROMPT_TOKENS = POSITIONS // 2 - 1
"""Of a prompt; Whisper was trained with no more."""
REPETITIVE = 2.4
"""Text that deflates by more than this repeats itself (the ratio that OpenAI's own decoder uses)."""
UNSURE = 0.37
"""Below this mean token probability (e^-1) a text is no text. Noises of all kinds stayed below it, speech above."""
DOUBTFUL = 0.6
"""Below this, what Whisper is known to make of noise is none; and a text owed to the prompt must stand without it,
as noise brings the prompt's own words back."""
BARELY = 0.22
"""... but so little is enough without the prompt for a text that is sure with it, or much the same without: a short
`Mardi.` has .29 by itself, `Medium risk.` .24. Noises came to .21 without the prompt, and with it to .42."""
ALIKE = 0.7
"""Two texts are much the same from this ratio of difflib's on. Of 684 short answers, by ten voices in three languages,
clean and noisy, 244 came to nothing without this rule and 170 with it; of 95 coughs and hums all, either way."""
INVENTED = frozenset(
    {"thank you", "thanks", "thanks for watching", "thank you for watching", "you", "bye", "the", "so", "oh"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One answer of the decoder."""

    text: str
    confidence: float
    cut: bool
    """The answer filled all its tokens: the decoder ran away."""

    @property
    def repetitive(self) -> bool:
        """The decoder went round in a circle."""
        raw = self.text.encode()
        return len(raw) > REPETITIVE * len(zlib.compress(raw))

    @property
    def invented(self) -> bool:
        """There is a text, but nobody said it."""
        bare = self.text.strip(" .,!?…").lower()
        return self.repetitive or self.confidence < (DOUBTFUL if bare in INVENTED else UNSURE)

    def stands(self, plain: "Decoded") -> bool:
        """Whether this is owed to the sound, given what was decoded from the same sound without a prompt."""
        if not plain.invented:
            return True
        return plain.confidence >= BARELY and (self.confidence >= DOUBTFUL or alike(self.text, plain.text) >= ALIKE)


def window_for(frames: int) -> int:
    """How many frames the encoder is given for an utterance of `frames`, at most FULL_WINDOW."""
    return next((window for window in WINDOWS if frames <= window - MARGIN), FULL_WINDOW)


def last_of(prompt: list[int], others: int) -> list[int]:
    """As much of a prompt's tokens as there is room for beside `others`: what is nearest to the utterance, the end."""
    return prompt[-min(PROMPT_TOKENS, POSITIONS - others) :]


def alike(one: str, other: str) -> float:
    """How much of two texts is the same, 0 to 1, but for capitals and punctuation."""
    return SequenceMatcher(None, _letters(one), _letters(other)).ratio()


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


class Whisper:
    """A recogniser with `workers` threads, each of which uses `threads` cores, in front of one model."""

    def __init__(self, model: str, settings: Hearing) -> None:
        """Load `model`: a folder, or a name that a hub knows. Blocks for about a second.

        Raises MissingPartError when it is not there.
        """
        self._threads = pool(settings.workers, "whisper", PATIENT)
        load = partial(
            WhisperModel,
            model,
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=settings.threads,
            num_workers=settings.workers,
        )
        try:
            # CTranslate2 starts the threads that do the work here, and they are as nice as the one that starts them.
            self._model = self._threads.submit(load).result()
        except (RuntimeError, ValueError, OSError) as error:
            raise MissingPartError(f"the Whisper model {model} cannot be loaded: {error}") from error
        self._workers = settings.workers
        self._most = settings.workers + settings.waiting
        self._pending = 0

    async def start(self) -> None:
        """Warm up, so that the first caller need not wait for it."""
        await self.recognise(bytes(RATE), rate=RATE, language="en", prompt="")

    async def recognise(self, pcm: bytes, *, rate: int, language: str, prompt: str) -> Recognised:
        """The text of `pcm`. What is cancelled while it waits is dropped; what runs is left to finish, unheard."""
        if self._pending >= self._most:
            raise Overloaded(f"{self._pending} utterances already wait for the recogniser")
        self._pending += 1
        recognise = partial(self._recognise, pcm, rate, language, prompt, asked=time.perf_counter())
        work = self._threads.submit(recognise)
        work.add_done_callback(partial(self._leave, asyncio.get_running_loop()))
        return await asyncio.wrap_future(work)

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639 codes of those that the model knows."""
        return tuple(self._model.supported_languages)

    @property
    def working(self) -> int:
        """Utterances that are being recognised."""
        return min(self._pending, self._workers)

    @property
    def waiting(self) -> int:
        """Utterances for which no worker is free."""
        return max(0, self._pending - self._workers)

    def close(self) -> None:
        """Drop what waits, and let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, loop: asyncio.AbstractEventLoop, work: Future[Recognised]) -> None:
        """`work` is over; what was cancelled while it ran has kept its worker busy up to now."""
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._count, -1)

    def _count(self, change: int) -> None:
        self._pending += change

    def _recognise(self, pcm: bytes, rate: int, language: str, prompt: str, *, asked: float) -> Recognised:
        began = time.perf_counter()
        try:
            decoded = self._hear(self._features(pcm, rate), language, prompt)
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f"the recogniser failed: {error}") from error
        return Recognised(
            text="" if decoded.invented else decoded.text,
            confidence=decoded.confidence,
            ms=(time.perf_counter() - began) * 1000,
            waited_ms=(began - asked) * 1000,
        )

    def _features(self, pcm: bytes, rate: int) -> Floats:
        """The log-mel spectrogram, [bands, frames]."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        wide = samples if rate == RATE else soxr.resample(samples, rate, RATE)
        features: Floats = self._model.feature_extractor(wide, padding=0)
        return features[:, :FULL_WINDOW]

    def _hear(self, features: Floats, language: str, prompt: str) -> Decoded:
        decoded = self._decode(features, language, prompt)
        echo = decoded.text.rstrip(".") in prompt
        if not prompt or decoded.invented or (decoded.confidence >= DOUBTFUL and not echo):
            return decoded
        plain = self._decode(features, language, "")
        return decoded if decoded.stands(plain) else plain

    def _decode(self, features: Floats, language: str, prompt: str) -> Decoded:
        window = window_for(features.shape[1])
        decoded = self._generate(features, window, language, prompt)
        if window < FULL_WINDOW and (decoded.cut or decoded.repetitive):
            return self._generate(features, FULL_WINDOW, language, prompt)
        return decoded

    def _generate(self, features: Floats, window: int, language: str, prompt: str) -> Decoded:
        tokenizer = self._tokenizer(language)
        frames = features.shape[1]
        most = TOKENS_SPARE + TOKENS_PER_S * frames // FRAMES_PER_S
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        if prompt:
            said_before = last_of(tokenizer.encode(" " + prompt.strip()), 1 + len(start) + most)
            start = [tokenizer.sot_prev, *said_before, *start]
        # The spectrogram is padded with its own silence: zero, which faster-whisper pads with, is sound there, and
        # costs words.
        padded = np.pad(features, ((0, 0), (0, window - frames)), constant_values=features.min())
        answer = self._model.model.generate(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(padded[np.newaxis])),
            [start],
            beam_size=BEAMS,
            max_length=len(start) + most,
            return_scores=True,
        )[0]
        tokens = answer.sequences_ids[0]
        return Decoded(
            text=tokenizer.decode([token for token in tokens if token < tokenizer.eot]).strip(),
            confidence=exp(answer.scores[0]),
            cut=len(tokens) >= most,
        )

    def _tokenizer(self, language: str) -> Tokenizer:
        multilingual = self._model.model.is_multilingual
        return Tokenizer(self._model.hf_tokenizer, multilingual, task="transcribe", language=language)
