"""Turns a trained network into what serving reads: a verified ONNX graph, int8 where that holds."""

import itertools
import logging
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from classifier import parallel
from classifier.artefact import DEEPER, MODEL
from classifier.graph import Graph, inputs
from training.decision import metrics
from training.decision.metrics import Flags
from training.learning.finetune import Fitted

if TYPE_CHECKING:
    from torch import Tensor

Exits = NDArray[np.float32]  # logits [exits, messages, tags], those of the whole network last
Decide = Callable[[Exits], Flags]  # which tags hold, [messages, tags]
Precision = Literal["int8", "float32"]

MAX_DIFFERENCE = 1e-3  # of any probability, ONNX against torch
MAX_LOSS = 0.005  # of micro-F1, int8 against float, unless it may be chance
QUICK = "A quick version: making int8 of it would keep the first answer waiting."
LOGITS = "logits"
EARLY, STATES = "early_logits", "states"  # what the graph gives at its early exit
SAMPLES = 200  # messages whose inputs show the smoothing where ranges are uneven


class ExportError(Exception):
    """The exported model does not say what the trained one says."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What stands in the staging folder as graphs and tokenizer.json, and how it was chosen."""

    precision: Precision
    reason: str
    max_difference: float
    size_bytes: dict[str, int]
    micro_f1: dict[str, float]
    seconds: dict[str, NDArray[np.float64]]  # for each message, up to each exit [exits, messages]
    exits: Exits  # of the graphs that will serve, on the messages that were given


def export(
    fitted: Fitted,
    staging: Path,
    *,
    messages: Sequence[str],
    samples: Sequence[str],
    gold: Flags,
    decide: Decide,
) -> Exported:
    """Write tokenizer.json and the graph into `staging`, in two files where there is an early exit.

    The float graph must agree with torch within MAX_DIFFERENCE on a hundred of `messages`
    (ExportError otherwise). The int8 graph, made with training messages as `samples`, is taken
    unless its decisions on `messages`, which the network has not learnt from, lose more than
    MAX_LOSS of micro-F1 against `gold` beyond chance; then the float graph is, and the reason
    says so. A quick version (frozen layers) has no int8 graph: it is to be there at once.
    """
    tokenizer = fitted.reader.tokenizer.to_str(pretty=True)  # its save() has errors of no kind
    (staging / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=staging, prefix=".export-") as scratch:
        whole = {"float32": Path(scratch) / "float32.onnx"}
        to_onnx(fitted, whole["float32"])
        if not fitted.config.frozen_layers:
            whole["int8"] = Path(scratch) / "int8.onnx"
            quantise(whole["float32"], whole["int8"], fitted=fitted, samples=samples[:SAMPLES])
        graphs = {name: cut(path) for name, path in whole.items()}
        difference = _verify(fitted, graphs["float32"], list(messages)[:100])
        answers = {name: run(fitted, parts, messages) for name, parts in graphs.items()}
        said = {name: decide(exits) for name, (exits, _) in answers.items()}
        precision, reason = choose(gold, **said) if "int8" in said else ("float32", QUICK)
        sizes = {name: sum(path.stat().st_size for path in graphs[name]) for name in graphs}
        for part, name in zip(graphs[precision], (MODEL, DEEPER), strict=False):
            shutil.move(part, staging / name)
    return Exported(
        precision=precision,
        reason=reason,
        max_difference=difference,
        size_bytes=sizes,
        micro_f1={name: metrics.micro_f1(gold, flags) for name, flags in said.items()},
        seconds={name: seconds for name, (_, seconds) in answers.items()},
        exits=answers[precision][0],
    )


def choose(gold: Flags, *, float32: Flags, int8: Flags) -> tuple[Precision, str]:
    """int8 unless it loses more than MAX_LOSS of micro-F1, and that is no chance; and the sentence
    that says why. All are decisions [messages, tags].

    Of few messages a single decision is more than MAX_LOSS, so the loss counts only where the
    paired interval says that there is one.
    """
    loss, low, _ = metrics.micro_f1_difference(gold, float32, int8)
    one, other = metrics.micro_f1(gold, int8), metrics.micro_f1(gold, float32)
    figures = f"micro-F1 {one:.4f} as int8, {other:.4f} as float32"
    if loss <= MAX_LOSS + 1e-9:
        return "int8", f"{figures}: within {MAX_LOSS:.3f}."
    if low <= 0:
        return "int8", f"{figures}: on {len(gold)} messages no more than chance."
    return "float32", f"{figures}: int8 loses more than {MAX_LOSS:.3f}, so the float model serves."


def to_onnx(fitted: Fitted, path: Path) -> None:
    """The network as one ONNX graph: input_ids, attention_mask (int64, both axes free) → logits,
    and where it has an early exit, that one's logits and the states that it leaves."""
    import torch

    from training.learning.network import Served, batch

    ids, mask = batch(fitted.reader, ["two messages", "of different length, to be exported"])
    if fitted.config.frozen_layers:
        _trace(fitted, ids, mask, path)
        return
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens")}
    outputs = [LOGITS, *([EARLY, STATES] if fitted.network.early else [])]
    with _quiet():
        program = torch.onnx.export(
            Served(fitted.network.cpu().eval()),
            (ids, mask),
            input_names=["input_ids", "attention_mask"],
            output_names=outputs,
            dynamic_shapes=(axes, axes),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(str(path), external_data=False)


def _trace(fitted: Fitted, ids: "Tensor", mask: "Tensor", path: Path) -> None:
    """The older exporter, which takes a second and not ten: for what is to be there at once.

    It follows one pass and would not see a branch that depends on the message; `_verify` would.
    """
    import torch

    free = {0: "batch", 1: "tokens"}
    with _quiet():
        torch.onnx.export(
            fitted.network.cpu().eval(),
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": free, "attention_mask": free, "logits": {0: "batch"}},
            opset_version=18,
            dynamo=False,
        )


def cut(whole: Path) -> list[Path]:
    """The graph in the files that serve: cut at its early exit, where it has one.

    Cut after quantisation, so that the parts one after the other compute what the whole does.
    """
    import onnx
    from onnx.utils import Extractor

    model = onnx.load(whole)
    if EARLY not in {output.name for output in model.graph.output}:
        return [whole]
    parts = [whole.with_suffix(f".{number}.onnx") for number in (1, 2)]
    extract = Extractor(model).extract_model
    onnx.save(extract(["input_ids", "attention_mask"], [EARLY, STATES]), parts[0])
    onnx.save(extract([STATES, "attention_mask"], [LOGITS]), parts[1])
    return parts


def quantise(source: Path, target: Path, *, fitted: Fitted, samples: Sequence[str]) -> None:
    """Dynamic int8: matrix products and embedding tables; activations are scaled at run time.

    Their columns are evened out first, as `samples` show them (training/export/smoothing.py).

    Weights keep seven bits (reduce_range), since the AVX2 kernels of processors without VNNI
    saturate with eight; so the same file gives the same answers on every processor.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from training.export import smoothing

    prepared = target.with_suffix(".prepared.onnx")
    with _quiet():
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        smoothing.smooth(prepared, [inputs(fitted.reader.read(text)) for text in samples])
        quantize_dynamic(
            prepared,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        )


def run(
    fitted: Fitted, graphs: Sequence[Path], messages: Sequence[str]
) -> tuple[Exits, NDArray[np.float64]]:
    """(logits, seconds [exits, messages] up to there) of a graph's parts, computed as serving
    computes them: a thread for each message, and as many messages at once as there are cores."""
    served = Graph(*graphs, threads=1)

    def said(message: str) -> list[tuple[NDArray[np.float32], float]]:
        start = time.perf_counter()
        exits = served.exits(fitted.reader.read(message))
        return [(logits, time.perf_counter() - start) for logits in exits]

    rows = list(itertools.chain.from_iterable(parallel.each(messages, said, size=len)))
    shape = len(messages), len(graphs)
    exits = np.array([row[0] for row in rows], dtype=np.float32)
    seconds = np.array([row[1] for row in rows]).reshape(shape).T
    return exits.reshape(*shape, fitted.network.tags).swapaxes(0, 1), seconds


def _verify(fitted: Fitted, graphs: Sequence[Path], messages: list[str]) -> float:
    torch_says = metrics.sigmoid(fitted.exits(messages))
    difference = float(np.abs(torch_says - metrics.sigmoid(run(fitted, graphs, messages)[0])).max())
    if not difference <= MAX_DIFFERENCE:
        raise ExportError(
            f"The exported model differs from the trained one by {difference:.4f} "
            f"(at most {MAX_DIFFERENCE} is accepted)."
        )
    return difference


@contextmanager
def _quiet() -> Iterator[None]:
    """Both exporters tell dozens of lines of their inner workings, on the root logger too."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
