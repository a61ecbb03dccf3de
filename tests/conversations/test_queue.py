"""Which message a reviewer gets next: the least sure, a tenth by lot, nothing twice."""

import random
from collections import Counter
from contextlib import suppress
from copy import copy
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import queue, reviewing
from conversations.erasure import erase
from conversations.models import (
    Claim,
    Conversation,
    Message,
    Review,
    ShadowAnswer,
    ShadowTrial,
    Skip,
)
from conversations.reviewing import ReviewedMeanwhileError
from conversations.staff import queue_steps
from tests.conversations.conftest import DEAL, HOT, assert_consistent
from tests.conversations.test_concurrency import at_once
from tests.conversations.waiting import wait


@pytest.fixture(autouse=True)
def no_lot(monkeypatch):
    monkeypatch.setattr(queue, "RANDOM_SHARE", 0.0)


def drawn(actor="anna"):
    claim = queue.draw(actor)
    return claim and claim.message.text


def answered(actor="anna", tags=()):
    """The text of the next message, which the person answers."""
    claim = queue.draw(actor)
    queue_steps.save(claim, tags=tags, actor=actor)
    return claim.message.text


def all_answered():
    texts = []
    while queue.draw("anna"):
        texts.append(answered())
    return texts


class TestOrder:
    def test_unsure_ones_come_first_then_all_others_each_by_uncertainty(self, keyword_model):
        wait("nearly", uncertainty=0.9)
        wait("certain", uncertainty=0.2)
        wait("unsure", unsure=True, uncertainty=0.5)
        wait("strange", unsure=True, uncertainty=1.0)
        assert all_answered() == ["strange", "unsure", "nearly", "certain"]

    def test_the_newer_comes_first_where_they_are_equal(self, keyword_model):
        for text in ("first", "second"):
            wait(text, unsure=True, uncertainty=1.0)
        assert drawn() == "second"

    def test_those_set_apart_come_by_lot_alone(self, keyword_model):
        wait("apart", unsure=True, uncertainty=1.0, sampled=True)
        wait("ordinary")
        assert all_answered() == ["ordinary", "apart"]
        chosen = dict(Review.objects.values_list("message__text", "chosen"))
        assert chosen == {"ordinary": "unsure", "apart": "random"}

    def test_where_a_candidate_in_trial_answers_otherwise_goes_before_all(self, keyword_model):
        trial = ShadowTrial.objects.create(
            version=keyword_model, share=1, looked_at=0, started_by="ada"
        )
        wait("strange", unsure=True, uncertainty=1.0)
        for text, differs, apart in [
            ("same", False, False),
            ("other", True, False),
            ("lot", True, True),
        ]:
            message = wait(text, sampled=apart)
            ShadowAnswer.objects.create(
                trial=trial, message=message, tags=[], probabilities={}, differs=differs
            )
        assert all_answered() == ["other", "strange", "same", "lot"]
        chosen = dict(Review.objects.values_list("message__text", "chosen"))
        assert (chosen["other"], chosen["lot"]) == ("shadow", "random")

    def test_a_trial_that_is_over_moves_nothing(self, keyword_model):
        trial = ShadowTrial.objects.create(
            version=keyword_model, share=1, looked_at=0, started_by="ada", ended_at=timezone.now()
        )
        message = wait("other")
        ShadowAnswer.objects.create(
            trial=trial, message=message, tags=[], probabilities={}, differs=True
        )
        wait("strange", unsure=True, uncertainty=1.0)
        assert all_answered() == ["strange", "other"]

    def test_an_answer_elsewhere_takes_it_out(self, keyword_model):
        message = wait("here", unsure=True)
        assert drawn() == "here"
        reviewing.record(message=message, tags=[], actor="ben")
        assert drawn() is None

    def test_nothing_waits_where_there_is_nothing(self, db):
        assert queue.draw("anna") is None


class TestLot:
    def draws(self, count):
        """Draws from a queue that nobody shortens."""
        for _ in range(count):
            claim = queue.draw("anna")
            Claim.objects.all().delete()
            yield claim

    @pytest.fixture
    def apart(self, keyword_model):
        random.seed(11)
        for number in range(40):
            wait(f"message {number}", sampled=number % 8 == 0)

    def test_one_of_ten_is_drawn(self, apart, monkeypatch):
        monkeypatch.setattr(queue, "RANDOM_SHARE", 0.1)
        chosen = Counter(claim.chosen for claim in self.draws(150))
        assert set(chosen) == {"unsure", "random"}
        assert 6 <= chosen["random"] <= 26  # 15 is expected, the standard deviation is 4

    @pytest.mark.parametrize("guesses", [queue.GUESSES, 0])
    def test_each_has_the_same_chance(self, apart, monkeypatch, guesses):
        monkeypatch.setattr(queue, "RANDOM_SHARE", 1.0)
        monkeypatch.setattr(queue, "GUESSES", guesses)
        found = Counter(claim.message.text for claim in self.draws(100))
        assert set(found) == {f"message {number}" for number in (0, 8, 16, 24, 32)}
        assert all(7 <= count <= 36 for count in found.values())  # 20 and 4

    def test_the_others_go_on_when_it_is_empty(self, keyword_model, monkeypatch):
        monkeypatch.setattr(queue, "RANDOM_SHARE", 1.0)
        wait("ordinary")
        assert drawn() == "ordinary"


class TestSameWords:
    def test_reviewed_words_are_not_asked_again(self, keyword_model):
        for name, text in [("a", "Where is it?"), ("b", " where\n IS  it? "), ("c", "where is it")]:
            wait(text, conversation_id=name, unsure=True)
        assert all_answered() == ["where is it", " where\n IS  it? "]
        assert not Message.objects.get(text="Where is it?").reviewed

    def test_however_many_there_are(self, keyword_model, monkeypatch):
        monkeypatch.setattr(queue, "BATCH", 2)
        for number in range(7):
            wait("👍", conversation_id=f"c{number}", unsure=True, uncertainty=1.0)
        wait("other")
        assert queue.progress("anna").waiting == 7
        assert all_answered() == ["👍", "other"]
        assert queue.progress("anna").waiting == 0

    def test_nor_does_another_person_get_what_one_is_just_asked(self, keyword_model):
        for name in ("a", "b"):
            wait("same", conversation_id=name, unsure=True)
        wait("other")
        assert [drawn("anna"), drawn("ben")] == ["same", "other"]

    @pytest.fixture
    def reviewed(self, keyword_model):
        """A reviewed message of which a copy is left."""
        wait("same", conversation_id="copy")
        message = wait("same", conversation_id="reviewed", uncertainty=0.5)
        answered()
        assert drawn() is None
        return message

    def test_they_wait_again_when_the_review_is_taken_back(self, reviewed):
        reviewing.withdraw(review=reviewed.reviews.get(), actor="anna")
        assert drawn() == "same"

    def test_they_wait_again_when_the_reviewed_one_is_erased(self, reviewed):
        assert erase(conversation_id="reviewed", actor="staff")
        assert drawn() == "same"

    def test_the_lot_falls_on_them_all_the_same(self, keyword_model):
        wait("same", conversation_id="a")
        wait("same", conversation_id="b", sampled=True)
        assert all_answered() == ["same", "same"]


class TestSkip:
    def test_the_person_does_not_get_it_again_that_day_others_do(self, keyword_model):
        wait("hard", unsure=True)
        wait("easy")
        queue_steps.skip(queue.draw("anna"), actor="anna")
        assert drawn() == "easy"
        assert drawn("ben") == "hard"

    def test_nor_another_of_the_same_words(self, keyword_model):
        for name in ("a", "b"):
            wait("?", conversation_id=name, unsure=True)
        queue_steps.skip(queue.draw("anna"), actor="anna")
        assert drawn() is None

    def test_the_next_day_it_comes_again(self, keyword_model):
        wait("hard")
        queue_steps.skip(queue.draw("anna"), actor="anna")
        Skip.objects.update(created_at=queue.midnight() - timedelta(seconds=1))
        assert drawn() == "hard"

    def test_twice_is_once(self, keyword_model):
        wait("hard")
        claim = queue.draw("anna")
        for _ in range(2):
            queue_steps.skip(claim, actor="anna")
        assert Skip.objects.count() == 1


class TestHolding:
    @pytest.fixture
    def two(self, keyword_model):
        wait("first", unsure=True)
        wait("second")

    def run_out(self):
        Claim.objects.update(until=timezone.now())

    def test_the_same_person_gets_the_same_again(self, two):
        assert [drawn(), drawn()] == ["first", "first"]

    def test_two_people_get_two(self, two):
        assert [drawn("anna"), drawn("ben"), drawn("cleo")] == ["first", "second", None]

    def test_after_ten_minutes_it_is_free(self, two):
        claim = queue.draw("anna")
        assert timedelta(minutes=9) < claim.until - timezone.now() <= timedelta(minutes=10)
        self.run_out()
        assert drawn("ben") == "first"

    def test_late_and_nobody_was_faster_it_is_saved(self, two):
        claim = queue.draw("anna")
        self.run_out()
        queue_steps.save(claim, tags=[HOT], actor="anna")
        assert Review.objects.get().tags == [HOT]

    def test_late_and_another_person_was_faster_nothing_is_overwritten(self, two):
        claim = queue.draw("anna")
        self.run_out()
        theirs = queue_steps.save(queue.draw("ben"), tags=[HOT], actor="ben")
        with pytest.raises(ReviewedMeanwhileError, match="ben said meanwhile: Hot-buyer"):
            queue_steps.save(claim, tags=[DEAL], actor="anna")
        assert Review.objects.get() == theirs
        queue_steps.save(claim, tags=[DEAL], actor="anna", seen=theirs.pk)
        assert claim.message.holding.tags == [DEAL]
        assert claim.message.holding.chosen == "unsure"

    def test_sent_twice_is_stored_once(self, two):
        claim = queue.draw("anna")
        first, again = (queue_steps.save(claim, tags=[HOT], actor="anna") for _ in range(2))
        assert first == again
        assert Review.objects.count() == 1


class TestUndo:
    @pytest.fixture
    def three(self, keyword_model):
        for number, text in enumerate(["third", "second", "first"]):
            wait(text, uncertainty=number / 10)

    def test_goes_back_review_by_review_and_forward_again(self, three):
        assert [answered(), answered(), drawn()] == ["first", "second", "third"]
        assert queue_steps.undo("anna").text == "second"
        assert queue_steps.undo("anna").text == "first"
        assert not Review.objects.filter(withdrawn_at=None).exists()
        assert all_answered() == ["first", "second", "third"]
        assert_consistent("first")

    def test_takes_a_skip_back(self, three):
        answered()
        queue_steps.skip(queue.draw("anna"), actor="anna")
        assert queue_steps.undo("anna").text == "second"
        assert drawn() == "second"
        assert queue_steps.undo("anna").text == "first"

    def test_nobody_else_gets_it(self, three):
        answered()
        queue_steps.undo("anna")
        assert drawn("ben") == "second"

    def test_leaves_reviews_of_others_of_yesterday_and_outside_the_queue(self, three):
        answered("ben")
        answered()
        Review.objects.filter(actor="anna").update(
            created_at=queue.midnight() - timedelta(seconds=1)
        )
        reviewing.record(message=Message.objects.get(text="third"), tags=[], actor="anna")
        assert queue_steps.undo("anna") is None
        assert Review.objects.filter(withdrawn_at=None).count() == 3

    def test_remembers_how_the_message_was_chosen(self, keyword_model):
        wait("apart", sampled=True)
        answered()
        queue_steps.undo("anna")
        answered()
        assert set(Review.objects.values_list("chosen", flat=True)) == {"random"}


class TestProgress:
    def test_counts_what_the_person_did_in_the_queue_today_and_what_waits(self, keyword_model):
        for number in range(4):
            wait(f"m{number}", unsure=number > 0)
        answered()
        answered("ben")
        reviewing.record(message=Message.objects.get(text="m0"), tags=[], actor="anna")
        progress = queue.progress("anna")
        assert (progress.today, progress.waiting, progress.more) == (1, 1, False)

    def test_stops_counting(self, keyword_model, monkeypatch):
        monkeypatch.setattr(queue, "COUNTED", 2)
        for number in range(4):
            wait(f"m{number}", unsure=True)
        progress = queue.progress("anna")
        assert (progress.waiting, progress.more) == (2, True)


class TestIndexes:
    def plans(self, action):
        """How Postgres runs each statement of `action` that reads messages."""
        with CaptureQueriesContext(connection) as queries:
            action()
        found = []
        with connection.cursor() as cursor:
            for query in queries:
                sql = query["sql"]
                if sql.startswith("SELECT") and 'FROM "conversations_message"' in sql:
                    cursor.execute(f"EXPLAIN {sql}")
                    found.append("\n".join(row[0] for row in cursor.fetchall()))
        return found

    @pytest.fixture
    def many(self, keyword_model):
        """Enough of them for an index to pay, some reviewed, one of them skipped."""
        message = wait("m", unsure=True)
        message.pk, message._state.adding = None, True
        rows = [copy(message) for _ in range(4000)]
        for number, row in enumerate(rows, start=2):
            row.position, row.text, row.uncertainty = number, f"m{number}", number % 100 / 100
            row.sampled, row.reviewed = number % 10 == 0, number % 21 == 0
        Message.objects.bulk_create(rows)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE conversations_message")
        queue_steps.skip(queue.draw("anna"), actor="anna")

    def test_the_order_is_read_from_one_of_what_waits_and_never_sorted(self, many):
        taken, order = self.plans(lambda: queue.draw("anna"))
        assert "conversations_message_pkey" in taken
        assert "message_least_sure" in order
        assert "message_reviewed_words" in order
        assert "Sort" not in order

    def test_the_lot_and_the_count_too(self, many, monkeypatch):
        monkeypatch.setattr(queue, "RANDOM_SHARE", 1.0)
        plans = self.plans(lambda: queue.draw("anna"))
        assert len(plans) == 2
        assert all("message_sample" in plan for plan in plans)
        monkeypatch.setattr(queue, "COUNTED", 50)
        (plan,) = self.plans(lambda: queue.progress("anna"))
        assert "message_least_sure" in plan
        assert "Limit" in plan


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestAtOnce:
    def test_no_two_people_get_the_same(self, keyword_model):
        for number in range(12):
            wait(f"m{number}", unsure=True)
        texts = at_once(lambda number: drawn(f"person {number}"), 12)
        assert len(set(texts)) == 12
        assert drawn() is None

    def test_one_person_in_two_windows_is_given_one_or_two_but_nobody_elses(self, keyword_model):
        for number in range(8):
            wait(f"m{number}")
        texts = at_once(lambda number: (number % 2, drawn(f"person {number % 2}")), 8)
        first, second = ({text for who, text in texts if who == person} for person in (0, 1))
        assert not first & second

    def test_a_review_sent_many_times_is_stored_once(self, keyword_model):
        wait("m")
        claim = queue.draw("anna")
        at_once(lambda _: queue_steps.save(claim, tags=[HOT], actor="anna").pk, 6)
        assert Review.objects.count() == 1
        assert_consistent("m")

    def test_of_two_people_who_save_at_once_one_is_told(self, keyword_model):
        wait("m")
        claim = queue.draw("anna")

        def save(number):
            try:
                queue_steps.save(claim, tags=[[HOT], [DEAL]][number], actor=f"person {number}")
            except ReviewedMeanwhileError:
                return "told"
            return "saved"

        assert sorted(at_once(save, 2)) == ["saved", "told"]

    def test_what_is_asked_may_be_erased_meanwhile(self, keyword_model):
        for number in range(12):
            wait(f"m{number}")

        def act(number):
            if number % 3 == 0:
                return erase(conversation_id=f"m{number}", actor="staff")
            claim = queue.draw(f"person {number}")
            with suppress(Conversation.DoesNotExist):
                return claim and queue_steps.save(claim, tags=[], actor=f"person {number}")

        at_once(act, 12)
        assert Review.objects.count() == Message.objects.filter(reviewed=True).count() > 0
