"""A genuine model folder in milliseconds: a tiny ONNX graph that knows a few words by heart.

It goes through the real engine (tokenizer, onnxruntime, temperatures, thresholds), so tests of
everything but training need no trained model.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from classifier import artefact, text
from classifier.artefact import EarlyExit, Manifest

LOGIT = 3.0  # sigmoid: 0.9526 when a word of the tag is there, 0.0474 when none is

# Words that make the guidelines' worked example come out as they say.
SHIPPED_TAGS = {
    "First-time-visitor": ["new", "first"],
    "Window-shopper": ["browsing", "looking"],
    "Wishlist-user": ["save", "saved", "wishlist"],
    "Deal-seeker": ["discount", "coupon", "off", "cheaper"],
    "Hot-buyer": ["buy", "order", "checkout"],
}


def build(
    models_dir: Path,
    name: str,
    *,
    words: dict[str, list[str]],
    threshold: float = 0.5,
    thresholds: dict[str, float] | None = None,
    temperatures: dict[str, float] | None = None,
    max_length: int = 128,
    text_cleaning: int = text.VERSION,
    text_prefix: str = "",
    review_band: tuple[float, float] | None = None,
    early_exit: EarlyExit | None = None,
    not_yet: Sequence[str] = (),
    metrics: dict | None = None,
    extra_files: dict[str, bytes] | None = None,
) -> Path:
    """Publish `models_dir/name`; a tag is likely (0.95) when one of its words is in the message.

    Words are single, lower-case words; case and punctuation around them do not matter. With an
    `early_exit`, a message with one of the words `not_yet` gets 0.5 for every tag there.
    """
    staging = models_dir / f".{name}.staging"
    staging.mkdir(parents=True)
    tags = tuple(words)
    known = {word for group in words.values() for word in group} | set(not_yet)
    vocabulary = ["[UNK]", *sorted(known)]
    _tokenizer(vocabulary).save(str(staging / artefact.TOKENIZER))
    if early_exit is None:
        onnx.save(_graph(vocabulary, words), staging / artefact.MODEL)
    else:
        onnx.save(_early(vocabulary, words, not_yet), staging / artefact.MODEL)
        onnx.save(_deeper(len(words)), staging / artefact.DEEPER)
    for file_name, content in (extra_files or {}).items():
        (staging / file_name).write_bytes(content)
    manifest = Manifest(
        name=name,
        created_at="2026-01-02T03:04:05+00:00",
        base_model="keywords",
        tags=tags,
        threshold=threshold,
        thresholds=dict.fromkeys(tags, threshold) | (thresholds or {}),
        temperatures=dict.fromkeys(tags, 1.0) | (temperatures or {}),
        max_length=max_length,
        text_cleaning=text_cleaning,
        text_prefix=text_prefix,
        review_band=review_band,
        early_exit=early_exit,
        precision="float32",
        precision_reason="a table of words",
        dataset_digest="0" * 64,
        metrics={"test": {"micro_f1": 0.875}} if metrics is None else metrics,
        config={},
    )
    return artefact.publish(staging=staging, models_dir=models_dir, manifest=manifest)


def _tokenizer(vocabulary: list[str]) -> Tokenizer:
    ids = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def _table(vocabulary: list[str], words: dict[str, list[str]]) -> NDArray[np.float32]:
    """[words, tags]: LOGIT where the word is one of the tag's."""
    table = np.full((len(vocabulary), len(words)), -LOGIT, dtype=np.float32)
    for column, group in enumerate(words.values()):
        for word in group:
            table[vocabulary.index(word), column] = LOGIT
    return table


def _highest(scores: str, logits: str) -> list[onnx.NodeProto]:
    """logits[b, tag] = the highest score of the words that the mask lets through."""
    return [
        helper.make_node("Cast", ["attention_mask"], ["bool"], to=TensorProto.BOOL),
        helper.make_node("Unsqueeze", ["bool", "last"], ["shown"]),
        helper.make_node("Where", ["shown", scores, "low"], ["masked"]),
        helper.make_node("ReduceMax", ["masked", "middle"], [logits], keepdims=0),
    ]


def _model(
    nodes: list[onnx.NodeProto],
    *,
    takes: dict[str, list[str | int]],
    gives: dict[str, list[str | int]],
    tables: dict[str, NDArray[np.float32]],
) -> onnx.ModelProto:
    def told(shapes: dict[str, list[str | int]]) -> list[onnx.ValueInfoProto]:
        whole = ("input_ids", "attention_mask")
        return [
            helper.make_tensor_value_info(
                name, TensorProto.INT64 if name in whole else TensorProto.FLOAT, shape
            )
            for name, shape in shapes.items()
        ]

    constants = {
        "last": np.array([-1]),
        "middle": np.array([1]),
        "low": np.array(-LOGIT, dtype=np.float32),
        **tables,
    }
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "keywords", told(takes), told(gives), tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


TOKENS: dict[str, list[str | int]] = {
    "input_ids": ["batch", "tokens"],
    "attention_mask": ["batch", "tokens"],
}


def _graph(vocabulary: list[str], words: dict[str, list[str]]) -> onnx.ModelProto:
    """logits[b, tag] = the highest table[word, tag] of the words that the mask lets through."""
    scores = helper.make_node("Gather", ["table", "input_ids"], ["scores"], axis=0)
    return _model(
        [scores, *_highest("scores", "logits")],
        takes=TOKENS,
        gives={"logits": ["batch", len(words)]},
        tables={"table": _table(vocabulary, words)},
    )


def _early(
    vocabulary: list[str], words: dict[str, list[str]], not_yet: Sequence[str]
) -> onnx.ModelProto:
    """The logits of a table in which the words `not_yet` say 0, and the scores of the true one."""
    table = _table(vocabulary, words)
    doubtful = table.copy()
    doubtful[[vocabulary.index(word) for word in not_yet]] = 0.0
    return _model(
        [
            helper.make_node("Gather", ["doubtful", "input_ids"], ["guesses"], axis=0),
            helper.make_node("Gather", ["table", "input_ids"], ["states"], axis=0),
            *_highest("guesses", "early_logits"),
        ],
        takes=TOKENS,
        gives={"early_logits": ["batch", len(words)], "states": ["batch", "tokens", len(words)]},
        tables={"table": table, "doubtful": doubtful},
    )


def _deeper(tags: int) -> onnx.ModelProto:
    return _model(
        _highest("states", "logits"),
        takes={"states": ["batch", "tokens", tags], "attention_mask": ["batch", "tokens"]},
        gives={"logits": ["batch", tags]},
        tables={},
    )
