"""The engine: a message in, a calibrated probability for every tag out.

numpy, onnxruntime and tokenizers alone, so that requests, commands and the evaluation of a
training run share one code. An engine may be used from many threads at once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifier import artefact
from classifier.artefact import ArtefactError, Manifest
from classifier.decision import InForce, asks_for_review, uncertainty
from classifier.familiarity import Familiarity
from classifier.graph import Graph
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


class Exit:
    """What the logits of an exit mean, and whether they decide: unless the probability of a tag
    lies in the exit's band, [low, high)."""

    def __init__(self, temperatures: Sequence[float], band: Band = (0.0, 0.0)) -> None:
        """In the order of the tags; with an empty band everything is decided."""
        self._temperatures, (self._low, self._high) = np.array(temperatures), band

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of logits […, tags]."""
        scaled = logits.astype(np.float64) / self._temperatures
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scaled)))  # the sigmoid, free of overflow

    def decides(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Of probabilities […, tags], those messages […] that may end here."""
        decided = (probabilities < self._low) | (probabilities >= self._high)
        return np.asarray(decided.all(axis=-1))


def exits(manifest: Manifest) -> list[Exit]:
    """Those of a model's graphs, in their order; the last one decides everything."""
    tags, early = manifest.tags, manifest.early_exit
    last = Exit([manifest.temperatures[tag] for tag in tags])
    return [Exit([early.temperatures[tag] for tag in tags], early.band), last] if early else [last]


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
        self.exits = exits(manifest)

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
            graph = Graph(*(folder / name for name in manifest.graphs), threads=threads)
            familiarity = Familiarity.load(folder, reader.tokenizer)
            engine = cls(manifest=manifest, reader=reader, graph=graph, familiarity=familiarity)
            engine._warm()
        except Exception as error:  # both libraries raise bare Exceptions
            why = str(error).replace(str(folder), folder.name)
            raise ArtefactError(f"{folder.name} cannot be loaded: {why}") from error
        return engine

    def classify(self, text: str) -> Classification:
        reading, strange = self.read(text)
        for leaving, probabilities in zip(self.exits, self.probabilities(reading), strict=True):
            if not strange and leaving.decides(probabilities):
                break
        return Classification(
            threshold=self.manifest.threshold,
            thresholds=self.manifest.thresholds,
            probabilities=dict(zip(self.manifest.tags, probabilities.tolist(), strict=True)),
            review_band=self.manifest.review_band,
            cut=reading.cut,
            strange=strange,
        )

    def read(self, text: str) -> tuple[Reading, bool]:
        """What is read of a message, and whether it is strange."""
        reading = self._reader.read(text)
        return reading, self._is_strange(reading)

    def probabilities(self, reading: Reading) -> Iterator[NDArray[np.float64]]:
        """[tags] at each exit; what lies behind one is computed when it is asked for."""
        for leaving, logits in zip(self.exits, self._graph.exits(reading), strict=True):
            yield leaving.probabilities(logits)

    def _is_strange(self, reading: Reading) -> bool:
        """False for a model that does not know what it learnt from."""
        known = self._familiarity
        return known is not None and (
            reading.cut or not _WORD.search(reading.text) or known.is_strange(reading)
        )

    def _warm(self) -> None:
        """First runs allocate; they also show whether the graph fits the manifest."""
        for text in ("hello", "hello there " * self.manifest.max_length):
            found = np.array(list(self._graph.exits(self._reader.read(text))))
            expected = (len(self.exits), len(self.manifest.tags))
            if found.shape != expected or not np.isfinite(found).all():
                raise ValueError(f"the graph answers {found.tolist()} for {self.manifest.tags}")
