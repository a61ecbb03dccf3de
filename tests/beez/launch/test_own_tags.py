"""Whoever brings tags and files to a new home gets a model of these, and never of the shipped."""

import pytest

from tests.beez import started
from tests.training import labelled, tiny

TAGS = "name;description;stage\nPraise;The guest is happy.;10\nRefund;The guest wants money.;20\n"
CHOICES = (["Praise"], ["Refund"], [], ["Praise", "Refund"])
VERSIONS = (
    "from classifier.models import ModelVersion as Version\n"
    "print([sorted(version.tags) for version in Version.objects.all()])"
)


@pytest.fixture
def home():
    with started.empty_home() as folder:
        (folder / "my-tags.csv").write_text(TAGS)
        rows = [(text, CHOICES[n % 4]) for n, text in enumerate(labelled.texts(80))]
        labelled.file(folder / "my-messages.jsonl", rows)
        yield folder
        started.kill_all(folder)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny.bert(tmp_path_factory.mktemp("encoder"))


def with_files(home, encoder="", **changes):
    return {
        "TRAINING_FILES": str(home / "my-messages.jsonl"),
        "BASE_MODEL": str(encoder),
        "TRAINING_CHANGES": "epochs=1;min_steps=0",
        **changes,
    }


def test_one_start_with_tags_and_files_in_the_settings_serves_these_tags_alone(home, encoder):
    beez = started.Up(home, **with_files(home, encoder, TAGS_FILE=str(home / "my-tags.csv")))
    try:
        beez.wait_for(started.SERVED, seconds=150)
        assert "✓ tags                     Praise, Refund" in beez.output
        assert beez.press_ctrl_c() == 0
        versions = started.shell(home, VERSIONS)
    finally:
        beez.end()
    assert set(versions.strip("[]").split("], [")) == {"'Praise', 'Refund'"}


def test_files_with_unknown_tags_stop_the_first_start_with_their_names_and_the_way_on(home):
    beez = started.Up(home, **with_files(home))
    try:
        assert beez.process.wait(150) == 1
    finally:
        beez.end()
    assert (
        "60 of 80 messages have tags that Beez does not know: 'Praise' (40 messages), "
        "'Refund' (40 messages). The first stand in my-messages.jsonl:1" in beez.output
    )
    assert "manage.py tags load my-tags.csv --replace" in beez.output
    assert "Traceback" not in beez.output
