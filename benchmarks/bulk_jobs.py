"""How many messages a second bulk jobs get through with one worker and with two.

`python benchmarks/bulk_jobs.py [--model FOLDER] [--messages N] [--threads N]`. Without a model one
that has learnt nothing is made (untrained.py). Real workers of Celery on an embedded Postgres of
the benchmark's own, each with BULK_THREADS threads; the broker is files, or Redis with REDIS_URL.
Beside them the rate of the engine alone, on one thread of this process.
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import home
import psutil
import servers

sys.path.insert(0, str(servers.CHECKOUT))

MESSAGES = servers.CHECKOUT / "training" / "data" / "seed.jsonl"
ENGINE_MESSAGES = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    redis = os.environ.get("REDIS_URL", "")
    with tempfile.TemporaryDirectory(prefix="beez-benchmark-") as folder:
        model = given.model or home.untrained(Path(folder))
        with home.temporary(model, scopes="classify") as prepared:
            settings = {"BULK_THREADS": str(given.threads), "REDIS_URL": redis}
            os.environ.update(prepared.environment | settings)
            print(json.dumps(measure(given.messages, given.rounds), indent=2))


def measure(count: int, rounds: int) -> dict[str, object]:
    """In turns, so that what others do to the machine meets all of them."""
    _set_up()
    texts = _texts(count)
    found: dict[str, list[float]] = {"engine": [], "one worker": [], "two workers": []}
    psutil.cpu_percent()
    for _ in range(rounds):
        found["engine"].append(_engine(texts[:ENGINE_MESSAGES]))
        for name, workers in (("one worker", 1), ("two workers", 2)):
            with _running(workers):
                _seconds(texts[: 250 * workers])  # models are loaded, memory is there
                found[name].append(count / _seconds(texts))
    rates = {name: round(statistics.median(values), 1) for name, values in found.items()}
    return {
        "messages": count,
        "messages per second": rates,
        "two workers / one": round(rates["two workers"] / rates["one worker"], 2),
        "one worker / engine": round(rates["one worker"] / rates["engine"], 2),
        "all rounds": {name: [*map(round, values)] for name, values in found.items()},
        "busy cores, of": [round(psutil.cpu_percent() / 100 * os.cpu_count(), 1), os.cpu_count()],
    }


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "beez.settings"
    from beez.launch import local

    local.prepare_environment()
    import django

    django.setup()


def _seconds(texts: list[str]) -> float:
    """From the request's end to the job's."""
    from beez.api.models import ApiKey
    from classifier.bulk import jobs

    job = jobs.create(key=ApiKey.objects.get(), items=[(None, text) for text in texts])
    while job.ended_at is None:
        time.sleep(0.05)
        job.refresh_from_db()
    if job.state != job.State.DONE:
        raise SystemExit(f"✗ The job has {job.state}. {job.detail}")
    return (job.ended_at - job.created_at).total_seconds()


def _engine(texts: list[str]) -> float:
    from classifier import live
    from classifier.serializers import answer

    model = live.current()
    started = time.perf_counter()
    for text in texts:
        answer(model, text)
    return len(texts) / (time.perf_counter() - started)


@contextlib.contextmanager
def _running(workers: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(_worker(number)) for number in range(workers)]
        for process, log in started:
            deadline = time.monotonic() + servers.START_SECONDS
            while " ready." not in log.read_text():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"✗ A worker did not start. {log.read_text()[-2_000:]}")
                time.sleep(0.1)
        yield


@contextlib.contextmanager
def _worker(number: int) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    log = Path(os.environ["BEEZ_HOME"]) / f"worker-{number}.log"
    names = ["--hostname", f"bulk{number}@%h", "--loglevel", "INFO"]
    quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "--app", "beez", "worker", *names, *quiet]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=servers.CHECKOUT, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process, log
    finally:
        process.terminate()
        try:
            process.wait(servers.STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _texts(count: int) -> list[str]:
    """Shipped messages, always the same, short and long as they come."""
    lines = MESSAGES.read_text().splitlines()
    texts = [json.loads(line)["message"] for line in lines]
    return [*itertools.islice(itertools.cycle(texts), count)]


if __name__ == "__main__":
    main()
