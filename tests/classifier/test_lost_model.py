"""A live version whose folder is missing or damaged: every door says so, and what to do."""

import shutil

import pytest
from django.core.management import CommandError, call_command

from classifier import live, registry
from tests import keyword_model as keywords


@pytest.fixture
def lost(keyword_model, models_dir):
    """A function that removes or damages the folder of the live model; nothing is loaded."""

    def lose(*, damaged=False):
        folder = models_dir / keyword_model.name
        if damaged:
            with (folder / "model.onnx").open("ab") as file:
                file.write(b"x")
        else:
            shutil.rmtree(folder)
        live.reset()
        return keyword_model

    return lose


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        (False, "The folder of the model keywords-1 is missing."),
        (True, "keywords-1/model.onnx is damaged"),
    ],
)
def test_the_503_says_the_true_reason_and_no_path(lost, models_dir, api_client, damaged, told):
    lost(damaged=damaged)
    answer = api_client.post("/classify-message", {"message": "any discount?"}, format="json")
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert error["code"] == "no_model"
    assert told in error["message"]
    assert "The model keywords-1 is live and cannot be loaded" in error["message"]
    assert str(models_dir) not in error["message"]
    assert told in api_client.get("/ready").json()["error"]["message"]


def test_a_reason_that_is_not_known_stays_in_the_log(lost, api_client, monkeypatch, caplog):
    lost()

    def fail(*_, **__):
        raise MemoryError("no room in /secret/place")

    caplog.set_level("DEBUG", logger="classifier.live")  # a serving process says it as an error
    monkeypatch.setattr(live, "_load", fail)
    message = api_client.get("/ready").json()["error"]["message"]
    assert "the log says why." in message
    assert "/secret" not in message
    assert "no room" in caplog.text


def test_without_any_activation_the_answer_stays_what_it_was(api_client, models_dir):
    message = api_client.get("/ready").json()["error"]["message"]
    assert message == str(live.NoModel.default_detail)


def test_a_restored_folder_is_served_again_and_the_reason_is_gone(
    keyword_model, models_dir, monkeypatch
):
    monkeypatch.setattr(live, "RETRY_SECONDS", 0)
    folder = models_dir / keyword_model.name
    folder.rename(models_dir / "away")
    live.reset()
    with pytest.raises(live.NoModel, match="is missing"):
        live.current()
    (models_dir / "away").rename(folder)
    live.refresh()
    assert live.current().version_name == keyword_model.name


def test_activating_the_live_version_again_says_that_its_folder_is_gone(lost):
    version = lost()
    with pytest.raises(CommandError, match="The folder of the model keywords-1 is missing"):
        call_command("activate", version.name)


def test_the_last_live_version_whose_folder_is_whole_is_named_as_a_way_out(lost, models_dir):
    for name in ("keywords-0", "keywords-2", "never-live"):
        keywords.build(models_dir, name, words=keywords.SHIPPED_TAGS)
    older, newer = registry.register("keywords-0"), registry.register("keywords-2")
    registry.register("never-live")
    registry.activate(older)
    registry.activate(newer)
    assert registry.usable() == newer
    shutil.rmtree(models_dir / "keywords-2")
    assert registry.usable() == older
    shutil.rmtree(models_dir / "keywords-0")
    shutil.rmtree(models_dir / "keywords-1")
    assert registry.usable() is None
