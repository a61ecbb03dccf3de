"""What a training of the benchmark on new tags sees, and what it is tested on."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import new_tags_data

from training.datasets import near_duplicates


@pytest.fixture(scope="module")
def messages():
    return new_tags_data.load(50)


def test_no_test_message_is_drawn_from_nor_nearly_so(messages):
    clusters = near_duplicates.cluster([e.message for e in [*messages.pool, *messages.test]])
    assert not set(clusters[: len(messages.pool)]) & set(clusters[len(messages.pool) :])
    assert len(messages.test) == 120
    assert not any(example.unknown for example in messages.test)


def test_shipped_messages_say_nothing_of_the_new_tags(messages):
    assert len(messages.seed) == 50
    assert {e.unknown for e in messages.seed} == {tuple(new_tags_data.OPTIONAL)}


@pytest.mark.parametrize("count", [0, 5, 50])
def test_each_new_tag_has_so_many_examples_and_as_many_messages_without(messages, count):
    drawn = new_tags_data.draw(messages.pool, count, 0)
    for tag in new_tags_data.OPTIONAL:
        labelled = [e for e in drawn if tag not in e.unknown]
        assert sum(tag in e.tags for e in labelled) == count
        assert sum(tag not in e.tags for e in labelled) == count


def test_fewer_examples_are_part_of_more_and_draws_differ(messages):
    five, ten, other = (
        {e.message for e in new_tags_data.draw(messages.pool, count, number)}
        for count, number in ((5, 0), (10, 0), (5, 1))
    )
    assert five < ten
    assert five != other


def test_more_examples_than_there_are_is_a_clear_error(messages):
    with pytest.raises(ValueError, match="messages to draw 99 from for Post-purchase"):
        new_tags_data.draw(messages.pool, 99, 0)
