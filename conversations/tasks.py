"""Celery's doors to what follows from messages in the background."""

from celery import shared_task

from conversations import erasure, retention
from conversations.shadow import trial


@shared_task(expires=60)
def follow_shadow_trial() -> int:
    """Let a candidate in trial answer the messages of the last minute; without one, nothing."""
    return trial.follow()


@shared_task(expires=3600)
def expire() -> int:
    """Erase what is older than RETENTION_DAYS, and what erasures of customers have left."""
    erasure.go_on()
    return sum(retention.expire())


@shared_task(expires=60)
def go_on_erasing() -> int:
    """Finish what `DELETE /customer/…` began and did not get done in time; mostly nothing."""
    return erasure.go_on()
