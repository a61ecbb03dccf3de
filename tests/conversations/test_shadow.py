"""A candidate answers a share of the messages unheard, and staff see where it differs."""

import pytest
from django.contrib.auth.models import Permission

from classifier import live, registry
from conversations import reviewing
from conversations.erasure import erase
from conversations.models import Message, ShadowAnswer, ShadowTrial
from conversations.shadow import differences, trial
from conversations.shadow.trial import ShadowError
from tests import keyword_model as keywords
from tests.conversations.conftest import DEAL, HOT, assert_consistent
from tests.conversations.posting import add_message

PAGES = "/admin/conversations/shadowtrial/"


@pytest.fixture
def candidate(keyword_model, models_dir):
    """Knows a word more for Hot-buyer and one less for Deal-seeker than the live version."""
    words = keywords.SHIPPED_TAGS | {DEAL: ["coupon"], HOT: ["buy", "order", "checkout", "take"]}
    keywords.build(models_dir, "candidate", words=words)
    return registry.register("candidate")


def post(*texts):
    return [add_message(conversation_id="c", text=text) for text in texts]


def begin(candidate, share=1.0):
    return trial.start(version=candidate, share=share, actor="ada")


def test_it_reads_what_comes_after_its_start_and_nothing_twice(candidate):
    post("any discount?")
    begin(candidate)
    post("I take it", "hello")
    assert trial.follow() == 2
    assert trial.follow() == 0
    post("checkout")
    assert trial.follow() == 1


def test_answers_and_history_stay_the_live_versions(candidate, api_client):
    begin(candidate)
    (message,) = post("I take it")
    trial.follow()
    assert not Message.objects.get(pk=message.pk).predicted_tags.exists()
    assert live.current().version_name == "keywords-1"
    assert_consistent("c")
    assert ShadowAnswer.objects.get().tags == [HOT]


def test_only_the_share_is_read_and_the_rest_not_later_either(candidate, monkeypatch):
    begin(candidate, share=0.25)
    post("a", "b", "c")
    draws = iter([0.3, 0.1, 0.25])
    monkeypatch.setattr(trial.random, "random", lambda: next(draws))
    assert trial.follow() == 1
    assert ShadowAnswer.objects.get().message.text == "b"


def test_differences_are_told_by_tag_and_who_was_right(candidate):
    shadow = begin(candidate)
    takes, discount, _ = post("I take it", "any discount?", "checkout")
    trial.follow()
    reviewing.record(message=takes, tags=[HOT], actor="ben")
    reviewing.record(message=discount, tags=[DEAL], actor="ben")
    found = differences.summary(shadow)
    assert (found.answered, found.differing) == (3, 2)
    rows = {row.tag: row for row in found.rows}
    assert (rows[HOT].gained, rows[HOT].lost, rows[HOT].candidate_right) == (1, 0, 1)
    assert (rows[DEAL].gained, rows[DEAL].lost, rows[DEAL].live_right) == (0, 1, 1)


def test_a_long_backlog_is_gone_through_in_bounded_steps(candidate, monkeypatch):
    monkeypatch.setattr(trial, "CHUNK", 2)
    begin(candidate)
    post(*"abcde")
    assert trial.follow(limit=2) == 2
    assert trial.follow(limit=100) == 3


def test_one_trial_at_a_time(candidate):
    first = begin(candidate)
    with pytest.raises(ShadowError, match="Another trial"):
        begin(candidate)
    trial.stop(first, actor="ben")
    assert begin(candidate) == trial.running()


def test_a_damaged_candidate_is_refused_before_anything_starts(candidate, models_dir):
    (models_dir / "candidate" / "model.onnx").write_bytes(b"x")
    with pytest.raises(ShadowError, match="candidate"):
        begin(candidate)
    assert not ShadowTrial.objects.exists()


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_that_is_none_is_refused(candidate, share):
    with pytest.raises(ShadowError, match="share"):
        begin(candidate, share=share)


def test_without_a_trial_nothing_is_read(keyword_model):
    post("I take it")
    assert trial.follow() == 0


def test_erasing_a_conversation_takes_what_the_candidate_said(candidate):
    begin(candidate)
    post("I take it")
    trial.follow()
    erase(conversation_id="c", actor="staff")
    assert not ShadowAnswer.objects.exists()


class TestPages:
    @pytest.fixture
    def staff(self, client, django_user_model):
        def sign_in(*codenames):
            user = django_user_model.objects.create_user("ada", is_staff=True)
            user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
            client.force_login(user)
            return client

        return sign_in

    def test_a_trial_is_started_watched_and_stopped(self, candidate, staff):
        rights = ("add_shadowtrial", "change_shadowtrial", "view_shadowtrial")
        client = staff(*rights, "view_conversation")
        client.post(f"{PAGES}add/", {"version": candidate.pk, "share": "1"})
        started = ShadowTrial.objects.get()
        assert (started.version, started.started_by) == (candidate, "ada")
        post("I take <b>it</b>", "hello")
        trial.follow()
        page = client.get(f"{PAGES}{started.pk}/change/").content.decode()
        assert "Of 2 messages that it has read, 1 got other tags" in page
        assert "I take &lt;b&gt;it&lt;/b&gt;" in page
        client.post(PAGES, {"action": "stop", "_selected_action": started.pk})
        assert trial.running() is None
        assert ShadowTrial.objects.get().ended_by == "ada"

    def test_messages_are_shown_to_those_alone_who_may_read_them(self, candidate, staff):
        started = begin(candidate)
        post("I take <b>it</b>")
        trial.follow()
        page = staff("view_shadowtrial").get(f"{PAGES}{started.pk}/change/").content.decode()
        assert "1 got other tags" in page and "I take" not in page

    def test_a_second_one_is_refused_on_the_form(self, candidate, staff):
        begin(candidate)
        client = staff("add_shadowtrial", "view_shadowtrial")
        response = client.post(f"{PAGES}add/", {"version": candidate.pk, "share": "1"})
        assert "Another trial is running" in response.content.decode()

    def test_a_damaged_candidate_is_refused_on_the_form_and_not_told_as_added(
        self, candidate, models_dir, staff
    ):
        (models_dir / "candidate" / "model.onnx").write_bytes(b"x")
        client = staff("add_shadowtrial", "view_shadowtrial")
        response = client.post(f"{PAGES}add/", {"version": candidate.pk, "share": "1"})
        assert response.status_code == 200
        assert "candidate cannot be loaded" in response.content.decode()
        assert not ShadowTrial.objects.exists()

    def test_viewing_is_no_starting(self, candidate, staff):
        client = staff("view_shadowtrial")
        assert client.get(PAGES).status_code == 200
        assert client.post(f"{PAGES}add/", {}).status_code == 403
