"""The disk of data sets or models is full: one sentence, nothing half written, the old goes on."""

import contextlib
import os

import pytest
from django.core.management import CommandError, call_command

from classifier import registry
from tests.training import tiny
from training.models import Dataset, TrainingRun


def fill(folder, *, but=0):
    """Leave room for `but` bytes."""
    taken = folder / "taken"
    with contextlib.suppress(OSError), taken.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(taken, taken.stat().st_size - but)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "taken"]


@pytest.mark.django_db
def test_a_data_set_that_does_not_fit_is_not_made(small_disk, settings, few_messages):
    fill(small_disk)
    settings.DATASETS_DIR = small_disk / "datasets"
    with pytest.raises(CommandError, match=r"No data set was made: .*No space left on device"):
        call_command("prepare_dataset", few_messages)
    assert not Dataset.objects.exists()
    assert files(small_disk) == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("room", [0, 700_000])  # for nothing, or for some of its files
def test_a_model_that_does_not_fit_fails_the_run_and_the_live_one_goes_on(
    keyword_model, small_disk, settings, request, room
):
    fill(small_disk, but=room)
    few_messages, tiny_bert = map(request.getfixturevalue, ("few_messages", "tiny_bert"))
    settings.MODELS_DIR = small_disk / "models"
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("train", few_messages, *tiny.quickly(str(tiny_bert)))
    run = TrainingRun.objects.get()
    assert run.state == TrainingRun.State.FAILED
    assert "No space left on device" in run.reason
    assert run.model_version is None
    assert registry.live_version() == keyword_model
    assert files(small_disk) == []
