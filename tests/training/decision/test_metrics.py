import numpy as np
import pytest
from sklearn.metrics import f1_score

from training.decision import metrics

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


def test_an_unknown_label_is_neither_a_hit_nor_a_miss_however_sure_the_model_is():
    labels = np.array([[1, np.nan], [0, 1], [np.nan, np.nan]])
    for said in (-9.0, 9.0):
        scores = np.array([[2.0, said], [-2.0, 2.0], [said, said]])
        gold, settled = metrics.settle_unknown(labels, scores)
        assert gold.sum() == 2
        assert metrics.micro_f1(gold, settled > 0) == metrics.exact_match(gold, settled > 0) == 1


def test_labels_that_are_all_known_leave_the_scores_as_they_are():
    gold, scores = metrics.settle_unknown(GOLD.astype(float), SAID.astype(float))
    assert (gold == GOLD).all()
    assert (scores == SAID).all()


def test_unknown_labels_and_tags_without_a_known_one_stay_out_of_the_calibration():
    rng = np.random.default_rng(5)
    probabilities = rng.random((500, 1))
    labels = (rng.random((500, 1)) < probabilities).astype(float)
    blank = np.full((300, 1), np.nan)
    more = np.vstack([labels, blank]), np.vstack([probabilities, np.ones((300, 1))])
    assert metrics.calibration_error(*more) == metrics.calibration_error(labels, probabilities)
    assert metrics.calibration_bins(*more) == metrics.calibration_bins(labels, probabilities)
    beside = np.hstack([more[0], np.full((800, 1), np.nan)]), np.hstack([more[1], more[1]])
    assert metrics.calibration_error(*beside) == metrics.calibration_error(*more)


def test_the_bootstrap_interval_holds_the_score_and_is_reproducible():
    low, high = metrics.micro_f1_interval(GOLD, SAID)
    assert low <= metrics.micro_f1(GOLD, SAID) <= high
    assert (low, high) == metrics.micro_f1_interval(GOLD, SAID)
