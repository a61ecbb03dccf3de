"""The rule for a conversation's tag, each numbered rule of the guidelines by name."""

import itertools
import random

import pytest

from conversations.tagging import TaggedMessage, conversation_tag, is_switch

NEW, WINDOW, WISH, DEAL, HOT = (
    "First-time-visitor",
    "Window-shopper",
    "Wishlist-user",
    "Deal-seeker",
    "Hot-buyer",
)
STAGES = {NEW: 10, WINDOW: 20, WISH: 30, DEAL: 40, HOT: 50}


def message(*tags, **probabilities):
    """A message with `tags` at 0.9, all others at 0.1, unless told otherwise."""
    every = {tag: 0.9 if tag in tags else 0.1 for tag in STAGES}
    named = {"new": NEW, "window": WINDOW, "wish": WISH, "deal": DEAL, "hot": HOT}
    every |= {named[short]: value for short, value in probabilities.items()}
    return TaggedMessage(probabilities=every, selected=frozenset(tags))


def newest(*window, previous=None):
    return conversation_tag(window, previous, STAGES, rule="newest", threshold=0.5)


def tag_of(*window, previous=None):
    result = newest(*window, previous=previous)
    return result and result[0]


class TestRule1TheNewestMessageHasTags:
    @pytest.mark.parametrize("tag", STAGES)
    @pytest.mark.parametrize("previous", [None, *STAGES])
    def test_its_only_tag_is_the_conversations(self, tag, previous):
        assert tag_of(message(HOT), message(tag), previous=previous) == tag

    @pytest.mark.parametrize("pair", list(itertools.combinations(STAGES, 2)))
    def test_among_several_new_ones_the_furthest_along_wins(self, pair):
        less, more = pair
        assert tag_of(message(less, more)) == more

    @pytest.mark.parametrize("pair", list(itertools.combinations(STAGES, 2)))
    def test_a_tag_that_the_conversation_had_comes_after_any_other(self, pair):
        less, more = pair
        assert tag_of(message(more), message(less, more), previous=more) == less
        assert tag_of(message(less), message(less, more), previous=less) == more

    def test_the_furthest_along_is_taken_among_those_that_are_new(self):
        assert tag_of(message(HOT), message(NEW, WISH, DEAL, HOT), previous=HOT) == DEAL

    def test_a_higher_confidence_does_not_beat_a_later_stage(self):
        assert tag_of(message(DEAL, HOT, deal=0.99, hot=0.55)) == HOT

    def test_older_messages_do_not_count(self):
        assert tag_of(message(HOT), message(DEAL), message(NEW), previous=DEAL) == NEW

    def test_tags_of_one_stage_are_told_apart_by_confidence_then_by_name(self):
        stages = STAGES | {"A": 50, "B": 50}
        equal = TaggedMessage(probabilities={"A": 0.7, "B": 0.7}, selected=frozenset("AB"))
        surer = TaggedMessage(probabilities={"A": 0.8, "B": 0.7}, selected=frozenset("AB"))
        for window, expected in (([equal], "B"), ([surer], "A")):
            got = conversation_tag(window, None, stages, rule="newest", threshold=0.5)
            assert got[0] == expected


class TestRule2TheNewestMessageHasNone:
    @pytest.mark.parametrize("tag", STAGES)
    def test_the_tag_stays_while_one_of_the_last_three_carries_it(self, tag):
        assert tag_of(message(tag), message(), previous=tag) == tag
        assert tag_of(message(tag), message(), message(), previous=tag) == tag

    def test_the_tag_stays_although_its_message_has_one_further_along(self):
        assert tag_of(message(DEAL, HOT), message(), previous=DEAL) == DEAL

    def test_a_tag_that_none_of_the_three_carries_gives_way_to_the_newest_tagged_message(self):
        assert tag_of(message(NEW), message(WISH, DEAL), message(), previous=HOT) == DEAL

    def test_without_a_previous_tag_the_newest_tagged_message_decides(self):
        assert tag_of(message(HOT), message(WISH), message(), previous=None) == WISH


class TestRule3NoneOfTheLastThreeHasATag:
    @pytest.mark.parametrize("previous", [None, *STAGES])
    @pytest.mark.parametrize("length", [1, 2, 3])
    def test_the_conversation_has_none(self, previous, length):
        assert newest(*[message()] * length, previous=previous) is None


class TestConfidence:
    def test_is_the_tags_probability_in_the_newest_message(self):
        assert newest(message(HOT, hot=0.7), message(HOT, hot=0.8), previous=HOT) == (HOT, 0.8)

    def test_of_a_tag_that_stays_comes_from_the_newest_message_that_carries_it(self):
        window = [message(HOT, hot=0.7), message(HOT, hot=0.6), message(hot=0.4)]
        assert newest(*window, previous=HOT) == (HOT, 0.6)


class TestSwitch:
    def test_is_a_change_from_one_tag_to_another(self):
        assert is_switch(NEW, WISH)

    def test_is_the_loss_of_a_tag(self):
        assert is_switch(NEW, None)

    def test_is_not_the_first_tag(self):
        assert not is_switch(None, NEW)

    def test_is_not_the_same_tag_again(self):
        assert not is_switch(NEW, NEW)
        assert not is_switch(None, None)


def test_worked_example_of_the_guidelines():
    messages = [message(NEW), message(WISH), message(NEW, DEAL), message(DEAL, HOT)]
    assert play(messages) == [(NEW, False), (WISH, True), (DEAL, True), (HOT, True)]


def test_replaying_any_sequence_gives_no_tag_exactly_when_none_of_the_last_three_has_one():
    random_ = random.Random(20)
    for _ in range(300):
        messages = [
            message(*random_.sample(list(STAGES), random_.choice([0, 0, 0, 1, 2, 3])))
            for _ in range(12)
        ]
        for end, (tag, _) in enumerate(play(messages), start=1):
            window = messages[max(0, end - 3) : end]
            assert (tag is None) == (not any(one.selected for one in window))
            assert tag is None or any(tag in one.selected for one in window)


def play(messages):
    """(tag, switched) after each message."""
    history, previous = [], None
    for end in range(1, len(messages) + 1):
        now = tag_of(*messages[max(0, end - 3) : end], previous=previous)
        history.append((now, is_switch(previous, now)))
        previous = now
    return history


class TestMean:
    def mean(self, *window, threshold=0.5, previous=None):
        return conversation_tag(window, previous, STAGES, rule="mean", threshold=threshold)

    def test_takes_the_highest_mean_probability_whatever_is_selected(self):
        window = [message(hot=0.9), message(hot=0.2, deal=0.8), message(deal=0.7)]
        tag, confidence = self.mean(*window)
        assert (tag, confidence) == (DEAL, pytest.approx((0.1 + 0.8 + 0.7) / 3))

    def test_keeps_a_mean_at_the_threshold_and_drops_one_below(self):
        window = [message(hot=0.25), message(hot=0.75)]
        assert self.mean(*window, threshold=0.5) == (HOT, 0.5)
        assert self.mean(*window, threshold=0.5001) is None

    def test_a_model_that_does_not_know_a_tag_counts_as_zero(self):
        other = TaggedMessage(probabilities={NEW: 0.9}, selected=frozenset({NEW}))
        assert self.mean(other, message(hot=1.0), threshold=0.5) == (HOT, 0.5)

    def test_equal_means_go_to_the_later_stage(self):
        assert self.mean(message(new=0.9, deal=0.9))[0] == DEAL
