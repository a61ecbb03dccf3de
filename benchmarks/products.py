"""How fast torch and ONNX Runtime multiply matrices of a training's sizes, alone and disturbed.

`python benchmarks/products.py` prints billions of floating-point operations a second, median of
many products, by library and number of threads; "disturbed" has a process beside it that keeps a
core busy.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TOKENS = 416  # of a batch: 16 messages of 26 tokens
SIZES = ((384, 384), (384, 1536), (1536, 384))  # of the encoder's weights
PRODUCTS = 60


def main() -> None:
    threads = sorted({1, os.cpu_count() or 1})
    print("| library | threads | alone | disturbed |")
    print("| --- | ---: | ---: | ---: |")
    for library in ("torch", "onnxruntime"):
        for count in threads:
            alone = _measured(library, count)
            with _busy_core():
                disturbed = _measured(library, count)
            print(f"| {library} | {count} | {alone:.0f} | {disturbed:.0f} |", flush=True)


def _measured(library: str, threads: int) -> float:
    """In a process of its own, since thread pools are made once."""
    answer = subprocess.run(
        [sys.executable, __file__, library, str(threads)],
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(json.loads(answer.stdout))


@contextmanager
def _busy_core() -> Iterator[None]:
    neighbour = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
    neighbour.start()
    time.sleep(2)  # until it has started
    try:
        yield
    finally:
        neighbour.terminate()
        neighbour.join()


def _spin() -> None:
    while True:
        pass


def _rate(product: Callable[[int, int], Callable[[], Any]]) -> float:
    """Billions of operations a second over all sizes, from the median of each."""
    operations, seconds = 0, 0.0
    for width, columns in SIZES:
        run = product(width, columns)
        times = []
        for _ in range(PRODUCTS):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        operations += 2 * TOKENS * width * columns
        seconds += sorted(times)[PRODUCTS // 2]
    return operations / seconds / 1e9


def _torch(width: int, columns: int) -> Callable[[], Any]:
    import torch

    inputs, weights = torch.randn(TOKENS, width), torch.randn(width, columns)
    return lambda: inputs @ weights


def _onnxruntime(width: int, columns: int) -> Callable[[], Any]:
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [TOKENS, width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [TOKENS, columns])],
        [numpy_helper.from_array(rng.normal(size=(width, columns)).astype(np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    inputs = {"x": rng.normal(size=(TOKENS, width)).astype(np.float32)}
    return lambda: session.run(None, inputs)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_rate({"torch": _torch, "onnxruntime": _onnxruntime}[sys.argv[1]])))
    else:
        main()
