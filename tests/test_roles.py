"""What each role may see and do in the staff pages; every page of ours stands in the table."""

import json
import re

import pytest
from django.contrib.auth.models import Group
from django.urls import get_resolver
from django.utils import timezone

from beez.api import keys
from beez.webhooks import endpoints
from classifier import registry
from conversations import erasure
from conversations.models import Receipt
from tests import keyword_model as keywords
from tests.conversations.posting import add_message
from tests.training.evaluation.versions import items, served, shop
from training.card import comparison_text
from training.datasets.dataset import prepare
from training.evaluation import comparison
from training.evaluation.comparison import Messages
from training.models import TrainingRun
from training.runs import comparisons, gate

ROLES = ("Reviewer", "ML engineer", "Operator", "nobody")
EVERYBODY, NOBODY = set(ROLES), set()
READERS = {"ML engineer", "Operator"}
ML, OPERATOR = {"ML engineer"}, {"Operator"}
REVIEWERS = {"Reviewer", "ML engineer"}

# Who may open a page; the others get 403.
PAGES = {
    "admin/": EVERYBODY,
    "admin/review/": REVIEWERS,
    "admin/conversations/conversation/": REVIEWERS | OPERATOR,
    "admin/conversations/conversation/<path:object_id>/change/": REVIEWERS | OPERATOR,
    "admin/conversations/conversation/add/": NOBODY,
    "admin/conversations/conversation/<path:object_id>/delete/": NOBODY,
    "admin/conversations/receipt/": NOBODY,
    "admin/conversations/receipt/<path:object_id>/change/": NOBODY,
    "admin/conversations/receipt/<int:pk>/receipt.json": NOBODY,
    "admin/conversations/receipt/add/": NOBODY,
    "admin/conversations/shadowtrial/": READERS,
    "admin/conversations/shadowtrial/add/": ML,
    "admin/classifier/tag/": REVIEWERS | OPERATOR,
    "admin/classifier/tag/add/": ML,
    "admin/classifier/tag/<path:object_id>/change/": REVIEWERS | OPERATOR,
    "admin/classifier/tag/<path:object_id>/delete/": NOBODY,
    "admin/classifier/modelversion/": READERS,
    "admin/classifier/modelversion/<path:object_id>/change/": READERS,
    "admin/classifier/modelversion/add/": NOBODY,
    "admin/classifier/modelversion/<path:object_id>/delete/": NOBODY,
    "admin/classifier/activation/": READERS,
    "admin/classifier/activation/add/": NOBODY,
    "admin/classifier/thresholdchange/": READERS,
    "admin/classifier/thresholdchange/add/": ML,
    "admin/training/dataset/": READERS,
    "admin/training/dataset/<path:object_id>/change/": READERS,
    "admin/training/dataset/add/": NOBODY,
    "admin/training/trainingrun/": READERS,
    "admin/training/trainingrun/<path:object_id>/change/": READERS,
    "admin/training/trainingrun/<int:pk>/progress/": READERS,
    "admin/training/trainingrun/<int:pk>/cancel/": READERS,
    "admin/training/trainingrun/add/": NOBODY,
    "admin/training/comparison/": READERS,
    "admin/training/comparison/<path:object_id>/change/": READERS,
    "admin/training/comparison/<int:pk>/report.md": READERS,
    "admin/training/comparison/<int:pk>/report.json": READERS,
    "admin/training/comparison/<int:pk>/report.svg": READERS,
    "admin/training/comparison/add/": NOBODY,
    "admin/beez/webhookendpoint/": OPERATOR,
    "admin/beez/webhookendpoint/add/": OPERATOR,
    "admin/beez/webhookendpoint/<path:object_id>/change/": OPERATOR,
    "admin/beez/webhookendpoint/<path:object_id>/delete/": OPERATOR,
    "admin/beez/apikey/": OPERATOR,
    "admin/beez/apikey/add/": OPERATOR,
    "admin/beez/apikey/<path:object_id>/delete/": NOBODY,
    "admin/auth/user/": NOBODY,
    "admin/auth/group/": NOBODY,
}
# Who may post to an action; the others get 403.
ACTIONS = {
    "admin/conversations/conversation/<int:pk>/messages/<int:position>/review/": REVIEWERS,
    "admin/training/trainingrun/ask/": ML,
    "admin/training/trainingrun/<int:pk>/cancel/": READERS,
    "admin/training/comparison/<int:pk>/sign": READERS,
    "admin/beez/webhookendpoint/<int:pk>/test/": OPERATOR,
    "admin/beez/webhookendpoint/<int:pk>/replay/": OPERATOR,
    "admin/beez/webhookendpoint/<int:pk>/rotate/": OPERATOR,
}

# A picture of a card, which tests/classifier/test_admin.py asks for.
OTHERWISE = {"admin/classifier/modelversion/<int:pk>/plots/<str:name>"}


@pytest.fixture
def rows(keyword_model, models_dir, settings, tmp_path):
    """A row of each kind that a page is about, as the arguments of its address."""
    settings.DATASETS_DIR = tmp_path / "datasets"
    keywords.build(models_dir, "keywords-2", words=keywords.SHIPPED_TAGS)
    challenger = registry.register("keywords-2")
    message = add_message(conversation_id="c", text="any discount?")
    run = TrainingRun.objects.create(
        trigger="schedule", model_version=challenger, worker="host:1", lease_until=timezone.now()
    )
    report = comparison.compare(
        challenger=served({"Hot-buyer": "purchase"}, name="keywords-2"),
        champion=served({"Hot-buyer": "buy"}, name="keywords-1"),
        messages=Messages(hold_out=items(shop(hot=3)), before=[], stream=[]),
        untagged_share=0.75,
    )
    decision = gate.decide("if-not-worse", report)
    compared = comparisons.store(
        run=run,
        challenger=challenger,
        champion=keyword_model,
        report=report,
        decision=decision,
        markdown=comparison_text.markdown(report, decision),
    )
    add_message(conversation_id="erased", text="hi")
    erasure.erase(conversation_id="erased", actor="shop")
    return {
        "conversation": message.conversation_id,
        "receipt": Receipt.objects.get().pk,
        "tag": "Hot-buyer",
        "modelversion": challenger.pk,
        "trainingrun": run.pk,
        "comparison": compared.pk,
        "dataset": prepare([_file(tmp_path)]).pk,
        "webhookendpoint": endpoints.create(
            url="https://shop.example/hook", kinds=["model.activated"]
        )[0].pk,
        "apikey": keys.create(name="shop", scopes=["read"])[0].pk,
    }


@pytest.fixture
def sign_in(client, django_user_model):
    def sign_in(role):
        user = django_user_model.objects.create_user(role.replace(" ", ""), is_staff=True)
        if role != "nobody":
            user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


def _file(folder):
    texts = ["i'll take it", "any voucher", "never ordered before", "just looking", "is it blue"]
    lines = [{"message": text, "tags": ["Hot-buyer"] * (text == texts[0])} for text in texts]
    path = folder / "few.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def address(page, rows):
    """A page's address with a row of its kind."""
    kind = next((kind for kind in rows if f"/{kind}/" in page), "")
    return "/" + re.sub(r"<path:object_id>|<int:pk>", str(rows.get(kind, 1)), page).replace(
        "<int:position>", "1"
    )


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_pages_and_no_other(rows, sign_in, role):
    client = sign_in(role)
    found = {page: client.get(address(page, rows)).status_code for page in PAGES}
    wanted = {page: 200 if role in allowed else 403 for page, allowed in PAGES.items()}
    assert found == wanted


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_its_actions_and_no_other(rows, sign_in, role):
    client = sign_in(role)
    refused = {page for page in ACTIONS if client.post(address(page, rows), {}).status_code == 403}
    assert refused == {page for page, allowed in ACTIONS.items() if role not in allowed}


def test_strangers_are_led_to_the_log_in(rows, client):
    for page in PAGES:
        answer = client.get(address(page, rows))
        assert answer.status_code == 302, page
        assert answer.url.startswith("/admin/login/"), page


def test_every_page_of_ours_stands_in_the_table():
    def walk(patterns, before=""):
        for one in patterns:
            if hasattr(one, "url_patterns"):
                yield from walk(one.url_patterns, before + str(one.pattern))
            else:
                yield before + str(one.pattern)

    routes = set(walk(get_resolver().url_patterns))
    ours = {
        route
        for route in routes
        if re.match(r"admin/(beez|classifier|conversations|training|review)", route)
        and not re.search(r"(<path:object_id>/(history/|delete/|change/)?|/add/)$", route)
    }
    assert ours - OTHERWISE <= PAGES.keys() | ACTIONS.keys()
    assert PAGES.keys() | ACTIONS.keys() <= routes
