"""What staff see of conversations: found, read, never edited; hostile text stays text."""

import re

import pytest
from django.contrib.auth.models import Permission, User

from classifier.models import Tag
from conversations import reviewing
from conversations.models import Conversation, Message
from tests.conversations.conftest import DEAL, HOT, NEW, WINDOW, WISH
from tests.conversations.posting import add_message
from tests.statements import queries

LIST = "/admin/conversations/conversation/"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def url(conversation_id, action="change"):
    pk = Conversation.objects.get(conversation_id=conversation_id).pk
    return f"{LIST}{pk}/{action}/"


def page(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


class TestList:
    @pytest.fixture
    def listed(self, worked_example, staff):
        add_message(conversation_id="steady", text="just browsing")
        add_message(conversation_id="untagged", text="hello")

        def get(**query):
            response = staff.get(LIST, query)
            return {one.conversation_id for one in response.context["cl"].result_list}

        return get

    def test_shows_tag_count_and_switch(self, listed, staff):
        html = page(staff, LIST)
        assert '<span class="tag-pill tag tag-hot-buyer">Hot-buyer</span>' in html
        assert '<td class="field-number_of_messages">4</td>' in html
        assert '<span class="tag-none">no tag</span>' in html

    def test_sorts_by_the_number_of_messages_and_shows_each_once(self, listed, staff):
        shown = staff.get(LIST, {"o": "-2"}).context["cl"].result_list
        assert [one.conversation_id for one in shown] == ["shoes", "untagged", "steady"]

    def test_number_of_queries_does_not_grow_with_the_rows(self, listed, staff):
        few = queries(lambda: page(staff, LIST))
        for number in range(30):
            Conversation.objects.create(
                conversation_id=f"c{number}",
                tag_id=HOT,
                updated_at=Conversation.objects.first().updated_at,
            )
        assert queries(lambda: page(staff, LIST)) == few


class TestPage:
    def test_shows_messages_in_order_with_confidences_and_what_decided(self, worked_example, staff):
        html = page(staff, url("shoes"))
        places = [html.index(f'id="message-{position}"') for position in (1, 2, 3, 4)]
        assert places == sorted(places)
        assert "Do you have any discount codes for first-time buyers?" in html
        assert html.count("Model keywords-1, threshold 0.50, rule newest") == 4
        assert html.count('<td class="number">0.95</td>') == 6

    def test_shows_each_switch_between_the_messages(self, worked_example, staff):
        html = page(staff, url("shoes"))
        between = re.findall(r'class="switch-between">.*?</p>', html)
        named = [re.findall(r'tag-\w[\w-]*">([\w-]+)<', one) for one in between]
        assert named == [[NEW, WISH], [WISH, DEAL], [DEAL, HOT]]
        assert html.index(between[1]) < html.index('id="message-3"')

    def test_timeline_says_in_words_what_it_draws(self, worked_example, staff):
        html = page(staff, url("shoes"))
        assert '<title id="timeline-title">' in html
        assert f"<title>Switch from {NEW} to {WISH}, at message 2</title>" in html
        assert re.search(r"<title>3, [\d :-]+: Do you have any .*— Deal-seeker, First", html)

    def test_corrections_are_told_with_who_and_why(self, worked_example, staff):
        reviewing.record(message=worked_example[1], tags=[WINDOW], actor="ben", note="only looking")
        reviewing.record(message=worked_example[1], tags=[], actor="cleo")
        html = page(staff, url("shoes"))
        assert "by ben" in html
        assert "only looking" in html
        assert html.index("by cleo") < html.index("by ben")
        assert html.count('<circle class="corrected"') == 1
        assert "no tag (corrected)</title>" in html

    def test_long_conversations_come_in_pages_the_newest_first_seen(self, keyword_model, staff):
        for number in range(51):
            add_message(conversation_id="long", text=f"browsing {number}.")
        html = page(staff, url("long"))
        assert "browsing 50." in html
        assert "browsing 49." not in html
        assert "Messages 51 to 51 of 51" in html
        first = page(staff, url("long"), page=1)
        assert "browsing 0." in first
        assert "browsing 50." not in first
        assert page(staff, url("long"), page="x")

    def test_number_of_queries_does_not_grow_with_the_messages(self, worked_example, staff):
        reviewing.record(message=worked_example[1], tags=[HOT], actor="anna")
        few = queries(lambda: page(staff, url("shoes")))
        for _ in range(20):
            message = add_message(conversation_id="shoes", text="I'm new, save it")
            reviewing.record(message=message, tags=[HOT], actor="anna")
        assert queries(lambda: page(staff, url("shoes"))) == few

    def test_a_conversation_without_messages_has_a_page(self, worked_example, staff):
        Message.objects.all().delete()
        assert page(staff, url("shoes"))

    def test_a_tag_that_the_shop_made_has_a_lane(self, worked_example, staff):
        Tag.objects.create(name="Großkunde", description="Buys in bulk.", stage=60)
        reviewing.record(message=worked_example[3], tags=["Großkunde"], actor="anna")
        assert '<circle class="dot tag tag-grokunde"' in page(staff, url("shoes"))


class TestHostileText:
    @pytest.fixture
    def html(self, keyword_model, staff):
        message = add_message(conversation_id=HOSTILE, text=HOSTILE, message_id=HOSTILE)
        Tag.objects.create(name=HOSTILE[:64], description="x", stage=1)
        reviewing.record(message=message, tags=[HOSTILE[:64]], actor=HOSTILE, note=HOSTILE)
        return page(staff, url(HOSTILE)) + page(staff, LIST)

    def test_is_escaped_everywhere(self, html):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert html.count("&lt;script&gt;alert(1)") >= 8

    def test_page_needs_no_inline_script_or_style(self, html):
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)
        assert not re.search(r"<[^>]+\sstyle=", html)
        assert "<style" not in html


class TestPermissions:
    def test_nothing_can_be_added_or_changed(self, worked_example, admin_client):
        assert admin_client.get(f"{LIST}add/").status_code == 403
        response = admin_client.post(url("shoes"), {"conversation_id": "other"})
        assert response.status_code == 403
        assert Conversation.objects.get().conversation_id == "shoes"

    def test_staff_cannot_delete(self, worked_example, staff):
        user = User.objects.get(username="anna")
        user.user_permissions.add(Permission.objects.get(codename="delete_conversation"))
        assert staff.post(url("shoes", "delete"), {"post": "yes"}).status_code == 403
        assert Conversation.objects.exists()

    def test_superusers_delete_one_with_all_its_messages(self, worked_example, admin_client):
        admin_client.post(url("shoes", "delete"), {"post": "yes"})
        assert not Conversation.objects.exists()
        assert not Message.objects.exists()

    def test_superusers_delete_several(self, worked_example, admin_client):
        add_message(conversation_id="other", text="hi")
        chosen = list(Conversation.objects.values_list("pk", flat=True))
        action = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
        admin_client.post(LIST, action)
        assert not Conversation.objects.exists()

    def test_staff_without_the_permission_see_nothing(self, worked_example, staff):
        User.objects.get(username="anna").user_permissions.clear()
        assert staff.get(LIST).status_code == 403
        assert staff.get(url("shoes")).status_code == 403
