"""The network: an encoder, a pooled message embedding, and a head that turns it into logits.

The described head compares the message with each tag: cosine of the two embeddings, times a
scale, plus a bias. Its tag vectors start as the encoder's own embedding of the tag's description,
so that a tag means something before its first example (the label-text initialisation of
"label-aware" heads; see docs/decisions/0004).
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training import base_models
from training.config import Pooling, TrainingConfig


class TaggerNetwork(nn.Module):
    """(input_ids, attention_mask), int64 [messages, tokens] → logits, float32 [messages, tags]."""

    def __init__(self, encoder: nn.Module, head: nn.Module, *, pooling: Pooling, tags: int) -> None:
        super().__init__()
        self.encoder, self.head, self.pooling, self.tags = encoder, head, pooling, tags

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        output = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        if self.pooling == "mean":
            mask = attention_mask.unsqueeze(-1).to(output.last_hidden_state.dtype)
            mean: Tensor = (output.last_hidden_state * mask).sum(1) / mask.sum(1).clamp(min=1)
            return mean
        pooled: Tensor | None = getattr(output, "pooler_output", None)
        first: Tensor = output.last_hidden_state[:, 0]
        return first if pooled is None else pooled

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embed(input_ids, attention_mask))
        return logits


class DescribedHead(nn.Module):
    """cosine(message, tag) × scale + bias, with tag vectors that start as descriptions."""

    def __init__(self, descriptions: Tensor, dropout: float) -> None:
        """`descriptions`: embeddings of the tags' texts, float32 [tags, width]."""
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Parameter(functional.normalize(descriptions, dim=-1))
        self.log_scale = nn.Parameter(torch.tensor(math.log(12.0)))
        self.bias = nn.Parameter(torch.full((len(descriptions),), -4.0))

    def forward(self, embedding: Tensor) -> Tensor:
        message = functional.normalize(self.dropout(embedding), dim=-1)
        cosine = message @ functional.normalize(self.tags, dim=-1).T
        return cosine * self.log_scale.exp() + self.bias


def build(config: TrainingConfig, descriptions: Mapping[str, str]) -> tuple[TaggerNetwork, Any]:
    """(network, tokenizer) on the config's base model; `descriptions`: tag → text, in order."""
    encoder, tokenizer = base_models.load(config.base_model)
    tokenizer.enable_truncation(config.max_length)
    if config.head == "linear":
        width = encoder.config.hidden_size
        head: nn.Module = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(width, len(descriptions))
        )
        return TaggerNetwork(
            encoder, head, pooling=config.pooling, tags=len(descriptions)
        ), tokenizer
    network = TaggerNetwork(encoder, nn.Identity(), pooling=config.pooling, tags=len(descriptions))
    with torch.inference_mode():
        network.eval()
        texts = network.embed(*batch(tokenizer, list(descriptions.values())))
    network.head = DescribedHead(texts.clone(), config.dropout)
    return network, tokenizer


def batch(tokenizer: Any, messages: list[str]) -> tuple[Tensor, Tensor]:
    """(input_ids, attention_mask), int64 [messages, tokens of the longest]."""
    rows = [torch.tensor(encoding.ids) for encoding in tokenizer.encode_batch(messages)]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()
