import numpy as np
import pytest

from training.decision import thresholds

GRID = (0.1, 0.9, 0.1)


def test_the_global_threshold_is_the_middle_of_the_best_plateau():
    probabilities = np.array([[0.15], [0.25], [0.75], [0.85]])
    gold = np.array([[0], [0], [1], [1]], dtype=bool)
    assert thresholds.search_global(probabilities, gold, GRID) == pytest.approx(0.5)


def test_the_grid_holds_both_ends():
    assert thresholds.candidates((0.30, 0.55, 0.01))[[0, -1]].tolist() == [0.30, 0.55]
    assert len(thresholds.candidates((0.30, 0.55, 0.01))) == 26


def test_a_tag_with_many_examples_gets_near_its_own_threshold_and_one_with_few_the_global():
    low = np.concatenate([np.full(2000, 0.2), np.full(2000, 0.05)])
    gold = np.concatenate([np.ones(2000, bool), np.zeros(2000, bool)])
    many = thresholds.search_per_tag(low[:, None], gold[:, None], GRID, threshold=0.8)
    few = thresholds.search_per_tag(low[1999:, None], gold[1999:, None], GRID, threshold=0.8)
    assert many[0] < 0.3
    assert few[0] > 0.75


def test_a_tag_without_positives_takes_the_global_threshold():
    probabilities, gold = np.full((5, 1), 0.3), np.zeros((5, 1), dtype=bool)
    assert thresholds.search_per_tag(probabilities, gold, GRID, threshold=0.4) == [0.4]
