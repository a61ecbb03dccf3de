"""Celery's doors to what follows from messages in the background."""

import threading

from celery import shared_task

from conversations import erasure, retention
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


@shared_task(expires=3600)
def expire() -> int:
    """Erase what is older than RETENTION_DAYS, and what erasures of customers have left."""
    erasure.go_on()
    return sum(retention.expire())


@shared_task(expires=60)
def go_on_erasing() -> int:
    """Finish what `DELETE /customer/…` began and did not get done in time; mostly nothing."""
    return erasure.go_on()
