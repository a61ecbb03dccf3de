"""Beez's Celery application with one more task, for `celery -A tests.beez.echo_app`."""

from pathlib import Path

from beez.celery import app


@app.task
def write(path: str, text: str) -> None:
    Path(path).write_text(text)
