"""Ways to post messages and to read the history that they make."""

import pytest
from django.contrib.auth.models import Permission, User

from conversations import history
from conversations.models import Conversation
from tests.conversations.posting import add_message

NEW = "First-time-visitor"
WINDOW = "Window-shopper"
WISH = "Wishlist-user"
DEAL = "Deal-seeker"
HOT = "Hot-buyer"

# Messages to which the keyword model gives the tags that the guidelines give.
WORKED_EXAMPLE = [
    "Hi, I'm new here. What do you sell?",
    "These shoes look nice, I'll save them for later",
    "Do you have any discount codes for first-time buyers?",
    "I will buy immediately if you can give me 15% off",
]


def tags_after(conversation_id):
    """The conversation's tag after each message."""
    conversation = Conversation.objects.get(conversation_id=conversation_id)
    return list(conversation.messages.values_list("conversation_tag_id", flat=True))


def switches(conversation_id):
    """(position, from, to) of each switch."""
    conversation = Conversation.objects.get(conversation_id=conversation_id)
    return list(conversation.switches.values_list("message__position", "from_tag_id", "to_tag_id"))


def assert_consistent(conversation_id):
    """What is stored is what follows from the messages."""
    conversation = Conversation.objects.get(conversation_id=conversation_id)
    assert history.discrepancies(conversation) == []


@pytest.fixture
def worked_example(keyword_model):
    """The guidelines' worked example, posted; its messages."""
    return [add_message(conversation_id="shoes", text=text) for text in WORKED_EXAMPLE]


@pytest.fixture
def staff(db, client):
    """A signed-in member of staff who may view conversations, and no more."""
    user = User.objects.create(username="anna", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_conversation"))
    client.force_login(user)
    return client
