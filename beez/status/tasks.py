"""The job of each minute that shows that jobs are taken up: a worker may run and yet do nothing."""

from celery import shared_task

from beez.status import heartbeat


@shared_task
def show_that_jobs_move() -> None:
    heartbeat.note_jobs_move()
