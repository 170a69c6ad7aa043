"""An ONNX model in onnxruntime, on the thread that asks it: a sentence is too short to gain from more."""

from typing import Any

import onnxruntime


def load(model: str | bytes) -> Any:
    """The session of a file or its content. Raises ValueError when onnxruntime cannot use it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no other root
        raise ValueError(str(error)) from error
