"""A small network written as ONNX, for onnxruntime to run: its matrix products stay on the thread that asks for them.

Those of numpy do not: OpenBLAS spreads them over threads of its own, which do not make way for the event loop, and
under load wait for each other (30 ms for a sentence that takes 1). The numbers of the fields are those of onnx.proto.
"""

import struct
from collections.abc import Mapping, Sequence

import numpy as np

from callcenter.dialogue.classify.nearest import Floats

FLOAT, INT64 = 1, 7
IR, OPSET = 8, 17
"""The oldest versions that have LayerNormalization."""

Attribute = int | float | Sequence[int]


class Graph:
    """Nodes in the order in which they are computed; each has one output, whose name is handed on."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, value: Floats) -> str:
        """A weight."""
        return self._constant(value.shape, FLOAT, np.ascontiguousarray(value, "<f4").tobytes())

    def axes(self, *numbers: int) -> str:
        """Numbers of axes, where an operator takes them as an input."""
        return self._constant((len(numbers),), INT64, np.array(numbers, "<i8").tobytes())

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """The result of an operator."""
        name = f"node{len(self._nodes)}"
        read = b"".join(_text(1, each) for each in inputs)
        settings = b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        self._nodes.append(read + _text(2, name) + _text(4, operator) + settings)
        return name

    def _constant(self, shape: Sequence[int], kind: int, raw: bytes) -> str:
        name = f"constant{len(self._constants)}"
        sizes = b"".join(_number(1, size) for size in shape)
        self._constants.append(sizes + _number(2, kind) + _text(8, name) + _bytes(9, raw))
        return name

    def model(self, inputs: Mapping[str, Sequence[int | str]], output: str) -> bytes:
        """The whole as a file's content. Of each input its shape: sizes, and names of sizes that vary."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, "graph")
        graph += b"".join(_bytes(5, constant) for constant in self._constants)
        graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
        graph += _bytes(12, _value(output, None))
        return _number(1, IR) + _bytes(7, graph) + _bytes(8, _number(2, OPSET))


def _attribute(name: str, value: Attribute) -> bytes:
    match value:
        case float():
            return _text(1, name) + b"\x15" + struct.pack("<f", value) + _number(20, 1)
        case int():
            return _text(1, name) + _number(3, value) + _number(20, 2)
        case _:
            return _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _value(name: str, shape: Sequence[int | str] | None) -> bytes:
    tensor = _number(1, FLOAT)
    if shape is not None:
        sizes = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
        tensor += _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value % 2**64)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """In groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
