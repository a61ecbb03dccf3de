"""Evens out the columns of the matrix products' inputs, so that int8 loses less of them.

An int8 range belongs to a whole tensor: one large column leaves the others a few steps. Column k
of the input is divided by s_k and row k of the weights multiplied by it, which changes nothing in
float (SmoothQuant: Xiao et al. 2023), with s = max |input| ^ a / max |weight| ^ (1 - a) from the
inputs that sample messages give.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

Inputs = dict[str, NDArray[np.int64]]

STRENGTH = 0.85  # a: how much of the unevenness goes from the inputs into the weights
TINY = 1e-5


def smooth(graph: Path, samples: Sequence[Inputs]) -> None:
    """Rewrite the ONNX file `graph` in place; `samples` are what its session is fed with.

    Without samples nothing is known, and nothing changes.
    """
    if not samples:
        return
    model = onnx.load(graph)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    uses = Counter(name for node in model.graph.node for name in node.input)
    products: dict[str, list[NodeProto]] = {}  # by the input that they share
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights and uses[node.input[1]] == 1:
            products.setdefault(node.input[0], []).append(node)
    largest = _largest(model, list(products), samples)
    divided = {}  # the new node, by the first output that needs it
    for name, group in products.items():
        own = [weights[product.input[1]] for product in group]
        scale = _scale(largest[name], own)
        for tensor in own:
            _multiply_rows(tensor, scale)
        divided[group[0].output[0]] = _divide(model, name, scale)
        for product in group:
            product.input[0] = f"{name}_even"
    nodes = [
        each for node in model.graph.node for each in (divided.get(node.output[0]), node) if each
    ]
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)
    onnx.save(model, graph)


def _largest(
    model: onnx.ModelProto, names: list[str], samples: Sequence[Inputs]
) -> dict[str, NDArray[np.float32]]:
    """Largest magnitude in each column of the named tensors, over all samples."""
    import onnxruntime

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    largest: dict[str, NDArray[np.float32]] = {}
    for sample in samples:
        for name, value in zip(names, session.run(names, sample), strict=True):
            columns = np.abs(value.reshape(-1, value.shape[-1])).max(axis=0)
            largest[name] = np.maximum(largest.get(name, columns), columns)
    return largest


def _scale(largest: NDArray[np.float32], weights: list[TensorProto]) -> NDArray[np.float32]:
    rows = np.max([np.abs(numpy_helper.to_array(w)).max(axis=1) for w in weights], axis=0)
    scale = np.maximum(largest, TINY) ** STRENGTH / np.maximum(rows, TINY) ** (1 - STRENGTH)
    return np.asarray(scale / np.exp(np.log(scale).mean()), dtype=np.float32)


def _divide(model: onnx.ModelProto, name: str, scale: NDArray[np.float32]) -> NodeProto:
    factor = f"{name}_evenness"
    model.graph.initializer.append(numpy_helper.from_array(1 / scale, factor))
    return helper.make_node("Mul", [name, factor], [f"{name}_even"], name=f"{name}_even")


def _multiply_rows(weights: TensorProto, scale: NDArray[np.float32]) -> None:
    scaled = numpy_helper.to_array(weights) * scale[:, None]
    weights.CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), weights.name))
