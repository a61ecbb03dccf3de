"""Each request has a name: in its answer, its log lines and the jobs that it sends."""

import json
import logging
import sys

import pytest

from beez.api import request_ids
from beez.api.logs import JsonFormatter, LineFormatter, WithoutQuotations


@pytest.fixture
def lines():
    """What the settings' filter and the JSON formatter make of every record."""
    kept = []

    class Kept(logging.Handler):
        def emit(self, record):
            kept.append(json.loads(self.format(record)))

    handler = Kept()
    handler.addFilter(WithoutQuotations())
    handler.setFormatter(JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield kept
    root.removeHandler(handler)
    root.setLevel(level)


def post(shell, path, **named):
    return shell.post(path, data="{}", content_type="application/json", **named)


def test_a_callers_own_name_is_kept_and_others_are_made(shell):
    assert shell.get("/health", headers={"X-Request-ID": "shop-12345678"})["X-Request-ID"] == (
        "shop-12345678"
    )
    first, second = (shell.get("/health")["X-Request-ID"] for _ in range(2))
    assert first != second and len(first) == 32


@pytest.mark.parametrize(
    "odd", ["", "short", "a b c d e f g", "x" * 65, "zwölf-zwölf", "a\tb\tc\td\te"]
)
def test_a_name_that_is_no_plain_word_is_not_taken(shell, odd):
    assert shell.get("/health", headers={"X-Request-ID": odd})["X-Request-ID"] != odd


def test_every_line_of_a_request_has_its_name(shell, lines):
    post(shell, "/fails/unexpected", headers={"X-Request-ID": "shop-12345678"})
    assert lines and {line["request_id"] for line in lines} == {"shop-12345678"}
    assert request_ids.current.get() == ""


@pytest.mark.parametrize(
    "path", ["/fails/operational", "/plain/operational", "/admin/fails/operational"]
)
def test_a_database_that_is_away_is_one_line_a_request_and_no_traceback(shell, lines, path):
    for _ in range(5):
        assert post(shell, path).status_code == 503
    assert [line["message"] for line in lines] == ["Database unavailable: connection refused"] * 5
    assert not any("exception" in line for line in lines)


def test_a_database_that_goes_in_a_middleware_is_one_line(shell, lines, monkeypatch):
    from django.db import OperationalError

    from beez.api.middleware import CommonButForProbes

    def fail(*_):
        raise OperationalError("connection refused\n\tIs the server running?")

    monkeypatch.setattr(CommonButForProbes, "process_request", fail)
    assert shell.get("/health").status_code == 503
    assert [line["message"] for line in lines] == ["Database unavailable: connection refused"]


def test_another_503_is_one_line(shell, lines):
    assert post(shell, "/fails/unavailable").status_code == 503
    assert len(lines) == 1
    assert lines[0]["message"].startswith("503 in Fails: ")


def test_a_fault_names_no_path_and_quotes_nobody(shell, lines):
    body = json.dumps({"message": "canary words"})
    shell.post("/plain/unexpected?q=canary", data=body, content_type="application/json")
    shell.post("/fails/unexpected", data=body, content_type="application/json")
    text = json.dumps(lines)
    assert "builtins.RuntimeError" in text
    assert "canary" not in text and "secret words" not in text and "/plain/unexpected" not in text


def test_the_access_log_has_route_status_and_prefix_alone(shell, lines, settings, bearer, key):
    settings.ACCESS_LOG = True
    shell.get("/echo?size=12345", headers=bearer)
    (line,) = [line for line in lines if line["logger"] == "beez.access"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/echo", 200)
    assert line["key"] and key.startswith(line["key"]) and len(line["key"]) < len(key)
    assert "12345" not in json.dumps(line)


def test_without_the_setting_there_is_no_access_log(shell, lines, bearer):
    shell.get("/echo", headers=bearer)
    assert lines == []


def test_a_job_carries_the_name_of_its_request(lines, db, monkeypatch):
    from beez.celery import app

    sent = {}
    monkeypatch.setattr(
        "kombu.messaging.Producer.publish", lambda *_, **named: sent.update(named["headers"])
    )
    token = request_ids.current.set("shop-12345678")
    try:
        app.send_task("training.tasks.take_up", retry=False)
    finally:
        request_ids.current.reset(token)
    assert sent["beez_request"] == "shop-12345678"


def test_the_lines_of_a_job_have_its_name_and_quote_no_argument_or_exception(lines, db):
    from celery.app.trace import build_tracer

    from beez.celery import app

    @app.task(name="tests.fails")
    def fails(text):
        logging.getLogger("beez.tests").info("at work")
        raise ValueError(f"no such thing: {text}")

    request = {"id": "job-1", "beez_request": "shop-12345678", "is_eager": False}
    build_tracer("tests.fails", fails, app=app)("job-1", ["canary words"], {}, request)
    at_work, failed = lines
    assert at_work["job"] == failed["job"] == "tests.fails"
    assert at_work["request_id"] == "shop-12345678"
    assert "builtins.ValueError" in failed["message"]
    assert "canary" not in json.dumps(lines)


def test_lines_for_people_end_with_the_name():
    token = request_ids.current.set("shop-12345678")
    try:
        record = logging.LogRecord("x", logging.INFO, "x", 1, "It went", (), None)
        assert LineFormatter("%(message)s").format(record) == "It went [shop-12345678]"
    finally:
        request_ids.current.reset(token)


def test_json_shows_no_field_that_is_not_listed():
    record = logging.LogRecord("x", logging.INFO, "x", 1, "It went", (), None)
    record.data = {"args": ["canary"]}
    assert set(json.loads(JsonFormatter().format(record))) == {"time", "level", "logger", "message"}


def test_json_keeps_tracebacks_without_what_exceptions_say():
    try:
        raise ValueError("canary")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "It failed", (), sys.exc_info())
    found = json.loads(JsonFormatter().format(record))["exception"]
    assert found.endswith("builtins.ValueError")
