"""Which recipe a configuration means: fine-tuning, or heads alone on a frozen encoder."""

from collections.abc import Mapping

from training.decision.metrics import Labels
from training.learning import finetune, quick
from training.learning.config import TrainingConfig
from training.learning.finetune import Fitted, Progress, Texts


def fit(
    *,
    train: tuple[Texts, Labels],
    validation: tuple[Texts, Labels] | None,
    descriptions: Mapping[str, str],
    config: TrainingConfig,
    progress: Progress = lambda _: None,
) -> Fitted:
    """`finetune.fit`, or `quick.fit` where `config.frozen_layers` says so."""
    recipe = quick.fit if config.frozen_layers else finetune.fit
    return recipe(
        train=train,
        validation=validation,
        descriptions=descriptions,
        config=config,
        progress=progress,
    )
