"""Networks that are written here are computed by onnxruntime as they are meant."""

import numpy as np
import pytest

from callcenter.dialogue.classify import onnx_session
from callcenter.dialogue.classify.nearest import Floats
from callcenter.dialogue.classify.onnx_graph import Graph

RANDOM = np.random.default_rng(7)


def random(*shape: int) -> Floats:
    return RANDOM.normal(size=shape).astype(np.float32)


def computed(model: bytes, **inputs: Floats) -> Floats:
    output: Floats = onnx_session.load(model).run(None, inputs)[0]
    return output


@pytest.mark.parametrize("rows", [1, 5, 300])
def test_a_dense_layer(rows: int) -> None:
    weights, bias, given = random(4, 3), random(3), random(rows, 4)
    graph = Graph()
    dense = graph.node("Gemm", "given", graph.constant(weights), graph.constant(bias))
    model = graph.model({"given": ("rows", 4)}, graph.node("Relu", dense))
    assert computed(model, given=given) == pytest.approx(np.maximum(given @ weights + bias, 0), abs=1e-5)


def test_attributes_of_every_kind() -> None:
    """A list with a negative number, a whole number, a fraction; and axes as an input."""
    given, epsilon = random(3, 4), 0.25
    graph = Graph()
    turned = graph.node("Transpose", "given", perm=[1, 0])
    gained, shifted = graph.constant(np.ones(3, np.float32)), graph.constant(np.zeros(3, np.float32))
    normal = graph.node("LayerNormalization", turned, gained, shifted, axis=-1, epsilon=epsilon)
    deep = graph.node("Unsqueeze", normal, graph.axes(0, 3))
    mean = graph.node("ReduceMean", deep, axes=[-2, -1], keepdims=0)
    found = computed(graph.model({"given": (3, 4)}, mean), given=given)
    rows = given.T - given.T.mean(axis=1, keepdims=True)
    expected = rows / np.sqrt((rows**2).mean(axis=1, keepdims=True) + epsilon)
    assert found == pytest.approx(expected.mean(axis=1)[np.newaxis], abs=1e-5)


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_what_is_no_network_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        onnx_session.load(content)
