"""The network: an encoder, a pooled message embedding, and a head that turns it into logits.

The described head compares the message with each tag: cosine of the two embeddings, times a
scale, plus a bias. Its tag vectors start as the encoder's own embedding of the tag's description,
so that a tag means something before its first example (the label-text initialisation of
"label-aware" heads; see docs/decisions/0004). Matching tokens adds what single words say of a tag:
the mean over a message dilutes a word that decides (late interaction, as in ColBERT: Khattab and
Zaharia 2020, here with one vector for each tag).
"""

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
        early: "EarlyExit | None" = None,
    ) -> None:
        super().__init__()
        self.encoder, self.head, self.matching, self.early = encoder, head, matching, early
        self.pooling, self.tags = pooling, tags

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.decide(self.read(input_ids, attention_mask), attention_mask)

    def exits(self, input_ids: Tensor, attention_mask: Tensor) -> list[Tensor]:
        """Logits of each exit, float32 [messages, tags]; the last ones are those of `forward`."""
        output = self.read(input_ids, attention_mask)
        logits = self.decide(output, attention_mask)
        return [logits] if self.early is None else [self.early(output, attention_mask), logits]

    def read(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        """The encoder's output; its `last_hidden_state` is float32 [messages, tokens, width], and
        so is each of its `hidden_states`, which it has where there is an early exit."""
        return self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask,
            output_hidden_states=self.early is not None,
        )

    def decide(self, output: Any, attention_mask: Tensor) -> Tensor:
        """Logits from what `read` gave."""
        logits: Tensor = self.head(self.pool(output, attention_mask))
        if self.matching is not None:
            logits = logits + self.matching(output.last_hidden_state, attention_mask)
        return logits

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The message's embedding, float32 [messages, width]."""
        return self.pool(self.read(input_ids, attention_mask), attention_mask)

    def pool(self, output: Any, attention_mask: Tensor) -> Tensor:
        """The message's embedding from what `read` gave, float32 [messages, width]."""
        if self.pooling == "mean":
            return mean(output.last_hidden_state, attention_mask)
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


class EarlyExit(nn.Module):
    """Logits from the states after the first `layers` layers, by a head of its own.

    Before it, a layer of its own turns each token towards what the later layers make of it. It
    leaves the network as it is: no gradient goes beyond it, and it draws no random numbers.
    """

    def __init__(self, descriptions: Tensor, *, layers: int, config: TrainingConfig) -> None:
        """`descriptions`: means of the tags' texts after these layers, float32 [tags, width]."""
        super().__init__()
        self.layers = layers
        width = descriptions.shape[1]
        self.turn = nn.Parameter(torch.zeros(width, width))  # at first it leaves them as they are
        self.bias = nn.Parameter(torch.zeros(width))
        self.head = DescribedHead(descriptions, scale=config.head_scale, dropout=0.0)
        self.matching = TokenMatching(descriptions, scale=config.token_scale, dropout=0.0)

    def forward(self, output: Any, attention_mask: Tensor) -> Tensor:
        """From the encoder's `output` to float32 [messages, tags]."""
        states = output.hidden_states[self.layers].detach()
        states = states + functional.gelu(functional.linear(states, self.turn, self.bias))
        mean_logits: Tensor = self.head(mean(states, attention_mask))
        token_logits: Tensor = self.matching(states, attention_mask)
        return mean_logits + token_logits


class Served(nn.Module):
    """What is exported of a network: (input_ids, attention_mask) → logits, and where it has an
    early exit, the logits there and the states, float32 [messages, tokens, width]."""

    def __init__(self, network: TaggerNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        output = self.network.read(input_ids, attention_mask)
        logits, early = self.network.decide(output, attention_mask), self.network.early
        if early is None:
            return (logits,)
        return logits, early(output, attention_mask), output.hidden_states[early.layers]


def mean(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Of a message's tokens: [messages, tokens, width] → [messages, width]."""
    mask = attention_mask.unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(1) / mask.sum(1).clamp(min=1)


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
    if config.head == "linear":
        width = encoder.config.hidden_size
        head: nn.Module = nn.Sequential(
            nn.Dropout(config.dropout), nn.Linear(width, len(descriptions))
        )
        tagger = TaggerNetwork(encoder, head, pooling=config.pooling, tags=len(descriptions))
        return tagger, reader
    network = TaggerNetwork(encoder, nn.Identity(), pooling=config.pooling, tags=len(descriptions))
    ids, mask = batch(reader, list(descriptions.values()))
    layers = round(config.early_exit * encoder.config.num_hidden_layers)
    with torch.inference_mode():
        network.eval()
        output = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        texts, halfway = network.pool(output, mask), mean(output.hidden_states[layers], mask)
    texts, dropout = texts.clone(), config.dropout
    network.head = DescribedHead(texts, scale=config.head_scale, dropout=dropout)
    if config.token_scale:
        network.matching = TokenMatching(texts, scale=config.token_scale, dropout=dropout)
    if layers:
        network.early = EarlyExit(halfway.clone(), layers=layers, config=config)
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


def batch(reader: Reader, messages: list[str]) -> tuple[Tensor, Tensor]:
    """(input_ids, attention_mask), int64 [messages, tokens of the longest].

    Which token pads does not matter: it stands on the right, under the mask.
    """
    rows = [torch.tensor(reading.ids) for reading in reader.read_all(messages)]
    ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long()
