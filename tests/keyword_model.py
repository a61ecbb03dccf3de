"""A genuine model folder in milliseconds: a tiny ONNX graph that knows a few words by heart.

It goes through the real engine (tokenizer, onnxruntime, temperatures, thresholds), so tests of
everything but training need no trained model.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from classifier import artefact, text
from classifier.artefact import Manifest

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
    metrics: dict | None = None,
    extra_files: dict[str, bytes] | None = None,
) -> Path:
    """Publish `models_dir/name`; a tag is likely (0.95) when one of its words is in the message.

    Words are single, lower-case words; case and punctuation around them do not matter.
    """
    staging = models_dir / f".{name}.staging"
    staging.mkdir(parents=True)
    tags = tuple(words)
    vocabulary = ["[UNK]", *sorted({word for group in words.values() for word in group})]
    _tokenizer(vocabulary).save(str(staging / artefact.TOKENIZER))
    onnx.save(_graph(vocabulary, words), staging / artefact.MODEL)
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


def _graph(vocabulary: list[str], words: dict[str, list[str]]) -> onnx.ModelProto:
    """logits[b, tag] = the highest table[word, tag] of the words that the mask lets through."""
    table = np.full((len(vocabulary), len(words)), -LOGIT, dtype=np.float32)
    for column, group in enumerate(words.values()):
        for word in group:
            table[vocabulary.index(word), column] = LOGIT
    dynamic = ["batch", "tokens"]
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["scores"], axis=0),
            helper.make_node("Cast", ["attention_mask"], ["bool"], to=TensorProto.BOOL),
            helper.make_node("Unsqueeze", ["bool", "last"], ["shown"]),
            helper.make_node("Where", ["shown", "scores", "low"], ["masked"]),
            helper.make_node("ReduceMax", ["masked", "middle"], ["logits"], keepdims=0),
        ],
        "keywords",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, dynamic),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, dynamic),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(words)])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([-1]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
            numpy_helper.from_array(np.array(-LOGIT, dtype=np.float32), "low"),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9)
