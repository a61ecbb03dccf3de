import numpy as np
import pytest

from training.decision import metrics, review


def _calibrated(messages: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are right, and labels drawn from them."""
    rng = np.random.default_rng(5)
    probabilities = metrics.sigmoid(rng.normal(size=(messages, 3)) * 3)
    return probabilities, rng.random((messages, 3)) < probabilities


def test_with_calibrated_probabilities_the_band_goes_from_one_in_five_to_four_in_five():
    low, high = review.band(*_calibrated(5000))
    assert low == pytest.approx(0.2, abs=0.06)
    assert high == pytest.approx(0.8, abs=0.06)


def test_outside_the_band_at_least_four_in_five_decisions_are_right_on_other_messages():
    probabilities, gold = _calibrated(6000)
    low, high = review.band(probabilities[:3000], gold[:3000])
    p, g = probabilities[3000:].ravel(), gold[3000:].ravel()
    unsure = (p >= low) & (p < high)
    right = (p >= 0.5) == g
    assert right[~unsure].mean() > 0.9
    assert right[unsure].mean() < 0.8


def test_a_model_that_is_never_sure_that_a_tag_holds_asks_about_all_that_it_gives():
    probabilities = np.linspace(0, 0.6, 200)[:, None]
    gold = np.zeros((200, 1), dtype=bool)
    gold[150::2] = True
    assert review.band(probabilities, gold)[1] == 1.0


def test_a_threshold_outside_the_band_widens_it():
    asked = review.asked(np.array([[0.85], [0.95], [0.3]]), np.array([0.9]), (0.4, 0.8))
    assert asked.tolist() == [True, False, False]


def _four_messages() -> tuple[np.ndarray, np.ndarray]:
    """Two that are surely right, and two near the threshold that are wrong."""
    gold = np.array([[1], [0], [0], [1]], dtype=bool)
    return gold, np.array([[0.99], [0.01], [0.55], [0.45]])


def test_coverage_keeps_the_surest_messages_first():
    found = review.summary(*_four_messages(), thresholds=np.array([0.5]), band=(0.2, 0.8))
    assert found["coverage"] == [[0.25, 1.0], [0.5, 1.0], [0.75, pytest.approx(2 / 3)], [1.0, 0.5]]


def test_the_summary_tells_how_right_answers_are_inside_and_outside_the_band():
    found = review.summary(*_four_messages(), thresholds=np.array([0.5]), band=(0.2, 0.8))
    assert (found["asked"], found["exact_match_asked"], found["exact_match_others"]) == (0.5, 0, 1)


def test_where_nothing_is_asked_there_is_no_accuracy_of_what_was_asked():
    found = review.summary(*_four_messages(), thresholds=np.array([0.5]), band=(0.5, 0.5))
    assert found["exact_match_asked"] is None
