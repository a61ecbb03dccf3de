"""The one place that says how a model is trained: a frozen, self-validating configuration."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from training.decision.stream import UNTAGGED_SHARE

Head = Literal["described", "linear"]
Pooling = Literal["mean", "cls"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Every figure of a training; the defaults are the preset `default`.

    Learning rates are AdamW's, `*_share` are shares of all steps, `thresholds` is the grid that
    is searched (lowest, highest, step), lengths are in tokens. Raises ValueError when a value
    makes no sense.
    """

    preset: str = "default"
    base_model: str = "all-MiniLM-L6-v2"
    head: Head = "described"
    head_scale: float = 6.0  # first weight of the cosine of a described tag and the message
    token_scale: float = 12.0  # first weight of its cosine with the nearest tokens; 0: without
    pooling: Pooling = "mean"
    max_length: int = 128
    text_prefix: str = ""  # before every text; the E5 family wants "query: "
    batch_size: int = 16
    epochs: int = 5
    min_steps: int = 200  # few messages are gone through more often, until so many batches
    max_steps: int = 900  # many are gone through less often, to end before so many batches
    patience: int = 3
    encoder_learning_rate: float = 2e-4
    head_learning_rate: float = 2e-3
    layer_decay: float = 0.85  # each layer further down learns this much slower
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    dropout: float = 0.1
    freeze_embeddings: bool = True
    average_weights: float = 0.98  # decay of the moving average that is kept; 0: the last step
    early_exit: float = 0.5  # share of the layers after which plain messages end; 0: none do
    frozen_layers: int = 0  # above 0: heads alone learn, on so many layers (learning/quick.py)
    learn_from: int = 0  # characters of messages, sampled from all splits; 0: all of them
    cross_fit_below: int = 1000  # messages to learn from; with fewer, `folds` trainings decide
    folds: int = 3
    calibrate: bool = True
    thresholds: tuple[float, float, float] = (0.20, 0.95, 0.01)
    per_tag_thresholds: bool = True
    untagged_share: float = UNTAGGED_SHARE  # of the messages for which all of this is decided
    seed: int = 20260

    def __post_init__(self) -> None:
        low, high, step = self.thresholds
        rules = {
            "base_model must be named": bool(self.base_model.strip()),
            f"head must be one of {get_args(Head)}": self.head in get_args(Head),
            f"pooling must be one of {get_args(Pooling)}": self.pooling in get_args(Pooling),
            "head_scale must be above 0": self.head_scale > 0,
            "token_scale must be at least 0, and 0 with a linear head": self.token_scale == 0
            or (self.token_scale > 0 and self.head == "described"),
            "max_length must be from 8 to 512": 8 <= self.max_length <= 512,
            "text_prefix must be text of at most 100 characters": isinstance(self.text_prefix, str)
            and len(self.text_prefix) <= 100,
            "batch_size must be from 1 to 1024": 1 <= self.batch_size <= 1024,
            "epochs must be from 1 to 1000": 1 <= self.epochs <= 1000,
            "min_steps must be from 0 to 100000": 0 <= self.min_steps <= 100_000,
            "max_steps must be from min_steps to 1000000": self.min_steps
            <= self.max_steps
            <= 1_000_000,
            "patience must be at least 1": self.patience >= 1,
            "learning rates must be above 0 and below 1": 0 < self.encoder_learning_rate < 1
            and 0 < self.head_learning_rate < 1,
            "layer_decay must be above 0 and at most 1": 0 < self.layer_decay <= 1,
            "weight_decay must be from 0 to 1": 0 <= self.weight_decay <= 1,
            "warmup_share must be from 0 to 1": 0 <= self.warmup_share <= 1,
            "dropout must be from 0 to below 1": 0 <= self.dropout < 1,
            "average_weights must be from 0 to below 1": 0 <= self.average_weights < 1,
            "early_exit must be from 0 to below 1, and 0 where no tokens are matched": (
                0 <= self.early_exit < 1 and (self.token_scale > 0 or self.early_exit == 0)
            ),
            "frozen_layers must be 0 where there is an early_exit": (
                self.frozen_layers == 0 or self.early_exit == 0
            ),
            "frozen_layers and learn_from must be at least 0": self.frozen_layers >= 0
            and self.learn_from >= 0,
            "cross_fit_below must be at least 0": self.cross_fit_below >= 0,
            "folds must be from 2 to 20": 2 <= self.folds <= 20,
            "untagged_share must be above 0 and below 1": 0 < self.untagged_share < 1,
            "thresholds must be 0 < lowest <= highest < 1 with a step above 0": 0 < low <= high < 1
            and step > 0,
        }
        broken = [rule for rule, holds in rules.items() if not holds]
        if broken:
            raise ValueError("; ".join(broken))

    def with_changes(self, **changes: Any) -> "TrainingConfig":
        """A validated copy; TypeError for a name that does not exist."""
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"thresholds": list(self.thresholds)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TrainingConfig":
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        grid = {"thresholds": tuple(values["thresholds"])} if "thresholds" in values else {}
        return cls(**(values | grid))


PRESETS = {
    "default": TrainingConfig(),
    # What a first start serves with until the default is trained.
    "quick": TrainingConfig(
        preset="quick",
        early_exit=0.0,
        frozen_layers=2,
        learn_from=200_000,
        batch_size=64,
        epochs=8,
        head_learning_rate=5e-3,
        dropout=0.3,
        average_weights=0.0,
    ),
    # The recipe of the service that Beez replaces, on whatever encoder is named.
    "original": TrainingConfig(
        preset="original",
        head="linear",
        token_scale=0.0,
        early_exit=0.0,
        pooling="cls",
        epochs=10,
        min_steps=0,
        max_steps=1_000_000,
        patience=10,
        encoder_learning_rate=2e-5,
        head_learning_rate=2e-5,
        layer_decay=1.0,
        dropout=0.1,
        freeze_embeddings=False,
        average_weights=0.0,
        calibrate=False,
        thresholds=(0.30, 0.55, 0.01),
        per_tag_thresholds=False,
    ),
}
