"""The weights of an exported reader, to go on training from: int8 matrices times their scales, and those left whole."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper


def exported_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights in a reader.onnx of `training.export`, as float32, by their names in the model of transformers.

    The word embeddings are left out: they are never trained. A matrix has no name of its own after quantisation; it
    is that of the bias which is added to its product.
    """
    graph = onnx.load(path).graph
    stored = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    readers = {name: node for node in graph.node for name in node.input}
    weights = {name: array for name, array in stored.items() if name.startswith("model.") and array.dtype == np.float32}
    for name, array in stored.items():
        if name.endswith("embeddings.weight_quantized") and "word_embeddings" not in name:
            base = name.removesuffix("_quantized")
            weights[base] = (array.astype(np.float32) - stored[f"{base}_zero_point"]) * stored[f"{base}_scale"]
    for node in graph.node:
        if node.op_type not in ("MatMul", "MatMulInteger") or node.input[1] not in stored:
            continue
        matrix = node.input[1].removesuffix("_quantized")
        bias = node
        while bias.op_type != "Add":
            bias = readers[bias.output[0]]
        name = next(item for item in bias.input if item in stored).removesuffix("bias") + "weight"
        whole = stored[node.input[1]].astype(np.float32)
        if node.op_type == "MatMulInteger":
            whole = (whole - stored[f"{matrix}_zero_point"]) * stored[f"{matrix}_scale"]
        weights[name] = whole.T
    names = {name: name.removeprefix("model.") for name in weights if not name.endswith(("_scale", "_point"))}
    return {short: torch.from_numpy(np.array(weights[name])) for name, short in names.items()}
