"""Celery's doors to bulk jobs: work when one was made, and every few seconds on what was lost."""

from celery import shared_task
from celery.signals import worker_shutting_down

from classifier.bulk import jobs, jobs_work


@shared_task(expires=60)
def work_on_bulk_jobs() -> int:
    """Answer chunks until none is left; asked for by whoever made a job, and by beat."""
    return jobs_work.run()


@shared_task(expires=3_600)
def tidy_bulk_jobs() -> int:
    return jobs.tidy()


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    jobs_work.stop()
