"""Workers of bulk jobs: real processes that are killed, and one that hears what happens."""

import os
import re
import signal
import time

import pytest
from django.utils import timezone

from classifier import parallel
from classifier.bulk import jobs, jobs_results, jobs_work
from classifier.models import BulkChunk, BulkJob
from classifier.serializers import answer
from tests.beez import started

WORKER = ("-m", "celery", "-A", "beez", "worker", "--beat", "--without-mingle", "--without-gossip")
SLOW = """
import time
import django
django.setup()
from classifier import parallel
from classifier.bulk import jobs_work
answer = parallel.answer
parallel.answer = lambda model, text: time.sleep(0.1) or answer(model, text)
jobs_work.run()
"""


@pytest.fixture
def start(tmp_path, models_dir):
    with started.beside_the_test(tmp_path, MODELS_DIR=str(models_dir)) as start:
        yield start


def wait_for(condition, *processes, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert all(process.poll() is None for process in processes)
        assert time.monotonic() < deadline
        time.sleep(0.05)


def job_of(client, count):
    items = [(f"m-{number}", f"discount number {number}") for number in range(1, count + 1)]
    return jobs.create(key=client.key, items=items)


def leased():
    return BulkChunk.objects.filter(state="waiting", leased_until__gt=timezone.now())


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_workers_share_a_job_and_when_one_is_killed_each_row_is_there_once_and_in_order(
    start, client_of, keyword_model, monkeypatch
):
    monkeypatch.setattr(jobs, "CHUNK_MESSAGES", 10)
    job = job_of(client_of(), 95)
    slow = [start("-c", SLOW), start("-c", SLOW)]
    wait_for(lambda: leased().count() == 2, *slow)
    wait_for(lambda: BulkJob.objects.get().done >= 10, *slow)
    os.killpg(slow[0].pid, signal.SIGKILL)
    slow[0].wait()
    assert leased().exists()
    leased().update(leased_until=timezone.now())  # of the other one as well, who comes too late
    worker = start(*WORKER)  # nobody sent a task: beat finds the rows
    wait_for(lambda: BulkJob.objects.get().state == "done", worker)
    job.refresh_from_db()
    assert (job.done, job.total) == (95, 95)
    lines, following = jobs_results.page(job, after=0, limit=1_000)
    found = [re.match(r'{"position": (\d+), "id": "m-(\d+)"', line).groups() for line in lines]
    assert found == [(str(number), str(number)) for number in range(1, 96)]
    assert following is None
    assert not leased().exists()


@pytest.fixture
def while_answering(monkeypatch):
    """Something that happens after the second message; gives the texts that were answered."""
    monkeypatch.setattr(jobs_work, "RENEW_SECONDS", 0)
    monkeypatch.setattr(parallel, "threads", lambda: 1)

    def arrange(happen):
        seen = []

        def answered(model, texts):
            for text in texts:
                seen.append(text)
                if len(seen) == 2:
                    happen()
                yield answer(model, text)

        monkeypatch.setattr(parallel, "answers", answered)
        return seen

    return arrange


def test_a_worker_that_ends_gives_its_chunk_back_at_once(shop, keyword_model, while_answering):
    job_of(shop, 100)
    seen = while_answering(jobs_work.stop)
    try:
        jobs_work.run()
        assert len(seen) == 2
        chunk = BulkChunk.objects.get()
        assert (chunk.state, chunk.leased_until, chunk.attempts) == ("waiting", None, 0)
        assert jobs_work.run() == 0
    finally:
        jobs_work._stop.clear()
    assert jobs_work.run() == 1
    assert BulkJob.objects.get().state == "done"


def test_a_worker_hears_that_a_job_was_cancelled(shop, keyword_model, while_answering):
    job = job_of(shop, 100)
    seen = while_answering(lambda: jobs.remove(job))
    jobs_work.run()
    assert len(seen) == 2
    assert BulkJob.objects.get().state == "cancelled"


def test_a_worker_leaves_a_chunk_that_another_one_took_over(shop, keyword_model, while_answering):
    job_of(shop, 100)

    def expire():
        BulkChunk.objects.update(leased_until=timezone.now())
        assert jobs_work._claim() is not None

    seen = while_answering(expire)
    jobs_work.run()
    assert len(seen) == 2
    chunk = BulkChunk.objects.get()
    assert (chunk.state, chunk.attempts) == ("waiting", 2)
    assert chunk.leased_until > timezone.now()


def test_a_chunk_that_was_answered_already_is_not_counted_twice(shop, keyword_model):
    job_of(shop, 3)
    jobs_work._begin_queued()
    chunk = jobs_work._claim()
    assert jobs.answered(chunk, ["1", "2", "3"])
    assert not jobs.answered(chunk, ["4", "5", "6"])
    job = BulkJob.objects.get()
    assert (job.done, job.state) == (3, "done")
    assert jobs_results.page(job, after=0, limit=9) == (["1", "2", "3"], None)


def test_a_second_task_does_not_take_another_thread_of_a_worker(shop, keyword_model):
    job_of(shop, 3)
    with jobs_work._one_at_a_time:
        assert jobs_work.run() == 0
    assert BulkJob.objects.get().state == "queued"
