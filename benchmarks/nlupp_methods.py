"""The recipes that the NLU++ benchmark sets side by side: training examples in, probabilities out.

No recipe sees a test fold. A threshold is fixed in advance or chosen out of fold on the training
examples; so is the strength of the logistic regressions.
"""

import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nlupp_data import Examples
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier

from classifier.graph import Graph
from training.decision import metrics, thresholds
from training.export import onnx_graph
from training.learning import base_models, finetune, network
from training.learning.config import PRESETS, TrainingConfig

Probabilities = Callable[[list[str]], NDArray[np.floating[Any]]]

INNER_FOLDS = 3
GRID = (0.05, 0.95, 0.01)  # of the methods that have no grid of their own
STRENGTHS = (1.0, 10.0, 100.0)  # C of a logistic regression
SETFIT = {"num_iterations": 20, "batch_size": 16, "num_epochs": 1}  # SetFit's own recipe
# Its head says no to every rare label unless the classes weigh the same.
SETFIT_HEAD = {"class_weight": "balanced", "max_iter": 1000}
TIMED = 200  # messages


@dataclass(frozen=True)
class Fitted:
    """`probabilities`: texts → [texts, intents]; `seconds` took the training with its tuning."""

    probabilities: Probabilities
    threshold: float
    seconds: float = 0.0


def fit(method: str, train: Examples, descriptions: Mapping[str, str]) -> Fitted:
    start = time.perf_counter()
    with warnings.catch_warnings():
        # One fold knows some intents not at all, or never without them.
        warnings.filterwarnings("ignore", message="Label .* is present|Label not")
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        fitted = METHODS[method](train, descriptions)
    return Fitted(fitted.probabilities, fitted.threshold, time.perf_counter() - start)


def missing(method: str) -> str | None:
    """What must be installed before the method can run; None when all is there."""
    if method == "setfit" and util.find_spec("setfit") is None:
        return "not run: the package setfit is not installed"
    return None


def settings(method: str) -> dict[str, Any]:
    """All that decides the method's figures but the data: its key in the results file."""
    if method in CONFIGS:
        return CONFIGS[method].as_dict()
    if method == "setfit":
        version = None if missing(method) else metadata.version("setfit")
        return SETFIT | SETFIT_HEAD | {"version": version, "threshold": 0.5}
    return {"grid": GRID, "strengths": STRENGTHS, "folds": INNER_FOLDS, "balanced": True}


def microseconds(fitted: Fitted, texts: list[str]) -> float:
    """Median for one message, from text to probabilities, one message at a time."""
    fitted.probabilities(texts[:5])
    times = []
    for text in texts[:TIMED]:
        start = time.perf_counter()
        fitted.probabilities([text])
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1e6)


def _tfidf(train: Examples, _: Mapping[str, str]) -> Fitted:
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(train.texts)
    return _logistic_regression(vectoriser.transform, train)


def _frozen(train: Examples, descriptions: Mapping[str, str]) -> Fitted:
    """The encoder as it comes: the mean of its last layer, normalised."""
    config = PRESETS["original"].with_changes(pooling="mean")
    net, reader = network.build(config, descriptions)
    net.eval()

    def embed(texts: list[str]) -> NDArray[np.float32]:
        with torch.inference_mode():
            parts = [
                net.embed(*network.batch(reader, texts[i : i + 64]))
                for i in range(0, len(texts), 64)
            ]
        return torch.nn.functional.normalize(torch.cat(parts), dim=-1).numpy()

    return _logistic_regression(embed, train)


def _logistic_regression(features: Callable[[list[str]], Any], train: Examples) -> Fitted:
    """One against the rest; strength and threshold of the best out-of-fold micro-F1."""
    x = features(train.texts)

    def model(strength: float) -> OneVsRestClassifier:
        return OneVsRestClassifier(
            LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
        )

    best_score, best = -1.0, (0.5, STRENGTHS[0])
    for strength in STRENGTHS:
        out = _out_of_fold(
            train.labels,
            lambda rows, others, c=strength: (
                model(c).fit(x[rows], train.labels[rows]).predict_proba(x[others])
            ),
        )
        threshold = thresholds.search_global(out, train.labels, GRID)
        score = metrics.micro_f1(train.labels, out >= threshold)
        if score > best_score:
            best_score, best = score, (threshold, strength)
    fitted = model(best[1]).fit(x, train.labels)
    return Fitted(lambda texts: fitted.predict_proba(features(texts)), best[0])


def _preset(
    config: TrainingConfig, *, served: bool = False
) -> Callable[[Examples, Mapping[str, str]], Fitted]:
    """Fine-tuning as `manage.py train` does it, all epochs; out of fold where a grid is given.

    `served`: the answers are those of the int8 graph that would serve.
    """

    def tune(train: Examples, descriptions: Mapping[str, str]) -> Fitted:
        def train_on(texts: list[str], labels: NDArray[np.bool_]) -> Probabilities:
            fitted = finetune.fit(
                train=(texts, labels), validation=None, descriptions=descriptions, config=config
            )
            if served:
                return _served(fitted, texts)
            return lambda some: metrics.sigmoid(fitted.logits(some))

        threshold = config.thresholds[0]
        if config.thresholds[1] > threshold:
            threshold = _threshold(train, train_on, config.thresholds)
        return Fitted(train_on(train.texts, train.labels), threshold)

    return tune


def _served(fitted: finetune.Fitted, samples: list[str]) -> Probabilities:
    """Of the int8 graph, one message a run, as the web process computes them to the last exit."""
    with tempfile.TemporaryDirectory() as folder:
        graphs = [Path(folder) / f"{name}.onnx" for name in ("float32", "int8")]
        onnx_graph.to_onnx(fitted, graphs[0])
        onnx_graph.quantise(*graphs, fitted=fitted, samples=samples[: onnx_graph.SAMPLES])
        graph = Graph(*onnx_graph.cut(graphs[1]))

    def last(text: str) -> NDArray[np.float32]:
        *_, logits = graph.exits(fitted.reader.read(text))
        return logits

    return lambda texts: metrics.sigmoid(np.array([last(text) for text in texts]))


def _setfit(train: Examples, _: Mapping[str, str]) -> Fitted:
    """SetFit from its package (Tunstall et al. 2022), one against the rest."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    def train_on(texts: list[str], labels: NDArray[np.bool_]) -> Probabilities:
        model = SetFitModel.from_pretrained(
            base_models.locate(base_models.PACKAGED),
            multi_target_strategy="one-vs-rest",
            head_params=SETFIT_HEAD,
        )
        rows = Dataset.from_dict({"text": texts, "label": labels.astype(int).tolist()})
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder, show_progress_bar=False, save_strategy="no", **SETFIT
            )
            Trainer(model=model, args=arguments, train_dataset=rows).train()
        return lambda some: model.predict_proba(some, as_numpy=True)

    return Fitted(train_on(train.texts, train.labels), 0.5)


def _threshold(
    train: Examples,
    train_on: Callable[[list[str], NDArray[np.bool_]], Probabilities],
    grid: thresholds.Grid,
) -> float:
    def predict(rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
        probabilities = train_on([train.texts[i] for i in rows], train.labels[rows])
        return probabilities([train.texts[i] for i in others])

    out = _out_of_fold(train.labels, predict)
    return thresholds.search_global(out, train.labels, grid)


def _out_of_fold(
    labels: NDArray[np.bool_],
    predict: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.floating[Any]]],
) -> NDArray[np.float64]:
    """Probabilities of each example by the model that did not see it."""
    out = np.zeros(labels.shape)
    for rows, others in KFold(INNER_FOLDS, shuffle=True, random_state=0).split(labels):
        out[others] = predict(rows, others)
    return out


THRESHOLD = 0.40  # of Beez, fixed in advance for all runs
CONFIGS = {
    "original": PRESETS["original"],
    "beez": PRESETS["default"].with_changes(thresholds=(THRESHOLD, THRESHOLD, 0.01)),
}
CONFIGS["beez-int8"] = CONFIGS["beez"]
METHODS: dict[str, Callable[[Examples, Mapping[str, str]], Fitted]] = {
    "tfidf": _tfidf,
    "frozen": _frozen,
    "original": _preset(CONFIGS["original"]),
    "setfit": _setfit,
    "beez": _preset(CONFIGS["beez"]),
    "beez-int8": _preset(CONFIGS["beez-int8"], served=True),
}
