"""The staff's first page."""

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beez.status import bounded, charts
from beez.status.agreement import Share
from beez.status.traffic import Day
from tests.conversations.conftest import DEAL, HOT
from training.models import TrainingRun
from training.runs import recording

pytestmark = pytest.mark.django_db
READ = "view_conversation"
EVERYTHING = ("view_conversation", "add_review", "view_modelversion", "view_trainingrun")


def page(client):
    response = client.get("/admin/")
    assert response.status_code == 200
    return response.content.decode()


def test_without_data_and_without_a_model_it_renders(staff_with):
    html = page(staff_with(*EVERYTHING))
    assert "No model is live" in html
    assert "No message drawn at random has been reviewed" in html
    assert "Messages: <strong>0</strong> today" in html


def test_says_that_a_quick_first_version_answers_and_what_became_of_the_full_training(
    keyword_model, staff_with
):
    keyword_model.metrics = {"quick": {"messages": 60, "of": 60, "seconds": 20}}
    keyword_model.save()
    run, client = recording.ask(asked_by="make run"), staff_with(*EVERYTHING)
    html = page(client)
    assert "A quick first version, keywords-1, answers since" in html
    assert "The full training is asked for" in html
    recording.drop(run.pk, TrainingRun.State.FAILED, "Cannot read:\n  a.csv: gone\n  b.csv")
    html = page(client)
    assert "The full training failed: Cannot read: a.csv: gone." in html
    assert "train again: make train" in html


def test_shows_today_what_waits_and_how_often_staff_agree(reviewed, posted, staff_with):
    reviewed("I want to buy it", HOT)
    reviewed("checkout is broken")
    posted("hmm", unsure=True)
    html = page(staff_with(*EVERYTHING))
    assert "Messages: <strong>3</strong> today" in html
    assert "Of 2 messages that Beez called Hot-buyer, staff agreed with 1." in html
    assert "<strong>1</strong> of which Beez is unsure" in html
    assert "/admin/review/" in html and "?review=yes" in html


def test_the_usual_list_of_pages_stands_below(staff_with):
    html = page(staff_with(READ))
    assert html.index("The last 14 days") < html.index("app-conversations")


@pytest.mark.parametrize(
    ("names", "shown", "hidden"),
    [
        ((READ,), ["The last 14 days"], ["review/", "Is it learning", "Which model"]),
        ((READ, "add_review"), ["/admin/review/"], ["Is it learning"]),
        (("view_trainingrun",), ["Is it learning", "Is everything there"], ["The last 14 days"]),
        (("view_modelversion",), ["Which model is live"], ["The last 14 days", "Is it learning"]),
        ((), [], ["The last 14 days", "Is it learning", "Which model", "How often do people"]),
    ],
)
def test_a_section_appears_for_those_alone_who_may_see_it(staff_with, names, shown, hidden):
    html = page(staff_with(*names))
    assert all(text in html for text in shown)
    assert not any(text in html for text in hidden)


def test_obeys_the_content_security_policy_and_escapes_what_strangers_wrote(posted, staff_with):
    from classifier.models import Tag

    Tag.objects.create(name="<script>alert(1)</script>", description="x", stage=9)
    html = page(staff_with(*EVERYTHING))
    assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son\w+=|javascript:", html)


def test_number_of_queries_does_not_grow_with_the_messages(posted, staff_with):
    client = staff_with(*EVERYTHING)

    def queries():
        bounded.forget()
        with CaptureQueriesContext(connection) as found:
            page(client)
        return len(found)

    few = queries()
    for number in range(20):
        posted("I want to buy it", conversation_id=f"c{number}", days=number % 3)
    assert queries() <= few


class TestCharts:
    days = (
        Day(day=date(2026, 1, 30)),
        Day(day=date(2026, 1, 31), messages=5, tags={HOT: 2, DEAL: 4}),
    )

    def test_the_highest_column_takes_the_whole_height_and_an_empty_day_none(self):
        empty, full = charts.messages(self.days).columns
        assert empty.pieces == [] and empty.figure == ""
        assert [(one.y, one.height) for one in full.pieces] == [(charts.TOP, charts.PLOT)]

    def test_tags_stand_upon_each_other_without_gap(self):
        low, high = charts.tags(self.days, [DEAL, HOT]).columns[1].pieces
        assert (low.css, high.css) == ("tag tag-deal-seeker", "tag tag-hot-buyer")
        assert high.y + high.height == low.y
        assert low.height == 2 * high.height

    def test_a_column_is_told_in_words(self):
        assert charts.messages(self.days).columns[1].title == "Saturday, 31 January: 5 messages"

    @pytest.mark.parametrize(
        ("number", "figure"),
        [(999, "999"), (1234, "1.2k"), (23_456, "23k"), (999_600, "1M"), (9_999, "10k")],
    )
    def test_a_large_figure_is_short_enough_for_its_column(self, number, figure):
        days = [Day(day=self.days[0].day, messages=number)]
        assert charts.messages(days).columns[0].figure == figure

    def test_few_messages_have_a_wide_whisker_and_none_has_no_dot(self):
        few, many = (charts.whisker(Share(agreed=n, of=n)) for n in (2, 200))
        assert few.high - few.low > 5 * (many.high - many.low)
        assert charts.whisker(Share(agreed=0, of=0)).dot is None
