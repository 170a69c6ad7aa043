"""What Whisper hears over a bad network between Asterisk and the daemon, against a perfect one."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from callcenter import config
from callcenter.media.g711 import ULAW
from callcenter.media.pcm import Samples, to_pcm
from callcenter.media.rtp import Receiver, Sender
from callcenter.media.rtp_packet import Counters
from callcenter.simulation.impairment import Impairment
from callcenter.simulation.persona import Network, Voice
from callcenter.simulation.voices import Order, Voices
from callcenter.simulation.words import WordErrors, word_errors
from callcenter.speech.models import Models
from callcenter.speech.whisper import Whisper

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

ASTERISK = ("127.0.0.1", 10000)
SPOKEN_BY = {
    "I would like to invest about fifty thousand dollars in index funds.": "rms",
    "My name is Karen Mitchell and I live near the station.": "slt",
    "You can reach me at five five five two three four seven eight nine zero.": "rms",
    "I am looking for something safe for the next ten years.": "kal16",
    "Could you call me back tomorrow afternoon at three o'clock?": "awb",
    "Actually I would rather buy government bonds than shares.": "slt",
    "The money should be available again in about three years.": "rms",
    "Monday morning would be best, before nine.": "kal16",
    "I am retired and I want a regular income every month.": "awb",
    "I would prefer medium risk over a long period.": "slt",
}
A_FIFTH = 1.2


@pytest_asyncio.fixture
async def whisper() -> AsyncIterator[Whisper]:
    settings = config.load()
    models = Models(settings.paths.cache)
    await models.fetch(["base"])
    recogniser = Whisper(str(models.path("base")), settings.hearing)
    await recogniser.start()
    yield recogniser
    recogniser.close()


def received(sound: Samples, network: Network, seed: int) -> bytes:
    """What the daemon's line makes of `sound` (8 kHz), sent over `network` with a little silence around it."""
    padded = np.pad(sound, (1600, 1600 + -sound.size % 160))
    sender, impairment = Sender(ULAW, ssrc=1, sequence=0, timestamp=0), Impairment(network, seed)
    arriving = [
        due
        for number, frame in enumerate(padded.reshape(-1, 160))
        for due in impairment.send(sender.packet(to_pcm(frame)), number * 0.02)
    ]
    receiver = Receiver(ULAW, Counters())
    frames = [
        frame for due in sorted(arriving, key=lambda due: due.at) for frame in receiver.receive(due.datagram, ASTERISK)
    ]
    return b"".join(frames)


async def errors(whisper: Whisper, sounds: dict[str, Samples], network: Network) -> WordErrors:
    answers = await asyncio.gather(
        *(
            whisper.recognise(received(sound, network, seed), rate=ULAW.rate, language="en", prompt="")
            for seed, sound in enumerate(sounds.values())
        )
    )
    compared = [word_errors(text, answer.text, "en") for text, answer in zip(sounds, answers, strict=True)]
    return sum(compared, WordErrors())


async def test_jitter_loss_and_reordering_cost_few_words(whisper: Whisper) -> None:
    voices = Voices(config.load().paths.cache)
    sounds = {
        text: await voices.speak(Order(voice=Voice(name=name), language="en", text=text))
        for text, name in SPOKEN_BY.items()
    }
    clean = await errors(whisper, sounds, Network())
    bad = await errors(whisper, sounds, Network(jitter_ms=60, loss=0.05, reorder=0.02))
    hopeless = await errors(whisper, sounds, Network(loss=0.6))
    print(f"{clean.errors}, {bad.errors} and {hopeless.errors} of {clean.words} words are wrong")
    assert bad.errors <= max(1, clean.errors) * A_FIFTH + 1, "of a hundred words, one more or less is chance"
    assert hopeless.errors > 20, "what shows that a bad network is heard"
