import io

import pytest
from django.core.management import call_command


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


def test_the_schema_says_that_no_body_takes_other_fields(schema):
    bodies = [
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for methods in schema["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    assert len(bodies) == 10
    for name in bodies:
        assert schema["components"]["schemas"][name]["additionalProperties"] is False


def test_the_schema_is_valid_and_made_without_a_warning(db):
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=io.StringIO())
