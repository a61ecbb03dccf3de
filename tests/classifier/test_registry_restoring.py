"""`manage.py register FOLDER`: what a backup holds comes back, and nothing else comes in."""

import io
import json
import shutil

import pytest
from django.core.management import CommandError, call_command

from classifier import artefact, live, registry
from classifier.models import Activation, ModelVersion
from tests import keyword_model as keywords


@pytest.fixture
def backup(tmp_path, db, models_dir):
    """Makes a folder elsewhere, as a backup is, that holds the model of that name."""

    def make(name="old", word="buy", tag="Hot-buyer", place="backup"):
        (tmp_path / place).mkdir(exist_ok=True)
        return keywords.build(tmp_path / place, name, words={tag: [word]})

    return make


def register(folder, **options):
    out = io.StringIO()
    call_command("register", str(folder), stdout=out, **options)
    return out.getvalue()


def test_a_backup_is_copied_beside_the_others_and_registered(backup, models_dir):
    said = register(backup())
    assert said == "old is registered. `manage.py activate old` makes it live.\n"
    assert registry.sealed_folder(ModelVersion.objects.get()) == models_dir / "old"
    assert artefact.read(models_dir / "old").name == "old"
    assert [path.name for path in models_dir.iterdir() if path.is_dir()] == ["old"]


def test_it_goes_live_at_once_if_asked_with_a_reason(backup):
    assert register(backup(), activate=True, reason="the disk broke").endswith("It is live.\n")
    assert Activation.objects.get().reason == "the disk broke"
    assert live.current().version_name == "old"


def test_the_same_folder_again_is_the_same_version(backup, models_dir):
    folder = backup()
    for source in (folder, folder, models_dir / "old"):
        register(source)
    assert ModelVersion.objects.count() == 1


def test_a_folder_that_was_renamed_comes_back_under_its_own_name(backup, models_dir):
    folder = backup()
    register(folder.rename(folder.with_name("old (copy)")))
    assert ModelVersion.objects.get().name == "old"
    assert (models_dir / "old").is_dir()


def test_a_damaged_folder_is_replaced_by_its_backup(backup, models_dir):
    folder = backup()
    register(folder, activate=True)
    for name in ("model.onnx", "manifest.json"):
        (models_dir / "old" / name).write_bytes(b"rubbish")
        register(folder)
        assert registry.problem(ModelVersion.objects.get()) == ""


def test_what_a_killed_copy_left_is_no_obstacle(backup, models_dir):
    left = models_dir / ".unfinished-old"
    left.mkdir()
    (left / "model.onnx").write_bytes(b"half")
    register(backup())
    assert not left.exists()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "manifest.json"])
def test_a_backup_with_a_damaged_file_is_refused(backup, models_dir, name):
    folder = backup()
    (folder / name).write_bytes(b"rubbish")
    with pytest.raises(CommandError, match=name):
        register(folder)
    assert not ModelVersion.objects.exists()
    assert not (models_dir / "old").exists()


def test_what_is_no_model_folder_is_refused(db, models_dir, tmp_path):
    with pytest.raises(CommandError, match=r"manifest\.json cannot be read"):
        register(tmp_path / "nothing")


def test_a_tag_that_is_missing_is_named_with_what_to_do(backup, models_dir):
    with pytest.raises(
        CommandError, match=r"not know: Bargain-hunter\. Add them in the staff pages"
    ):
        register(backup(tag="Bargain-hunter"))
    assert not (models_dir / "old").exists()


def test_another_model_of_a_registered_name_is_refused(backup, models_dir):
    register(backup())
    before = artefact.seal(models_dir / "old")
    with pytest.raises(CommandError, match="not the model old that is registered"):
        register(backup(word="order", place="other"))
    assert artefact.seal(models_dir / "old") == before


def test_a_folder_in_the_way_that_nobody_registered_is_left_alone(backup, models_dir):
    keywords.build(models_dir, "old", words={"Hot-buyer": ["order"]})
    with pytest.raises(CommandError, match="is there already and holds another model"):
        register(backup())


def test_files_beside_those_of_the_manifest_are_left_behind(backup, models_dir):
    folder = backup()
    (folder / "notes.txt").write_text("mine")
    register(folder)
    manifest = json.loads((models_dir / "old" / "manifest.json").read_text())
    found = {path.name for path in (models_dir / "old").iterdir()}
    assert found == {*manifest["files"], "manifest.json"}


def test_a_version_that_was_removed_to_save_space_comes_back(backup, models_dir):
    folder = backup()
    version = registry.restore(folder)
    shutil.rmtree(models_dir / "old")
    ModelVersion.objects.update(pruned_at=version.created_at)
    register(folder, activate=True)
    assert registry.live_version() == version
    assert ModelVersion.objects.get().pruned_at is None
