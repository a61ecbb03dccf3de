import numpy as np
import pytest

from training.decision import calibration, metrics


def _overconfident(messages: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits three times as large as they should be, and labels drawn from the true ones."""
    rng = np.random.default_rng(3)
    true = rng.normal(size=(messages, 2)) * 2
    return true * 3, rng.random((messages, 2)) < metrics.sigmoid(true)


def test_the_temperature_of_overconfident_logits_is_found():
    logits, gold = _overconfident(4000)
    for temperature in calibration.fit_temperatures(logits, gold):
        assert 2.6 < temperature < 3.4


def test_calibrated_probabilities_are_nearer_to_the_truth():
    logits, gold = _overconfident(4000)
    temperatures = np.array(calibration.fit_temperatures(logits[:2000], gold[:2000]))
    before = metrics.calibration_error(gold[2000:], metrics.sigmoid(logits[2000:]))
    after = metrics.calibration_error(gold[2000:], metrics.sigmoid(logits[2000:] / temperatures))
    assert after < before / 2


def test_unknown_labels_move_no_temperature():
    logits, gold = _overconfident(500)
    labels = np.vstack([gold, np.full((2000, 2), np.nan)])
    settled = metrics.settle_unknown(labels, np.vstack([logits, np.full((2000, 2), 3.0)]))
    with_them = calibration.fit_temperatures(settled[1], settled[0])
    assert with_them == pytest.approx(calibration.fit_temperatures(logits, gold), abs=1e-3)


def test_a_tag_without_positives_does_not_run_away():
    logits = np.full((30, 2), -2.0)
    gold = np.zeros((30, 2), dtype=bool)
    assert all(0.25 <= t <= 10 for t in calibration.fit_temperatures(logits, gold))
