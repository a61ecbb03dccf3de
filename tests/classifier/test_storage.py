"""Model folders in a bucket: published from one machine, fetched, verified and served on another.

On a real S3 server; each test has a bucket of its own, and MODELS_DIR stands for a machine.
"""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command

from classifier import artefact, folders, live, registry
from classifier.models import ModelVersion
from classifier.registry import RegistryError
from tests import keyword_model as keywords
from tests.classifier import object_store, processes

transactional = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with object_store.running(tmp_path_factory.mktemp("s3")) as store:
        yield store


@pytest.fixture
def bucket(store, settings, monkeypatch):
    """An empty place in the bucket, which this process uses as MODELS_STORAGE."""
    place = store.place()
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    settings.STORAGES = settings.STORAGES | {"models": place.storage}
    return place


@pytest.fixture
def publish(db, bucket, models_dir):
    """Seals a model on this machine and registers it, as a training does."""

    def publish(name, word="buy", **options):
        keywords.build(models_dir, name, words={"Hot-buyer": [word]}, **options)
        return registry.register(name)

    return publish


@pytest.fixture
def another_machine(settings, tmp_path):
    """Makes MODELS_DIR the empty folder of another machine."""

    def another_machine():
        settings.MODELS_DIR = tmp_path / "another" / "models"
        return settings.MODELS_DIR

    return another_machine


def test_a_version_is_in_the_bucket_before_it_is_registered(publish, bucket):
    publish("a")
    assert bucket.names() == [
        f"a/{name}" for name in ("manifest.json", "model.onnx", "tokenizer.json")
    ]


@transactional
def test_a_process_on_another_machine_serves_what_only_the_bucket_has(
    publish, bucket, store, another_machine
):
    registry.activate(publish("a"))
    there = another_machine()
    environment = store.environment | {"MODELS_STORAGE": bucket.url}
    script = """
import django
django.setup()
from classifier import live
print(live.current().version_name, live.current().classify("buy").selected[0][0])
"""
    assert processes.run(script, **environment) == "a Hot-buyer\n"
    assert artefact.read(there / "a").name == "a"
    bucket.clear()
    assert processes.run(script, **environment) == "a Hot-buyer\n"  # from its copy


@transactional
def test_threads_that_want_it_at_once_wait_for_one_fetch(publish, another_machine, monkeypatch):
    version = publish("a")
    another_machine()
    fetches = []
    fetch = folders._fetch

    def counting(*arguments):
        fetches.append(threading.get_ident())
        fetch(*arguments)

    monkeypatch.setattr(folders, "_fetch", counting)
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda _: registry.sealed_folder(version), range(6)))
    assert len(found) == len(fetches) == 1


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json"])
def test_a_damaged_object_is_refused_and_nothing_of_it_stays(
    publish, bucket, another_machine, name
):
    version = publish("a")
    there = another_machine()
    bucket.write(f"a/{name}", b"rubbish")
    with pytest.raises(RegistryError, match=r"model\.onnx is damaged|not the one that was regist"):
        registry.activate(version)
    assert registry.live_version() is None
    assert [path.name for path in there.iterdir() if path.is_dir()] == []


def test_an_upload_that_broke_off_is_no_version_and_can_be_completed(
    publish, bucket, models_dir, monkeypatch
):
    keywords.build(models_dir, "a", words={"Hot-buyer": ["buy"]})
    with monkeypatch.context() as broken:
        broken.setattr("classifier.bucket.Bucket.save", breaks_at("model.onnx"))
        with pytest.raises(RegistryError, match=r"cannot be stored: .*`manage\.py register"):
            registry.register("a")
    assert not ModelVersion.objects.exists()
    assert f"a/{artefact.MANIFEST}" not in bucket.names()
    call_command("register", str(models_dir / "a"), verbosity=0)
    assert f"a/{artefact.MANIFEST}" in bucket.names()


def breaks_at(name):
    from classifier.bucket import Bucket

    save = Bucket.save

    def breaking(self, path, content, **options):
        if path.endswith(name):
            raise ConnectionError("the line broke")
        return save(self, path, content, **options)

    return breaking


def test_while_the_server_is_away_the_old_model_goes_on_and_it_is_tried_again(
    publish, store, another_machine, monkeypatch, caplog
):
    old, new = publish("a"), publish("b")
    registry.activate(old)
    live.refresh()
    registry.activate(new)
    another_machine()
    monkeypatch.setattr(live, "RETRY_SECONDS", 0)
    store.stop()
    try:
        live.refresh()
        assert live.current().version_name == "a"
        assert "Cannot serve the model b; a stays: The bucket cannot be asked" in caplog.text
        with pytest.raises(CommandError, match="The bucket cannot be asked for the model a"):
            call_command("activate", "a")
    finally:
        store.start()
    live.refresh()
    assert live.current().version_name == "b"


def test_a_damaged_copy_is_fetched_again(publish, models_dir):
    version = publish("a")
    registry.activate(version)
    (models_dir / "a" / "model.onnx").write_bytes(b"rubbish")
    live.refresh()
    assert live.current().version_name == "a"


def test_without_the_folder_and_without_the_objects_the_sentence_says_so(
    publish, bucket, another_machine
):
    version = publish("a")
    bucket.clear()
    another_machine()
    with pytest.raises(RegistryError, match=r"Neither .* nor the bucket has the model a\. Put it"):
        registry.activate(version)
    assert "The bucket does not have the model a" in registry.problem(version)


def test_a_version_of_before_the_bucket_is_put_there_when_it_is_made_live(
    publish, bucket, models_dir
):
    version = publish("a")
    bucket.clear()
    registry.activate(version)
    assert f"a/{artefact.MANIFEST}" in bucket.names()


def test_another_model_of_that_name_in_the_bucket_is_not_written_over(publish, bucket, models_dir):
    publish("a")
    ModelVersion.objects.all().delete()
    shutil.rmtree(models_dir / "a")
    with pytest.raises(RegistryError, match="The bucket has another model a"):
        publish("a", word="order")


def test_a_machine_keeps_the_copies_that_were_wanted_last(publish, bucket, another_machine):
    versions = [publish(f"v{number}") for number in range(folders.COPIES + 2)]
    there = another_machine()
    keywords.build(there, "mine", words={"Hot-buyer": ["buy"]})  # only here: it must not go
    for version in versions:
        registry.sealed_folder(version)
        registry.sealed_folder(versions[0])  # wanted all the time
    found = {path.name for path in there.iterdir() if path.is_dir()}
    assert {"mine", "v0", versions[-1].name} <= found
    assert "v1" not in found
    assert registry.problem(versions[1]) == ""


def test_pruning_empties_the_bucket_too(publish, bucket, models_dir):
    version = publish("a")
    ModelVersion.objects.update(created_at="2020-01-01T00:00:00Z")
    call_command("models", prune=True, verbosity=0)
    assert bucket.names() == []
    assert not (models_dir / version.name).exists()


def test_without_a_bucket_the_library_for_it_is_not_even_imported(db, models_dir):
    keywords.build(models_dir, "a", words={"Hot-buyer": ["buy"]})
    script = """
import sys, django
django.setup()
from classifier import folders
folders.share("a")
print("boto3" in sys.modules, "storages" in sys.modules)
"""
    assert processes.run(script) == "False False\n"
