import numpy as np
import pytest

from training.decision import calibration, review, stream, thresholds

TAGS = ["Deal-seeker", "Hot-buyer"]
GRID = (0.1, 0.9, 0.1)


def flags(*rows):
    return np.array(rows, dtype=bool)


def test_the_untagged_messages_weigh_as_much_as_their_share_in_the_stream():
    gold = flags([1, 0], [0, 1], [1, 1], [0, 0])
    weight = stream.weights(gold, 0.75)
    assert weight[3] / weight.sum() == pytest.approx(0.75)
    assert weight.mean() == pytest.approx(1)
    assert weight[0] == weight[1] == weight[2]


@pytest.mark.parametrize("gold", [flags([1, 0], [0, 1]), flags([0, 0], [0, 0])])
def test_messages_of_one_kind_alone_are_not_weighed(gold):
    assert stream.weights(gold, 0.75).tolist() == [1, 1]


def test_a_handful_of_untagged_messages_does_not_speak_for_the_stream():
    gold = np.ones((101, 1), dtype=bool)
    gold[0] = False
    weight = stream.weights(gold, 0.75)
    assert weight[0] / weight[1] == pytest.approx(stream.HEAVIEST)


def test_false_alarms_are_wrong_tags_in_a_thousand_messages_of_the_stream():
    gold = flags([1, 0], [1, 0], [0, 0], [0, 0])
    said = flags([1, 0], [1, 1], [0, 0], [0, 1])
    found = stream.figures(gold, said, TAGS, untagged_share=0.75)
    # Half of the untagged 750 get a tag, and half of the tagged 250 a wrong one beside the right.
    assert found["false_alarms"] == pytest.approx(375 + 125)
    assert found["precision"] == pytest.approx(250 / 750)
    assert found["recall"] == 1.0
    assert found["per_tag"]["Deal-seeker"]["false_alarms"] == 0


def test_of_messages_of_one_kind_there_are_no_figures():
    one_kind = stream.figures(flags([1, 0]), flags([1, 0]), TAGS, untagged_share=0.75)
    assert one_kind == {"untagged_share": 0.75, "micro_f1": None}


def unsure():
    """A tag that holds in four of ten messages at 0.5; at 0.9 it always does."""
    probabilities = np.array([[0.5]] * 10 + [[0.9]] * 10 + [[0.1]] * 10)
    gold = np.array([[True]] * 6 + [[False]] * 4 + [[True]] * 10 + [[False]] * 10)
    return probabilities, gold


def test_for_a_stream_of_untagged_messages_the_threshold_is_higher():
    probabilities, gold = unsure()
    weight = stream.weights(gold, 0.95)
    as_it_is = thresholds.search_global(probabilities, gold, GRID)
    for_the_stream = thresholds.search_global(probabilities, gold, GRID, weight=weight)
    assert as_it_is <= 0.5 < for_the_stream


def test_for_such_a_stream_the_review_band_reaches_higher():
    probabilities, gold = unsure()
    weight = stream.weights(gold, 0.95)
    assert review.band(probabilities, gold, weight=weight)[1] > 0.5


def test_equal_weights_change_no_temperature():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(400, 2)) * 3
    gold = rng.random((400, 2)) < 1 / (1 + np.exp(-logits))
    weighed = calibration.fit_temperatures(logits, gold, weight=np.ones(400))
    assert weighed == calibration.fit_temperatures(logits, gold)
