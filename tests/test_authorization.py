"""Who may call what: every route and page of Beez, with every kind of caller.

The tables below are the rule. A new route, page or action is a row here, or the last tests fail.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone

from beez.api import keys
from beez.api.models import ApiKey
from beez.audit.models import AuditEntry
from beez.webhooks import endpoints
from classifier import registry, thresholds
from classifier.bulk import jobs
from classifier.models import Activation, Tag
from conversations import erasure
from conversations.models import ShadowTrial
from tests import keyword_model as keywords
from tests.conversations.posting import add_message
from tests.training.evaluation.versions import items, served, shop
from training.card import comparison_text
from training.datasets.dataset import prepare
from training.evaluation import comparison
from training.evaluation.comparison import Messages
from training.models import TrainingRun
from training.runs import comparisons, gate

# --- the API: the scope that a route needs; OPEN: no key. HEAD and OPTIONS follow from it ---------
OPEN = ""
API = {
    "GET /": OPEN,
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "GET /docs": OPEN,
    "GET /openapi.json": OPEN,
    "GET /status": "read",
    "POST /classify-message": "classify",
    "POST /classify-messages": "classify",
    "POST /classify-conversation": "classify",
    "POST /bulk-jobs": "classify",
    "GET /bulk-jobs": "classify",
    "GET /bulk-jobs/<uuid:job>": "classify",
    "DELETE /bulk-jobs/<uuid:job>": "classify",
    "GET /bulk-jobs/<uuid:job>/result": "classify",
    "GET /models": "read",
    "GET /models/live": "read",
    "GET /thresholds": "read",
    "PATCH /thresholds": "configure",
    "GET /conversations": "read",
    "POST /conversation/<any:conversation_id>/messages/<int:position>/correction": "correct",
    "DELETE /conversation/<any:conversation_id>/messages/<int:position>/correction": "correct",
    "GET /conversation/<any:conversation_id>": "read",
    "DELETE /conversation/<any:conversation_id>": "erase",
    "GET /customer/<any:customer_id>": "read",
    "DELETE /customer/<any:customer_id>": "erase",
    "GET /metrics": "read",
    "GET /webhooks": "webhooks",
    "POST /webhooks": "webhooks",
    "GET /webhooks/<int:webhook>": "webhooks",
    "PATCH /webhooks/<int:webhook>": "webhooks",
    "DELETE /webhooks/<int:webhook>": "webhooks",
    "POST /webhooks/<int:webhook>/secret": "webhooks",
    "POST /webhooks/<int:webhook>/test": "webhooks",
    "GET /webhooks/<int:webhook>/deliveries": "webhooks",
    "POST /webhooks/<int:webhook>/replay": "webhooks",
}

# --- the staff pages: which accounts may ----------------------------------------------------------
NOBODY: set[str] = set()
SUPERUSER = {"superuser"}
ML = {"ML engineer", "superuser"}
OPERATOR = {"Operator", "superuser"}
READERS = ML | OPERATOR
REVIEWERS = {"Reviewer"} | ML
STAFF = {"plain staff"} | REVIEWERS | READERS
STRANGERS = {"anonymous", "customer"}  # nobody signed in; an account that is not staff
EVERYBODY = STAFF | STRANGERS


@dataclass(frozen=True)
class Model:
    """The pages that Django's admin makes for each model, and its actions on chosen rows."""

    view: set[str]
    add: set[str] = field(default_factory=set)
    change: set[str] = field(default_factory=set)
    delete: set[str] = field(default_factory=set)
    actions: dict[str, set[str]] = field(default_factory=dict)
    several: bool = True  # may be deleted at once


MODELS = {
    "conversations/conversation": Model(view=REVIEWERS | OPERATOR, delete=SUPERUSER),
    "conversations/receipt": Model(view=SUPERUSER),
    "conversations/shadowtrial": Model(view=READERS, add=ML, actions={"stop": ML}),
    "classifier/tag": Model(view=REVIEWERS | OPERATOR, add=ML, change=ML, delete=SUPERUSER),
    "classifier/modelversion": Model(
        view=READERS, actions={"activate": READERS, "roll_back": READERS}
    ),
    "classifier/activation": Model(view=READERS),
    "classifier/thresholdchange": Model(view=READERS, add=ML),
    "classifier/bulkjob": Model(view=READERS),
    "training/dataset": Model(view=READERS),
    "training/trainingrun": Model(view=READERS),
    "training/comparison": Model(view=READERS),
    "beez/apikey": Model(view=OPERATOR, add=OPERATOR, actions={"revoke": OPERATOR}),
    "beez/auditentry": Model(view=OPERATOR),
    "beez/webhookendpoint": Model(
        view=OPERATOR, add=OPERATOR, change=OPERATOR, delete=OPERATOR, several=False
    ),
    "auth/user": Model(view=SUPERUSER, add=SUPERUSER, change=SUPERUSER, delete=SUPERUSER),
    "auth/group": Model(view=SUPERUSER, add=SUPERUSER, change=SUPERUSER, delete=SUPERUSER),
}
PAGES = {
    "GET admin/": STAFF,
    "GET admin/review/": REVIEWERS,
    "POST admin/review/": REVIEWERS,
    "POST admin/conversations/conversation/<int:pk>/messages/<int:position>/review/": REVIEWERS,
    "GET admin/classifier/modelversion/<int:pk>/plots/<str:name>": READERS,
    "GET admin/training/trainingrun/<int:pk>/progress/": READERS,
    "GET admin/training/trainingrun/<int:pk>/cancel/": READERS,
    "POST admin/training/trainingrun/<int:pk>/cancel/": READERS,
    "POST admin/training/trainingrun/ask/": ML,
    "GET admin/training/comparison/<int:pk>/report.md": READERS,
    "GET admin/training/comparison/<int:pk>/report.json": READERS,
    "GET admin/training/comparison/<int:pk>/report.svg": READERS,
    "GET admin/training/comparison/<int:pk>/sign": READERS,
    "POST admin/training/comparison/<int:pk>/sign": READERS,
    "GET admin/beez/apikey/<int:pk>/rotate/": OPERATOR,
    "POST admin/beez/apikey/<int:pk>/rotate/": OPERATOR,
    "GET admin/beez/apikey/<int:pk>/revoke/": OPERATOR,
    "POST admin/beez/apikey/<int:pk>/revoke/": OPERATOR,
    "GET admin/beez/auditentry/export.<str:kind>": OPERATOR,
    "GET admin/conversations/receipt/<int:pk>/receipt.json": SUPERUSER,
    "POST admin/beez/webhookendpoint/<int:pk>/test/": OPERATOR,
    "POST admin/beez/webhookendpoint/<int:pk>/replay/": OPERATOR,
    "POST admin/beez/webhookendpoint/<int:pk>/rotate/": OPERATOR,
    "GET admin/auth/user/<id>/password/": SUPERUSER,
    "POST admin/auth/user/<id>/password/": SUPERUSER,
    # Django's own; the last ones tell nothing but that there is no such page
    "GET admin/login/": EVERYBODY,
    "POST admin/login/": EVERYBODY,
    "GET admin/password_change/": STAFF,
    "GET admin/password_change/done/": STAFF,
    "GET admin/jsi18n/": STAFF,
    "GET admin/autocomplete/": NOBODY,
    "GET admin/r/<path:content_type_id>/<path:object_id>/": STAFF,
    "GET admin/^(?P<app_label>beez|auth|classifier|conversations|training)/$": STAFF,
    "GET admin/(?P<url>.*)$": STAFF,
    "POST admin/logout/": EVERYBODY,  # the last one, for it ends what the others need
}


def of_a_model(name, model):
    page = f"admin/{name}/"
    row = f"{page}<path:object_id>/"
    return {
        f"GET {page}": model.view,
        f"POST {page}": model.view,
        f"GET {page}add/": model.add,
        f"POST {page}add/": model.add,
        f"GET {row}change/": model.view,
        f"POST {row}change/": model.change,
        f"GET {row}delete/": model.delete,
        f"POST {row}delete/": model.delete,
        f"GET {row}history/": model.view,
        f"GET {row}": STAFF,  # leads to the page of the row, which refuses
    }


ALL_PAGES = {
    row: allowed
    for rows_of in (*(of_a_model(name, model) for name, model in MODELS.items()), PAGES)
    for row, allowed in rows_of.items()
}

# --- callers --------------------------------------------------------------------------------------
INVALID_KEYS = ("no key", "a bad key", "an expired key", "a revoked key", "a superuser's browser")
KEY_HOLDERS = (*INVALID_KEYS, *ApiKey.Scope.values, "every scope")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture
def rows(keyword_model, models_dir, settings, tmp_path, django_user_model):
    """A row of each kind that a page is about, as the arguments of its address."""
    settings.DATASETS_DIR = tmp_path / "datasets"
    settings.RATE_LIMIT_FAILED_KEYS = ""  # the table has more of them than a minute may have
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
    return {
        "conversation": message.conversation_id,
        "receipt": _receipt().pk,
        "webhookendpoint": endpoints.create(
            url="https://shop.example/hook", kinds=["model.activated"]
        )[0].pk,
        "tag": Tag.objects.create(name="Spare", description="of no model", stage=9).pk,
        "activation": Activation.objects.first().pk,
        "thresholdchange": thresholds.change(values={None: 0.5}, actor="somebody")[0].pk,
        "bulkjob": jobs.create(
            key=keys.create(name="bulk", scopes=["classify"])[0], items=[(None, "a")]
        ).pk,
        "shadowtrial": ShadowTrial.objects.create(
            version=challenger, share=0.5, started_by="somebody", looked_at=0
        ).pk,
        "modelversion": challenger.pk,
        "trainingrun": run.pk,
        "comparison": compared.pk,
        "dataset": prepare([_file(tmp_path)]).pk,
        "apikey": keys.create(name="shop", scopes=["read"])[0].pk,
        "auditentry": AuditEntry.objects.first().pk,
        "user": django_user_model.objects.create_user("somebody").pk,
        "group": Group.objects.get(name="Reviewer").pk,
    }


def _receipt():
    add_message(conversation_id="erased", text="hi")
    return erasure.erase(conversation_id="erased", actor="shop")


def _file(folder):
    texts = ["i'll take it", "any voucher", "never ordered before", "just looking", "is it blue"]
    lines = [{"message": text, "tags": ["Hot-buyer"] * (text == texts[0])} for text in texts]
    path = folder / "few.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@pytest.fixture
def browser_of(django_user_model):
    """A browser of each kind of account."""

    def signed_in(who):
        client = Client(raise_request_exception=False)
        if who == "anonymous":
            return client
        user = django_user_model.objects.create_user(
            who.replace(" ", ""), is_staff=who in STAFF, is_superuser=who == "superuser"
        )
        if who in {"Reviewer", "ML engineer", "Operator"}:
            user.groups.add(Group.objects.get(name=who))
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def caller_with(browser_of):
    """A client that calls the API by a key of each kind."""

    def calling(holder):
        if holder == "no key":
            return Client()
        if holder == "a superuser's browser":
            return browser_of("superuser")
        scopes = [holder] if holder in ApiKey.Scope.values else ApiKey.Scope.values
        row, key = keys.create(name="shop", scopes=scopes)
        if holder == "an expired key":
            ApiKey.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(1))
        if holder == "a revoked key":
            keys.revoke(row)
        if holder == "a bad key":
            key = key[:-1] + ("a" if key[-1] != "a" else "b")
        return Client(raise_request_exception=False, headers={"authorization": f"Bearer {key}"})

    return calling


def address(page, rows):
    """A page's address with a row of its kind."""
    kind = next((kind for kind in rows if re.search(rf"/{kind}\b", page)), "")
    row = str(rows.get(kind, 1))
    filled = re.sub(r"<path:object_id>|<int:pk>|<id>|<path:content_type_id>", row, page)
    for what, value in {
        "<int:position>": "1",
        "<str:name>": "calibration.svg",
        "<str:kind>": "csv",
        "<any:conversation_id>": "c",
        "<any:customer_id>": "nobody",
        "<uuid:job>": "2f1c7b7e-5d0e-4f0c-9a53-5f1f0f6a1e11",
        "<int:webhook>": str(rows["webhookendpoint"]),
        "^(?P<app_label>beez|auth|classifier|conversations|training)/$": "nothing-at-all",
        "(?P<url>.*)$": "nowhere",
    }.items():
        filled = filled.replace(what, value)
    return "/" + filled.lstrip("/")


def refused(answer):
    """How a page or a route says no; None where it lets the caller in."""
    if answer.status_code in (401, 403):
        return answer.status_code
    if answer.status_code == 302 and answer.url.startswith("/admin/login/"):
        return "log in"
    return None


def scopes_for(method, path):
    """Each of which opens it; None where the route knows no such method."""
    there = {row.split()[0]: scope for row, scope in API.items() if row.split()[1] == path}
    if method in there:
        return {there[method]}
    if method in ("HEAD", "OPTIONS") and "GET" in there:
        return {there["GET"]}
    return set(there.values()) if method == "OPTIONS" else None


def wanted_of_a_key(holder, method, path):
    scopes = scopes_for(method, path)
    if OPEN in {scope for row, scope in API.items() if row.split()[1] == path}:
        return None
    if holder in INVALID_KEYS:
        return 401
    allowed = holder == "every scope" or scopes is None or holder in scopes
    return None if allowed else 403


PATHS = list(dict.fromkeys(row.split()[1] for row in API))


@pytest.mark.parametrize("holder", KEY_HOLDERS)
def test_a_key_opens_the_routes_of_its_scope_and_no_other(rows, caller_with, holder):
    caller = caller_with(holder)
    wanted, found, broken = {}, {}, []
    for path in PATHS:
        for method in METHODS:
            answer = caller.generic(method, address(path, rows), content_type="application/json")
            found[method, path] = refused(answer)
            wanted[method, path] = wanted_of_a_key(holder, method, path)
            unknown = scopes_for(method, path) is None
            told = not unknown or answer.status_code in (401, 405) or path == "/"  # a playground
            if answer.status_code >= 500 or not told:
                broken.append((method, path, answer.status_code))
    assert found == wanted
    assert broken == []


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_an_account_opens_its_pages_and_no_other(rows, browser_of, who):
    browser = browser_of(who)
    no = "log in" if who in STRANGERS else 403
    found, broken = {}, []
    for row in ALL_PAGES:
        method, page = row.split()
        answer = browser.generic(
            method, address(page, rows), content_type="application/x-www-form-urlencoded"
        )
        found[row] = refused(answer)
        if answer.status_code >= 500:
            broken.append((row, answer.status_code))
    assert found == {row: None if who in may else no for row, may in ALL_PAGES.items()}
    assert broken == []


@pytest.mark.parametrize("who", sorted(STAFF))
def test_an_account_is_offered_its_actions_on_rows_and_no_other(db, browser_of, who):
    browser_of(who)
    request = RequestFactory().get("/admin/")
    request.user = django_user(who)
    found = {
        name: set(admin.site.get_model_admin(model).get_actions(request))
        for name, model in by_name().items()
    }
    assert found == {
        name: {action for action, may in row.actions.items() if who in may}
        | ({"delete_selected"} if row.several and who in row.delete else set())
        for name, row in MODELS.items()
    }


def test_a_key_opens_no_page_of_staff(rows, caller_with):
    caller = caller_with("every scope")
    for row, allowed in ALL_PAGES.items():
        method, page = row.split()
        if "anonymous" not in allowed:
            assert refused(caller.generic(method, address(page, rows))) == "log in", row


def test_every_route_and_page_stands_in_the_table():
    pages = {f"admin/{path}" for path, _ in walk(admin.site.get_urls())}
    assert pages | {"admin/review/"} == {row.split()[1] for row in ALL_PAGES}
    routes = {
        f"{method.upper()} /{path}"
        for path, callback in walk(get_resolver().url_patterns)
        if not path.startswith("admin/")
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(getattr(callback, "cls", callback), method) or method == "get"
        if method != "get" or not hasattr(callback, "cls") or hasattr(callback.cls, "get")
    }
    assert routes == set(API)


def test_every_model_of_the_staff_pages_and_every_action_stands_in_the_table():
    assert set(by_name()) == set(MODELS)
    for name, model in by_name().items():
        actions = {one[1] for one in admin.site.get_model_admin(model)._get_base_actions()}
        assert actions - {"delete_selected"} == set(MODELS[name].actions), name


def by_name():
    return {model._meta.label_lower.replace(".", "/"): model for model in admin.site._registry}


def django_user(who):
    from django.contrib.auth.models import User

    return User.objects.get(username=who.replace(" ", ""))


def walk(patterns, before=""):
    """Every path with its view."""
    for one in patterns:
        if hasattr(one, "url_patterns"):
            yield from walk(one.url_patterns, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one.callback
