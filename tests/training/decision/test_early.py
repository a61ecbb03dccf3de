import numpy as np
import pytest

from training.decision import early

THRESHOLDS = np.array([0.6, 0.7])
REVIEW = (0.4, 0.8)


def band(first, whole, **options):
    return early.band(
        np.array(first), np.array(whole), thresholds=THRESHOLDS, review_band=REVIEW, **options
    )


def stream(count=1000):
    """Early and whole probabilities of messages in which both are as sure, and far from doubt."""
    rng = np.random.default_rng(3)
    whole = np.where(rng.random((count, 2)) < 0.2, 0.97, 0.02)
    return whole.copy(), whole


def test_where_both_exits_agree_only_what_is_asked_about_goes_on():
    assert band(*stream()) == (0.4, 0.8)


@pytest.mark.parametrize("said", [0.9, 0.5])
def test_what_the_whole_network_gives_or_asks_about_is_not_denied_early(said):
    """Ten in a thousand that look unlikely early, and that the whole network finds likelier."""
    first, whole = stream()
    first[:10], whole[:10] = [[0.1, 0.02]], [[said, 0.02]]
    low, high = band(first, whole)
    assert low == pytest.approx(0.1)
    assert high == 0.8


@pytest.mark.parametrize("said", [0.1, 0.75])
def test_what_the_whole_network_does_not_give_or_asks_about_is_not_given_early(said):
    first, whole = stream()
    first[:10], whole[:10] = [[0.9, 0.02]], [[said, 0.02]]
    low, high = band(first, whole)
    assert low == 0.4
    assert high == pytest.approx(0.901, abs=0.0011)  # 0.9 itself lies in the band


def test_a_few_in_a_thousand_may_come_out_otherwise():
    first, whole = stream()
    first[:2], whole[:2] = [[0.1, 0.02]], [[0.9, 0.02]]
    assert band(first, whole)[0] == 0.4


def test_messages_count_by_their_weight():
    first, whole = stream()
    first[:2], whole[:2] = [[0.1, 0.02]], [[0.9, 0.02]]
    weight = np.ones(1000)
    weight[:2] = 10
    assert band(first, whole, weight=weight)[0] == pytest.approx(0.1)


@pytest.mark.parametrize(("weight", "worth"), [(1.0, True), (0.1, False)])
def test_an_exit_is_worth_it_where_enough_of_a_stream_ends_there(weight, worth):
    first = np.array([[0.1, 0.9]] * 3 + [[0.1, 0.5]] * 7)
    weights = np.array([weight] * 3 + [1.0] * 7)
    assert early.is_worth_it(first, (0.4, 0.8), weight=weights) is worth


def test_the_band_holds_every_threshold():
    first, whole = stream()
    found = early.band(first, whole, thresholds=np.array([0.3, 0.95]), review_band=REVIEW)
    assert found == (0.3, 0.95)
