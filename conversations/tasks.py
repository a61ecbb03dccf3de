"""Celery's doors to what follows from messages in the background."""

from celery import shared_task

from conversations.shadow import trial


@shared_task(expires=60)
def follow_shadow_trial() -> int:
    """Let a candidate in trial answer the messages of the last minute; without one, nothing."""
    return trial.follow()
