import re

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.urls import reverse

from classifier import model_page, registry
from classifier.models import Activation, ModelVersion, Tag
from tests import keyword_model as keywords

VERSIONS = reverse("admin:classifier_modelversion_changelist")
METRICS = {
    "test": {
        "micro_f1": 0.8125,
        "messages": 120,
        "per_tag": {"Hot-buyer": {"f1": 0.75, "support": 20}, "<b>": {"f1": None}},
        "curve": [[0.3, 0.8], [0.35, 0.81]],
    }
}
FILES = {
    "card.md": b"# A card <script>alert(1)</script>\n\n|a|b|\n|-|-:|\n|x|7|\n\n![Curve](curve.png)",
    "curve.png": b"\x89PNG",
    "confusion.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.fixture
def version(keyword_model, models_dir):
    """A second version, registered and not live, with a card and plots."""
    keywords.build(
        models_dir, "words-2", words={"Hot-buyer": ["buy"]}, metrics=METRICS, extra_files=FILES
    )
    return registry.register("words-2")


@pytest.fixture
def viewer(client, django_user_model):
    """Staff who may look at everything here and activate nothing."""
    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="classifier", codename__startswith="view")
    )
    client.force_login(user)
    return client


def page(version):
    return reverse("admin:classifier_modelversion_change", args=[version.pk])


def plot(version, name):
    return reverse("admin:classifier_modelversion_plot", args=[version.pk, name])


def act(client, action, *versions, confirm=True, reason="It is better."):
    data = {"action": action, ACTION_CHECKBOX_NAME: [version.pk for version in versions]}
    answer = {"confirm": "yes", "reason": reason} if confirm else {}
    return client.post(VERSIONS, data | answer, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_the_list_marks_the_live_version_and_shows_its_f1(admin_client, version):
    html = admin_client.get(VERSIONS).content.decode()
    rows = {name: row for row in html.split("<tr>") for name in re.findall(r">([\w-]+)</a>", row)}
    assert 'alt="True"' in rows["keywords-1"]
    assert "0.875" in rows["keywords-1"]
    assert 'alt="False"' in rows["words-2"]


def test_a_versions_page_shows_the_card_with_its_plots_escaped(admin_client, version):
    html = admin_client.get(page(version)).content.decode()
    assert "<h1>A card &lt;script&gt;alert(1)&lt;/script&gt;</h1>" in html
    assert '<td class="right">7</td>' in html
    assert html.count(plot(version, "curve.png")) == 1
    assert plot(version, "confusion.svg") in html


def test_a_version_without_a_card_shows_its_metrics_as_tables(admin_client, keyword_model):
    ModelVersion.objects.update(metrics=METRICS)
    html = admin_client.get(page(keyword_model)).content.decode()
    assert "<td>0.812</td>" in html
    assert "<caption>test · per tag</caption>" in html
    assert '<th scope="row">&lt;b&gt;</th>' in html


def test_no_page_needs_inline_scripts_or_styles(admin_client, version):
    asked = act(admin_client, "activate", version, confirm=False)
    for response in (admin_client.get(VERSIONS), admin_client.get(page(version)), asked):
        html = response.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", html)


def test_a_page_without_folder_says_so(admin_client, version, models_dir):
    (models_dir / version.name).rename(models_dir / "gone")
    html = admin_client.get(page(version)).content.decode()
    assert "is missing. Put it back from a backup" in html


def test_a_version_without_card_and_metrics_has_a_page(admin_client, keyword_model):
    ModelVersion.objects.update(metrics={})
    response = admin_client.get(page(keyword_model))
    assert response.status_code == 200
    assert "Model card" not in response.content.decode()


@pytest.mark.parametrize(
    ("name", "content_type"), [("curve.png", "image/png"), ("confusion.svg", "image/svg+xml")]
)
def test_plots_are_served_to_staff_with_their_type(viewer, version, name, content_type):
    response = viewer.get(plot(version, name))
    assert b"".join(response.streaming_content) == FILES[name]
    assert response["Content-Type"] == content_type
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "card.md", "stray.png", "..png"])
def test_nothing_else_of_the_folder_is_served(viewer, version, models_dir, name):
    (models_dir / version.name / "stray.png").write_bytes(b"not in the manifest")
    assert viewer.get(plot(version, name)).status_code == 404


def test_a_changed_plot_is_not_served(viewer, version, models_dir):
    (models_dir / version.name / "curve.png").write_bytes(b"changed")
    assert viewer.get(plot(version, "curve.png")).status_code == 404


def test_plots_are_for_staff_with_the_permission_only(client, django_user_model, version):
    assert client.get(plot(version, "curve.png")).status_code == 302
    client.force_login(django_user_model.objects.create_user("s", password="x", is_staff=True))
    assert client.get(plot(version, "curve.png")).status_code == 403


def test_activating_asks_first_and_then_does_it_in_the_name_of_the_user(admin_client, version):
    asked = act(admin_client, "activate", version, confirm=False)
    assert "Make <strong>words-2</strong> live?" in asked.content.decode()
    assert registry.live_version() != version
    done = act(admin_client, "activate", version)
    assert said(done) == ["words-2 is live, everywhere within two seconds."]
    assert registry.live_version() == version
    newest = Activation.objects.first()
    assert (newest.actor, newest.reason) == ("admin", "It is better.")


@pytest.mark.parametrize("action", ["activate", "roll_back"])
def test_without_a_reason_it_is_asked_for_again_and_nothing_is_done(admin_client, version, action):
    registry.activate(version)
    asked = act(admin_client, action, version, reason="  ")
    assert "This field is required." in asked.content.decode()
    assert Activation.objects.count() == 2


def test_a_versions_page_shows_when_it_was_live_by_whom_and_why(admin_client, version):
    assert "When it was live" not in admin_client.get(page(version)).content.decode()
    act(admin_client, "activate", version, reason="Fewer <false> alarms")
    html = admin_client.get(page(version)).content.decode()
    assert "<td>admin</td><td>Fewer &lt;false&gt; alarms</td>" in html


def test_rolling_back_names_the_earlier_version_first(admin_client, keyword_model, version):
    registry.activate(version)
    asked = act(admin_client, "roll_back", version, confirm=False)
    assert "Roll back to <strong>keywords-1</strong>?" in asked.content.decode()
    act(admin_client, "roll_back", version)
    assert registry.live_version() == keyword_model


def test_rolling_back_needs_the_live_version_selected(admin_client, version):
    assert said(act(admin_client, "roll_back", version)) == [
        "words-2 is not live. Select the live version."
    ]


def test_what_cannot_be_done_is_said(admin_client, keyword_model, version, models_dir):
    assert said(act(admin_client, "activate", keyword_model, version)) == ["Select one version."]
    (models_dir / version.name / "model.onnx").write_bytes(b"rubbish")
    assert "damaged" in said(act(admin_client, "activate", version))[0]
    assert "no earlier version" in said(act(admin_client, "roll_back", keyword_model))[0]
    assert registry.live_version() == keyword_model


def test_who_may_only_look_cannot_activate(viewer, version):
    act(viewer, "activate", version)
    assert registry.live_version() != version


@pytest.mark.parametrize("model", ["modelversion", "activation"])
def test_versions_and_the_ledger_are_read_only_even_for_superusers(
    admin_client, keyword_model, model
):
    row = (keyword_model if model == "modelversion" else Activation.objects.first()).pk
    assert admin_client.get(reverse(f"admin:classifier_{model}_add")).status_code == 403
    change = reverse(f"admin:classifier_{model}_change", args=[row])
    assert admin_client.get(change).status_code == 200
    assert admin_client.post(change, {"reason": "x"}).status_code == 403
    delete = reverse(f"admin:classifier_{model}_delete", args=[row])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_the_ledger_is_listed_newest_first(admin_client, version):
    registry.activate(version, reason="better", actor="ada")
    html = admin_client.get(reverse("admin:classifier_activation_changelist")).content.decode()
    assert html.index("words-2") < html.index("keywords-1")
    assert "better" in html


def test_a_tags_description_and_stage_can_be_changed_but_not_its_name(admin_client, db):
    change = reverse("admin:classifier_tag_change", args=["Hot-buyer"])
    data = {"name": "Renamed", "description": "Wants it now.", "stage": 60}
    assert admin_client.post(change, data).status_code == 302
    tag = Tag.objects.get(name="Hot-buyer")
    assert (tag.description, tag.stage) == ("Wants it now.", 60)
    assert not Tag.objects.filter(name="Renamed").exists()


def test_a_new_tag_is_named_and_can_be_deleted_while_no_model_answers_with_it(
    admin_client, keyword_model
):
    data = {"name": "Gift-giver", "description": "Buys for others.", "stage": 35}
    assert admin_client.post(reverse("admin:classifier_tag_add"), data).status_code == 302
    for name, status in (("Gift-giver", 302), ("Hot-buyer", 403)):
        delete = reverse("admin:classifier_tag_delete", args=[name])
        assert admin_client.post(delete, {"post": "yes"}).status_code == status
    assert set(Tag.objects.values_list("name", flat=True)) == set(keywords.SHIPPED_TAGS)


def test_selected_tags_of_a_model_cannot_be_deleted_by_the_list_action(admin_client, keyword_model):
    data = {
        "action": "delete_selected",
        ACTION_CHECKBOX_NAME: ["Hot-buyer", "Deal-seeker"],
        "post": "yes",
    }
    admin_client.post(reverse("admin:classifier_tag_changelist"), data)
    assert Tag.objects.count() == 5


def test_metrics_become_one_table_for_each_level():
    tables = [(table.title, table.columns, table.rows) for table in model_page.tables(METRICS)]
    assert tables == [
        ("test", ["", "value"], [["micro f1", "0.812"], ["messages", "120"]]),
        (
            "test · per tag",
            ["", "f1", "support"],
            [["Hot-buyer", "0.750", "20"], ["<b>", "–", ""]],
        ),
    ]
