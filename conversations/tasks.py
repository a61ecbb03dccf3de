"""Celery's doors to what follows from messages in the background."""

import threading

from celery import shared_task

from conversations.shadow import trial

_following = threading.Lock()


@shared_task(expires=60)
def follow_shadow_trial() -> int:
    """Let a candidate in trial answer the messages of the last minute; without one, nothing."""
    if not _following.acquire(blocking=False):  # the one of the minute before goes on
        return 0
    try:
        return trial.follow()
    finally:
        _following.release()
