"""GET and PATCH /thresholds."""

import pytest
from rest_framework.test import APIClient

from beez.api import keys
from classifier import live
from classifier.models import Tag, ThresholdChange
from classifier.thresholds import change
from classifier.thresholds_api import Thresholds
from tests import keyword_model as keywords

HOT, DEAL = "Hot-buyer", "Deal-seeker"
PATH = "/thresholds"


def patch(client, body):
    return client.patch(PATH, body, format="json")


def by_tag(body):
    return {
        one["tag"]: (one["threshold"], one["source"], one["model_threshold"])
        for one in body["tags"]
    }


def client_with(*scopes):
    _, key = keys.create(name="one", scopes=list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def test_says_what_decides_now_and_where_it_comes_from(api_client, keyword_model):
    change(values={HOT: 0.9}, actor="ada")
    body = api_client.get(PATH).json()
    assert (body["threshold"], body["source"], body["model_threshold"]) == (0.5, "model", 0.5)
    assert body["model_version"] == "keywords-1"
    assert by_tag(body) == dict.fromkeys(keywords.SHIPPED_TAGS, (0.5, "model", 0.5)) | {
        HOT: (0.9, "tag", 0.5)
    }


def test_a_change_is_answered_with_what_decides_after_it(api_client, keyword_model):
    change(values={DEAL: 0.7}, actor="ada")
    body = {"threshold": 0.6, "thresholds": {HOT: 0.9, DEAL: None}, "note": "fewer"}
    response = patch(api_client, body)
    assert response.status_code == 200
    assert response.json() == api_client.get(PATH).json()
    assert (response.json()["threshold"], response.json()["source"]) == (0.6, "global")
    assert by_tag(response.json())[HOT] == (0.9, "tag", 0.5)
    assert by_tag(response.json())[DEAL] == (0.6, "global", 0.5)
    newest = ThresholdChange.objects.first()
    assert (newest.actor, newest.note) == ("tests", "fewer")


def test_classify_message_answers_by_it(api_client, keyword_model):
    patch(api_client, {"threshold": 0.9, "thresholds": {HOT: 0.99}})
    live.refresh()
    body = api_client.post("/classify-message", {"message": "buy"}, format="json").json()
    assert (body["threshold"], body["selected"]) == (0.9, [])
    assert {one["tag"]: one["threshold"] for one in body["all"]}[HOT] == 0.99


def test_null_takes_an_override_back(api_client, keyword_model):
    patch(api_client, {"threshold": 0.6, "thresholds": {HOT: 0.9}})
    body = patch(api_client, {"threshold": None, "thresholds": {HOT: None}}).json()
    assert by_tag(body)[HOT] == (0.5, "model", 0.5)
    assert body["threshold"] == 0.5


def test_a_tag_that_the_live_model_does_not_know_may_be_set_for_a_later_one(
    api_client, keyword_model
):
    Tag.objects.create(name="Gift-giver", description="x", stage=1)
    response = patch(api_client, {"thresholds": {"Gift-giver": 0.7}})
    assert response.status_code == 200
    assert "Gift-giver" not in by_tag(response.json())


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, []),
        ({"note": "why"}, []),
        ({"thresholds": {}}, []),
        ([], []),
        ({"threshold": "0.5"}, ["threshold"]),
        ({"threshold": True}, ["threshold"]),
        ({"threshold": [0.5]}, ["threshold"]),
        ({"threshold": 0}, ["threshold"]),
        ({"threshold": 1}, ["threshold"]),
        ({"threshold": 10**400}, ["threshold"]),
        ({"thresholds": 0.5}, ["thresholds"]),
        ({"thresholds": [0.5]}, ["thresholds"]),
        ({"thresholds": None}, ["thresholds"]),
        ({"thresholds": {HOT: "0.5"}}, [f"thresholds.{HOT}"]),
        ({"thresholds": {HOT: 1.5, DEAL: 0.5}}, [f"thresholds.{HOT}"]),
        ({"thresholds": {"Nobody": 0.5, HOT: 2}}, ["thresholds.Nobody", f"thresholds.{HOT}"]),
        ({"thresholds": {"a\0": 0.5}}, ["thresholds.a\0"]),
        ({"threshold": 0.5, "note": 5}, ["note"]),
        ({"threshold": 0.5, "note": "x" * 501}, ["note"]),
        ({"threshold": 0.5, "note": "a\0"}, ["note"]),
    ],
)
def test_a_bad_body_is_refused_by_name_and_changes_nothing(api_client, keyword_model, body, fields):
    response = patch(api_client, body)
    assert response.status_code == 400
    assert list(response.json()["error"]["fields"]) == fields
    assert response.json()["error"]["message"]
    assert not ThresholdChange.objects.exists()


@pytest.mark.parametrize("raw", ['{"threshold": 1e999}', '{"threshold": NaN}', "{"])
def test_what_json_does_not_hold_is_refused(api_client, keyword_model, raw):
    response = api_client.patch(PATH, raw, content_type="application/json")
    assert response.status_code == 400
    assert not ThresholdChange.objects.exists()


def test_an_unknown_tag_is_answered_with_those_there_are(api_client, keyword_model):
    error = patch(api_client, {"thresholds": {"Nobody": 0.5}}).json()["error"]
    assert "Window-shopper" in error["fields"]["thresholds.Nobody"][0]


def test_without_a_model_nothing_is_stored(api_client, models_dir):
    assert api_client.get(PATH).status_code == 503
    assert patch(api_client, {"threshold": 0.5}).status_code == 503
    assert not ThresholdChange.objects.exists()


def test_reading_needs_the_scope_read_and_changing_needs_configure(keyword_model):
    others = {"classify", "correct", "erase"}
    assert client_with("read").get(PATH).status_code == 200
    assert client_with("configure", *others).get(PATH).status_code == 403
    assert patch(client_with("configure"), {"threshold": 0.5}).status_code == 200
    assert patch(client_with("read", *others), {"threshold": 0.5}).status_code == 403
    assert patch(APIClient(), {"threshold": 0.5}).status_code == 401


def test_the_answer_has_the_fields_that_are_described(api_client, keyword_model):
    answer = api_client.get(PATH).json()
    assert set(answer) == set(Thresholds().get_fields())
    read = Thresholds(data=answer)
    assert read.is_valid(), read.errors
