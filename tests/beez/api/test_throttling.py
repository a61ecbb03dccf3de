"""Rate limits are exact, on Postgres and on a real Redis, and a 429 says how long it lasts."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from beez.api import counting, counting_in_postgres, keys

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["postgres", pytest.param("redis", marks=pytest.mark.redis)])
def store(request, settings):
    """Where it is counted: the settings lead there. Each test has a key of its own."""
    settings.REDIS_URL = ""
    if request.param == "redis":
        settings.REDIS_URL = request.getfixturevalue("redis_url")
        counting._redis(settings.REDIS_URL)[0].reset()


@pytest.fixture
def limited(store, settings, shell):
    """A client of a route that each key may call three times a minute."""
    settings.RATE_LIMIT = "3/minute"
    return shell


def call(client, key, **headers):
    return client.get("/limited", headers={"Authorization": f"Bearer {key}"}, **headers)


def statuses(client, key, times, **headers):
    return [call(client, key, **headers).status_code for _ in range(times)]


def test_a_key_over_its_rate_waits(limited, key):
    assert statuses(limited, key, 5) == [200, 200, 200, 429, 429]
    answer = call(limited, key)
    assert answer.json()["error"]["code"] == "throttled"
    assert "RATE_LIMIT" in answer.json()["error"]["message"]
    assert 1 <= int(answer["Retry-After"]) <= 61


def test_who_waits_as_long_as_told_gets_in(limited, key, settings):
    settings.RATE_LIMIT = "2/second"
    assert statuses(limited, key, 2) == [200, 200]
    answer = call(limited, key)
    if answer.status_code == 429:  # a slow machine may be in the next second by now
        time.sleep(int(answer["Retry-After"]))
    assert statuses(limited, key, 1) == [200]


def test_each_answer_says_what_is_left(limited, key):
    told = [call(limited, key)["RateLimit"] for _ in range(4)]
    assert told == [f'"requests";r={left}' for left in (2, 1, 0, 0)]
    assert call(limited, key)["RateLimit-Policy"] == '"requests";q=3;w=60'


def test_keys_are_counted_each_by_itself(limited, key):
    _, other = keys.create(name="other", scopes=["classify"])
    assert statuses(limited, key, 4)[-1] == 429
    assert statuses(limited, other, 3) == [200, 200, 200]


def test_a_refused_key_uses_up_nothing(limited, key):
    assert statuses(limited, key + "x", 4) == [401] * 4
    assert statuses(limited, key, 1) == [200]


def together(threads, do):
    """What each of `do(number)` gives, from so many threads at once."""
    ready = threading.Barrier(threads)

    def run(number):
        ready.wait()
        try:
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [found for part in pool.map(run, range(threads)) for found in part]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_eight_clients_at_once_get_what_is_allowed_and_no_more(store, settings):
    settings.ROOT_URLCONF, settings.RATE_LIMIT = "tests.beez.views", "100/hour"
    _, key = keys.create(name="shop", scopes=["classify"])
    found = together(8, lambda _: statuses(Client(), key, 60))
    assert (found.count(200), found.count(429)) == (100, 380)


@pytest.fixture
def characters(store, settings, api_client, keyword_model):
    settings.RATE_LIMIT_CHARACTERS = "100/minute"

    def classify(*texts):
        if len(texts) == 1:
            return api_client.post("/classify-message", {"message": texts[0]}, format="json")
        return api_client.post("/classify-messages", {"messages": texts}, format="json")

    return classify


def test_characters_are_counted_over_all_routes_that_classify(characters, api_client):
    assert characters("a" * 30).headers["RateLimit"] == '"characters";r=70'
    assert characters("a" * 30, "b" * 10).headers["RateLimit"] == '"characters";r=30'
    body = {"conversation_id": "c", "message": "a" * 40}
    assert api_client.post("/classify-conversation", body, format="json").status_code == 200
    answer = characters("a")
    assert answer.status_code == 429
    assert "RATE_LIMIT_CHARACTERS" in answer.json()["error"]["message"]
    assert api_client.get("/conversations").status_code == 200


def test_a_body_larger_than_the_allowance_passes_once(characters):
    assert characters("a" * 150).status_code == 200
    assert characters("a").status_code == 429


def test_a_body_that_is_refused_costs_no_characters(characters):
    assert characters("").status_code == 400
    assert characters("a").headers["RateLimit"] == '"characters";r=99'


@pytest.fixture
def failing(store, settings, shell):
    """A client, where each address may send three failed keys a minute."""
    settings.RATE_LIMIT_FAILED_KEYS = "3/minute"
    return shell


WRONG = "bz_00000000_" + "x" * 43


def test_an_address_with_failed_keys_waits_and_good_keys_from_there_go_on(failing, key, caplog):
    found = statuses(failing, WRONG, 6, REMOTE_ADDR="192.0.2.1")
    assert found == [401, 401, 401, 429, 429, 429]
    assert statuses(failing, key, 2, REMOTE_ADDR="192.0.2.1") == [200, 200]
    assert statuses(failing, WRONG, 1, REMOTE_ADDR="192.0.2.2") == [401]
    lines = [record.message for record in caplog.records if "192.0.2.1" in record.message]
    assert len(lines) == 1


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(failing, settings):
    settings.BEHIND_PROXY = True

    def forged(number, seen):
        headers = {"HTTP_X_FORWARDED_FOR": f"10.0.0.{number}, {seen}", "REMOTE_ADDR": "127.0.0.1"}
        return statuses(failing, WRONG, 1, **headers)[0]

    assert [forged(number, "192.0.2.7") for number in range(5)] == [401, 401, 401, 429, 429]
    assert forged(1, "192.0.2.8") == 401


def test_without_a_proxy_nobody_chooses_an_address(failing):
    found = [
        statuses(failing, WRONG, 1, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}", REMOTE_ADDR="192.0.2.9")[0]
        for n in range(4)
    ]
    assert found == [401, 401, 401, 429]


def test_counters_of_periods_that_are_over_are_removed(settings, key):
    settings.REDIS_URL = ""
    counting.count("3/minute", "over")
    counting.count("3/day", "going on")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE beez_allowance SET ends_at = '2026-01-01' WHERE key LIKE '%over%'")
        counting_in_postgres.PostgresStorage().forget()
        cursor.execute("SELECT key FROM beez_allowance")
        (left,) = [name for (name,) in cursor.fetchall()]
    assert "going on" in left
