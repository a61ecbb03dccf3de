"""What holds of the metrics whatever is predicted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score

from training.decision import metrics

TABLES = st.tuples(st.integers(1, 30), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape))
)


@given(tables=TABLES)
def test_micro_f1_is_that_of_scikit_learn(tables):
    gold, predicted = tables
    expected = f1_score(gold.ravel(), predicted.ravel(), zero_division=0)
    assert metrics.micro_f1(gold, predicted) == pytest.approx(expected)


@given(tables=TABLES)
def test_equal_weights_change_nothing(tables):
    gold, predicted = tables
    weight = np.full(len(gold), 0.25)
    assert metrics.micro_f1(gold, predicted, weight) == pytest.approx(
        metrics.micro_f1(gold, predicted)
    )
