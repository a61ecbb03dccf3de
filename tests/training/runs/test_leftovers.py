import os
import subprocess
import sys
import time

import pytest

from training.runs import leftovers


@pytest.fixture
def folders(tmp_path):
    found = {"models_dir": tmp_path / "models", "datasets_dir": tmp_path / "datasets"}
    for folder in found.values():
        folder.mkdir()
    return found


def make(folder, name, *, age=0.0):
    path = folder / name
    path.mkdir(parents=True)
    (path / "model.onnx").write_bytes(b"x")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_what_killed_trainings_left_is_removed_and_nothing_else(folders):
    models, datasets = folders["models_dir"], folders["datasets_dir"]
    left = [
        make(models, ".staging-killed"),
        make(models, ".export-killed"),
        make(models, ".unfinished-old", age=2 * leftovers.DRAFT_AGE),
        make(datasets, ".0123456789abcdef.feed", age=2 * leftovers.DRAFT_AGE),
    ]
    kept = [
        make(models, "20260101-000000-abcd"),
        make(models, ".unfinished-new"),
        make(models, ".other"),
        make(datasets, "0123456789abcdef"),
        make(datasets, ".0123456789abcdef.beef"),
    ]
    assert set(leftovers.sweep(**folders)) == set(left)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)


def test_a_folder_that_a_living_process_holds_stays_and_one_of_a_killed_process_goes(folders):
    script = (
        "import sys, time; from pathlib import Path; from training.runs import leftovers\n"
        "with leftovers.staging_folder(Path(sys.argv[1])) as folder:\n"
        "    print(folder, flush=True); time.sleep(300)"
    )
    command = [sys.executable, "-c", script, str(folders["models_dir"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        name = holder.stdout.readline().strip()
        assert leftovers.sweep(**folders) == []
        holder.kill()
    assert [str(path) for path in leftovers.sweep(**folders)] == [name]


def test_folders_that_do_not_exist_yet_are_no_trouble(tmp_path):
    assert leftovers.sweep(models_dir=tmp_path / "a", datasets_dir=tmp_path / "b") == []


def test_a_staging_folder_goes_with_its_block_unless_it_was_renamed(tmp_path):
    with leftovers.staging_folder(tmp_path) as gone:
        pass
    with leftovers.staging_folder(tmp_path) as renamed:
        renamed.rename(tmp_path / "version")
    assert [path.name for path in tmp_path.iterdir()] == ["version"]
    assert not gone.exists()
