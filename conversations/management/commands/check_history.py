"""`manage.py check_history`: does every stored history follow from its messages?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations import history
from conversations.models import Conversation


class Command(BaseCommand):
    help = "Derives every conversation's history again and lists what differs from the stored one."

    def handle(self, **options: Any) -> None:
        checked = differing = 0
        for conversation in Conversation.objects.order_by("pk").iterator():
            found = history.discrepancies(conversation)
            for sentence in found:
                self.stdout.write(f"{conversation}: {sentence}")
            checked, differing = checked + 1, differing + bool(found)
        if differing:
            raise CommandError(f"{differing} of {checked} conversations differ.")
        self.stdout.write(f"{checked} conversations checked, all consistent.")
