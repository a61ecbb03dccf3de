"""The engine: a message in, a calibrated probability for every tag out.

numpy, onnxruntime and tokenizers alone, so that requests, commands and the evaluation of a
training run share one code. An engine may be used from many threads at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifier import artefact, cores
from classifier.artefact import ArtefactError, Manifest
from classifier.decision import InForce, asks_for_review, uncertainty
from classifier.familiarity import Familiarity
from classifier.manifest import Band
from classifier.reader import Reader, Reading

_WORD = re.compile(r"[^\W_]")


def ranked(probabilities: Mapping[str, float]) -> list[tuple[str, float]]:
    """Every (tag, probability), highest first, ties by name."""
    return sorted(probabilities.items(), key=lambda pair: (-pair[1], pair[0]))


@dataclass(frozen=True, kw_only=True)
class Classification:
    """Probability of every tag for one message, and the thresholds and the band that decide.

    `cut`: the message is longer than the model reads. `strange`: so it is, or it has no words, or
    is unlike anything learnt.
    """

    threshold: float
    thresholds: dict[str, float]
    probabilities: dict[str, float]
    review_band: Band | None = None
    cut: bool = False
    strange: bool = False

    def decided_by(self, found: InForce) -> Self:
        """The same probabilities, decided by the thresholds in force."""
        return replace(self, threshold=found.overall.threshold, thresholds=found.thresholds)

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Every (tag, probability), highest first, ties by name."""
        return ranked(self.probabilities)

    @property
    def selected(self) -> list[tuple[str, float]]:
        """Those of `ranked` that reach their tag's threshold."""
        return [(tag, value) for tag, value in self.ranked if value >= self.thresholds[tag]]

    @property
    def tags(self) -> list[str]:
        """The names of `selected`, in the model's order."""
        found = self.probabilities.items()
        return [tag for tag, value in found if value >= self.thresholds[tag]]

    @property
    def unsure(self) -> frozenset[str]:
        """Tags whose decision, for or against, a person had better look at."""
        return frozenset(
            tag
            for tag, value in self.probabilities.items()
            if asks_for_review(value, threshold=self.thresholds[tag], band=self.review_band)
        )

    @property
    def review(self) -> bool:
        """Whether a person had better look at the message."""
        return self.strange or bool(self.unsure)

    @property
    def uncertainty(self) -> float:
        """From 0 to 1: how close the closest decision is; 1 for a strange message."""
        return 1.0 if self.strange else uncertainty(self.probabilities, self.thresholds)


def inputs(reading: Reading) -> dict[str, NDArray[np.int64]]:
    """What a graph is fed with for one message."""
    ids = np.array([reading.ids], dtype=np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


class Graph:
    """An ONNX session: what is read of a message in, its logits out."""

    def __init__(self, model: Path, *, threads: int = 0) -> None:
        """`threads` 0 uses every core."""
        self._session = _session(model, threads)

    def logits(self, reading: Reading) -> NDArray[np.float32]:
        """Logits [tags] of one message: only its own tokens are computed, nothing is padded.

        One message a run: the ranges of dynamic int8 belong to the whole tensor, so in a shared
        run an answer would depend on its neighbours.
        """
        logits: NDArray[np.float32] = self._session.run(["logits"], inputs(reading))[0][0]
        return logits


class Engine:
    """One loaded model folder."""

    def __init__(
        self,
        *,
        manifest: Manifest,
        reader: Reader,
        graph: Graph,
        familiarity: Familiarity | None = None,
    ) -> None:
        self.manifest = manifest
        self._reader, self._graph, self._familiarity = reader, graph, familiarity
        self._temperatures = np.array([manifest.temperatures[tag] for tag in manifest.tags])

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> Self:
        """Verify, load and warm the model in `folder`; `threads` 0 uses every core.

        Raises ArtefactError whatever is wrong with the folder.
        """
        manifest = artefact.read(folder)
        try:
            reader = Reader(
                Tokenizer.from_file(str(folder / artefact.TOKENIZER)),
                max_length=manifest.max_length,
                cleaning=manifest.text_cleaning,
                prefix=manifest.text_prefix,
            )
            graph = Graph(folder / artefact.MODEL, threads=threads)
            familiarity = Familiarity.load(folder, reader.tokenizer)
            engine = cls(manifest=manifest, reader=reader, graph=graph, familiarity=familiarity)
            engine._warm()
        except Exception as error:  # both libraries raise bare Exceptions
            why = str(error).replace(str(folder), folder.name)
            raise ArtefactError(f"{folder.name} cannot be loaded: {why}") from error
        return engine

    def classify(self, text: str) -> Classification:
        reading = self._reader.read(text)
        logits = self._graph.logits(reading).astype(np.float64) / self._temperatures
        probabilities = 0.5 * (1.0 + np.tanh(0.5 * logits))  # the sigmoid, free of overflow
        return Classification(
            threshold=self.manifest.threshold,
            thresholds=self.manifest.thresholds,
            probabilities=dict(zip(self.manifest.tags, probabilities.tolist(), strict=True)),
            review_band=self.manifest.review_band,
            cut=reading.cut,
            strange=self._is_strange(reading),
        )

    def _is_strange(self, reading: Reading) -> bool:
        """False for a model that does not know what it learnt from."""
        known = self._familiarity
        return known is not None and (
            reading.cut or not _WORD.search(reading.text) or known.is_strange(reading)
        )

    def _warm(self) -> None:
        """First runs allocate; they also show whether the graph fits the manifest."""
        for text in ("hello", "hello there " * self.manifest.max_length):
            logits = self._graph.logits(self._reader.read(text))
            if logits.shape != (len(self.manifest.tags),) or not np.isfinite(logits).all():
                raise ValueError(f"the graph answers {logits.tolist()} for {self.manifest.tags}")


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
