"""Messages of some days, reviews of them, and members of staff with just the rights named."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from conversations import reviewing
from conversations.models import Message, Review, TagSwitch
from tests.conversations.posting import add_message


@pytest.fixture
def posted(keyword_model):
    """Post a message that came `days` ago."""

    def post(text, *, days=0, conversation_id="one", **fields):
        message = add_message(conversation_id=conversation_id, text=text)
        at = timezone.now() - timedelta(days=days)
        Message.objects.filter(pk=message.pk).update(created_at=at, sampled=False)
        Message.objects.filter(pk=message.pk).update(**fields)
        TagSwitch.objects.filter(message=message).update(created_at=at)
        message.refresh_from_db()
        return message

    return post


@pytest.fixture
def reviewed(posted):
    """Post a message and review it, as one that was drawn at random unless told otherwise."""

    def review(text, *tags, chosen=Review.Chosen.RANDOM, days=0, **fields):
        message = posted(text, conversation_id=text, **fields)
        row = reviewing.record(message=message, tags=list(tags), actor="anna", chosen=chosen)
        at = timezone.now() - timedelta(days=days)
        Review.objects.filter(pk=row.pk).update(created_at=at)
        return row

    return review


@pytest.fixture
def staff_with(db, client):
    """Sign a member of staff in who has the permissions named, and no others."""

    def sign_in(*names):
        user = User.objects.create(username="anna", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        assert user.user_permissions.count() == len(names)
        client.force_login(user)
        return client

    return sign_in
