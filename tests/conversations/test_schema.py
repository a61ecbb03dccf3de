"""The OpenAPI schema says what the conversation routes really answer."""

import pytest
from drf_spectacular.generators import SchemaGenerator

from conversations import schema
from conversations.reviewing import record
from tests.conversations.conftest import HOT


@pytest.fixture
def answers(worked_example, api_client):
    record(message=worked_example[3], tags=[HOT], actor="anna")
    body = {"conversation_id": "shoes", "message": "thanks"}
    return {
        schema.ClassifiedConversation: api_client.post(
            "/classify-conversation", body, format="json"
        ).json(),
        schema.ConversationPage: api_client.get("/conversations").json(),
        schema.ConversationHistory: api_client.get("/conversation/shoes").json(),
        schema.HistoryMessage: api_client.post(
            "/conversation/shoes/messages/1/correction", {"tags": []}, format="json"
        ).json(),
        schema.Cleared: api_client.delete("/conversation/shoes").json(),
    }


def assert_same_fields(shape, answer):
    """Every field is described, nothing is described that is not there, all the way down."""
    fields = shape.get_fields()
    assert set(fields) == set(answer)
    for name, field in fields.items():
        inner = getattr(field, "child", field)
        values = answer[name] if isinstance(answer[name], list) else [answer[name]]
        for value in values:
            if hasattr(inner, "get_fields") and value is not None:
                assert_same_fields(inner, value)


def test_every_answer_has_the_fields_that_are_described(answers):
    for shape, answer in answers.items():
        assert_same_fields(shape(), answer)
        read = shape(data=answer)
        assert read.is_valid(), read.errors


def test_every_conversation_route_has_an_example(db):
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    operations = [
        operation
        for path, methods in paths.items()
        for operation in methods.values()
        if "conversation" in path
    ]
    assert len(operations) == 6
    for operation in operations:
        assert operation["responses"]["200"]["content"]["application/json"]["examples"]
