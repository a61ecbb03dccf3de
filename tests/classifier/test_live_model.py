import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from classifier import live, registry
from classifier.engine import Engine
from tests import keyword_model as keywords

NOTICE_SECONDS = 2.0
transactional = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def make(db, models_dir):
    """Registers a model whose only tag is Hot-buyer."""

    def make(name, word="buy"):
        keywords.build(models_dir, name, words={"Hot-buyer": [word]})
        return registry.register(name)

    return make


@pytest.fixture
def loads(monkeypatch):
    """Names of the folders that were loaded, in order."""
    names = []
    load = Engine.load

    def counting(folder, **options):
        names.append(folder.name)
        return load(folder, **options)

    monkeypatch.setattr(Engine, "load", counting)
    return names


def within(seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def serves(name):
    return lambda: live.current().version_name == name


def damage(models_dir, name):
    with (models_dir / name / "model.onnx").open("ab") as file:
        file.write(b"x")


def test_the_first_call_loads_what_the_ledger_says(make):
    version = make("a")
    registry.activate(version)
    assert not live.is_loaded()
    model = live.current()
    assert (model.version_id, model.version_name) == (version.pk, "a")
    assert live.is_loaded()


def test_with_an_empty_ledger_there_is_no_model(make):
    make("a")
    with pytest.raises(live.NoModel):
        live.current()


def test_without_a_watcher_the_ledger_is_read_now_and_then_not_each_time(
    keyword_model, django_assert_num_queries
):
    with django_assert_num_queries(0):
        live.current()
    assert within(2, lambda: queries_of_one_call() == 1)


def queries_of_one_call():
    connection.force_debug_cursor = True
    before = len(connection.queries_log)
    live.current()
    connection.force_debug_cursor = False
    return len(connection.queries_log) - before


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_and_is_not_tried_at_once_again(
    make, models_dir, loads, caplog, monkeypatch
):
    registry.activate(make("a"))
    live.refresh()
    registry.activate(make("b"))
    damage(models_dir, "b")
    for _ in range(3):
        live.refresh()
    assert live.current().version_name == "a"
    assert loads == ["a", "b"]
    assert "Cannot serve the model b; a stays" in caplog.text
    monkeypatch.setattr(live, "RETRY_SECONDS", 0)
    live.reset()
    live.refresh()
    live.refresh()
    assert loads == ["a", "b", "b", "b"]


def test_after_a_version_that_could_not_be_loaded_the_next_one_is(make, models_dir):
    registry.activate(make("a"))
    live.refresh()
    registry.activate(make("b"))
    damage(models_dir, "b")
    live.refresh()
    registry.activate(make("c"))
    live.refresh()
    assert live.current().version_name == "c"


@transactional
def test_the_watcher_serves_a_newly_activated_version_within_two_seconds(make, loads):
    registry.activate(make("a", word="buy"))
    live.warm()
    old = live.current()
    registry.activate(make("b", word="order"))
    assert within(NOTICE_SECONDS, serves("b"))
    assert live.current().engine.classify("order").selected
    registry.rollback()
    assert within(NOTICE_SECONDS, serves("a"))
    assert old.engine.classify("buy").selected  # who still holds the old one is answered
    assert loads == ["a", "b", "a"]


@transactional
def test_answers_go_on_from_one_version_to_the_next_without_a_gap(make):
    registry.activate(make("a", word="buy"))
    live.warm()
    stop, wrong = threading.Event(), []

    def ask():
        while not stop.is_set():
            model = live.current()
            word = {"a": "buy", "b": "order"}[model.version_name]
            if not model.engine.classify(word).selected:
                wrong.append(model.version_name)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    registry.activate(make("b", word="order"))
    swapped = within(NOTICE_SECONDS, serves("b"))
    stop.set()
    for asker in askers:
        asker.join()
    assert swapped
    assert not wrong


@transactional
def test_the_watcher_keeps_the_old_version_when_the_new_folder_is_damaged(make, models_dir, loads):
    registry.activate(make("a"))
    live.warm()
    registry.activate(make("b"))
    damage(models_dir, "b")
    assert within(NOTICE_SECONDS, lambda: "b" in loads)
    time.sleep(3 * live.POLL_SECONDS)
    assert live.current().version_name == "a"
    assert loads == ["a", "b"]
    registry.activate(make("c"))
    assert within(NOTICE_SECONDS, serves("c"))


@transactional
def test_a_process_that_starts_before_the_first_activation_takes_it_up(make):
    live.warm()
    with pytest.raises(live.NoModel):
        live.current()
    registry.activate(make("a"))
    assert within(NOTICE_SECONDS, live.is_loaded)


@transactional
def test_a_database_outage_leaves_the_old_version_and_the_watcher_recovers(make, caplog):
    registry.activate(make("a"))
    live.warm()
    try:
        allow_connections(False)
        assert within(NOTICE_SECONDS, lambda: "the model stays" in caplog.text)
        assert live.current().version_name == "a"
    finally:
        allow_connections(True)
    registry.activate(make("b"))
    assert within(NOTICE_SECONDS, serves("b"))


def allow_connections(allowed):
    """Close the database to newcomers and throw out everybody but this connection, or reopen."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (own,) = cursor.fetchone()
    with connection._nodb_cursor() as cursor:  # no database can be closed from within
        cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {allowed}")
        if not allowed:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> %s",
                [connection.settings_dict["NAME"], own],
            )


@transactional
def test_threads_that_come_together_wait_for_one_load(make, loads):
    registry.activate(make("a"))

    def name(_):
        try:
            return live.current().version_name
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(name, range(8))) == {"a"}
    assert loads == ["a"]


@transactional
def test_a_stopped_watcher_leaves_no_thread_and_no_connection(make):
    registry.activate(make("a"))
    live.warm()
    time.sleep(2 * live.POLL_SECONDS)
    assert backends() == 2
    live.reset()
    assert "live-model" not in {thread.name for thread in threading.enumerate()}
    assert within(2, lambda: backends() == 1)


def backends():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]
