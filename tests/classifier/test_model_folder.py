import json

import pytest

from classifier import artefact
from classifier.artefact import ArtefactError, EarlyExit
from tests import keyword_model

WORDS = {"Deal-seeker": ["discount"], "Hot-buyer": ["buy"]}
ONES = {"Deal-seeker": 1.0, "Hot-buyer": 1.0}


@pytest.fixture
def folder(tmp_path):
    return keyword_model.build(tmp_path, "a-model", words=WORDS, extra_files={"card.md": b"# A"})


def rewrite_manifest(folder, **changes):
    path = folder / artefact.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_published_folder_is_read_back_with_the_tags_in_order(folder):
    manifest = artefact.read(folder)
    assert manifest.name == folder.name == "a-model"
    assert manifest.tags == ("Deal-seeker", "Hot-buyer")
    assert set(manifest.files) == {"model.onnx", "tokenizer.json", "card.md"}


def test_a_review_band_is_read_back(tmp_path):
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS, review_band=(0.3, 0.7))
    assert artefact.read(folder).review_band == (0.3, 0.7)


def test_a_folder_without_a_review_band_is_read_as_ever(folder):
    path = folder / artefact.MANIFEST
    fields = json.loads(path.read_text())
    assert fields.pop("review_band") is None
    path.write_text(json.dumps(fields))
    assert artefact.read(folder).review_band is None


EARLY = EarlyExit(temperatures={"Hot-buyer": 1.5, "Deal-seeker": 1.0}, band=(0.1, 0.9))


def test_an_early_exit_is_read_back_and_its_second_graph_vouched_for(tmp_path):
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS, early_exit=EARLY)
    manifest = artefact.read(folder)
    assert manifest.early_exit == EARLY
    assert manifest.graphs == ("model.onnx", "deeper.onnx")
    with (folder / "deeper.onnx").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ArtefactError, match=r"deeper\.onnx is damaged"):
        artefact.read(folder)


def test_a_folder_from_before_there_were_early_exits_is_read_as_without(folder):
    path = folder / artefact.MANIFEST
    fields = json.loads(path.read_text())
    assert fields.pop("early_exit") is None
    path.write_text(json.dumps(fields))
    assert artefact.read(folder).early_exit is None
    assert artefact.read(folder).graphs == ("model.onnx",)


def test_nothing_but_the_finished_folder_is_left(folder):
    assert [path.name for path in folder.parent.iterdir()] == ["a-model"]


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "card.md"])
def test_a_changed_file_is_noticed_and_named(folder, name):
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ArtefactError, match=rf"{name} is damaged"):
        artefact.read(folder)


def test_a_file_that_is_gone_is_noticed_and_named(folder):
    (folder / "card.md").unlink()
    with pytest.raises(ArtefactError, match=r"card\.md cannot be read"):
        artefact.read(folder)


def test_a_folder_without_manifest_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match=r"manifest\.json cannot be read"):
        artefact.read(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "3", '{"tags": 3}', '{"tags": []}'])
def test_what_is_no_manifest_is_refused(folder, content):
    (folder / artefact.MANIFEST).write_text(content)
    with pytest.raises(ArtefactError, match="is not a manifest"):
        artefact.read(folder)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": 2}, "format is 2"),
        ({"name": "../elsewhere"}, "name of a folder"),
        ({"tags": ["Hot-buyer", "Hot-buyer"]}, "twice"),
        ({"tags": []}, "one or more"),
        ({"tags": ["Hot-buyer", 7]}, "one or more"),
        ({"thresholds": {"Hot-buyer": 0.5}}, "thresholds must name exactly the tags"),
        ({"thresholds": {"Hot-buyer": 0.5, "Deal-seeker": "0.5"}}, "thresholds must be numbers"),
        ({"temperatures": {"Hot-buyer": 1.0, "Deal-seeker": 0.0}}, "temperatures must be numbers"),
        ({"temperatures": {"Hot-buyer": 1, "Deal-seeker": float("nan")}}, "temperatures must be"),
        ({"threshold": 1.5}, "threshold must be a number"),
        ({"max_length": 0}, "max_length"),
        ({"text_cleaning": 99}, "text_cleaning is 99, and this version of Beez knows 0 to"),
        ({"text_cleaning": "1"}, "text_cleaning is '1'"),
        ({"text_prefix": 3}, "text_prefix must be text"),
        ({"precision": "int4"}, "int4"),
        ({"files": {"tokenizer.json": "0"}}, r"model\.onnx is missing"),
        ({"files": {"../model.onnx": "0"}}, "name of a file"),
        ({"files": []}, "files must map"),
        ({"review_band": [0.7, 0.3]}, "review_band must be two numbers"),
        ({"review_band": [0.3]}, "review_band must be"),
        ({"review_band": [0.3, 1.1]}, "review_band must be"),
        ({"review_band": [0.3, "0.7"]}, "review_band must be"),
        ({"review_band": 0.3}, "review_band must be"),
        ({"review_band": "no"}, "review_band must be"),
        ({"surprise": 1}, "is not a manifest"),
        ({"early_exit": {"temperatures": ONES, "band": [0.1, 0.9]}}, r"deeper\.onnx is missing"),
        ({"early_exit": {"temperatures": ONES, "band": [0.9, 0.1]}}, "early_exit's band must be"),
        ({"early_exit": {"temperatures": ONES, "band": 0.5}}, "early_exit's band must be"),
        ({"early_exit": {"temperatures": {}, "band": [0, 1]}}, "early_exit's temperatures must"),
        ({"early_exit": {"band": [0, 1]}}, "is not a manifest"),
        ({"early_exit": {}}, "is not a manifest"),
        ({"early_exit": 0.5}, "is not a manifest"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused_with_the_reason(folder, changes, complaint):
    rewrite_manifest(folder, **changes)
    with pytest.raises(ArtefactError, match=complaint):
        artefact.read(folder)


def test_a_manifest_from_before_there_was_cleaning_is_read_as_without(folder):
    path = folder / artefact.MANIFEST
    fields = json.loads(path.read_text())
    del fields["text_cleaning"], fields["text_prefix"]
    path.write_text(json.dumps(fields))
    assert artefact.read(folder).text_cleaning == 0
    assert artefact.read(folder).text_prefix == ""


def test_a_name_that_is_taken_is_refused_and_the_old_folder_stays(folder):
    before = artefact.seal(folder)
    with pytest.raises(ArtefactError, match="exists already"):
        keyword_model.build(folder.parent, "a-model", words={"Hot-buyer": ["order"]})
    assert artefact.seal(folder) == before


def test_metrics_that_json_cannot_hold_are_refused(tmp_path):
    with pytest.raises(ArtefactError, match="cannot become"):
        keyword_model.build(tmp_path, "a-model", words=WORDS, metrics={"loss": float("nan")})
    assert not (tmp_path / "a-model").exists()


def test_a_file_that_the_manifest_does_not_name_is_not_handed_out(folder):
    (folder / "stray.txt").write_text("stray")
    with pytest.raises(ArtefactError, match="not in the manifest"):
        artefact.read_file(folder, manifest=artefact.read(folder), name="stray.txt")
