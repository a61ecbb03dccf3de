"""What Label Studio, doccano and Argilla export is read by the names of its fields."""

import json

import pytest

from training.datasets.reading import read
from training.datasets.records import Problem, Record, Remark

TAGS = ["Hot-buyer", "Deal-seeker"]


@pytest.fixture
def export(tmp_path):
    """A function that reads values as one JSON array: (labelled messages, problems, remarks)."""

    def go(*values):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(values))
        items = list(read(path, source="export.json", known_tags=TAGS, max_length=200))
        records = [i.example for i in items if isinstance(i, Record)]
        return (
            [(example.message, *example.tags) for example in records],
            [str(item) for item in items if isinstance(item, Problem)],
            " ".join(str(item) for item in items if isinstance(item, Remark)),
        )

    return go


def task(text, *annotations, **more):
    """A task of Label Studio; an annotation is the tags chosen, None where it was given up."""
    return {
        "id": 1,
        "data": {"text": text},
        "annotations": [
            {
                "was_cancelled": chosen is None,
                "result": [{"type": "choices", "value": {"choices": chosen}}] if chosen else [],
            }
            for chosen in annotations
        ],
        **more,
    }


def test_label_studio_gives_a_record_for_each_annotator_and_none_for_an_open_task(export):
    found, problems, remarks = export(
        task("pay", ["Hot-buyer", "Deal-seeker"]),
        task("hello", []),
        task("two", ["Hot-buyer"], ["Deal-seeker"]),
        task("open", None),
    )
    assert found == [
        ("pay", "Hot-buyer", "Deal-seeker"),
        ("hello",),
        ("two", "Hot-buyer"),
        ("two", "Deal-seeker"),
    ]
    assert problems == []
    assert "1 messages that nobody has labelled are left out" in remarks


def test_label_studios_short_json_has_the_tags_under_a_name_of_its_own(export):
    common = {"id": 3, "annotator": 1, "annotation_id": 8, "created_at": "x", "lead_time": 2.5}
    found, _, _ = export(
        {"text": "pay", "intent": {"choices": ["Hot-buyer", "Deal-seeker"]}, **common},
        {"text": "cheap", "intent": "Deal-seeker", **common},
        {"text": "hello", **common},
    )
    assert found == [("pay", "Hot-buyer", "Deal-seeker"), ("cheap", "Deal-seeker"), ("hello",)]


@pytest.mark.parametrize("name", ["label", "labels", "tags"])
def test_doccano_says_text_and_label_and_the_rest_is_told(export, name):
    found, problems, remarks = export({"id": 1, "text": "pay", name: ["Hot-buyer"], "meta": {}})
    assert (found, problems) == ([("pay", "Hot-buyer")], [])
    assert "'text' is read as message" in remarks
    assert "not read, for it is none of ours: 'id', 'meta'" in remarks


@pytest.mark.parametrize(
    "labelled",
    [
        {"responses": {"label": [{"value": ["Hot-buyer"], "status": "submitted"}]}},
        {"responses": [{"values": {"label": {"value": "Hot-buyer"}}, "status": "submitted"}]},
        {"responses": {"kind": [{"value": "Hot-buyer", "user_id": "u"}]}, "suggestions": {}},
    ],
)
def test_argilla_has_fields_and_responses(export, labelled):
    draft = {"responses": [{"values": {}, "status": "draft"}]}
    found, problems, remarks = export(
        {"id": "a", "fields": {"text": "pay"}, "metadata": {}, **labelled},
        {"id": "b", "fields": {"text": "open"}, **draft},
    )
    assert (found, problems) == ([("pay", "Hot-buyer")], [])
    assert "1 messages that nobody has labelled" in remarks


def test_older_argilla_has_an_annotation(export):
    found, _, remarks = export(
        {"text": "pay", "annotation": "Hot-buyer", "prediction": None, "status": "Validated"},
        {
            "inputs": {"text": "hi"},
            "annotation": [],
            "annotation_agent": "x",
            "status": "Validated",
        },
        {"text": "open", "annotation": None, "prediction": [["Hot-buyer", 0.9]]},
    )
    assert found == [("pay", "Hot-buyer"), ("hi",)]
    assert "1 messages that nobody has labelled" in remarks


def test_an_unknown_tag_a_number_and_a_missing_text_name_their_record(export):
    found, problems, _ = export(
        task("pay", ["Shipping"]), task(7, []), {"data": {"x": 1}, "annotations": []}, task("a", [])
    )
    assert found == [("a",)]
    assert problems == [
        "export.json:1: unknown tag 'Shipping'",
        "export.json:1: message is not a string",
    ]


def test_tags_may_be_a_text(export):
    found, problems, _ = export(
        {"message": "a", "tags": "Hot-buyer; Deal-seeker"}, {"message": "b", "tags": "none"}
    )
    assert (found, problems) == ([("a", "Hot-buyer", "Deal-seeker"), ("b",)], [])
