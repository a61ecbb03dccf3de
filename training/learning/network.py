"""The network: an encoder, a pooled message embedding, and a head that turns it into logits.

The described head compares the message with each tag: cosine of the two embeddings, times a
scale, plus a bias. Its tag vectors start as the encoder's own embedding of the tag's description,
so that a tag means something before its first example (the label-text initialisation of
"label-aware" heads; see docs/decisions/0004). Matching tokens adds what single words say of a tag:
the mean over a message dilutes a word that decides (late interaction, as in ColBERT: Khattab and
Zaharia 2020, here with one vector for each tag).
"""

import copy
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from classifier import text
from classifier.reader import Reader
from training.learning import base_models
from training.learning.config import Pooling, TrainingConfig


class TaggerNetwork(nn.Module):
    """(input_ids, attention_mask), int64 [messages, tokens] → logits, float32 [messages, tags]."""

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        *,
        pooling: Pooling,
        tags: int,
        matching: "TokenMatching | None" = None,
    ) -> None:
        super().__init__()
        self.encoder, self.head, self.matching = encoder, head, matching
        self.pooling, self.tags = pooling, tags

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.decide(self.read(input_ids, attention_mask), attention_mask)

    def read(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        """The encoder's output; its `last_hidden_state` is float32 [messages, tokens, width]."""
        return self.encoder(input_ids=input_ids, attention_mask=attention_mask)

    def decide(self, output: Any, attention_mask: Tensor) -> Tensor:
        """Logits from what `read` gave."""
        logits: Tensor = self.head(self._pool(output, attention_mask))
        if self.matching is not None:
            logits = logits + self.matching(output.last_hidden_state, attention_mask)
        return logits

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The message's embedding, float32 [messages, width]."""
        return self._pool(self.read(input_ids, attention_mask), attention_mask)

    def _pool(self, output: Any, attention_mask: Tensor) -> Tensor:
        if self.pooling == "mean":
            mask = attention_mask.unsqueeze(-1).to(output.last_hidden_state.dtype)
            mean: Tensor = (output.last_hidden_state * mask).sum(1) / mask.sum(1).clamp(min=1)
            return mean
        pooled: Tensor | None = getattr(output, "pooler_output", None)
        first: Tensor = output.last_hidden_state[:, 0]
        return first if pooled is None else pooled


class DescribedHead(nn.Module):
    """cosine(message, tag) × scale + bias, with tag vectors that start as descriptions."""

    def __init__(self, descriptions: Tensor, *, scale: float, dropout: float) -> None:
        """`descriptions`: embeddings of the tags' texts, float32 [tags, width]."""
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Parameter(functional.normalize(descriptions, dim=-1))
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = nn.Parameter(torch.full((len(descriptions),), -4.0))

    def forward(self, embedding: Tensor) -> Tensor:
        message = functional.normalize(self.dropout(embedding), dim=-1)
        cosine = message @ functional.normalize(self.tags, dim=-1).T
        return cosine * self.log_scale.exp() + self.bias


class TokenMatching(nn.Module):
    """Mean cosine(token, tag) × scale, in which the tokens nearest to the tag weigh most."""

    def __init__(self, descriptions: Tensor, *, scale: float, dropout: float) -> None:
        """`descriptions`: embeddings of the tags' texts, float32 [tags, width]."""
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Parameter(functional.normalize(descriptions, dim=-1))
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.log_sharpness = nn.Parameter(torch.tensor(math.log(10.0)))

    def forward(self, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        """`tokens`: float32 [messages, tokens, width] → logits to add, [messages, tags]."""
        tokens = functional.normalize(self.dropout(tokens), dim=-1)
        cosine = tokens @ functional.normalize(self.tags, dim=-1).T
        padding = (attention_mask == 0).unsqueeze(-1)
        nearness = (cosine * self.log_sharpness.exp()).masked_fill(padding, -1e4)
        weighted: Tensor = (nearness.softmax(dim=1) * cosine).sum(dim=1)
        return weighted * self.log_scale.exp()


def build(config: TrainingConfig, descriptions: Mapping[str, str]) -> tuple[TaggerNetwork, Reader]:
    """(network, reader) on the config's base model; `descriptions`: tag → text, in order."""
    encoder, tokenizer = base_models.load(config.base_model)
    _check_length(encoder, config)
    reader = Reader(
        tokenizer,
        max_length=config.max_length,
        cleaning=text.VERSION,
        prefix=config.text_prefix,
    )
    if config.student_layers > encoder.config.num_hidden_layers:
        raise base_models.BaseModelError(
            f"student_layers is {config.student_layers}, and {config.base_model} has "
            f"{encoder.config.num_hidden_layers} layers."
        )
    if config.head == "linear":
        width = encoder.config.hidden_size
        head: nn.Module = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(width, len(descriptions))
        )
        tagger = TaggerNetwork(encoder, head, pooling=config.pooling, tags=len(descriptions))
        return tagger, reader
    network = TaggerNetwork(encoder, nn.Identity(), pooling=config.pooling, tags=len(descriptions))
    with torch.inference_mode():
        network.eval()
        texts = network.embed(*batch(reader, list(descriptions.values())))
    texts, dropout = texts.clone(), config.dropout
    network.head = DescribedHead(texts, scale=config.head_scale, dropout=dropout)
    if config.token_scale:
        network.matching = TokenMatching(texts, scale=config.token_scale, dropout=dropout)
    return network, reader


def _check_length(encoder: nn.Module, config: TrainingConfig) -> None:
    """BaseModelError where the encoder has no positions for `config.max_length` tokens."""
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa and its kin number positions from behind the padding's.
            begin = 0 if module.padding_idx is None else module.padding_idx + 1
            if config.max_length > module.num_embeddings - begin:
                raise base_models.BaseModelError(
                    f"max_length is {config.max_length}, and {config.base_model} reads at most "
                    f"{module.num_embeddings - begin} tokens."
                )


def shortened(network: TaggerNetwork, count: int) -> TaggerNetwork:
    """A copy with `count` of the encoder's layers, from the first to the last, evenly spaced.

    ValueError when it has fewer, or when they cannot be found.
    """
    network = copy.deepcopy(network)
    settings: Any = network.encoder.config
    total = int(settings.num_hidden_layers)
    for parent in network.encoder.modules():
        for name, stack in parent.named_children():
            if isinstance(stack, nn.ModuleList) and len(stack) == total >= count:
                kept = torch.linspace(0, total - 1, count).round().int().tolist()
                setattr(parent, name, nn.ModuleList(stack[i] for i in kept))
                settings.num_hidden_layers = count
                return network
    raise ValueError(f"The encoder has {total} layers, so {count} of them cannot be kept.")


def batch(reader: Reader, messages: list[str]) -> tuple[Tensor, Tensor]:
    """(input_ids, attention_mask), int64 [messages, tokens of the longest].

    Which token pads does not matter: it stands on the right, under the mask.
    """
    rows = [torch.tensor(reading.ids) for reading in reader.read_all(messages)]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()
