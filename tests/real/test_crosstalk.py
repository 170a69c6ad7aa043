"""Callers at once: nobody hears, and no record holds, a word or a sound of another's call."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pytest

from callcenter.config import Settings
from callcenter.demo import House
from callcenter.media.pcm import NARROWBAND, SILENCE_DBFS, Samples, rms_dbfs
from callcenter.simulation.persona import Voice
from callcenter.simulation.voices import Order, Voices
from tests.real.callers import calling, ended

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

WINDOW_S = 1.0
MOST_LAG_S = 0.06
"""Sound that gets from one call into another does so within Asterisk or the daemon."""
A_COPY = 0.6
"""Windows that are alike by more than this have the same sound in them; speech and other speech stays below 0.4."""
STAGGER_S = 2.5
"""The agents say some of the same sentences, but never at the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whose words nobody else uses, the agent included."""

    voice: str
    sentence: str
    words: frozenset[str]


PEOPLE = (
    Person(voice="rms", sentence="My elephant plays the guitar.", words=frozenset({"elephant", "plays", "guitar"})),
    Person(
        voice="slt",
        sentence="There is chocolate by the kitchen window.",
        words=frozenset({"chocolate", "kitchen", "window"}),
    ),
    Person(
        voice="kal16",
        sentence="A yellow bicycle on the mountain.",
        words=frozenset({"yellow", "bicycle", "mountain"}),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One call: texts of the caller's turns, and both sides' sound from the same moment on in all calls."""

    told: str
    """By the daemon's events."""
    stored: str
    sent: Samples
    received: Samples


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def strays(texts: Iterable[str], people: Iterable[Person]) -> list[str]:
    """The words in each person's text that are another's."""
    pairs = permutations(zip(texts, people, strict=True), 2)
    return [word for (text, _), (_, other) in pairs for word in sorted(words_of(text) & other.words)]


def alike(sound: Samples, other: Samples) -> float:
    """How much the most similar second of the two is the same, 0 to 1, at most 60 ms apart; silence is like nothing."""
    size, lag = round(WINDOW_S * NARROWBAND), round(MOST_LAG_S * NARROWBAND)
    most = 0.0
    for start in range(lag, min(sound.size, other.size) - size - lag, size // 2):
        window, around = sound[start : start + size], other[start - lag : start + size + lag]
        if min(rms_dbfs(window), rms_dbfs(around)) > SILENCE_DBFS:
            lengths = np.sqrt(np.convolve(np.square(around, dtype=np.float64), np.ones(size), "valid"))
            products = np.correlate(around, window, "valid")
            most = max(most, float(np.max(products / (lengths * np.linalg.norm(window) + 1e-9))))
    return most


async def sound_of(person: Person, settings: Settings) -> Samples:
    order = Order(voice=Voice(name=person.voice), language="en", text=person.sentence)
    return await Voices(settings.paths.cache).speak(order)


async def speak(house: House, sound: Samples, delay: float, began: float) -> Spoken:
    await asyncio.sleep(delay)
    async with calling(house) as caller:
        await caller.told("turn", index=0)
        await caller.handset.say(sound)
        await caller.told("turn", index=1)
        call = (await caller.told("call"))["call"]
        recording = caller.handset.recording
        sides = [
            np.pad(side.samples(), (round((recording.origin - began) * NARROWBAND), 0))
            for side in (recording.caller, recording.agent)
        ]
    transcript = await ended(house.settings, call)
    return Spoken(
        told=" ".join(event["text"] for event in caller.events if event["event"] == "heard"),
        stored=" ".join(turn.heard for turn in transcript.turns),
        sent=sides[0],
        received=sides[1],
    )


async def test_callers_at_once_never_share_a_word(house: House) -> None:
    sounds = [await sound_of(person, house.settings) for person in PEOPLE]
    began = asyncio.get_running_loop().time()
    calls = await asyncio.gather(
        *(speak(house, sound, number * STAGGER_S, began) for number, sound in enumerate(sounds))
    )
    for told in ([call.told for call in calls], [call.stored for call in calls]):
        assert all(words_of(text) & person.words for text, person in zip(told, PEOPLE, strict=True)), told
        assert strays(told, PEOPLE) == []
        assert strays([*told[1:], told[0]], PEOPLE), "what would show if the transcripts changed places"
    for call, other in permutations(calls, 2):
        assert alike(call.received, other.sent) < A_COPY
        assert alike(call.received, other.received) < A_COPY
        assert alike(other.received, mixed(call.received, other.received)) > A_COPY, "what a leak would show"
        assert alike(other.sent, mixed(call.received, other.sent)) > A_COPY


def mixed(sound: Samples, leak: Samples) -> Samples:
    """`sound` with `leak` in it, as loud, 20 ms later."""
    late = np.pad(leak, (NARROWBAND // 50, 0))
    size = max(sound.size, late.size)
    return np.pad(sound, (0, size - sound.size)) + np.pad(late, (0, size - late.size))
