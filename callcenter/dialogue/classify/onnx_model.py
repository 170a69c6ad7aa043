"""A sentence model as an ONNX file with a tokenizer beside it, the way most are published."""

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from callcenter.dialogue.classify import onnx_session
from callcenter.dialogue.classify.nearest import Floats
from callcenter.errors import MissingPartError

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
MOST_TOKENS = 64
"""Of a sentence; what goes on for longer is cut. Twelve words are about 20."""


class OnnxModel:
    """MiniLM, E5, mpnet and others whose vector of a sentence is the mean of its tokens'."""

    def __init__(self, folder: Path) -> None:
        """Load it; blocks for about a second. Raises MissingPartError when it is not there or broken."""
        try:
            self._tokenizer = Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8"))
            self._session = onnx_session.load(str(folder / MODEL))
        except Exception as error:  # those of tokenizers have no other root
            raise MissingPartError(f"the sentence model in {folder} cannot be loaded: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._inputs = {field.name for field in self._session.get_inputs()}

    def encode(self, sentence: str) -> Floats:
        """The vector of a sentence, [size], of length 1."""
        ids = np.array([self._tokenizer.encode(sentence).ids], np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        tokens: Floats = self._session.run(None, {name: given[name] for name in self._inputs})[0][0]
        mean: Floats = tokens.mean(axis=0)
        vector: Floats = mean / np.linalg.norm(mean)
        return vector
