"""Google's Universal Sentence Encoder, multilingual, version 3: a small convolutional network.

It needs a millisecond for a sentence. See Yang et al., "Multilingual Universal Sentence Encoder for Semantic
Retrieval", 2019 (arXiv:1907.04307), section 3.2; the layers are those of the published graph. The weights come without
it, so it is written here.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcenter.dialogue.classify import onnx_session, sentencepiece
from callcenter.dialogue.classify.nearest import Floats
from callcenter.dialogue.classify.onnx_graph import Graph
from callcenter.errors import MissingPartError

LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"})
WEIGHTS, PIECES = "weights.npz", "sp.model"
BEGIN, END = 1, 2
PARTS = 17
"""The table of embeddings is in so many, each with a scale of its own: token `t` is row `t // 17` of part `t % 17`."""
ORDERS = (2, 3, 5)
"""Tokens that the three branches look at together."""
SIZE, NARROW = 512, 256
"""Of a token's vector, and within a branch."""
MOST_TOKENS = 64
"""Of a sentence; what goes on for longer is cut. Twelve words are about 20."""

Weights = dict[str, Any]


class UniversalEncoder:
    """The network with its tokenizer, about 250 MB in memory."""

    def __init__(self, folder: Path) -> None:
        """Load it; blocks for a second or two. Raises MissingPartError when it is not there or broken."""
        try:
            self._tokenizer = sentencepiece.read(folder / PIECES)
            with np.load(folder / WEIGHTS, allow_pickle=False) as archive:
                self._parts: NDArray[np.uint8] = np.empty((PARTS, *archive["q1"].shape), np.uint8)
                for part in range(PARTS):
                    self._parts[part] = archive[f"q{part + 1}"]
                weights = {name: archive[name] for name in archive.files if not name.startswith("q")}
            self._session = onnx_session.load(network(weights))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise MissingPartError(f"the sentence encoder in {folder} cannot be loaded: {error}") from error
        self._scale, self._least = weights["scale"], weights["lo"]

    def encode(self, sentence: str) -> Floats:
        """The vector of a sentence, [512], of length 1."""
        tokens = self._look_up(sentence)
        root = np.array([[np.sqrt(len(tokens))]], np.float32)
        vector: Floats = self._session.run(None, {"tokens": tokens, "root": root})[0][0]
        scaled: Floats = vector / np.linalg.norm(vector)
        return scaled

    def _look_up(self, sentence: str) -> Floats:
        """The embeddings of the tokens, [tokens, 512], with the marks of begin and end."""
        ids = self._tokenizer.encode(sentence, add_special_tokens=False).ids[:MOST_TOKENS]
        tokens = np.array([BEGIN, *ids, END])
        part = tokens % PARTS
        scale, least = self._scale[part, np.newaxis], self._least[part, np.newaxis]
        embedded: Floats = self._parts[part, tokens // PARTS] * scale + least
        return embedded


def network(weights: Weights) -> bytes:
    """The layers as ONNX: `tokens`, [tokens, 512], and the square `root` of their number, [1, 1], to [1, 512].

    Raises KeyError when a weight is not there.
    """
    graph = Graph()
    branches = [_branch(graph, weights, order) for order in ORDERS]
    features = _layer_norm(graph, weights, "ln_g", "ln_b", graph.node("Concat", "tokens", *branches, axis=1))
    # The published graph projects each token, then divides their sum by the root of their number. The projection is
    # linear, so it may as well come last.
    mean = graph.node("ReduceMean", features, axes=[0], keepdims=1)
    projected = graph.node("Gemm", mean, graph.constant(weights["cnn_W"]), graph.constant(weights["cnn_b"]))
    return graph.model(
        {"tokens": ("count", SIZE), "root": (1, 1)}, _deepen(graph, weights, graph.node("Mul", projected, "root"))
    )


def _branch(graph: Graph, weights: Weights, order: int) -> str:
    """Two convolutions over windows of `order` tokens, each added to what it was made from; [tokens, 256]."""
    projection = graph.constant(weights[f"proj{order}"]), graph.constant(weights[f"proj_b{order}"])
    narrow = _layer_norm(graph, weights, f"ln_g{order}", f"ln_b{order}", graph.node("Gemm", "tokens", *projection))
    rows = graph.node("Transpose", narrow, perm=[1, 0])
    for layer in ("1", "2"):
        kernel = weights[f"w{layer}_{order}"].reshape(order, NARROW, NARROW, 1).transpose(2, 1, 0, 3)
        rows = _convolved(graph, rows, kernel, weights[f"b{layer}_{order}"])
    return graph.node("Transpose", rows, perm=[1, 0])


def _convolved(graph: Graph, rows: str, kernel: Floats, bias: Floats) -> str:
    """`rows`, [256, tokens], plus what the positive part of their convolution is; beyond the ends there is zero."""
    order = kernel.shape[2]
    before = (order - 1) // 2
    image = graph.node("Unsqueeze", rows, graph.axes(0, 3))
    pads = [before, 0, order - 1 - before, 0]
    found = graph.node("Conv", image, graph.constant(kernel), graph.constant(bias), pads=pads)
    return graph.node("Squeeze", graph.node("Add", graph.node("Relu", found), image), graph.axes(0, 3))


def _layer_norm(graph: Graph, weights: Weights, gain: str, offset: str, rows: str) -> str:
    gained, shifted = graph.constant(weights[gain]), graph.constant(weights[offset])
    return graph.node("LayerNormalization", rows, gained, shifted, axis=-1, epsilon=float(weights["eps"]))


def _deepen(graph: Graph, weights: Weights, row: str) -> str:
    """Four dense layers, every second of which sees past the one before it."""

    def dense(row: str, name: str) -> str:
        return graph.node("MatMul", row, graph.constant(weights[name]))

    first = graph.node("Relu", graph.node("Add", dense(graph.node("Relu", dense(row, "d0")), "d1"), dense(row, "p1")))
    second = dense(graph.node("Relu", dense(first, "d2")), "d3")
    return graph.node("Tanh", graph.node("Add", second, dense(first, "p3")))
