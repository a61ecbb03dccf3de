"""The ONNX sessions of a model: what is read of a message in, its logits out, exit after exit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from classifier import cores
from classifier.reader import Reading


def inputs(reading: Reading) -> dict[str, NDArray[Any]]:
    """What a graph is fed with for one message."""
    ids = np.array([reading.ids], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


class Graph:
    """A network in one part, or in several, each of which ends in an exit.

    A part gives logits first, and then what the next one takes beside a message's tokens.
    """

    def __init__(self, *parts: Path, threads: int = 0) -> None:
        """`threads` 0 uses every core."""
        self._parts = [_Part(path, threads) for path in parts]

    def exits(self, reading: Reading) -> Iterator[NDArray[np.float32]]:
        """Logits [tags] of one message at each exit; what lies behind one runs when asked for.

        Only the message's own tokens are computed, nothing is padded. One message a run: the
        ranges of dynamic int8 belong to the whole tensor, so in a shared run an answer would
        depend on its neighbours.
        """
        tensors = inputs(reading)
        for part in self._parts:
            tensors |= part.run(tensors)
            yield tensors[part.gives[0]][0]


class _Part:
    """A session that knows the names of what it takes and gives."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = _session(path, threads)
        self.takes = [each.name for each in self._session.get_inputs()]
        self.gives = [each.name for each in self._session.get_outputs()]

    def run(self, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        given = self._session.run(self.gives, {name: tensors[name] for name in self.takes})
        return dict(zip(self.gives, given, strict=True))


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # Counted here, for with 0 onnxruntime pins threads to cores and complains in containers.
    options.intra_op_num_threads = threads or cores.available()
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Spinning between runs doubled the processor time of a message and made none faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        str(path),
        options,
        providers=["CPUExecutionProvider"],
        # Fused, addition and normalisation are one scalar kernel: a tenth of a message's time.
        disabled_optimizers=["SkipLayerNormFusion"],
    )
