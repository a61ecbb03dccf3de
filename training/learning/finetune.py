"""Fine-tunes the network: one loop over epochs, early stopping on validation micro-F1."""

import copy
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from classifier import cores
from classifier.reader import Reader
from training.decision import metrics, thresholds
from training.decision.metrics import Labels
from training.learning import network
from training.learning.config import TrainingConfig

Texts = Sequence[str]
Progress = Callable[[dict[str, Any]], None]


@dataclass
class Fitted:
    """A trained network with what is needed to use it, and how the training went."""

    network: network.TaggerNetwork
    reader: Reader
    config: TrainingConfig
    history: list[dict[str, float]] = field(default_factory=list)

    def logits(self, texts: Texts) -> NDArray[np.float32]:
        """Logits [messages, tags] of the whole network, in the order of `texts`."""
        return np.asarray(self.exits(texts)[-1])

    def exits(self, texts: Texts, *, batch_size: int = 64) -> NDArray[np.float32]:
        """Logits [exits, messages, tags], those of the whole network last, on the CPU."""
        device = next(self.network.parameters()).device
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        exits = 1 if self.network.early is None else 2
        out = np.zeros((exits, len(texts), self.network.tags), dtype=np.float32)
        self.network.eval()
        with torch.inference_mode():
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                ids, mask = network.batch(self.reader, [texts[i] for i in rows])
                found = self.network.exits(ids.to(device), mask.to(device))
                out[:, rows] = torch.stack(found).float().cpu().numpy()
        return out


def fit(
    *,
    train: tuple[Texts, Labels],
    validation: tuple[Texts, Labels] | None,
    descriptions: Mapping[str, str],
    config: TrainingConfig,
    progress: Progress = lambda _: None,
) -> Fitted:
    """Train on `train`, keep the weights that are best on `validation`; deterministic by seed.

    Labels are [messages, tags]; where one is unknown (not-a-number), nothing is learnt or scored.
    Without validation messages all epochs run, and the last weights are kept, or their average.
    Few messages are gone through more than `config.epochs` times, until `config.min_steps`; many
    less often, to end before `config.max_steps`.
    `progress` is called after each step with epoch, batch, batches and loss, and after
    each epoch with its mean loss and, where there are validation messages, their micro-F1 too.
    """
    torch.set_num_threads(min(torch.get_num_threads(), cores.available()))
    _seed(config.seed)
    net, reader = network.build(config, descriptions)
    return _run(Fitted(net, reader, config), train, validation, progress)


def _run(
    fitted: Fitted,
    train: tuple[Texts, Labels],
    validation: tuple[Texts, Labels] | None,
    progress: Progress,
) -> Fitted:
    """`fitted` with its best weights, or the last ones, and the history of the training."""
    config, net = fitted.config, fitted.network
    device = "cuda" if torch.cuda.is_available() else "cpu"
    trainer = _Trainer(fitted, train, device)
    best, best_score, waited = copy.deepcopy(net.state_dict()), -1.0, 0
    for epoch in range(1, trainer.epochs + 1):
        row: dict[str, Any] = {"epoch": epoch, "loss": trainer.epoch(epoch, progress)}
        with trainer.averaged_weights():
            if validation is not None:
                logits = fitted.logits(validation[0])
                row["validation_micro_f1"] = _best_micro_f1(logits, validation[1], config)
            score = row.get("validation_micro_f1", epoch)  # with nothing to go by: the latest
            improved = score > best_score
            if improved:
                best, best_score = copy.deepcopy(net.state_dict()), score
        waited = 0 if improved else waited + 1
        fitted.history.append(row)
        progress(row | {"epochs": trainer.epochs})
        if waited >= config.patience:
            break
    net.load_state_dict(best)
    net.to("cpu").eval()
    return fitted


class _Trainer:
    """Optimiser, schedule and moving average; `epoch` runs one pass over the training set."""

    def __init__(self, fitted: Fitted, train: tuple[Texts, Labels], device: str) -> None:
        config = fitted.config
        self.net, self.reader = fitted.network.to(device), fitted.reader
        self.config, self.device = config, device
        self.texts = list(train[0])
        self.labels = torch.from_numpy(train[1].astype(np.float32))
        self.lengths = [len(reading.ids) for reading in self.reader.read_all(self.texts)]
        self.optimizer = torch.optim.AdamW(_parameter_groups(self.net, config), fused=True)
        batches = -(-len(self.texts) // config.batch_size)
        enough, most = -(-config.min_steps // batches), max(1, config.max_steps // batches)
        self.epochs = max(enough, min(config.epochs, most))
        self.steps = batches * self.epochs
        warmup = max(1, round(self.steps * config.warmup_share))
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            lambda step: min(
                (step + 1) / warmup, max(0.0, (self.steps - step) / max(1, self.steps - warmup))
            ),
        )
        self.average = (
            [p.detach().clone() for p in self._trained()] if config.average_weights else []
        )
        self.done = 0

    def epoch(self, epoch: int, progress: Progress) -> float:
        """One pass; returns the mean loss a message."""
        self.net.train()
        total = 0.0
        for rows in self._batches(epoch):
            loss = self._step(rows)
            total += loss * len(rows)
            progress(
                {
                    "epoch": epoch,
                    "epochs": self.epochs,
                    "batch": self.done,
                    "batches": self.steps,
                    "loss": loss,
                }
            )
        return total / len(self.texts)

    def _step(self, rows: list[int]) -> float:
        ids, mask = network.batch(self.reader, [self.texts[i] for i in rows])
        ids, mask, labels = (x.to(self.device) for x in (ids, mask, self.labels[rows]))
        output = self.net.read(ids, mask)
        logits = self.net.decide(output, mask)
        loss = known_loss(logits, labels)
        if self.net.early is not None:
            early = self.net.early(output, mask)
            loss = loss + 0.5 * known_loss(early, labels) + 0.5 * taught(early, logits)
        torch.autograd.backward(loss)
        for part in self._apart():
            torch.nn.utils.clip_grad_norm_(part, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.schedule.step()
        self.done += 1
        if self.average:
            # Over few steps the average would be mostly the start, so the decay grows to its limit.
            decay = min(self.config.average_weights, (1 + self.done) / (10 + self.done))
            torch._foreach_lerp_(self.average, [p.detach() for p in self._trained()], 1 - decay)
        return float(loss.detach())

    def _batches(self, epoch: int) -> Iterator[list[int]]:
        """Shuffled batches of messages of like length, so that little is padded."""
        rng, size = random.Random(self.config.seed * 1000 + epoch), self.config.batch_size
        order = list(range(len(self.texts)))
        rng.shuffle(order)
        pools = [order[i : i + size * 16] for i in range(0, len(order), size * 16)]
        batches = []
        for pool in pools:
            pool.sort(key=lambda i: self.lengths[i])
            batches += [pool[i : i + size] for i in range(0, len(pool), size)]
        rng.shuffle(batches)
        return iter(batches)

    def _apart(self) -> list[list[Tensor]]:
        """The parameters, those of the early exit apart: it is no part of the others' steps."""
        early: list[Tensor] = [*self.net.early.parameters()] if self.net.early else []
        own = {id(p) for p in early}
        return [[p for p in self.net.parameters() if id(p) not in own], early]

    def _trained(self) -> list[Tensor]:
        return [p for p in self.net.parameters() if p.requires_grad]

    def averaged_weights(self) -> "_Swap":
        return _Swap(self._trained() if self.average else [], self.average)


class _Swap:
    """Puts the averaged weights into the network for the duration of a `with` block."""

    def __init__(self, live: list[Tensor], average: list[Tensor]) -> None:
        self.live, self.average = live, average

    def __enter__(self) -> None:
        self.kept = [p.detach().clone() for p in self.live]
        self._put(self.average)

    def __exit__(self, *_: object) -> None:
        self._put(self.kept)

    def _put(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.live, values, strict=False):
                parameter.copy_(value)


def _parameter_groups(net: network.TaggerNetwork, config: TrainingConfig) -> list[dict[str, Any]]:
    """Head at its own rate; encoder layers slower the deeper they lie; no decay on vectors."""
    layers = int(getattr(net.encoder.config, "num_hidden_layers", 0))
    groups = []
    for name, parameter in net.named_parameters():
        match = re.search(r"\.layers?\.(\d+)\.", name)
        embedding = ".embeddings." in name or name.startswith("encoder.embeddings")
        if embedding and config.freeze_embeddings:
            parameter.requires_grad_(False)
            continue
        depth = layers - int(match[1]) - 1 if match else (layers if embedding else 0)
        rate = config.encoder_learning_rate * config.layer_decay**depth
        groups.append(
            {
                "params": [parameter],
                "lr": config.head_learning_rate if not name.startswith("encoder.") else rate,
                "weight_decay": 0.0 if parameter.ndim < 2 else config.weight_decay,
            }
        )
    return groups


def known_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy, the mean over known labels; both are float32 [messages, tags].

    Over the known ones alone, a tag that no message of a batch was labelled for changes nothing
    for the other tags.
    """
    known = ~labels.isnan()
    total = functional.binary_cross_entropy_with_logits(
        logits, labels.nan_to_num(), weight=known.float(), reduction="sum"
    )
    return total / known.sum().clamp(min=1)


def taught(early: Tensor, whole: Tensor) -> Tensor:
    """How far the early exit's logits are from what the whole network says, both [messages, tags]:
    cross-entropy with its probabilities (self-distillation: Phuong and Lampert 2019)."""
    return known_loss(early, whole.detach().sigmoid())


def _best_micro_f1(logits: NDArray[np.float32], labels: Labels, config: TrainingConfig) -> float:
    gold, settled = metrics.settle_unknown(labels, logits)
    probabilities = metrics.sigmoid(settled)
    threshold = thresholds.search_global(probabilities, gold, config.thresholds)
    return metrics.micro_f1(gold, probabilities >= threshold)


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
