"""`check_history` finds every way in which a stored history does not follow from its messages."""

import pytest
from django.core.management import CommandError, call_command

from conversations import history
from conversations.models import Conversation, Message, PredictedTag, TagSwitch
from tests.conversations.conftest import DEAL, HOT, NEW, assert_consistent, switches, tags_after

DAMAGES = {
    "a message's conversation tag": lambda: Message.objects.filter(position=2).update(
        conversation_tag=HOT
    ),
    "a confidence": lambda: Message.objects.filter(position=2).update(
        conversation_tag_confidence=0.1
    ),
    "a lost switch": lambda: TagSwitch.objects.filter(message__position=3).delete(),
    "a changed switch": lambda: TagSwitch.objects.filter(message__position=3).update(from_tag=NEW),
    "a switch to nowhere": lambda: TagSwitch.objects.create(
        conversation=Conversation.objects.get(),
        message=Message.objects.get(position=1),
        from_tag_id=DEAL,
        created_at=Message.objects.get(position=1).created_at,
    ),
    "the current tag": lambda: Conversation.objects.update(tag=NEW),
    "the count": lambda: Conversation.objects.update(message_count=5),
    "a gap": lambda: Message.objects.filter(position=4).update(position=5),
    "a lost prediction": lambda: PredictedTag.objects.filter(message__position=2).delete(),
}


def test_a_sound_history_passes(worked_example, capsys):
    call_command("check_history")
    assert capsys.readouterr().out == "1 conversations checked, all consistent.\n"


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(worked_example, capsys, damage):
    DAMAGES[damage]()
    with pytest.raises(CommandError, match="1 of 1 conversations differ"):
        call_command("check_history")
    assert capsys.readouterr().out.startswith("shoes: ")


def test_deriving_again_repairs_tags_and_switches(worked_example):
    before = tags_after("shoes"), switches("shoes")
    Message.objects.update(conversation_tag=HOT)
    TagSwitch.objects.all().delete()
    history.rederive(Conversation.objects.get())
    assert (tags_after("shoes"), switches("shoes")) == before
    assert_consistent("shoes")
