"""A voice's sound as it comes from elsewhere: checked, brought to the line's rate and level, handed on in pieces."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from callcenter.errors import SpeechError
from callcenter.media.pcm import Clip, Samples, resample, sounding, to_pcm, to_samples
from callcenter.speech.cloud.polyphase import Resampler
from callcenter.speech.cloud.script import PACE, Script
from callcenter.speech.mastering import FADE_MS, LEAD_MS, TAIL_MS, master

FIRST_MS = 200
"""Sound in the first piece: what is heard while the next is on its way."""
NEXT_MS = 100
CUT_MS = 20
"""A piece ends at the smallest of its last samples: should the next one be late, no click is heard."""
BEHIND_S = 1.0
"""A voice that has begun and is so far behind, were it played from its first sound on, has broken off."""
PATIENCE_S = 0.2
"""What is waited for sound at least, however long it took us to come back for it."""
MARGIN_S = 1.0
SLOWLY, SLOWER = 1.7, 2.5
"""A voice that speaks for MARGIN_S and so many times the usual time does not come to an end: of one whose pace is
known, and of one whose is not. Clauses in four languages by espeak-ng at 80 to 150 words a minute, figures and web
addresses among them, took at most 0.82 and 0.91 of that; Piper's took less."""
SILENCE_S = 5.0
"""So much silence may come with it, which some voices add."""
LEAST_BYTES = 16
"""Fewer are no sound; so many tell text from sound."""
KNEE, CEILING = 0.8, 0.95
"""Louder samples are bent, each by itself, so that none is beyond."""
LEARNT = 0.3
"""The weight of one text more in what is known of a voice."""
MOST_GAIN = 4.0


@dataclass(slots=True)
class Habits:
    """What is known of a voice from what it said. A whole text is levelled by itself; for a stream the gain must be
    known before it comes: a voice of a cloud is equally loud in every text, to 2 dB or so, so its earlier ones tell."""

    gain: float = 1.0
    pace: float = PACE
    """Letters a second."""
    known: bool = False

    def most_s(self, letters: int) -> float:
        """So long a text of so many letters may take."""
        return MARGIN_S + (SLOWLY if self.known else SLOWER) * letters / self.pace

    def learn(self, raw: Samples, mastered: Samples, letters: int, rate: int) -> None:
        """From a text of so many letters, at `rate`: as it came, and as it should be."""
        loudest = float(np.abs(raw).max(initial=0.0))
        if not loudest or not mastered.size or not letters:
            return
        weight = LEARNT if self.known else 1.0
        gain = min(MOST_GAIN, float(np.abs(mastered).max()) / loudest)
        self.gain += weight * (gain - self.gain)
        self.pace += weight * (letters * rate / mastered.size - self.pace)
        self.known = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A text to be spoken by somebody else."""

    text: str
    from_rate: int
    """Of their sound: 16-bit mono samples."""
    rate: int
    """Of the line."""
    whom: str
    """As errors name them."""
    by: str
    """As bills name them."""
    habits: Habits = field(default_factory=Habits)


class Arrival:
    """The raw sound of an order, as it comes."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._head = b""
        self._odd = b""
        self._bytes = 0

    @property
    def seconds(self) -> float:
        """How much of it there is."""
        return self._bytes / 2 / self._order.from_rate

    def take(self, chunk: bytes) -> Samples:
        """The whole samples in it. Raises SpeechError when it is text."""
        self._bytes += len(chunk)
        if len(self._head) < LEAST_BYTES:
            self._head += chunk[:LEAST_BYTES]
            self._refuse_text()
        sound = self._odd + chunk
        whole = len(sound) // 2 * 2
        self._odd = sound[whole:]
        return to_samples(sound[:whole])

    def finish(self) -> None:
        """Raises SpeechError when it was nothing."""
        if self._bytes < LEAST_BYTES:
            raise silent(self._order)

    def _refuse_text(self) -> None:
        # Such bytes as samples would be loud from the first one on, and no voice begins so.
        letters = bytes(byte for byte in self._head if byte in b"\t\r\n" or 32 <= byte < 127)
        if len(self._head) >= 4 and (letters == self._head or self._head.startswith(b"RIFF")):
            raise SpeechError(f"{self._order.whom} answers with what is no sound", may_pass=True)


class Sound:
    """The sound of an order on its way to the line: from its first sound on, at the line's rate, levelled."""

    def __init__(self, order: Order) -> None:
        self._rate = order.rate
        self._gain = order.habits.gain
        self._resampler = Resampler(order.from_rate, order.rate)
        self._raw: list[Samples] = []
        self._waiting: Samples = np.zeros(0, np.float32)
        self._begun = False
        self.seconds = 0.0
        """Handed on."""

    @property
    def raw(self) -> Samples:
        """All of it at the line's rate, as loud as it came."""
        return np.concatenate(self._raw) if self._raw else self._waiting

    def feed(self, samples: Samples) -> bytes:
        """The next piece, if there is enough for one. Silence is held back until sound follows."""
        self._add(self._resampler.feed(samples))
        start, end = sounding(self._waiting, self._rate)
        if not self._begun:
            self._begin(start, end)
            end -= max(0, start - self._of(LEAD_MS))
        if end < self._of(NEXT_MS if self.seconds else FIRST_MS):
            return b""
        return self._hand(self._quietest(end))

    def finish(self) -> bytes:
        """The last piece, with a short margin; empty when there was no sound since the one before."""
        self._add(self._resampler.finish())
        start, end = sounding(self._waiting, self._rate)
        if not self._begun:
            self._begin(start, end)
            end -= max(0, start - self._of(LEAD_MS))
        if not self._begun:
            return b""
        self._waiting = self._waiting[: end + self._of(TAIL_MS)]
        self._fade_out(self._waiting)
        return self._hand(self._waiting.size)

    def stopped(self, piece: bytes, most_s: float) -> bytes:
        """The last piece where no more is wanted: what of `piece` is within the first `most_s` of the sound."""
        over = round((self.seconds - most_s) * self._rate)
        if over <= 0:
            return piece + self.finish()
        samples = to_samples(piece).copy()[: -min(over, len(piece) // 2)]
        self._fade_out(samples)
        return to_pcm(samples)

    def _fade_out(self, samples: Samples) -> None:
        fade = min(self._of(FADE_MS), samples.size)
        samples[samples.size - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)

    def _add(self, samples: Samples) -> None:
        self._raw.append(samples)
        self._waiting = np.concatenate((self._waiting, _bent(samples * np.float32(self._gain))))

    def _begin(self, start: int, end: int) -> None:
        """Drop the silence before the first sound, but for a short margin."""
        lead = self._of(LEAD_MS)
        self._waiting = self._waiting[max(0, (start if end else self._waiting.size) - lead) :]
        if end:
            self._begun = True
            fade = min(self._of(FADE_MS), self._waiting.size)
            self._waiting[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)

    def _quietest(self, end: int) -> int:
        begin = max(0, end - self._of(CUT_MS))
        return begin + int(np.abs(self._waiting[begin:end]).argmin()) + 1

    def _hand(self, size: int) -> bytes:
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        self.seconds += size / self._rate
        return to_pcm(piece)

    def _of(self, ms: int) -> int:
        return self._rate * ms // 1000


async def pieces(chunks: AsyncIterator[bytes], order: Order) -> AsyncGenerator[Clip, None]:
    """Clips that follow on from each other, each with the words that likely end in it; together they are the text.

    The first comes as soon as there are some 200 ms of sound. Raises SpeechError, also when after its beginning the
    sound comes so slowly that the caller would have nothing to hear for BEHIND_S. After more sound than the text can
    take it is raised too; by then all of the text has been said.
    """
    script, sound, arrival = Script(order.text), Sound(order), Arrival(order)
    most_s, ordered = order.habits.most_s(script.letters), order.text
    now = asyncio.get_running_loop().time
    first_at: float | None = None
    while True:
        due = None if first_at is None else max(first_at + arrival.seconds + BEHIND_S, now() + PATIENCE_S)
        chunk = await _next(chunks, due, order)
        if chunk is None:
            break
        first_at = now() if first_at is None else first_at
        pcm = sound.feed(arrival.take(chunk))
        if sound.seconds > most_s or arrival.seconds > most_s + SILENCE_S:
            if sound.seconds:
                yield _clip(order, script.rest(), sound.stopped(pcm, most_s), ordered)
            raise endless(order)
        if pcm:
            yield _clip(order, script.until(sound.seconds * order.habits.pace), pcm, ordered)
            ordered = ""
    arrival.finish()
    pcm = sound.finish()
    if not sound.seconds:
        raise silent(order)
    yield _clip(order, script.rest(), pcm, ordered)
    order.habits.learn(sound.raw, master(sound.raw, order.rate), script.letters, order.rate)


async def whole(chunks: AsyncIterator[bytes], order: Order) -> Clip:
    """All of it as one clip, mastered as other voices are. Raises SpeechError, also when it is longer than the text."""
    script, arrival = Script(order.text), Arrival(order)
    most_s = order.habits.most_s(script.letters)
    taken = []
    async for chunk in chunks:
        taken.append(arrival.take(chunk))
        if arrival.seconds > most_s + SILENCE_S:
            raise endless(order)
    arrival.finish()
    raw, mastered = await asyncio.to_thread(_mastered, np.concatenate(taken), order)
    if not mastered.size:
        raise silent(order)
    if mastered.size / order.rate > most_s:
        raise endless(order)
    order.habits.learn(raw, mastered, script.letters, order.rate)
    return _clip(order, order.text, to_pcm(mastered), order.text)


def endless(order: Order) -> SpeechError:
    """They say more than they were asked to."""
    return SpeechError(f"{order.whom} does not come to an end")


def silent(order: Order) -> SpeechError:
    """They sent nothing that can be heard."""
    return SpeechError(f"{order.whom} said nothing", may_pass=True)


def _mastered(samples: Samples, order: Order) -> tuple[Samples, Samples]:
    raw = resample(samples, order.from_rate, order.rate)
    return raw, master(raw, order.rate)


async def _next(chunks: AsyncIterator[bytes], due: float | None, order: Order) -> bytes | None:
    """The next chunk, or None at the end. Raises SpeechError when it is not there at loop time `due`."""
    try:
        async with asyncio.timeout_at(due):
            return await anext(chunks, None)
    except TimeoutError:
        raise SpeechError(f"{order.whom} broke off", may_pass=True) from None


def _clip(order: Order, text: str, pcm: bytes, ordered: str) -> Clip:
    return Clip(text=text, pcm=pcm, rate=order.rate, by=order.by, ordered=ordered)


def _bent(samples: Samples) -> Samples:
    over = np.abs(samples) - KNEE
    if over.max(initial=0.0) <= 0:
        return samples
    room = CEILING - KNEE
    bent = np.sign(samples) * (KNEE + room * np.tanh(np.clip(over, 0, None) / room))
    return np.where(over > 0, bent, samples).astype(np.float32)
