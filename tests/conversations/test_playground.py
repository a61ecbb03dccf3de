"""Trying messages comes to the same as posting them, and stores nothing."""

import pytest

from classifier import live
from conversations import playground
from conversations.models import Conversation, Message
from tests.conversations.conftest import WORKED_EXAMPLE, switches, tags_after
from tests.conversations.posting import add_message

TEXTS = [*WORKED_EXAMPLE, "ok", "thanks", "bye", "and now?"]


@pytest.mark.parametrize("rule", ["newest", "mean"])
def test_the_tags_and_switches_are_those_of_posting(keyword_model, settings, rule):
    settings.CONVERSATION_RULE = rule
    tried = playground.play(TEXTS, live.current())
    assert not Conversation.objects.exists() and not Message.objects.exists()
    for text in TEXTS:
        add_message(conversation_id="posted", text=text)
    assert [one.step.tag for one in tried] == tags_after("posted")
    stored = Message.objects.order_by("position").values_list("conversation_tag_confidence")
    assert [(one.step.confidence,) for one in tried] == list(stored)
    switched = [
        (one.position, one.step.previous, one.step.tag)
        for one in tried
        if one.step.previous is not None and one.step.previous != one.step.tag
    ]
    assert switched == switches("posted")
