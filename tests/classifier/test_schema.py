import io

import pytest
from django.core.management import call_command
from drf_spectacular.drainage import GENERATOR_STATS


@pytest.fixture
def schema(api_client):
    return api_client.get("/openapi.json?format=json").json()


@pytest.mark.parametrize(
    ("path", "field"), [("/classify-message", "message"), ("/classify-messages", "messages")]
)
def test_the_schema_describes_request_and_answer_with_an_example(schema, path, field):
    operation = schema["paths"][path]["post"]
    body = operation["requestBody"]["content"]["application/json"]
    answer = operation["responses"]["200"]["content"]["application/json"]
    assert field in str(body["examples"])
    assert "Deal-seeker" in str(answer["examples"])
    name = body["schema"]["$ref"].rsplit("/", 1)[1]
    assert schema["components"]["schemas"][name]["required"] == [field]


def test_the_classify_routes_are_described_without_a_warning(db):
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        call_command("spectacular", stdout=io.StringIO())
    noted = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert not [message for message in noted if "classifier/" in message]
