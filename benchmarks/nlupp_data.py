"""Reads a domain of NLU++ and deals its folds out to the runs of a regime.

The folder holds `ontology.json` (intents with descriptions and domains) and DOMAIN/fold*.json.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDS = 20
REGIMES = {"20-fold": 20, "10-fold": 10, "large": 10}  # regime → runs


class DataError(Exception):
    """The folder is not one of NLU++; the message says what is wrong."""


@dataclass(frozen=True)
class Examples:
    texts: list[str]
    labels: NDArray[np.bool_]  # [texts, intents]


@dataclass(frozen=True)
class Domain:
    """Folds in their numerical order; `descriptions`: intent → text, in the order of columns."""

    name: str
    descriptions: dict[str, str]
    folds: list[Examples]
    digest: str

    def split(self, regime: str, run: int) -> tuple[Examples, Examples]:
        """(train, test) of a run as the paper deals them; examples without an intent stay in."""
        few = {run} if regime == "20-fold" else {2 * run, 2 * run + 1}
        rest = set(range(FOLDS)) - few
        train, test = (rest, few) if regime == "large" else (few, rest)
        return self._join(train), self._join(test)

    def _join(self, numbers: set[int]) -> Examples:
        parts = [self.folds[number] for number in sorted(numbers)]
        return Examples(
            texts=[text for part in parts for text in part.texts],
            labels=np.concatenate([part.labels for part in parts]),
        )


def read(folder: Path, domain: str) -> Domain:
    """The domain's folds; its intents are the ontology's that are general or name the domain."""
    files = sorted((folder / domain).glob("fold*.json"), key=_number)
    if len(files) != FOLDS:
        raise DataError(f"{folder / domain} holds {len(files)} files fold*.json, not {FOLDS}.")
    ontology = folder / "ontology.json"
    intents = json.loads(ontology.read_text())["intents"]
    descriptions = {
        name: intent["description"]
        for name, intent in intents.items()
        if {"general", domain} & set(intent["domain"])
    }
    folds = [_examples(file, list(descriptions)) for file in files]
    content = b"".join(file.read_bytes() for file in [ontology, *files])
    return Domain(domain, descriptions, folds, hashlib.sha256(content).hexdigest()[:12])


def _examples(file: Path, intents: list[str]) -> Examples:
    rows = json.loads(file.read_text())
    gold = [set(row.get("intents", ())) for row in rows]
    if unknown := set().union(*gold) - set(intents):
        raise DataError(f"{file} names intents that the ontology lacks: {sorted(unknown)}.")
    return Examples(
        texts=[row["text"] for row in rows],
        labels=np.array([[name in some for name in intents] for some in gold], dtype=bool),
    )


def _number(file: Path) -> int:
    return int("".join(re.findall(r"\d+", file.stem)) or -1)
