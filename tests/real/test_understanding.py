"""Real sentence models: what callers mean in two calls, how quickly it is understood, and that nobody waits for it."""

import asyncio
import time
from functools import partial

import numpy as np
import pytest

from callcenter import config
from callcenter.config import Understanding
from callcenter.dialogue.classify import sentencepiece
from callcenter.dialogue.classify.classifier import Source
from callcenter.dialogue.classify.desk import opened
from callcenter.dialogue.classify.universal import UniversalEncoder
from callcenter.speech.models import Models
from callcenter.speech.threads import PATIENT, pool
from tests.dialogue.classify.utterances import load, score

pytestmark = pytest.mark.real

UTTERANCES = load()
LEAST = 0.6


@pytest.fixture(scope="module")
def models() -> Models:
    models = Models(config.load().paths.cache)
    asyncio.run(models.fetch(["universal", "minilm"]))
    return models


@pytest.fixture(scope="module")
def encoder(models: Models) -> UniversalEncoder:
    return UniversalEncoder(models.path("universal"))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("je suis propriétaire", [290, 1944, 43430]),
        ("  two  spaces ", [537, 28742]),
        ("ﬁne ①", [1668, 116]),
        ("€ 100", [7256, 966]),
        ("Ah mais il faut voir ça avec le bailleur.", [5979, 267, 84, 1755, 3238, 928, 586, 58, 254, 91359, 8]),
        ("", []),
    ],
)
def test_sentences_are_cut_as_sentencepiece_cuts_them(models: Models, text: str, ids: list[int]) -> None:
    assert sentencepiece.read(models.path("universal") / "sp.model").encode(text).ids == ids


def test_translations_are_near_each_other_and_other_questions_are_not(encoder: UniversalEncoder) -> None:
    cost = [
        encoder.encode(text)
        for text in ("How much does it cost?", "Combien ça coûte ?", "¿Cuánto cuesta?", "Quanto custa?")
    ]
    assert min(float(one @ other) for one in cost for other in cost) > 0.8
    for text in ("Where is the station?", "je suis propriétaire", "", "x" * 5000, "☎" * 300):
        vector = encoder.encode(text)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert max(float(vector @ one) for one in cost) < 0.5


@pytest.mark.parametrize(
    ("model", "language", "right", "wrong", "invented"),
    [("universal", "fr", 20, 7, 3), ("universal", "en", 20, 8, 3), ("minilm", "en", 18, 8, 3)],
)
async def test_held_out_sentences_are_understood(
    models: Models, model: str, language: str, right: int, wrong: int, invented: int
) -> None:
    """`python -m tests.dialogue.classify.calibrate FOLDER` tells the figures for other confidences."""
    utterances = UTTERANCES[language]
    async with opened(Understanding(model=model), models.locate, partial(pool, name="embed", niceness=PATIENT)) as desk:
        chain = await desk.chain(language, language, utterances.meanings)
        found = (await score(chain, utterances, [LEAST]))[0]
    print(f"\n{model} {language}: {found}")
    assert found.right >= right
    assert found.wrong <= wrong
    assert found.invented <= invented


async def test_a_language_that_the_model_does_not_know_is_left_to_the_patterns(models: Models) -> None:
    utterances = UTTERANCES["fr"]
    async with opened(
        Understanding(model="minilm"), models.locate, partial(pool, name="embed", niceness=PATIENT)
    ) as desk:
        chain = await desk.chain("energy", "fr", utterances.meanings)
        assert await chain.classify("Vous avez trouvé mon nom comment ?") is None
        known = await chain.classify("Je n'ai pas le temps.")
    assert known
    assert (known.name, known.source) == ("busy", Source.PATTERNS)


async def test_many_callers_at_once_take_little_of_a_core_and_nothing_of_the_loop(
    models: Models, encoder: UniversalEncoder
) -> None:
    """In processor time of the threads, so however busy the machine is."""
    texts = [text for text, _ in UTTERANCES["fr"].said]
    began = time.thread_time()
    for text in texts:
        encoder.encode(text)
    model_ms = (time.thread_time() - began) / len(texts) * 1000
    async with opened(
        Understanding(waiting=len(texts)), models.locate, partial(pool, name="embed", niceness=PATIENT)
    ) as desk:
        chain = await desk.chain("test", "fr", UTTERANCES["fr"].meanings)
        asyncio.get_running_loop().set_debug(False)
        began = time.thread_time()
        await asyncio.gather(*(chain.classify(text) for text in texts))
        loop_ms = (time.thread_time() - began) / len(texts) * 1000
    print(f"\na sentence takes {model_ms:.1f} ms of the model's thread, {loop_ms:.1f} ms of the loop's")
    assert model_ms < 15
    assert loop_ms < 2
    assert not chain.failures
