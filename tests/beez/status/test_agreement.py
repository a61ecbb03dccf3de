"""How often staff agree with the model, from messages that chance has chosen."""

import pytest

from beez.status import agreement
from beez.status.agreement import wilson
from classifier import registry
from conversations import reviewing
from conversations.models import Review
from tests import keyword_model as keywords
from tests.conversations.conftest import DEAL, HOT
from tests.conversations.posting import add_message

pytestmark = pytest.mark.django_db


def of_tag(tag):
    return next(one for one in agreement.lately().tags if one.tag == tag)


@pytest.mark.parametrize(
    ("successes", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1),
    ],
)
def test_the_interval_is_that_of_published_examples(successes, of, low, high):
    """The first two are in Newcombe 1998, table I, method 3."""
    assert wilson(successes, of) == pytest.approx((low, high), abs=5e-5)


def test_nothing_seen_may_be_anything():
    assert wilson(0, 0) == (0.0, 1.0)


def test_counts_what_the_model_gave_and_what_it_found(reviewed):
    reviewed("I want to buy it", HOT)
    reviewed("checkout is broken")  # Hot-buyer, says the model; staff say none
    reviewed("take my money", HOT)  # nothing, says the model
    reviewed("a coupon please", DEAL)
    hot = of_tag(HOT)
    assert (hot.given.agreed, hot.given.of) == (1, 2)
    assert (hot.found.agreed, hot.found.of) == (1, 2)
    found = agreement.lately().messages
    assert (found.agreed, found.of) == (2, 4)


@pytest.mark.parametrize("chosen", [Review.Chosen.READING, Review.Chosen.API, Review.Chosen.UNSURE])
def test_reviews_of_messages_that_somebody_picked_do_not_count(reviewed, chosen):
    reviewed("I want to buy it", HOT, chosen=chosen)
    assert agreement.lately().messages.of == 0


def test_a_drawn_message_counts_that_the_queue_showed_because_the_model_was_unsure(reviewed):
    reviewed("I want to buy it", HOT, chosen=Review.Chosen.UNSURE, sampled=True)
    reviewed("order now", HOT, chosen=Review.Chosen.READING, sampled=True)
    assert agreement.lately().messages.of == 1


def test_the_word_that_holds_counts_and_a_withdrawn_one_does_not(reviewed):
    first = reviewed("I want to buy it", HOT)
    second = reviewing.record(message=first.message, tags=[], actor="ben")
    assert agreement.lately().messages.agreed == 0
    reviewing.withdraw(review=second, actor="ben")
    assert agreement.lately().messages.agreed == 1
    reviewing.withdraw(review=first, actor="anna")
    assert agreement.lately().messages.of == 0


def test_reviews_of_long_ago_do_not_count(reviewed):
    reviewed("I want to buy it", HOT, days=91)
    reviewed("buy another", HOT, days=89)
    assert agreement.lately().messages.of == 1


def test_a_tag_that_did_not_exist_then_is_not_judged(reviewed):
    row = reviewed("I want to buy it", HOT)
    Review.objects.filter(pk=row.pk).update(labelled_for=[HOT])
    assert of_tag(HOT).given.of == 1
    reviewed("a coupon please", HOT)
    Review.objects.filter(message__text="a coupon please").update(labelled_for=[HOT])
    assert of_tag(DEAL).given.of == 0


def test_with_enough_reviews_the_live_version_is_judged_alone(reviewed, models_dir, monkeypatch):
    monkeypatch.setattr(agreement, "ENOUGH", 2)
    reviewed("I want to buy it")
    keywords.build(models_dir, "keywords-2", words=keywords.SHIPPED_TAGS)
    registry.activate(registry.register("keywords-2"))
    assert (agreement.lately().version, agreement.lately().messages.of) == (None, 1)
    from classifier import live

    live.refresh()
    for text in ("buy one", "buy two"):
        message = add_message(conversation_id=text, text=text)
        reviewing.record(message=message, tags=[HOT], actor="a", chosen=Review.Chosen.RANDOM)
    found = agreement.lately()
    assert (found.version, found.messages.agreed, found.messages.of) == ("keywords-2", 2, 2)
