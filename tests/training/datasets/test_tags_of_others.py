"""Files whose tags Beez does not know are told by these tags, with the way on."""

import pytest
from django.core.management import CommandError, call_command

from beez.launch import first_start
from classifier import tags
from tests.training import labelled
from training.datasets import dataset
from training.datasets.dataset import DatasetError

pytestmark = pytest.mark.django_db
TAGS = "name,description,stage\nPraise,The guest is happy.,10\nRefund,Wants money.,20\n"


@pytest.fixture
def my_tags(tmp_path):
    path = tmp_path / "my-tags.csv"
    path.write_text(TAGS)
    return path


def messages(path, *tags):
    """Sixty messages that have one tag after the other."""
    texts = enumerate(labelled.texts(60))
    return labelled.file(path, [(text, [tags[n % len(tags)]]) for n, text in texts])


def refusal(*paths):
    with pytest.raises(DatasetError) as refused:
        dataset.prepare(paths)
    return str(refused.value)


def test_unknown_tags_are_counted_and_the_command_that_adds_them_is_named(tmp_path):
    said = refusal(messages(tmp_path / "mine.jsonl", "Praise", "Hot-buyer", "Refund", "Praise"))
    assert said.startswith(
        "45 of 60 messages have tags that Beez does not know: 'Praise' (30 messages), "
        "'Refund' (15 messages). The first stand in mine.jsonl:1, mine.jsonl:3, mine.jsonl:4.\n"
        "Beez knows: First-time-visitor, Window-shopper, Wishlist-user, Deal-seeker, Hot-buyer.\n"
    )
    assert "manage.py tags load my-tags.csv --replace" in said


def test_a_slip_is_told_with_what_may_be_meant(tmp_path):
    said = refusal(messages(tmp_path / "mine.jsonl", "hot buyer"))
    assert "'hot buyer' (60 messages; did you mean 'Hot-buyer'?)" in said


def test_of_very_many_unknown_tags_some_are_named_and_none_whole_where_it_is_long(tmp_path):
    many = [f"{number} {'x' * 100}" for number in range(30)]
    said = refusal(messages(tmp_path / "mine.jsonl", *many))
    assert "and 20 more" in said and "x" * 61 not in said


def test_the_shipped_messages_do_not_go_with_tags_of_ones_own(my_tags, settings):
    call_command("tags", "load", my_tags, "--replace")
    settings.TRAINING_FILES = []
    said = refusal()
    assert "These are the messages that Beez ships, for its own tags." in said
    assert "Set TRAINING_FILES to messages that are labelled with yours" in said


def test_a_data_set_is_read_by_the_tags_that_a_command_has_loaded(my_tags, tmp_path, capsys):
    call_command("tags", "load", my_tags, "--replace")
    capsys.readouterr()
    call_command("prepare_dataset", messages(tmp_path / "mine.jsonl", "Praise", "Refund"))
    told = capsys.readouterr().out
    assert "Praise" in told and "Hot-buyer" not in told


def test_a_data_set_is_read_by_the_tags_that_the_settings_name(my_tags, tmp_path, settings):
    settings.TAGS_FILE = str(my_tags)
    call_command("prepare_dataset", messages(tmp_path / "mine.jsonl", "Praise", "Refund"))
    assert tags.names() == ["Praise", "Refund"]


def test_a_file_of_tags_that_cannot_be_taken_stops_whatever_comes_first(my_tags, settings):
    my_tags.write_text("name,stage\nPraise,10\n")
    settings.TAGS_FILE = str(my_tags)
    sentence = "my-tags.csv:2: description is missing"
    with pytest.raises(first_start.StartError, match=sentence):
        first_start.tables()
    for command in ("train", "prepare_dataset"):
        with pytest.raises(CommandError, match=sentence):
            call_command(command)
    assert len(tags.names()) == 5
