"""A run over a file that ends in the middle goes on, and nothing is lost, doubled or otherwise."""

import json
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command

from classifier import registry, thresholds
from classifier.bulk import files
from classifier.bulk.part import Part, path_of
from tests import keyword_model as keywords
from tests.classifier import processes

ROWS = 6_000
WORDS = ["I buy", "any discount?", "first order", "hello", "for later, save it"]


class Silent:
    def begin(self, *, lines, done):
        pass

    def at(self, line):
        pass


def write(path, count=ROWS):
    with path.open("w") as file:
        if path.suffix == ".csv":
            file.write("id,message\n")
        for number in range(count):
            text = f"{WORDS[number % len(WORDS)]} {number}"
            if path.suffix == ".csv":
                file.write(f'{number},"{text}\nand more"\n' if number % 50 else "wrong,,,\n")
            else:
                file.write(json.dumps({"message": text} if number % 50 else {}) + "\n")
    return path


def run(source, target, **options):
    chosen = {"restart": False, "overwrite": False, **options}
    return files.classify(source, target, progress=Silent(), **chosen)


def journal(target):
    try:
        return json.loads(path_of(target).with_name(f"{target.name}.part.json").read_bytes())
    except FileNotFoundError:
        return {"rows": 0}


def until(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


class Stopped(Exception):
    pass


@pytest.fixture
def stop_after(monkeypatch):
    """A function: the next run ends by an exception after so many messages."""

    def go(count):
        real, done = files.answer, iter(range(count))

        def ending(model, text):
            if next(done, None) is None:
                raise Stopped
            return real(model, text)

        monkeypatch.setattr(files, "answer", ending)
        return lambda: monkeypatch.setattr(files, "answer", real)

    return go


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_run_that_is_killed_again_and_again_ends_as_an_unbroken_one(keyword_model, tmp_path):
    source, target = write(tmp_path / "in.csv"), tmp_path / "out.csv"
    run(source, tmp_path / "unbroken.csv")
    command = [sys.executable, "manage.py", "classify_file", str(source), str(target)]
    for _ in range(2):
        began = journal(target)["rows"]
        with subprocess.Popen(command, env=processes.environment()) as process:
            until(lambda began=began: journal(target)["rows"] > began or process.poll() is not None)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert began < journal(target)["rows"] < ROWS
        with path_of(target).open("ab") as part:  # as a kill in the middle of a write leaves it
            part.write(b'1,"half a ro')
    run(source, target)
    assert target.read_bytes() == (tmp_path / "unbroken.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.glob("out*")) == [target.name]


def test_it_goes_on_with_the_version_and_the_thresholds_with_which_it_began(
    keyword_model, models_dir, tmp_path, stop_after
):
    source = write(tmp_path / "in.jsonl", 2_000)
    run(source, tmp_path / "unbroken.jsonl")
    target = tmp_path / "out.jsonl"
    go_on = stop_after(700)
    with pytest.raises(Stopped):
        run(source, target)
    assert 0 < journal(target)["rows"] < 2_000
    keywords.build(models_dir, "keywords-2", words={"Hot-buyer": ["discount"]})
    registry.activate(registry.register("keywords-2"))
    thresholds.change(values={"Hot-buyer": 0.99}, actor="test")
    go_on()
    assert run(source, target).model_version == "keywords-1"
    assert target.read_bytes() == (tmp_path / "unbroken.jsonl").read_bytes()
    assert run(source, target, overwrite=True).model_version == "keywords-2"


def test_another_file_or_other_settings_are_no_reason_to_go_on(
    keyword_model, tmp_path, stop_after, settings
):
    source, target = write(tmp_path / "in.jsonl", 2_000), tmp_path / "out.jsonl"
    go_on = stop_after(700)
    with pytest.raises(Stopped):
        run(source, target)
    go_on()
    settings.MAX_MESSAGE_LENGTH = 50
    with pytest.raises(files.BulkError, match=r"began with .*MAX_MESSAGE_LENGTH=100000"):
        run(source, target)
    settings.MAX_MESSAGE_LENGTH = 100_000
    source.write_text(source.read_text().replace("discount", "coupon"))
    with pytest.raises(files.BulkError, match=r"not the file with which the run began.*--restart"):
        run(source, target)
    assert run(source, target, restart=True).rows == 2_000
    assert "discount" not in target.read_text()


def test_of_two_runs_at_one_output_the_second_is_refused(keyword_model, tmp_path):
    source, target = write(tmp_path / "in.jsonl", 100), tmp_path / "out.jsonl"
    with Part.held(target):
        with pytest.raises(CommandError, match=r"Another run is writing .*out\.jsonl\.part"):
            call_command("classify_file", source, target)
        assert path_of(target).exists()
    assert run(source, target).rows == 100


def test_a_full_disk_ends_it_with_a_sentence_and_it_goes_on_once_there_is_room(
    keyword_model, tmp_path, small_disk
):
    source = write(tmp_path / "in.jsonl", 3_000)
    run(source, tmp_path / "unbroken.jsonl")
    target = small_disk / "out.jsonl"
    taken = small_disk / "taken"
    taken.write_bytes(bytes(1_000_000))
    for _ in range(2):  # the second finds no more room than the first
        with pytest.raises(CommandError, match=r"No space left on device\. .*same command again"):
            call_command("classify_file", source, target)
    assert 0 < journal(target)["rows"] < 3_000
    taken.unlink()
    call_command("classify_file", source, target)
    assert target.read_bytes() == (tmp_path / "unbroken.jsonl").read_bytes()


def test_a_file_that_is_changed_meanwhile_gives_no_output(keyword_model, tmp_path, monkeypatch):
    source, target = write(tmp_path / "in.jsonl", 1_000), tmp_path / "out.jsonl"
    real = Part.append

    def appending(*given):
        real(*given)
        with source.open("a") as file:
            file.write("{}\n")

    monkeypatch.setattr(Part, "append", appending)
    with pytest.raises(files.BulkError, match="was changed while it was read"):
        run(source, target)
    assert not target.exists()
