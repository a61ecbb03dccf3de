"""What Prometheus is told, to whom, and that dashboard and alerts ask for what there is."""

import itertools
import json
import re
import threading
import urllib.request

import pytest
import yaml
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from beez.api import keys
from beez.status import figures, heartbeat
from beez.webhooks import endpoints, outbox
from tests.beez import started
from tests.beez.metrics_text import names, samples
from tests.beez.started import CHECKOUT
from training.models import Dataset, TrainingRun

MONITORING = CHECKOUT / "docs" / "monitoring"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """In this thread and transaction, where the rows of a test are seen."""
    figures.forget()
    monkeypatch.setattr(figures, "latest", figures.gather)
    yield
    figures.forget()


def told(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def of_route(text, route, method="GET", status="200"):
    labels = (("method", method), ("route", route), ("status", status))
    return samples(text).get(("beez_http_requests_total", labels), 0)


def test_a_key_of_the_scope_read_is_needed(db):
    client = APIClient()
    assert client.get("/metrics").status_code == 401
    _, key = keys.create(name="shop", scopes=["classify"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get("/metrics").status_code == 403


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong-token", "Bearer tökén"])
def test_without_the_right_token_nothing_is_told(db, settings, given):
    for token in ("", "right-token"):
        settings.METRICS_TOKEN = token
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=given)
        assert client.get("/metrics").status_code == 401


def test_the_token_needs_no_database(settings, monkeypatch):
    """No fixture of the database: pytest-django refuses every query."""
    settings.METRICS_TOKEN = "right-token"
    monkeypatch.setattr(figures, "latest", lambda: None)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer right-token")
    text = told(client)
    assert samples(text)[("beez_database_up", ())] == 0
    assert "beez_http_requests_total" in text


def test_requests_are_counted_by_route_and_never_by_path(api_client):
    before = told(api_client)
    for path in ("/conversation/anna@shop.example", "/wp-login.php", "/static/nothing.css"):
        api_client.get(path)
    after = told(api_client)
    for route in ("/conversation/{conversation_id}", "unmatched", "/static/"):
        assert of_route(after, route, status="404") == of_route(before, route, status="404") + 1
    assert "anna" not in after and "wp-login" not in after
    api_client.generic("BREW", "/health")
    assert "BREW" not in told(api_client)


def test_messages_are_counted_by_tag(api_client, keyword_model):
    def count(name, **labels):
        return samples(told(api_client)).get((name, tuple(labels.items())), 0)

    before = count("beez_message_tags_total", tag="Deal-seeker"), count("beez_engine_seconds_count")
    answer = api_client.post("/classify-message", {"message": "discount"}, format="json").json()
    assert [one["tag"] for one in answer["selected"]] == ["Deal-seeker"]
    after = count("beez_message_tags_total", tag="Deal-seeker"), count("beez_engine_seconds_count")
    assert after == (before[0] + 1, before[1] + 1)


@pytest.fixture
def everything(keyword_model, api_client, monkeypatch):
    """A Beez that has something to tell for each figure."""
    from beez.status import agreement
    from beez.status.agreement import Agreement, Share, TagAgreement

    now = timezone.now()
    for kind in heartbeat.KINDS:
        heartbeat.beat(kind)
    heartbeat.note_jobs_move()
    body = {"conversation_id": "a", "message": "discount"}
    assert api_client.post("/classify-conversation", body, format="json").status_code == 200
    Dataset.objects.create(digest="d", sources=[], sizes={}, stats={})
    for state in ("succeeded", "failed"):
        TrainingRun.objects.create(state=state, trigger="command", lease_until=now, finished_at=now)
    endpoints.create(url="https://shop.example/hook", kinds=["model.activated"])
    with transaction.atomic():
        outbox.record(kind="model.activated", data={})
    half, nine = Share(agreed=5, of=10), Share(agreed=9, of=10)
    found = TagAgreement(tag="Deal-seeker", given=nine, found=half)
    monkeypatch.setattr(
        agreement,
        "lately",
        lambda: Agreement(since=now, version=None, messages=half, tags=[found]),
    )
    return api_client


def test_what_is_stored_is_told(everything):
    found = samples(told(everything))
    assert found[("beez_model_info", (("version", "keywords-1"),))] == 1
    assert found[("beez_model_ok", ())] == 1
    assert found[("beez_training_failed", ())] == 1
    assert found[("beez_false_alarms_ratio", ())] == pytest.approx(0.1)
    assert found[("beez_missed_tags_ratio", ())] == pytest.approx(0.5)
    seen = found[("beez_heartbeat_timestamp_seconds", (("kind", "worker"),))]
    assert abs(timezone.now().timestamp() - seen) < 60


def test_a_live_model_whose_folder_is_gone_is_not_ok(everything, models_dir):
    (models_dir / "keywords-1" / "model.onnx").unlink()
    assert samples(told(everything))[("beez_model_ok", ())] == 0


def expressions():
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def test_dashboard_and_alerts_ask_for_metrics_that_exist(everything):
    known = names(told(everything))
    asked = {name for text in expressions() for name in re.findall(r"\bbeez_\w+", text)}
    assert asked <= known
    assert len(asked) > 20


def test_every_metric_is_in_the_documentation(everything):
    page = (CHECKOUT / "docs" / "monitoring.md").read_text()
    listed = set(re.findall(r"^\| `(beez_\w+)", page, re.MULTILINE))
    families = re.findall(r"^# TYPE (beez_\w+) ", told(everything), re.MULTILINE)
    assert listed == {name for name in families if not name.endswith("_created")}


def test_every_alert_is_in_the_documentation():
    alerts = re.findall(r"alert: (\w+)", (MONITORING / "alerts.yml").read_text())
    page = (CHECKOUT / "docs" / "monitoring.md").read_text()
    assert re.findall(r"^\| `(Beez\w+)`", page, re.MULTILINE) == alerts


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_database_that_hangs_holds_a_scrape_two_seconds_at_most(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(figures, "WAIT_SECONDS", 0.2)
    go_on = threading.Event()
    monkeypatch.setattr(figures, "gather", lambda: go_on.wait(10))
    assert figures.latest() is None
    first = figures._process.thread
    assert figures.latest() is None
    assert figures._process.thread is first  # scrapes do not pile up
    go_on.set()
    first.join(10)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_postgres_is_asked_once_in_ten_seconds(monkeypatch):
    monkeypatch.undo()
    asked = []
    monkeypatch.setattr(figures, "gather", lambda: asked.append(1) or "figures")
    assert [figures.latest() for _ in range(3)] == ["figures"] * 3
    assert asked == [1]


def test_processes_of_one_server_count_together(tmp_path):
    """Two processes, many scrapes: whoever answers, the sum never falls."""
    database = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/none", "SECRET_KEY": started.SECRET}
    up = started.Up(
        tmp_path,
        *(started.sys.executable, "-m", "beez.launch.web"),
        **database,
        WEB_WORKERS="2",
        METRICS_TOKEN="right-token",
    )
    try:
        up.wait_until_it_answers("/health")
        asked = urllib.request.Request(
            f"{up.address}/metrics", headers={"Authorization": "Bearer right-token"}
        )
        healthy = []
        for _ in range(12):
            urllib.request.urlopen(f"{up.address}/health").read()
            with urllib.request.urlopen(asked) as answer:
                healthy.append(of_route(answer.read().decode(), "/health"))
        assert [two - one for one, two in itertools.pairwise(healthy)] == [1] * 11
    finally:
        up.end()
