"""A model as large and as fast as a trained one that has learnt nothing: in seconds, for timing.

It has no early exit, for it could not say who may end there: each message takes its full time.

`python benchmarks/untrained.py FOLDER` publishes FOLDER/untrained.
"""

import sys
from pathlib import Path

from django.conf import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from classifier import artefact, text
from classifier.artefact import Manifest
from training.export import onnx_graph
from training.learning import network
from training.learning.config import TrainingConfig
from training.learning.finetune import Fitted

TAGS = ("First-time-visitor", "Window-shopper", "Wishlist-user", "Deal-seeker", "Hot-buyer")
SAMPLES = ("Any code for new customers?", "Where is my order? It should have come on Monday.")


def publish(models_dir: Path, name: str = "untrained") -> Path:
    config = TrainingConfig(early_exit=0.0)
    built, reader = network.build(config, {tag: tag for tag in TAGS})
    fitted = Fitted(built, reader, config)
    staging = models_dir / f".{name}.staging"
    staging.mkdir(parents=True)
    reader.tokenizer.save(str(staging / artefact.TOKENIZER))
    float32 = staging / "float32.onnx"
    onnx_graph.to_onnx(fitted, float32)
    onnx_graph.quantise(float32, staging / artefact.MODEL, fitted=fitted, samples=SAMPLES)
    for path in staging.glob("*float32*"):
        path.unlink()
    (staging / "model.prepared.onnx").unlink()
    manifest = Manifest(
        name=name,
        created_at="2026-01-02T03:04:05+00:00",
        base_model=config.base_model,
        tags=TAGS,
        threshold=0.5,
        thresholds=dict.fromkeys(TAGS, 0.5),
        temperatures=dict.fromkeys(TAGS, 1.0),
        max_length=config.max_length,
        text_cleaning=text.VERSION,
        precision="int8",
        precision_reason="for timing",
        dataset_digest="0" * 64,
        metrics={"test": {"micro_f1": 0.0}},
        config={},
    )
    return artefact.publish(staging=staging, models_dir=models_dir, manifest=manifest)


if __name__ == "__main__":
    settings.configure(REDACT=[])  # the one that reading a message asks for
    print(publish(Path(sys.argv[1])))
