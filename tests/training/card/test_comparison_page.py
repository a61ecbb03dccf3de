"""The staff pages of comparisons: what they show, to whom, and who may sign."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from classifier import registry
from classifier.models import Activation
from conversations import ingest, reviewing
from conversations.erasure import erase
from tests import keyword_model as keywords
from tests.training.evaluation.versions import HOT, examples, items, served, shop
from training.card import comparison_text
from training.evaluation import comparison
from training.evaluation.comparison import Messages
from training.models import Comparison, TrainingRun
from training.runs import comparisons, gate

REASON = "Looked at all of them, anna is right"
SECRET = "buy a very secret kettle"


@pytest.fixture
def champion(keyword_model):
    return keyword_model


@pytest.fixture
def challenger(champion, models_dir):
    keywords.build(models_dir, "keywords-2", words=keywords.SHIPPED_TAGS)
    return registry.register("keywords-2")


@pytest.fixture
def review(champion):
    message = ingest.post(conversation_id="c-1", text=SECRET).message
    return reviewing.record(message=message, tags=[HOT], actor="anna")


@pytest.fixture
def compared(challenger, champion, review):
    """A function that stores a comparison: of a version that finds no Hot-buyer, in so many."""

    def store(hot=40, *, contradicting=0):
        new = served({HOT: "purchase", "Deal-seeker": "discount"}, name=challenger.name)
        live = served({HOT: "buy", "Deal-seeker": "discount"}, name=champion.name)
        stream = examples(1, SECRET, HOT, review=review.pk)
        reviews = examples(contradicting, SECRET, review=review.pk)
        report = comparison.compare(
            challenger=new,
            champion=live,
            messages=Messages(
                hold_out=items(shop(hot=hot)), before=[], stream=items(stream), reviews=reviews,
                reviewers={review.pk + n: "anna" for n in range(99)}, left_out=3,
            ),
            untagged_share=0.75,
        )  # fmt: skip
        decision = gate.decide("if-not-worse", report)
        run = TrainingRun.objects.create(
            state="succeeded", trigger="schedule", model_version=challenger,
            worker="host:1", lease_until=review.created_at,
        )  # fmt: skip
        return comparisons.store(
            run=run, challenger=challenger, champion=champion, report=report, decision=decision,
            markdown=comparison_text.markdown(report, decision),
        )  # fmt: skip

    return store


@pytest.fixture
def refused(compared):
    return compared()


@pytest.fixture
def waiting(compared):
    """Hot-buyer is lost in too few messages to tell that from chance."""
    return compared(hot=3)


@pytest.fixture
def staff(client, django_user_model):
    """A function that signs somebody in who has these permissions."""

    def sign_in(*permissions):
        user = django_user_model.objects.create_user("ben", password="x", is_staff=True)
        names = [one.split(".") for one in ("training.view_comparison", *permissions)]
        for app, codename in names:
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        client.force_login(user)
        return client

    return sign_in


def url(name, row):
    return reverse(f"admin:{name}", args=[row.pk])


def page(client, row):
    response = client.get(url("training_comparison_change", row))
    assert response.status_code == 200
    return response.content.decode()


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def is_signed(row):
    row.refresh_from_db()
    return row.signed_at is not None or Activation.objects.count() > 1


def test_the_page_says_the_verdict_first_and_then_why(admin_client, refused):
    shown = words(page(admin_client, refused))
    assert "The new version did not go live. It answers worse than the live one." in shown
    assert "worse than keywords-1 beyond chance on the messages kept for testing" in shown
    assert "Sign, and make it live" not in shown
    assert "3 messages were left out" in shown


def test_the_plot_has_a_line_for_each_tag_with_what_came_of_it(admin_client, refused):
    html = page(admin_client, refused)
    lost = r"<title>Hot-buyer: -1.000 \(-1.000 to -1.000\), worse"
    assert re.search(rf'<g class="worse">\s*{lost}', html)
    assert re.search(r'<g class="same">\s*<title>Deal-seeker: \+0.000', html)


def test_a_reviewed_message_that_got_worse_is_shown_with_its_text_and_a_link(
    admin_client, refused, review
):
    html = page(admin_client, refused)
    assert SECRET in html
    assert f"reviews:{review.pk}</a>" in html
    conversation = review.message.conversation_id
    place = reverse("admin:conversations_conversation_change", args=[conversation])
    assert f'href="{place}?page=1#message-1"' in html


def test_after_an_erasure_no_text_is_left_and_the_page_stands(admin_client, refused, review):
    erase(conversation_id="c-1", actor="staff")
    html = page(admin_client, refused)
    assert SECRET not in html
    assert f"reviews:{review.pk}" in html
    assert "no longer there" in html


def test_who_may_not_view_conversations_sees_no_text(staff, refused):
    html = page(staff(), refused)
    assert SECRET not in html
    assert "need the right to view conversations" in html


@pytest.mark.parametrize(
    ("door", "kind", "holds"),
    [
        ("markdown", "text/markdown", "**Verdict: refused.**"),
        ("json", "application/json", '"verdict": "refused"'),
        ("plot", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"'),
    ],
)
def test_the_report_is_taken_along_without_texts(staff, refused, door, kind, holds):
    response = staff("conversations.view_conversation").get(url(f"comparison_{door}", refused))
    assert response["Content-Type"].startswith(kind)
    assert response["Content-Disposition"].startswith('attachment; filename="comparison-keywords-2')
    assert holds in response.content.decode()
    assert "secret" not in response.content.decode()


def test_the_markdown_names_its_plot_as_it_is_downloaded(admin_client, refused):
    name = admin_client.get(url("comparison_plot", refused))["Content-Disposition"]
    file_name = re.search('filename="(.*)"', name)[1]
    assert f"]({file_name})" in refused.markdown


def test_signing_makes_the_version_live_and_says_who_and_why(staff, waiting):
    client = staff("classifier.add_activation")
    assert "Sign, and make it live" in page(client, waiting)
    client.post(url("comparison_sign", waiting), {"reason": REASON})
    waiting.refresh_from_db()
    assert (waiting.signed_by, waiting.signed_reason) == ("ben", REASON)
    newest = Activation.objects.first()
    assert (newest.version, newest.actor) == (waiting.challenger, "ben")
    assert REASON in newest.reason
    shown = words(page(client, waiting))
    assert "Signed by ben" in shown
    assert "Sign, and make it live" not in shown
    assert (
        f"ben, {waiting.signed_at:%Y-%m-%d}"
        in client.get(url("comparison_markdown", waiting)).content.decode()
    )
    assert client.get(url("comparison_json", waiting)).json()["signed"]["reason"] == REASON


def test_a_reason_of_a_few_letters_is_none(staff, waiting):
    response = staff("classifier.add_activation").post(
        url("comparison_sign", waiting), {"reason": "ok"}
    )
    assert "at least 10 characters" in response.content.decode()
    assert not is_signed(waiting)


def test_who_may_not_activate_may_not_sign(staff, waiting):
    client = staff("classifier.view_activation")
    assert "Sign, and make it live" not in page(client, waiting)
    assert client.post(url("comparison_sign", waiting), {"reason": REASON}).status_code == 403
    assert not is_signed(waiting)


def test_who_may_not_view_comparisons_gets_none_of_it(client, django_user_model, waiting):
    client.force_login(django_user_model.objects.create_user("eve", is_staff=True))
    for name in ("training_comparison_change", "comparison_json", "comparison_sign"):
        assert client.get(url(name, waiting)).status_code == 403


def test_a_refusal_cannot_be_signed(admin_client, refused):
    response = admin_client.post(url("comparison_sign", refused), {"reason": REASON}, follow=True)
    assert "This verdict waits for no signature." in response.content.decode()
    assert not is_signed(refused)


def test_nobody_signs_twice(admin_client, waiting):
    comparisons.sign(waiting, actor="anna", reason=REASON)
    with pytest.raises(comparisons.SigningError, match="anna has signed this already"):
        comparisons.sign(waiting, actor="ben", reason=REASON)


def test_nobody_signs_what_was_compared_with_a_version_that_is_no_longer_live(
    admin_client, waiting, models_dir
):
    keywords.build(models_dir, "keywords-3", words=keywords.SHIPPED_TAGS)
    registry.activate(registry.register("keywords-3"))
    assert "Another version has gone live since" in page(admin_client, waiting)
    with pytest.raises(comparisons.SigningError, match="keywords-3 has gone live since"):
        comparisons.sign(waiting, actor="ben", reason=REASON)


def test_a_version_whose_folder_is_damaged_is_not_signed_live(admin_client, waiting, models_dir):
    (models_dir / waiting.challenger.name / "model.onnx").write_bytes(b"rust")
    response = admin_client.post(url("comparison_sign", waiting), {"reason": REASON})
    assert "model.onnx" in response.content.decode()
    assert not is_signed(waiting)


def test_reviews_that_look_wrong_are_named_with_their_reviewer(admin_client, compared, review):
    row = compared(hot=40, contradicting=12)
    shown = words(page(admin_client, row))
    assert "12 of 12 reviews by anna say that Hot-buyer does not hold" in shown
    assert f"reviews:{review.pk + 11}" in shown


def test_run_and_version_lead_to_it(admin_client, refused):
    place = url("training_comparison_change", refused)
    run = admin_client.get(reverse("admin:training_trainingrun_change", args=[refused.run_id]))
    assert place in run.content.decode()
    version = reverse("admin:classifier_modelversion_change", args=[refused.challenger_id])
    listed = re.search(
        r'href="([^"]*comparison/\?q=[^"]*)"', admin_client.get(version).content.decode()
    )
    assert place in admin_client.get(listed[1]).content.decode()


@pytest.mark.parametrize("verdict", ["refused", "waiting"])
def test_pages_hold_nothing_that_the_content_security_policy_blocks(admin_client, request, verdict):
    row = request.getfixturevalue(verdict)
    pages = [
        page(admin_client, row),
        admin_client.get(url("comparison_sign", row)).content.decode(),
    ]
    for html in pages:
        assert not re.search(r"\sstyle=|<style|\son\w+=", html)
        scripts = re.findall(r"<script\b([^>]*)>", html)
        assert all("src=" in script or "application/json" in script for script in scripts)


def test_nothing_is_added_changed_or_deleted(admin_client, refused):
    for verb, args in (("add", []), ("delete", [refused.pk])):
        address = reverse(f"admin:training_comparison_{verb}", args=args)
        assert admin_client.get(address).status_code == 403
    change = url("training_comparison_change", refused)
    assert admin_client.post(change, {"verdict": "live"}).status_code == 403
    assert Comparison.objects.count() == 1
