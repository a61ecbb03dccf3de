"""Celery's doors: deliver when something was written, and every few seconds whatever was lost."""

from celery import shared_task
from celery.signals import worker_shutting_down

from beez.webhooks import delivery, tidying


@shared_task(expires=60)
def deliver() -> int:
    """Deliver what is due; asked for by whoever wrote an event, and by beat."""
    return delivery.run()


@shared_task(expires=3_600)
def tidy() -> None:
    tidying.tidy()


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    delivery.stop()
