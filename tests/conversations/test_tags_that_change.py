"""A tag that is renamed, moved along the journey or retired takes nothing from what is stored."""

import pytest
from django.utils import timezone

from classifier.models import Tag
from conversations import reviewing
from conversations.models import Conversation, Message
from tests.conversations.conftest import DEAL, HOT, NEW, WISH, assert_consistent, tags_after
from tests.conversations.posting import add_message


def move(tag, stage):
    Tag.objects.filter(name=tag).update(stage=stage)


def test_a_moved_stage_leaves_old_histories_right(worked_example):
    move(NEW, 1000)
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]
    assert_consistent("shoes")


def test_a_review_of_an_old_message_is_judged_by_the_stages_of_its_time(worked_example):
    move(NEW, 1000)
    reviewing.record(message=worked_example[1], tags=[NEW, WISH], actor="anna")
    assert tags_after("shoes")[1] == WISH
    assert_consistent("shoes")


def test_new_messages_are_judged_by_the_moved_stage(keyword_model):
    move(NEW, 1000)
    message = add_message(conversation_id="c", text="I'm new, any discount?")
    assert message.conversation_tag_id == NEW


def test_messages_from_before_stages_were_kept_are_judged_by_the_present_ones(worked_example):
    Message.objects.update(stages=None)
    assert_consistent("shoes")


def test_a_retired_tag_stays_in_history_and_is_given_no_more(worked_example, api_client):
    Tag.objects.filter(name=WISH).update(retired_at=timezone.now())
    assert tags_after("shoes") == [NEW, WISH, DEAL, HOT]
    with pytest.raises(reviewing.UnknownTagsError, match=WISH):
        reviewing.record(message=worked_example[0], tags=[WISH], actor="anna")
    review = reviewing.record(message=worked_example[0], tags=[NEW], actor="anna")
    assert WISH not in review.labelled_for
    assert_consistent("shoes")
    assert api_client.get("/conversation/shoes").status_code == 200


def test_a_label_is_what_staff_see_and_the_name_what_callers_get(
    worked_example, admin_client, api_client
):
    tag = Tag.objects.get(name=HOT)
    tag.label = "Ready to buy"
    tag.save()
    page = admin_client.get(
        f"/admin/conversations/conversation/{Conversation.objects.get().pk}/change/"
    ).content.decode()
    assert "Ready to buy" in page
    answer = api_client.get("/conversation/shoes").json()
    assert answer["conversation_tag"]["tag"] == HOT


class TestForm:
    def submit(self, client, name="", **values):
        body = {"name": name, "description": "Says so.", "stage": 5, "label": ""} | values
        address = f"/admin/classifier/tag/{name}/change/" if "of" in values else None
        return client.post(address or "/admin/classifier/tag/add/", body)

    @pytest.mark.parametrize("name", ["a;b", "a|b", "a,b", "None", "-"])
    def test_a_name_that_no_file_can_carry_is_refused(self, admin_client, name):
        assert self.submit(admin_client, name).status_code == 200
        assert not Tag.objects.filter(name=name).exists()

    def test_retiring_and_taking_back(self, admin_client):
        self.submit(admin_client, WISH, of=WISH, retired="on")
        assert Tag.objects.get(name=WISH).retired_at is not None
        self.submit(admin_client, WISH, of=WISH)
        assert Tag.objects.get(name=WISH).retired_at is None
