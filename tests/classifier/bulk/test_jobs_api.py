"""What callers see of bulk jobs; the work is done in the test's own process."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from beez.api import keys
from beez.status import figures
from classifier import live, registry, thresholds
from classifier.bulk import jobs, jobs_work
from classifier.models import BulkChunk, BulkJob
from tests import keyword_model as keywords

TEXTS = ["any discount?", {"id": "b", "message": "just looking"}, {"message": "i buy it"}]


def ask(client, messages=None, **fields):
    body = {"messages": TEXTS if messages is None else messages} | fields
    return client.post("/bulk-jobs", body, format="json")


def send_lines(client, text, kind="application/x-ndjson"):
    return client.post("/bulk-jobs", text, content_type=kind)


def result(client, job, **query):
    return client.get(f"/bulk-jobs/{job}/result", query)


def ready(client, messages=None):
    """The id of a job that is done."""
    job = ask(client, messages).json()["id"]
    jobs_work.run()
    return job


def numbered(count):
    return [f"is number {number} blue?" for number in range(1, count + 1)]


def problem(answer):
    return answer.status_code, answer.json()["error"]["message"]


def test_a_job_is_accepted_done_and_its_answers_are_those_of_single_messages(shop, keyword_model):
    accepted = ask(shop)
    told = accepted.json()
    assert accepted.status_code == 202
    assert accepted["Location"] == f"/bulk-jobs/{told['id']}"
    assert (told["state"], told["total"], told["done"]) == ("queued", 3, 0)
    assert told["detail"] == "It waits for a worker."
    assert jobs_work.run() == 1
    told = shop.get(accepted["Location"]).json()
    assert (told["state"], told["done"], told["seconds_left"]) == ("done", 3, 0)
    assert (told["model_version"], told["detail"]) == ("keywords-1", "")
    assert told["messages_per_second"] > 0
    page = result(shop, told["id"]).json()
    assert [(row["position"], row["id"]) for row in page["results"]] == [
        (1, None),
        (2, "b"),
        (3, None),
    ]
    assert (page["model_version"], page["next"]) == ("keywords-1", None)
    for row, text in zip(
        page["results"], ["any discount?", "just looking", "i buy it"], strict=True
    ):
        single = shop.post("/classify-message", {"message": text}, format="json").json()
        assert {**single, "position": row["position"], "id": row["id"]} == row


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl"])
def test_lines_are_taken_as_a_list_is(shop, keyword_model, kind):
    text = '"any discount?"\r\n\n{"id": "é", "message": "i buy it"}\n'
    job = send_lines(shop, text, kind).json()
    assert job["total"] == 2
    jobs_work.run()
    rows = result(shop, job["id"]).json()["results"]
    assert [(row["id"], row["selected"][0]["tag"]) for row in rows] == [
        (None, "Deal-seeker"),
        ("é", "Hot-buyer"),
    ]


def test_the_result_comes_in_pages_of_both_kinds_with_each_row_once_and_in_order(
    shop, keyword_model, monkeypatch
):
    monkeypatch.setattr(jobs, "CHUNK_MESSAGES", 4)
    job = ready(shop, [{"id": f"m-{n}", "message": t} for n, t in enumerate(numbered(23), 1)])
    for limit in (3, 4, 23, 24):
        found, after = [], 0
        while after is not None:
            page = result(shop, job, limit=limit, after=after).json()
            assert len(page["results"]) <= limit
            found += page["results"]
            after = page["next"]
        assert [row["position"] for row in found] == list(range(1, 24))
        assert [row["id"] for row in found] == [f"m-{n}" for n in range(1, 24)]
        lines, address = [], f"/bulk-jobs/{job}/result?limit={limit}&format=ndjson"
        while address:
            answer = shop.get(address)
            assert answer["Content-Type"] == "application/x-ndjson"
            lines += answer.content.decode().splitlines()
            address = answer.get("Link", "").partition(">")[0].lstrip("<")
        assert [*map(json.loads, lines)] == found
    assert result(shop, job, after=23).json() == {
        "model_version": "keywords-1",
        "results": [],
        "next": None,
    }


@pytest.mark.parametrize(
    ("accept", "lines"),
    [("application/x-ndjson", True), ("application/jsonl", True), ("*/*", False), ("", False)],
)
def test_accept_chooses_lines(shop, keyword_model, accept, lines):
    answer = shop.get(f"/bulk-jobs/{ready(shop)}/result", headers={"accept": accept})
    assert (answer["Content-Type"] == "application/x-ndjson") == lines


def test_a_result_that_is_not_there_yet_is_a_409_that_says_how_far_it_is(shop, keyword_model):
    job = ask(shop).json()["id"]
    status, sentence = problem(result(shop, job))
    assert status == 409
    assert sentence.startswith("The job is queued: 0 of 3 messages are done.")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "messages: This field is required."),
        ({"messages": []}, "messages: 0 messages; a job has 1 to 5 (BULK_JOB_MESSAGES)."),
        ({"messages": ["a"] * 6}, "messages: 6 messages; a job has 1 to 5 (BULK_JOB_MESSAGES)."),
        ({"messages": "hi"}, "messages: Must be a list of messages."),
        ({"messages": ["a", " "]}, "messages.1: This field may not be blank."),
        ({"messages": [{"id": "x"}]}, 'messages.0: Must be a text, or {"id": …, "message": …}.'),
        ({"messages": [{"message": "a", "x": 1}]}, 'messages.0: Must be a text, or {"id":'),
        ({"messages": [{"message": ""}]}, "messages.0.message: This field may not be blank."),
        ({"messages": [{"message": "a", "id": 7}]}, "messages.0.id: Must be a string."),
        ({"messages": [{"message": "a", "id": "x" * 256}]}, "messages.0.id: Ensure this field has"),
        ({"messages": ["a\0"]}, "messages.0: Null characters are not allowed."),
        ({"messages": ["a" * 21]}, "messages.0: Ensure this field has no more than 20"),
        ({"messages": [7]}, 'messages.0: Must be a text, or {"id": …, "message": …}.'),
        ({"messages": ["a"], "mesages": 1}, "mesages: There is no such field here."),
    ],
)
def test_a_wrong_body_is_a_400_that_names_the_message(shop, settings, body, sentence):
    settings.BULK_JOB_MESSAGES, settings.MAX_MESSAGE_LENGTH = 5, 20
    answer = shop.post("/bulk-jobs", body, format="json")
    assert problem(answer)[0] == 400
    assert problem(answer)[1].startswith(sentence)
    assert not BulkJob.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "messages: This field is required."),
        ("\n\n", "messages: 0 messages; a job has 1 to"),
        ('"a"\n{"message": }', "Line 2: JSON parse error"),
        ('"a"\n{"message": "a", "message": "b"}', "Line 2: JSON parse error"),
        ('"a"\n["b"]', "messages.1: Must be a text"),
    ],
)
def test_a_wrong_line_is_named(shop, text, sentence):
    status, told = problem(send_lines(shop, text))
    assert status == 400
    assert told.startswith(sentence)


def test_another_kind_of_body_is_refused(shop):
    assert send_lines(shop, "a", "text/csv").status_code == 415


def test_other_keys_see_nothing_of_a_job_and_cannot_touch_it(shop, client_of, keyword_model):
    job, other = ready(shop), client_of()
    for answer in (
        other.get(f"/bulk-jobs/{job}"),
        result(other, job),
        other.delete(f"/bulk-jobs/{job}"),
    ):
        assert problem(answer) == (404, "This API key has no bulk job of that id.")
    assert other.get("/bulk-jobs").json() == {"jobs": [], "next": None}
    assert result(shop, job).status_code == 200


def test_the_successor_of_a_rotated_key_has_its_jobs_and_not_the_other_way_round(
    shop, client_of, keyword_model
):
    first, new = ready(shop), client_of()
    _, key = keys.rotate(shop.key, overlap=timedelta(days=1))
    new.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    later = ready(new)
    assert [one["id"] for one in new.get("/bulk-jobs").json()["jobs"]] == [later, first]
    assert [one["id"] for one in shop.get("/bulk-jobs").json()["jobs"]] == [first]


def test_jobs_are_listed_in_pages_the_newest_first(shop, keyword_model):
    made = [ready(shop) for _ in range(3)]
    page = shop.get("/bulk-jobs", {"limit": 2}).json()
    last = shop.get("/bulk-jobs", {"limit": 2, "cursor": page["next"]}).json()
    found = [one["id"] for one in page["jobs"] + last["jobs"]]
    assert (found, last["next"]) == (made[::-1], None)


def test_a_key_has_so_many_jobs_under_way_and_others_go_on(
    shop, client_of, settings, keyword_model
):
    settings.BULK_JOBS_AT_ONCE = 2
    assert [ask(shop).status_code for _ in range(3)] == [202, 202, 429]
    refused = ask(shop)
    assert "BULK_JOBS_AT_ONCE" in problem(refused)[1]
    assert int(refused["Retry-After"]) >= 1
    assert ask(client_of()).status_code == 202
    jobs_work.run()
    assert ask(shop).status_code == 202


def test_characters_are_spent_as_by_single_messages(shop, settings, keyword_model):
    settings.RATE_LIMIT_CHARACTERS = "10/hour"
    answers = [ask(shop, ["a" * 12]), ask(shop, ["a"])]
    assert [answer.status_code for answer in answers] == [202, 429]
    assert '"characters";r=0' in answers[0]["RateLimit"]
    assert BulkJob.objects.count() == 1


def test_without_a_model_a_job_waits_says_why_and_begins_when_there_is_one(shop, db, models_dir):
    job = ask(shop).json()
    assert job["detail"] == "No model is active yet; it begins as soon as one is."
    assert jobs_work.run() == 0
    told = shop.get(f"/bulk-jobs/{job['id']}").json()
    assert (told["state"], told["model_version"]) == ("queued", None)
    assert told["detail"].startswith("No model is active yet.")
    keywords.build(models_dir, "late", words=keywords.SHIPPED_TAGS)
    registry.activate(registry.register("late"))
    live.reset()
    jobs_work.run()
    told = shop.get(f"/bulk-jobs/{job['id']}").json()
    assert (told["state"], told["detail"], told["model_version"]) == ("done", "", "late")


def begun(shop, monkeypatch):
    """A job of which one of three chunks is done."""
    monkeypatch.setattr(jobs, "CHUNK_MESSAGES", 1)
    job = ask(shop).json()["id"]
    jobs_work._begin_queued()
    jobs_work._work(jobs_work._claim())
    return job


def test_all_of_a_job_is_answered_by_the_version_and_thresholds_with_which_it_began(
    shop, keyword_model, models_dir, monkeypatch
):
    job = begun(shop, monkeypatch)
    keywords.build(models_dir, "keywords-2", words={"Hot-buyer": ["discount", "looking"]})
    registry.activate(registry.register("keywords-2"))
    thresholds.change(values={None: 0.99}, actor="somebody")
    live.refresh()
    jobs_work.run()
    found = result(shop, job).json()
    assert found["model_version"] == "keywords-1"
    assert {row["model_version"] for row in found["results"]} == {"keywords-1"}
    assert {row["threshold"] for row in found["results"]} == {0.5}
    assert [row["selected"][0]["tag"] for row in found["results"]] == [
        "Deal-seeker",
        "Window-shopper",
        "Hot-buyer",
    ]


def test_a_job_whose_version_goes_away_fails_with_a_sentence_and_keeps_no_text(
    shop, keyword_model, models_dir, monkeypatch
):
    job = begun(shop, monkeypatch)
    keywords.build(models_dir, "keywords-2", words=keywords.SHIPPED_TAGS)
    registry.activate(registry.register("keywords-2"))
    live.refresh()
    (models_dir / "keywords-1" / "model.onnx").unlink()
    jobs_work.run()
    told = shop.get(f"/bulk-jobs/{job}").json()
    assert told["state"] == "failed"
    assert told["detail"].startswith("The model keywords-1, with which the job began, cannot be")
    assert problem(result(shop, job))[0] == 409
    assert not BulkChunk.objects.exists()


def test_a_job_whose_chunk_fails_again_and_again_fails_with_a_sentence(
    shop, keyword_model, monkeypatch
):
    def fail(model, text):
        raise ValueError(f"cannot read {text}")

    monkeypatch.setattr("classifier.parallel.answer", fail)
    job = ask(shop).json()["id"]
    for _ in range(jobs_work.MOST_ATTEMPTS + 1):
        jobs_work.run()
        BulkChunk.objects.update(leased_until=timezone.now())
    told = shop.get(f"/bulk-jobs/{job}").json()
    assert told["state"] == "failed"
    assert told["detail"].startswith("The messages from 1 to 3 could not be classified")


def test_a_cancelled_job_keeps_neither_texts_nor_answers_and_a_second_request_erases_it(
    shop, keyword_model, monkeypatch
):
    job = begun(shop, monkeypatch)
    held = jobs_work._claim()  # a worker is at it
    cancelled = shop.delete(f"/bulk-jobs/{job}")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert not BulkChunk.objects.exists()
    jobs_work._work(held)
    assert jobs_work.run() == 0
    told = shop.get(f"/bulk-jobs/{job}").json()
    assert (told["state"], told["done"]) == ("cancelled", 1)
    assert problem(result(shop, job))[1].startswith("The job is cancelled and has no result.")
    assert shop.delete(f"/bulk-jobs/{job}").status_code == 204
    assert shop.delete(f"/bulk-jobs/{job}").status_code == 404
    assert not BulkJob.objects.exists()


def test_a_small_job_does_not_wait_for_a_large_one(shop, client_of, keyword_model, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK_MESSAGES", 1)
    ask(shop, numbered(20))
    small = ask(client_of(), numbered(2)).json()["id"]
    jobs_work._begin_queued()
    for _ in range(4):
        jobs_work._work(jobs_work._claim())
    assert str(BulkJob.objects.get(state="done").uid) == small


def test_texts_go_when_they_are_answered_and_all_goes_after_some_days(
    shop, keyword_model, settings
):
    settings.BULK_KEEP_DAYS = 3
    job = ready(shop)
    assert not BulkChunk.objects.exclude(messages=None).exists()
    assert jobs.tidy() == 0
    BulkJob.objects.update(ended_at=timezone.now() - timedelta(days=3, seconds=1))
    assert jobs.tidy() == 1
    assert shop.get(f"/bulk-jobs/{job}").status_code == 404
    assert not BulkChunk.objects.exists()


def test_a_job_that_nobody_gets_done_is_given_up_and_its_texts_go(shop, db, settings):
    job = ask(shop).json()["id"]
    BulkJob.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert jobs.tidy() == 1
    told = shop.get(f"/bulk-jobs/{job}").json()
    assert told["state"] == "failed"
    assert "BULK_KEEP_DAYS" in told["detail"]
    assert not BulkChunk.objects.exists()


def test_what_is_redacted_is_never_stored(shop, keyword_model, settings):
    settings.REDACT = ["cards"]
    ask(shop, ["my card is 4111 1111 1111 1111"])
    assert BulkChunk.objects.get().messages == [[None, "my card is [card]"]]


def test_long_messages_make_small_chunks(shop, keyword_model):
    ask(shop, ["a" * 90_000] * 5)
    assert list(BulkChunk.objects.values_list("first", "size")) == [(1, 2), (3, 2), (5, 1)]


def test_a_worker_uses_no_more_threads_than_it_may(shop, keyword_model, settings, monkeypatch):
    asked = []
    settings.BULK_THREADS = 2
    answers = jobs_work.parallel.answers
    monkeypatch.setattr(
        jobs_work.parallel,
        "answers",
        lambda m, texts: asked.append(len(texts)) or answers(m, texts),
    )
    ready(shop)
    assert asked == [2, 1]
    settings.BULK_THREADS = 1
    assert len(result(shop, ready(shop)).json()["results"]) == 3
    assert asked == [2, 1]


def test_staff_see_how_far_a_job_is_and_nothing_of_its_messages(shop, keyword_model, admin_client):
    ask(shop, [{"id": "m-77", "message": "a canary"}])
    job = BulkJob.objects.get()
    pages = [
        admin_client.get("/admin/classifier/bulkjob/").content.decode(),
        admin_client.get(f"/admin/classifier/bulkjob/{job.pk}/change/").content.decode(),
    ]
    for page in pages:
        assert "0 of 1" in page
        assert "canary" not in page and "m-77" not in page


def test_metrics_tell_what_bulk_jobs_have_left(shop, keyword_model, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK_MESSAGES", 2)
    ask(shop, numbered(3))
    assert jobs.backlog() == jobs.Backlog(queued=1, running=0, messages=3)
    jobs_work._begin_queued()
    jobs_work._work(jobs_work._claim())
    figures.forget()
    monkeypatch.setattr(figures, "latest", figures.gather)
    told = figures.told().decode()
    assert 'beez_bulk_jobs{state="running"} 1.0' in told
    assert "beez_bulk_messages_waiting 1.0" in told
