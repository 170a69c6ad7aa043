"""The sentence models that are known: what reads their files, which languages they know, how sure their guesses are."""

from dataclasses import dataclass
from pathlib import Path

from callcenter.dialogue.classify import universal
from callcenter.dialogue.classify.calibration import Calibration
from callcenter.dialogue.classify.embedder import SentenceModel
from callcenter.dialogue.classify.onnx_model import OnnxModel
from callcenter.dialogue.classify.universal import UniversalEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model, ready to work."""

    model: SentenceModel
    languages: frozenset[str] | None
    """Two letters each; None if it is not known, and then it is used for all."""
    calibration: Calibration


MINILM_NAME = "minilm"

UNIVERSAL = Calibration(likeness=7.5, margin=5.9, bias=-2.41)
MINILM = Calibration(likeness=5.7, margin=3.7, bias=-1.92)
"""As tests/dialogue/classify/calibrate.py has fitted them, on 160 sentences in two languages and on 80 in one; a
quarter of them mean nothing that is known. For a model that is not known MiniLM's is taken: it is of the usual kind."""


def load(folder: Path) -> Loaded:
    """The model in `folder`, by its files. Blocks for a second or two. Raises MissingPartError."""
    if (folder / universal.WEIGHTS).is_file():
        return Loaded(model=UniversalEncoder(folder), languages=universal.LANGUAGES, calibration=UNIVERSAL)
    english = frozenset({"en"}) if folder.name == MINILM_NAME else None
    return Loaded(model=OnnxModel(folder), languages=english, calibration=MINILM)
