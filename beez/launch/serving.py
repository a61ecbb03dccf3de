"""Runs the web server and the worker with its beat, until somebody stops it or one of them dies.

A dead one is not started again: granian and Celery replace their own workers, so when one of
them ends altogether, something is wrong that a person should see. In production, the container
engine or the init system starts each of them again.
"""

from collections.abc import Callable, Iterable

from beez.launch import children, console, local, probe, stopping
from beez.launch.first_start import StartError

READY_SECONDS = 90

News = Callable[[], Iterable[str]]

WEB = ("web server", "-m", "beez.launch.web")
WORKER = (
    *("worker", "-m", "celery", "--app", "beez", "--quiet", "worker", "--beat"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"),
)


def run(*, address: str, key: str | None, ready: str = "/ready", news: News = lambda: ()) -> None:
    """Blocks, greeting when the path `ready` answers; ends by StopRequested, or by StartError when
    a process ended by itself. What `news` gives meanwhile is printed."""
    running: list[children.Child] = []
    try:
        with console.step("web server and worker"):
            running.append(children.start(*WEB))
            _wait_until(ready, running)
            running.append(children.start(*WORKER))  # side by side, both would start later
        _greet(address, key or "$BEEZ_KEY")
        stopping.wait_until(lambda: _is_over(running, news))
        raise StartError(f"The {_ended(running)} ended by itself, so Beez stops.")
    finally:
        children.stop(running)


def _is_over(running: list[children.Child], news: News) -> bool:
    """Whether a process is; what there is to tell is told."""
    for line in news():
        print(line, flush=True)
    return _ended(running) is not None


def _wait_until(ready: str, running: list[children.Child]) -> None:
    in_time = stopping.wait_until(
        lambda: _ended(running) is not None or probe.answers(ready), seconds=READY_SECONDS
    )
    if name := _ended(running):
        raise StartError(f"The {name} ended while starting; what it said stands above.")
    if not in_time:
        why = probe.complaint(ready)
        raise StartError(f"The web server was not ready within {READY_SECONDS} seconds. {why}")


def _ended(running: list[children.Child]) -> str | None:
    """The first of the processes that is over; the embedded Postgres is one of them."""
    if local.postgres_is_over():
        return "embedded Postgres"
    return next((child.name for child in running if child.is_over()), None)


def _greet(address: str, key: str) -> None:
    print(
        f"\nBeez answers on {address} (API: {address}/docs, staff: {address}/admin/). "
        "Ctrl-C stops everything.\n\n"
        f"curl {address}/classify-message \\\n"
        f'  -H "Authorization: Bearer {key}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        """  -d '{"message": "First order here, any discount code?"}'\n""",
        flush=True,
    )
