import numpy as np
import pytest
from sklearn.metrics import f1_score

from training import metrics

GOLD = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], dtype=bool)
SAID = np.array([[1, 0], [0, 1], [0, 1], [0, 0]], dtype=bool)


def test_micro_and_macro_f1_agree_with_scikit_learn():
    rng = np.random.default_rng(1)
    gold, said = rng.random((200, 5)) < 0.3, rng.random((200, 5)) < 0.3
    assert metrics.micro_f1(gold, said) == pytest.approx(f1_score(gold, said, average="micro"))
    assert metrics.macro_f1(gold, said) == pytest.approx(f1_score(gold, said, average="macro"))


def test_per_tag_figures():
    assert metrics.per_tag(GOLD, SAID, ["a", "b"])["b"] == {
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        "support": 2,
    }


def test_f1_is_zero_where_nothing_is_there_and_nothing_was_said():
    nothing = np.zeros((3, 2), dtype=bool)
    assert metrics.micro_f1(nothing, nothing) == 0.0


def test_exact_match_and_no_tag_accuracy():
    assert metrics.exact_match(GOLD, SAID) == 0.25
    assert metrics.no_tag_accuracy(GOLD, SAID) == 0.0
    assert metrics.no_tag_accuracy(GOLD[:2], SAID[:2]) is None


def test_confusion_counts_found_missed_and_invented_tags():
    matrix = metrics.confusion(GOLD, SAID, ["a", "b"])["matrix"]
    assert matrix == [[1, 0, 1], [0, 1, 1], [0, 1, 0]]


def test_calibration_error_is_nought_for_honest_and_large_for_boastful_probabilities():
    rng = np.random.default_rng(2)
    honest = rng.random((20_000, 1))
    gold = rng.random((20_000, 1)) < honest
    assert metrics.calibration_error(gold, honest) < 0.02
    boastful = np.where(honest > 0.5, 0.999, 0.001)
    assert metrics.calibration_error(gold, boastful) > 0.15


def test_the_bootstrap_interval_holds_the_score_and_is_reproducible():
    low, high = metrics.micro_f1_interval(GOLD, SAID)
    assert low <= metrics.micro_f1(GOLD, SAID) <= high
    assert (low, high) == metrics.micro_f1_interval(GOLD, SAID)
