"""The quick recipe: an encoder that is not fine-tuned, with heads that learn from what it says.

The first layers read each message once; what they say of its tokens is kept, and the heads are
trained on that, which takes seconds. Lower layers serve better than the last one here: that was
shaped for the likeness of whole messages, and thins out what single words say (docs/decisions, on
the quick first version).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutput

from classifier import cores
from training.decision import metrics, thresholds
from training.decision.metrics import Labels
from training.learning import finetune, network
from training.learning.config import TrainingConfig
from training.learning.finetune import Fitted, Progress, Texts

WIDTH = 128  # of what attention looks at a token by
SIGHTS = 2  # places in a message that a tag looks at
TOKENS = 4096  # read or learnt from at once

Group = tuple[list[int], Tensor, Tensor]  # rows, their states padded, the mask


class TokenAttention(nn.Module):
    """For each tag, what those tokens say of it that it looks at."""

    def __init__(self, width: int, tags: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout, self.tags = nn.Dropout(dropout), tags
        self.hidden = nn.Linear(width, WIDTH)
        self.nearness = nn.Linear(WIDTH, tags * SIGHTS)
        self.value = nn.Linear(WIDTH, tags * SIGHTS)

    def forward(self, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        """`tokens`: float32 [messages, tokens, width] → logits to add, [messages, tags]."""
        hidden = self.dropout(functional.gelu(self.hidden(tokens)))
        padding = (attention_mask == 0).unsqueeze(-1)
        weights = self.nearness(hidden).masked_fill(padding, -1e4).softmax(dim=1)
        said: Tensor = (weights * self.value(hidden)).sum(dim=1)
        return said.reshape(-1, self.tags, SIGHTS).sum(dim=-1)


@dataclass
class QuickFitted(Fitted):
    """Trained heads on a frozen encoder, which reads no message twice."""

    frozen: "Frozen | None" = None

    def exits(self, texts: Texts, *, batch_size: int = 64) -> NDArray[np.float32]:
        """As `Fitted.exits`: there is no exit but the last."""
        assert self.frozen is not None
        out = np.zeros((1, len(texts), self.network.tags), dtype=np.float32)
        self.network.eval()
        with torch.inference_mode():
            for rows, states, mask in self.frozen.groups(texts):
                out[0, rows] = _decide(self.network, states, mask).numpy()
        return out


def fit(
    *,
    train: tuple[Texts, Labels],
    validation: tuple[Texts, Labels] | None,
    descriptions: Mapping[str, str],
    config: TrainingConfig,
    progress: Progress = lambda _: None,
) -> Fitted:
    """As `finetune.fit`, but for the encoder, which stays as it is; all passes run."""
    torch.set_num_threads(min(torch.get_num_threads(), cores.available()))
    torch.manual_seed(config.seed)
    frozen = _frozen(config, tuple(descriptions.items()))
    fitted = QuickFitted(frozen.with_new_heads(), frozen.reader, config, frozen=frozen)
    groups = list(frozen.groups(train[0], most=config.batch_size))
    labels = torch.from_numpy(train[1].astype(np.float32))
    epochs = max(config.epochs, -(-config.min_steps // len(groups)))
    heads = [p for name, p in fitted.network.named_parameters() if not name.startswith("encoder.")]
    optimizer = torch.optim.AdamW(
        heads, lr=config.head_learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.head_learning_rate, total_steps=epochs * len(groups) + 1
    )
    shuffled = random.Random(config.seed)
    fitted.network.train()
    fitted.network.encoder.eval()
    for epoch in range(1, epochs + 1):
        shuffled.shuffle(groups)
        total = 0.0
        for rows, states, mask in groups:
            loss = finetune.known_loss(_decide(fitted.network, states, mask), labels[rows])
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        fitted.history.append({"epoch": epoch, "loss": total / len(train[0])})
    if validation is not None:
        fitted.history[-1]["validation_micro_f1"] = _micro_f1(fitted, validation, config)
    progress({**fitted.history[-1], "epochs": epochs})
    fitted.network.eval()
    return fitted


class Frozen:
    """An encoder's first layers, and what they have said of messages so far."""

    def __init__(self, config: TrainingConfig, descriptions: Mapping[str, str]) -> None:
        self.config = config
        self.network, self.reader = network.build(config, descriptions)
        keep_first_layers(self.network.encoder, config.frozen_layers)
        self.network.requires_grad_(False).eval()
        with torch.inference_mode():
            texts = self.network.embed(*network.batch(self.reader, list(descriptions.values())))
        self.descriptions = texts.clone()
        self._states: dict[str, Tensor] = {}

    def with_new_heads(self) -> network.TaggerNetwork:
        """A network on this encoder, which all of them share."""
        config, texts = self.config, self.descriptions
        tags, width = texts.shape
        head = network.DescribedHead(texts, scale=config.head_scale, dropout=config.dropout)
        attention = TokenAttention(width, tags, dropout=config.dropout)
        made = network.TaggerNetwork(self.network.encoder, head, pooling="mean", tags=tags)
        made.matching = attention  # type: ignore[assignment] # it takes and gives the same
        return made

    def groups(self, texts: Texts, *, most: int = 256) -> "list[Group]":
        """The states of `texts`, in groups of like length."""
        self._read([text for text in dict.fromkeys(texts) if text not in self._states])
        states = [self._states[text] for text in texts]
        return [
            (rows, *_padded([states[row] for row in rows]))
            for rows in _alike([len(state) for state in states], most=most)
        ]

    def _read(self, texts: list[str]) -> None:
        lengths = [len(reading.ids) for reading in self.reader.read_all(texts)]
        with torch.inference_mode():
            for rows in _alike(lengths, most=256):
                ids, mask = network.batch(self.reader, [texts[row] for row in rows])
                said = self.network.read(ids, mask).last_hidden_state
                for row, state in zip(rows, said, strict=True):
                    self._states[texts[row]] = state[: lengths[row]].clone()


@lru_cache(maxsize=1)
def _frozen(config: TrainingConfig, descriptions: tuple[tuple[str, str], ...]) -> Frozen:
    """One for all fits of a training: the parts of a cross-fit read nothing twice either."""
    return Frozen(config, dict(descriptions))


def keep_first_layers(encoder: nn.Module, count: int) -> None:
    """Leave `count` of the encoder's layers; ValueError when they cannot be found."""
    settings: Any = encoder.config
    total = int(settings.num_hidden_layers)
    for module in encoder.modules():
        for name, stack in module.named_children():
            if isinstance(stack, nn.ModuleList) and len(stack) == total:
                setattr(module, name, stack[: min(count, total)])
                settings.num_hidden_layers = min(count, total)
                return
    raise ValueError("The encoder's layers cannot be found, so the quick recipe does not fit it.")


def _decide(net: network.TaggerNetwork, states: Tensor, mask: Tensor) -> Tensor:
    """Logits from states that were kept, as from the encoder's output."""
    return net.decide(BaseModelOutput(last_hidden_state=states), mask)


def _alike(lengths: Sequence[int], *, most: int) -> list[list[int]]:
    """Rows in groups of like length: at most `most`, and no more than TOKENS tokens."""
    groups: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        group = groups[-1] if groups else []
        if not group or len(group) >= most or (len(group) + 1) * lengths[row] > TOKENS:
            groups.append([row])
        else:
            group.append(row)
    return groups


def _padded(states: list[Tensor]) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(state) for state in states])
    padded = nn.utils.rnn.pad_sequence(states, batch_first=True)
    return padded, (torch.arange(padded.shape[1]) < lengths[:, None]).long()


def _micro_f1(fitted: Fitted, of: tuple[Texts, Labels], config: TrainingConfig) -> float:
    gold, settled = metrics.settle_unknown(of[1], fitted.logits(of[0]))
    probabilities = metrics.sigmoid(settled)
    threshold = thresholds.search_global(probabilities, gold, config.thresholds)
    return metrics.micro_f1(gold, probabilities >= threshold)
