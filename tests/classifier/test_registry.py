import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from classifier import registry
from classifier.models import Activation, ModelVersion
from classifier.registry import RegistryError
from tests import keyword_model


@pytest.fixture
def make(db, models_dir):
    """Registers a new version of that name."""

    def make(name, tag="Hot-buyer", **options):
        keyword_model.build(models_dir, name, words={tag: ["buy"]}, **options)
        return registry.register(name)

    return make


def damage(models_dir, version):
    with (models_dir / version.name / "model.onnx").open("ab") as file:
        file.write(b"x")


def test_registering_keeps_what_the_manifest_says(make):
    version = make("a-model", threshold=0.4)
    assert (version.base_model, version.tags, version.threshold) == ("keywords", ["Hot-buyer"], 0.4)
    assert version.micro_f1 == 0.875


def test_registering_the_same_folder_again_gives_the_same_row(make):
    assert make("a-model") == registry.register("a-model")
    assert ModelVersion.objects.count() == 1


def test_a_folder_with_a_tag_that_is_unknown_is_not_registered(make):
    with pytest.raises(RegistryError, match="does not know: Bargain-hunter"):
        make("a-model", tag="Bargain-hunter")


def test_a_folder_under_another_name_is_not_registered(make, models_dir):
    make("a-model")
    shutil.copytree(models_dir / "a-model", models_dir / "b-model")
    with pytest.raises(RegistryError, match="moved or copied"):
        registry.register("b-model")


def test_a_folder_that_is_not_there_is_not_registered(make):
    with pytest.raises(RegistryError, match="cannot be read"):
        registry.register("nothing")


def test_the_newest_activation_is_live(make):
    first, second = make("a"), make("b")
    assert registry.live_version() is None
    registry.activate(first)
    activation = registry.activate(second, reason="better", actor="ada")
    assert registry.live_version() == second
    assert (activation.reason, activation.actor) == ("better", "ada")


def test_activating_the_live_version_adds_no_row(make):
    version = make("a")
    assert registry.activate(version) == registry.activate(version)
    assert Activation.objects.count() == 1


def test_activating_the_live_version_whose_folder_is_gone_says_so(make, models_dir):
    version = make("a")
    registry.activate(version)
    shutil.rmtree(models_dir / "a")
    with pytest.raises(RegistryError, match="is missing"):
        registry.activate(version)


def test_a_damaged_folder_is_not_activated_and_the_old_one_stays_live(make, models_dir):
    good, bad = make("a"), make("b")
    registry.activate(good)
    damage(models_dir, bad)
    with pytest.raises(RegistryError, match=r"model\.onnx is damaged"):
        registry.activate(bad)
    assert registry.live_version() == good


def test_a_folder_whose_manifest_was_rewritten_is_not_activated(make, models_dir):
    version = make("a")
    manifest = models_dir / "a" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"threshold": 0.1}))
    with pytest.raises(RegistryError, match="not the folder that was registered"):
        registry.activate(version)


def names_in_ledger():
    return [activation.version.name for activation in reversed(Activation.objects.all())]


def test_rollbacks_go_further_back_and_not_to_and_fro(make):
    for name in "abc":
        registry.activate(make(name))
    registry.rollback()
    registry.rollback(actor="ada")
    assert names_in_ledger() == ["a", "b", "c", "b", "a"]
    with pytest.raises(RegistryError, match="no earlier version"):
        registry.rollback()


def test_after_a_rollback_and_a_new_activation_the_rollback_target_is_what_was_live(make):
    for name in "abc":
        registry.activate(make(name))
    registry.rollback()
    registry.activate(make("d"))
    registry.rollback()
    registry.rollback()
    assert names_in_ledger() == ["a", "b", "c", "b", "d", "b", "a"]


def test_an_old_version_activated_again_rolls_back_to_what_it_replaced(make):
    first, second = make("a"), make("b")
    for version in (first, second, first):
        registry.activate(version)
    assert registry.previous_version() == second
    assert registry.rollback().version == second
    assert registry.rollback().version == first


@pytest.mark.parametrize("live", [False, True])
def test_with_nothing_earlier_there_is_no_rollback(make, live):
    if live:
        registry.activate(make("a"))
    with pytest.raises(RegistryError, match="no earlier version"):
        registry.rollback()
    assert registry.previous_version() is None


def test_a_rollback_to_a_damaged_folder_is_refused(make, models_dir):
    old, new = make("a"), make("b")
    registry.activate(old)
    registry.activate(new)
    damage(models_dir, old)
    with pytest.raises(RegistryError, match="damaged"):
        registry.rollback()
    assert registry.live_version() == new


def test_a_version_is_found_by_its_name_or_an_unambiguous_beginning(make):
    short, longer, other = make("2026"), make("2026-b"), make("other")
    assert registry.find("2026") == short
    assert registry.find("2026-") == longer
    assert registry.find("o") == other
    with pytest.raises(RegistryError, match="may be any of"):
        registry.find("20")
    with pytest.raises(RegistryError, match="no model version 'x'"):
        registry.find("x")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_rollbacks_at_the_same_time_each_take_a_step_of_their_own(make):
    for name in "abcd":
        registry.activate(make(name))

    def rollback(_):
        try:
            return registry.rollback().version.name
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(rollback, range(3))) == ["a", "b", "c"]
    assert names_in_ledger() == ["a", "b", "c", "d", "c", "b", "a"]
