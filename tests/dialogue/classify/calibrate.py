"""Fits the calibration of a sentence model, and says how well it understands the held-out sentences.

    python -m tests.dialogue.classify.calibrate FOLDER [LANGUAGE …]

Which meaning a held-out sentence of `utterances.yaml` is most like is found by the examples alone. How often that is
right is fitted as a function of likeness and margin, by Newton's method: on all languages for the coefficients, and on
all but the one that is counted for the figures.
"""

import asyncio
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from callcenter.dialogue.classify.calibration import Calibration
from callcenter.dialogue.classify.chain import Chain
from callcenter.dialogue.classify.embedder import Embedder, SentenceModel
from callcenter.dialogue.classify.embeddings import Embeddings
from callcenter.dialogue.classify.nearest import Examples, Nearest
from callcenter.dialogue.classify.patterns import Patterns
from callcenter.dialogue.classify.sentence_models import load as load_model
from tests.dialogue.classify.utterances import Utterances, load, score

Doubles = NDArray[np.float64]

RIDGE = 0.1
LEASTS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)


def observations(model: SentenceModel, utterances: Utterances) -> list[tuple[Nearest, bool]]:
    """What each held-out sentence is most like, and whether that is what is meant."""
    meanings = utterances.meanings
    examples = Examples.of([[model.encode(text) for text in meaning.examples] for meaning in meanings])
    said = [*utterances.said, *((text, "") for text in utterances.nothing)]
    found = [(examples.nearest(model.encode(text)), name) for text, name in said]
    return [(nearest, meanings[nearest.meaning].name == name) for nearest, name in found]


def fit(seen: list[tuple[Nearest, bool]]) -> Calibration:
    """The most likely logistic regression, with a little ridge."""
    inputs: Doubles = np.array([[found.likeness, found.margin, 1.0] for found, _ in seen])
    right: Doubles = np.array([float(each) for _, each in seen])
    weights: Doubles = np.zeros(3)
    ridge: Doubles = np.diag([RIDGE, RIDGE, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (right - chance) - ridge @ weights
        curve = (inputs * (chance * (1 - chance))[:, np.newaxis]).T @ inputs + ridge
        weights = weights + np.linalg.solve(curve, slope)
    likeness, margin, bias = weights.tolist()
    return Calibration(likeness=round(likeness, 1), margin=round(margin, 1), bias=round(bias, 2))


def reliability(calibration: Calibration, seen: list[tuple[Nearest, bool]]) -> str:
    """By fifths of confidence: how many guesses, how sure they are, how many are right."""
    guesses = sorted((calibration.confidence(found), right) for found, right in seen)
    fifths = [guesses[len(guesses) * part // 5 : len(guesses) * (part + 1) // 5] for part in range(5)]
    return ", ".join(
        f"{np.mean([sure for sure, _ in part]):.2f} sure {np.mean([right for _, right in part]):.2f} right"
        for part in fifths
    )


async def report(model: SentenceModel, utterances: Utterances, calibration: Calibration, language: str) -> None:
    """Print how well patterns, the model, and both together understand."""
    meanings = utterances.meanings
    with ThreadPoolExecutor(1) as threads:
        alone = await Embeddings.prepare(Embedder(model, threads, most=8), calibration, meanings)
        patterns, first = Patterns(meanings), Patterns(meanings, first=True)
        chain = Chain([first, alone, patterns], least_confidence=0.5)
        for name, classifier in (("patterns", patterns), ("model", alone), ("chain", chain)):
            for each in await score(classifier, utterances, LEASTS[:1] if name == "patterns" else LEASTS):
                print(f"{language} {name:8} {each}")


def main(folder: str, *languages: str) -> None:
    """Print coefficients and figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    model = load_model(Path(folder)).model
    calls = {language: call for language, call in load().items() if language in (languages or load())}
    seen = {language: observations(model, call) for language, call in calls.items()}
    print(fit([each for some in seen.values() for each in some]))
    for language, call in calls.items():
        others = [each for other, some in seen.items() if other != language for each in some]
        calibration = fit(others or seen[language])
        print(language, reliability(calibration, seen[language]))
        asyncio.run(report(model, call, calibration, language))


if __name__ == "__main__":
    main(*sys.argv[1:])
