"""Whose threshold decides, and where a decision asks for review."""

import pytest

from classifier import decision
from classifier.decision import Overrides, asks_for_review, in_force
from classifier.engine import Classification
from classifier.manifest import Manifest

DEAL, HOT = "Deal-seeker", "Hot-buyer"
MANIFEST = Manifest(
    name="m",
    created_at="",
    base_model="",
    tags=(DEAL, HOT),
    threshold=0.48,
    thresholds={DEAL: 0.4, HOT: 0.5},
    temperatures={DEAL: 1.0, HOT: 1.0},
    max_length=8,
    precision="int8",
    precision_reason="",
    dataset_digest="",
    metrics={},
    config={},
)


def sources(found):
    return {row.tag: row.source for row in found.tags}


def test_where_nobody_set_anything_the_models_thresholds_hold():
    found = in_force(MANIFEST, Overrides())
    assert (found.overall.threshold, found.overall.source) == (0.48, "model")
    assert found.thresholds == {DEAL: 0.4, HOT: 0.5}
    assert sources(found) == {DEAL: "model", HOT: "model"}


def test_the_global_override_holds_for_every_tag_without_one_of_its_own():
    found = in_force(MANIFEST, Overrides(threshold=0.6, tags={HOT: 0.9}))
    assert (found.overall.threshold, found.overall.source) == (0.6, "global")
    assert found.thresholds == {DEAL: 0.6, HOT: 0.9}
    assert found.overall.model_threshold == 0.48
    assert [row.model_threshold for row in found.tags] == [0.4, 0.5]
    assert sources(found) == {DEAL: "global", HOT: "tag"}


def test_a_tags_override_leaves_the_global_threshold_and_the_other_tags():
    found = in_force(MANIFEST, Overrides(tags={HOT: 0.9}))
    assert (found.overall.threshold, found.overall.source) == (0.48, "model")
    assert found.thresholds == {DEAL: 0.4, HOT: 0.9}


def test_an_override_for_a_tag_that_the_model_does_not_know_has_no_effect():
    assert in_force(MANIFEST, Overrides(tags={"Gift-giver": 0.9})) == in_force(
        MANIFEST, Overrides()
    )


@pytest.mark.parametrize(
    ("probability", "threshold", "asks"),
    [
        (0.3, 0.5, True),  # the lower end belongs to the band
        (0.29, 0.5, False),
        (0.69, 0.5, True),
        (0.7, 0.5, False),  # the upper end does not
        (0.75, 0.8, True),  # a threshold above the band widens it
        (0.8, 0.8, False),
        (0.3, 0.8, True),
        (0.2, 0.2, True),  # and so does one below it
        (0.19, 0.2, False),
        (0.69, 0.2, True),
    ],
)
def test_a_probability_in_the_band_or_between_it_and_the_threshold_asks_for_review(
    probability, threshold, asks
):
    assert asks_for_review(probability, threshold=threshold, band=(0.3, 0.7)) is asks


@pytest.mark.parametrize("probability", [0.0, 0.4999, 0.5, 1.0])
def test_without_a_band_or_with_an_empty_one_nothing_asks_for_review(probability):
    assert not asks_for_review(probability, threshold=0.5, band=None)
    assert not asks_for_review(probability, threshold=0.5, band=(0.5, 0.5))


def test_a_message_is_unsure_of_the_tags_in_doubt_selected_or_not():
    found = Classification(
        threshold=0.5,
        thresholds={"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.95},
        probabilities={"a": 0.45, "b": 0.55, "c": 0.9, "d": 0.9},
        review_band=(0.4, 0.6),
    )
    assert found.unsure == {"a", "b", "d"}


class TestUncertainty:
    def test_is_one_on_a_threshold_and_falls_with_the_odds(self):
        assert decision.uncertainty({"a": 0.6}, {"a": 0.6}) == pytest.approx(1.0)
        assert decision.uncertainty({"a": 0.9}, {"a": 0.5}) == pytest.approx(1 / 9)
        assert decision.uncertainty({"a": 0.1}, {"a": 0.5}) == pytest.approx(1 / 9)

    def test_is_that_of_the_closest_tag(self):
        found = decision.uncertainty({"a": 0.99, "b": 0.4}, {"a": 0.5, "b": 0.5})
        assert found == pytest.approx(2 / 3)

    def test_certainty_and_no_tags_are_no_error(self):
        assert decision.uncertainty({"a": 1.0, "b": 0.0}, {"a": 0.5, "b": 0.5}) < 1e-9
        assert decision.uncertainty({}, {}) == 0.0
