"""A message of which the model is unsure asks for review until somebody corrects it."""

import pytest
from django.db import connection

from classifier import live, registry
from classifier.thresholds import change
from conversations import conditions
from conversations.models import Conversation, Message
from conversations.reviewing import record
from tests import keyword_model as keywords
from tests.conversations.conftest import DEAL, HOT
from tests.conversations.posting import add_message

LIST = "/admin/conversations/conversation/"
DOUBTFUL = "any discount?"
MARK = '<span class="check-mark" title="The model is unsure here">check</span>'


@pytest.fixture
def unsure_model(db, models_dir):
    """It gives Deal-seeker 0.73 where it finds one, which its band calls doubtful."""
    words, temperatures = keywords.SHIPPED_TAGS, {DEAL: 3.0}
    keywords.build(
        models_dir, "unsure", words=words, temperatures=temperatures, review_band=(0.4, 0.8)
    )
    registry.activate(registry.register("unsure"))
    live.refresh()


@pytest.fixture
def doubtful(unsure_model):
    """The doubtful message of the conversation "doubtful", beside others without one."""
    add_message(conversation_id="certain", text="I want to buy")
    add_message(conversation_id="doubtful", text="hello")
    message = add_message(conversation_id="doubtful", text=DOUBTFUL)
    add_message(conversation_id="doubtful", text="checkout")
    return message


@pytest.fixture
def listed(api_client):
    def get(**query):
        response = api_client.get("/conversations", query)
        return [one["conversation_id"] for one in response.json()["conversations"]]

    return get


def page(staff):
    pk = Conversation.objects.get(conversation_id="doubtful").pk
    return staff.get(f"{LIST}{pk}/change/").content.decode()


def test_the_answer_says_so_and_a_repeat_says_it_again(unsure_model, api_client):
    def post(message):
        body = {"conversation_id": "c", "message": message, "message_id": message}
        return api_client.post("/classify-conversation", body, format="json").json()

    assert [post(text)["review"] for text in (DOUBTFUL, "buy", DOUBTFUL)] == [True, False, True]


def test_it_is_stored_with_the_message(doubtful):
    assert list(Message.objects.filter(unsure=True)) == [doubtful]


def test_a_threshold_set_by_a_person_moves_what_is_stored_and_the_band_with_it(unsure_model):
    change(values={HOT: 0.99}, actor="ada")
    live.refresh()
    message = add_message(conversation_id="c", text="buy")
    assert (message.thresholds[HOT], message.threshold) == (0.99, 0.5)
    assert not message.predicted_tags.exists()
    assert message.unsure  # 0.95 lies between the band and the threshold


def test_stored_messages_keep_the_thresholds_of_their_time(unsure_model):
    before = add_message(conversation_id="c", text="buy")
    change(values={HOT: 0.99, None: 0.6}, actor="ada")
    live.refresh()
    add_message(conversation_id="c", text="buy")
    stored = [(one.thresholds[HOT], one.threshold) for one in Message.objects.order_by("id")]
    assert stored == [(0.5, 0.5), (0.99, 0.6)]
    assert Message.objects.get(pk=before.pk).predicted_tags.get().tag_id == HOT


def test_a_correction_settles_it_and_leaves_what_the_model_said(doubtful, api_client, listed):
    def history():
        messages = api_client.get("/conversation/doubtful").json()["messages"]
        return [one["review"] for one in messages]

    assert history() == [False, True, False]
    assert listed(review="true") == ["doubtful"]
    record(message=doubtful, tags=[DEAL], actor="anna")
    assert history() == [False, False, False]
    assert listed(review="true") == []
    assert Message.objects.get(pk=doubtful.pk).unsure


def test_a_correction_of_another_message_does_not(doubtful, listed):
    record(message=Message.objects.get(text="checkout"), tags=[HOT], actor="anna")
    assert listed(review="true") == ["doubtful"]


def test_conversations_are_filtered_by_it_together_with_the_others(doubtful, listed):
    assert listed(review="true") == ["doubtful"]
    assert listed(review="false") == ["certain"]
    assert listed(review="true", tag=HOT) == ["doubtful"]
    assert listed(review="true", switched="false") == []


@pytest.mark.parametrize("value", ["maybe", "", "1"])
def test_a_bad_value_of_the_filter_is_refused_by_name(api_client, value):
    response = api_client.get("/conversations", {"review": value})
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == ["review"]


def test_the_filter_reads_an_index_of_the_doubtful_messages_alone(doubtful):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Conversation.objects.filter(conditions.asks_for_review()).explain()
    assert "message_to_check" in plan


def test_staff_see_which_conversations_have_something_to_check(doubtful, staff):
    def shown(**query):
        response = staff.get(LIST, query)
        return {one.conversation_id for one in response.context["cl"].result_list}

    assert shown(review="yes") == {"doubtful"}
    assert shown(review="no") == {"certain"}
    assert staff.get(LIST).content.decode().count(MARK) == 1


def test_staff_see_at_which_message_until_it_is_corrected(doubtful, staff):
    html = page(staff)
    assert html.count(MARK) == 1
    assert html.index('id="message-2"') < html.index(MARK) < html.index('id="message-3"')
    assert html.count('class="unsure"') == 1
    assert "Deal-seeker (check)</title>" in html
    record(message=doubtful, tags=[DEAL], actor="anna")
    html = page(staff)
    assert MARK not in html
    assert 'class="unsure"' not in html
