import numpy as np
import pytest

from training.decision import metrics, paired

DRAWS = 2000


def flags(*columns):
    return np.array(columns, dtype=bool).T


def found(gold, challenger, champion, **options):
    return paired.differences(
        gold, challenger=challenger, champion=champion, draws=DRAWS, **options
    )


@pytest.fixture
def gold():
    """200 messages: 60 with the first tag, 40 with the second, 4 with the third."""
    at = np.arange(200)
    return flags(at < 60, (at >= 60) & (at < 100), (at >= 100) & (at < 104))


def test_equal_answers_make_no_difference(gold):
    overall, tags = found(gold, gold, gold)
    assert (overall.difference, overall.low, overall.high, overall.finding) == (0, 0, 0, "same")
    assert [row.finding for row in tags] == ["same", "same", "undecidable"]
    assert [row.support for row in [overall, *tags]] == [104, 60, 40, 4]


def test_the_scores_are_those_of_the_metrics(gold):
    rng = np.random.default_rng(3)
    new, old = (gold ^ (rng.random(gold.shape) < 0.1) for _ in range(2))
    weight = rng.random(len(gold)) + 0.5
    overall, tags = found(gold, new, old, weight=weight)
    assert overall.challenger == pytest.approx(metrics.micro_f1(gold, new, weight))
    assert overall.champion == pytest.approx(metrics.micro_f1(gold, old, weight))
    one = (gold[:, [1]], old[:, [1]])
    assert tags[1].champion == pytest.approx(metrics.micro_f1(*one, weight))
    assert overall.low < overall.difference < overall.high


def test_a_tag_that_is_lost_is_worse_though_the_others_make_up_for_it(gold):
    old, new = gold.copy(), gold.copy()
    old[60:85, 1] = False
    new[:20, 0] = False
    overall, tags = found(gold, new, old)
    assert overall.finding == "same"
    assert [row.finding for row in tags] == ["worse", "better", "undecidable"]
    assert tags[0].high < 0 < tags[1].low


def test_a_difference_of_a_message_or_two_is_chance(gold):
    new = gold.copy()
    new[:2, 0] = False
    overall, tags = found(gold, new, gold)
    assert overall.difference < 0
    assert (overall.finding, tags[0].finding) == ("same", "same")


def test_too_few_examples_are_undecidable_however_bad_the_answers(gold):
    new = gold.copy()
    new[:, 2] = False
    _, tags = found(gold, new, gold)
    assert tags[2].difference == -1
    assert tags[2].finding == "undecidable"


def test_intervals_are_wider_the_more_tags_are_judged(gold):
    rng = np.random.default_rng(5)
    new, old = (gold ^ (rng.random(gold.shape) < 0.1) for _ in range(2))
    alone = found(gold[:, [0]], new[:, [0]], old[:, [0]])[1][0]
    many = [np.repeat(each[:, [0]], 8, axis=1) for each in (gold, new, old)]
    together = found(*many)[1][0]
    assert together.difference == alone.difference
    assert together.high - together.low > 1.2 * (alone.high - alone.low)


def test_the_same_seed_draws_the_same_samples(gold):
    rng = np.random.default_rng(7)
    new = gold ^ (rng.random(gold.shape) < 0.1)
    assert found(gold, new, gold) == found(gold, new, gold)


def test_versions_that_are_as_good_are_seldom_called_worse():
    """With five tags: about 5% of the time, where intervals of 95% each would say so in 12%."""
    rng, called = np.random.default_rng(11), 0
    for _ in range(60):
        gold = rng.integers(0, 8, 150)[:, None] == np.arange(5)
        new, old = (gold ^ (rng.random(gold.shape) < 0.06) for _ in range(2))
        _, tags = paired.differences(gold, challenger=new, champion=old, draws=500)
        called += any(row.finding == "worse" for row in tags)
    assert called <= 6
