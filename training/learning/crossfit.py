"""What a recipe says of messages that it has not learnt from: k trainings, each without a part.

For data too few to set a validation split aside: temperatures, thresholds and the review band
then rest on every message (cross-fitting, as for stacking: Wolpert 1992).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.datasets import near_duplicates, splitting, stats
from training.datasets.reading import Example
from training.evaluation import quality
from training.learning import finetune, recipes
from training.learning.config import TrainingConfig


def out_of_fold(
    examples: Sequence[Example],
    tags: Sequence[str],
    *,
    descriptions: Mapping[str, str],
    config: TrainingConfig,
    progress: finetune.Progress = lambda _: None,
) -> NDArray[np.float32]:
    """Logits [exits, examples, tags], each row from a network that did not see its example.

    `config.folds` stratified parts; near duplicates stand in one. All epochs run, as they will in
    the training on all examples. ValueError for fewer than two distinct messages.
    """
    messages = [example.message for example in examples]
    gold = quality.labels(examples, tags)
    fold = splitting.folds(
        messages=messages,
        labels=[stats.labels(example) for example in examples],
        clusters=near_duplicates.cluster(messages),
        k=config.folds,
    )
    rows, exits = [], []
    for number in range(fold.max() + 1):
        progress({"step": f"fine-tune without part {number + 1} of {fold.max() + 1}"})
        kept, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        fitted = recipes.fit(
            train=([messages[i] for i in kept], gold[kept]),
            validation=None,
            descriptions=descriptions,
            config=config,
            progress=progress,
        )
        rows.append(out)
        exits.append(fitted.exits([messages[i] for i in out]))
    return np.concatenate(exits, axis=1)[:, np.argsort(np.concatenate(rows))]
