import numpy as np
import pytest

from training.datasets.reading import Example
from training.learning import crossfit, finetune

TAGS = ["new", "deal"]
DESCRIPTIONS = {"new": "a new customer", "deal": "wants a discount"}


def _examples(count: int) -> list[Example]:
    words = ("red", "blue", "tall", "cold", "wide", "soft", "late", "slow")
    texts = [f"{a} {b} number {i}" for i, a in enumerate(words) for b in words][:count]
    return [
        Example(message=text, tags=(TAGS[i % 2],) if i % 3 else ()) for i, text in enumerate(texts)
    ]


@pytest.fixture
def trainings(monkeypatch):
    """The messages that each fine-tuning learnt from, beside the real thing."""
    seen: list[set[str]] = []
    real = finetune.fit

    def fit(**arguments):
        seen.append(set(arguments["train"][0]))
        fitted = real(**arguments)
        exits = fitted.exits
        fitted.exits = lambda texts, **k: (seen.append(set(texts)), exits(texts, **k))[1]
        return fitted

    monkeypatch.setattr(finetune, "fit", fit)
    return seen


def test_no_message_is_judged_by_a_network_that_learnt_from_it(tiny_config, trainings):
    examples = _examples(24)
    config = tiny_config.with_changes(epochs=1, folds=3)
    exits = crossfit.out_of_fold(examples, TAGS, descriptions=DESCRIPTIONS, config=config)
    assert exits.shape == (2, 24, 2)
    assert np.abs(exits).min() > 0
    pairs = list(zip(trainings[::2], trainings[1::2], strict=True))
    assert len(pairs) == 3
    assert all(not learnt & judged for learnt, judged in pairs)
    assert set().union(*(judged for _, judged in pairs)) == {e.message for e in examples}


def test_near_duplicates_stand_in_one_fold(tiny_config, trainings):
    twins = [Example(message=f"any codes for the red kettle{end}", tags=("deal",)) for end in "?!."]
    config = tiny_config.with_changes(epochs=1, folds=3)
    crossfit.out_of_fold([*_examples(12), *twins], TAGS, descriptions=DESCRIPTIONS, config=config)
    wanted = {twin.message for twin in twins}
    assert any(wanted <= judged for judged in trainings[1::2])
