"""An erased conversation's texts go from data sets, and the receipt says who had learnt."""

import threading

import pytest
from django.db import connection

from classifier import registry
from classifier.models import ModelVersion
from conversations import erasure, receipts
from conversations.models import Message, Receipt
from tests import keyword_model as keywords
from tests.training import labelled
from tests.training.labelled import reviewed
from training.card import comparison_page
from training.datasets import dataset as datasets
from training.datasets import page, stored
from training.datasets.dataset import folder_of, load_split, prepare
from training.datasets.gathering import DatasetError
from training.datasets.splitting import SPLITS
from training.models import Dataset

DEAL, HOT = "Deal-seeker", "Hot-buyer"
SECRET = "two parrots for my aunt in 12 Elm Row"


@pytest.fixture
def shop(settings, tmp_path, keyword_model):
    settings.DATASETS_DIR = tmp_path / "datasets"
    return labelled.file(tmp_path / "shop.jsonl")


@pytest.fixture
def trained(models_dir):
    """A function that registers a version as if it had been trained from a data set."""

    def train(dataset, name="keywords-2"):
        keywords.build(models_dir, name, words=keywords.SHIPPED_TAGS)
        version = registry.register(name)
        ModelVersion.objects.filter(pk=version.pk).update(dataset_digest=dataset.digest)
        return version

    return train


def erase(conversation="gone"):
    return receipts.told(erasure.erase(conversation_id=conversation, actor="shop"))


def messages(dataset):
    return {e.message: split for split in SPLITS for e in load_split(dataset, split)}


def files_with(folder, text):
    return [path.name for path in folder.rglob("*") if path.is_file() and text in path.read_text()]


def test_the_text_is_in_no_file_any_more_and_the_others_are(shop, settings):
    reviewed(SECRET, DEAL, conversation="gone")
    reviewed("an owl, at any price", HOT, conversation="stays")
    dataset = prepare([shop])
    before = messages(dataset)
    assert files_with(settings.DATASETS_DIR, "parrots")
    erase()
    assert not files_with(settings.DATASETS_DIR, "parrots")
    assert messages(Dataset.objects.get()) == {
        text: split for text, split in before.items() if text != SECRET
    }
    assert "an owl, at any price" in messages(prepare([shop]))
    assert SECRET not in messages(prepare([shop]))


def test_the_receipt_names_the_versions_that_had_learnt_and_no_other(shop, trained):
    trained(prepare([shop]), "before")
    review = reviewed(SECRET, DEAL, conversation="gone")
    dataset = prepare([shop])
    trained(dataset, "with-it")
    split = messages(dataset)[SECRET]
    erased = erase()
    purpose, other = ("tested", "learnt") if split == "test" else ("learnt", "tested")
    assert erased["data_sets"] == [{"digest": dataset.digest, purpose: 1}]
    assert erased["model_versions"] == [{"version": "with-it", purpose: 1, other: 0, "live": False}]
    assert erased["unknown_data_sets"] == []
    assert review.pk


def test_a_version_that_was_being_trained_is_named_once_it_is_there(shop, trained):
    reviewed(SECRET, DEAL, conversation="gone")
    dataset = prepare([shop])
    assert erase()["model_versions"] == []
    trained(dataset, "later")
    assert receipts.told(Receipt.objects.get())["model_versions"][0]["version"] == "later"


def test_of_one_text_that_two_customers_wrote_each_erasure_finds_the_line(shop, trained):
    """The data set names the newest review alone."""
    reviewed(SECRET.upper(), DEAL, conversation="gone")
    reviewed(SECRET, DEAL, by="kim", conversation="stays")
    trained(prepare([shop]))
    assert len(erase("gone")["model_versions"]) == 1
    assert len(erase("stays")["model_versions"]) == 1


def test_a_message_that_nobody_reviewed_is_in_no_data_set(shop):
    reviewed("an owl, at any price", HOT, conversation="stays")
    dataset = prepare([shop])
    digests = dict(dataset.stats["files"])
    text = labelled.texts(1)[0]  # stands in the shop's own file, which is not the conversation's
    from tests.conversations.posting import add_message

    add_message(conversation_id="gone", text=text)
    assert erase()["data_sets"] == []
    dataset.refresh_from_db()
    assert dataset.stats["files"] == digests


def test_a_data_set_whose_files_are_gone_is_named_as_unknown(shop, trained):
    reviewed(SECRET, DEAL, conversation="gone")
    dataset = prepare([shop])
    trained(dataset)
    for path in folder_of(dataset.digest).glob("*.jsonl"):
        path.unlink()
    erased = erase()
    assert erased["unknown_data_sets"] == [dataset.digest]
    assert erased["model_versions"][0]["learnt"] is None
    assert any("may have held" in sentence for sentence in erased["remains"])


def test_lines_keep_their_numbers_so_that_a_comparison_shows_no_other_message(shop):
    for number in range(12):
        reviewed(f"{number} parrots for aunt {number * 7}", DEAL, conversation=f"c-{number}")
    dataset = prepare([shop])
    before = {e.message: e.line for e in load_split(dataset, "test")}
    erased = next(text for text in before if "parrots" in text)
    erase(Message.objects.get(text=erased).conversation.conversation_id)
    after = {e.message: e.line for e in load_split(Dataset.objects.get(), "test")}
    assert after == {text: line for text, line in before.items() if text != erased}
    rows = [{"review": None, "dataset": dataset.digest, "line": n} for n in before.values()]
    shown = comparison_page._lines(rows)
    assert {text: line for (_, line), text in shown.items()} == after


def test_who_holds_the_row_of_before_reads_what_is_left(shop):
    """A training that has prepared its data reads them again when it has registered."""
    reviewed(SECRET, DEAL, conversation="gone")
    dataset = prepare([shop])
    erase()
    assert SECRET not in messages(dataset)


def test_a_damaged_split_is_an_error_all_the_same(shop):
    dataset = prepare([shop])
    path = folder_of(dataset.digest) / "train.jsonl"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(DatasetError, match="missing or damaged"):
        load_split(dataset, "train")


def test_contradicting_reviews_name_an_erased_conversation_no_more(shop, settings):
    reviewed(SECRET, DEAL, conversation="gone-4711")
    reviewed(SECRET, HOT, by="kim", conversation="stays")
    dataset = prepare([shop])
    assert page.disputes(dataset)
    erase("gone-4711")
    dataset.refresh_from_db()
    assert page.disputes(dataset) == []
    assert not files_with(settings.DATASETS_DIR, "gone-4711")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_erased_while_a_data_set_is_prepared_is_not_stored(shop, settings, monkeypatch):
    reviewed(SECRET, DEAL, conversation="gone")
    reviewed("an owl, at any price", HOT, conversation="stays")
    publish, erased = datasets._store, []

    def late(*arguments, **options):
        if not erased:
            erased.append(True)
            erase()
        return publish(*arguments, **options)

    monkeypatch.setattr(datasets, "_store", late)
    dataset = prepare([shop])
    assert "an owl, at any price" in messages(dataset)
    assert not files_with(settings.DATASETS_DIR, "parrots")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_erasure_waits_for_a_data_set_that_is_being_stored_and_finds_it(
    shop, settings, monkeypatch
):
    reviewed(SECRET, DEAL, conversation="gone")
    publish, begun = datasets.storage.publish, threading.Event()
    told = []

    def work():
        begun.wait(60)
        try:
            told.append(erase())
        finally:
            connection.close()

    def slow(*arguments, **options):
        begun.set()
        thread.join(0.5)  # it cannot end before this has
        assert thread.is_alive()
        publish(*arguments, **options)

    thread = threading.Thread(target=work)
    thread.start()
    monkeypatch.setattr(datasets.storage, "publish", slow)
    prepare([shop])
    thread.join(60)
    assert len(told[0]["data_sets"]) == 1
    assert not files_with(settings.DATASETS_DIR, "parrots")


def test_an_erasure_that_the_database_undid_finds_everything_again(shop, monkeypatch):
    """The files are changed before the rows; what is repeated must tell the same."""
    reviewed(SECRET, DEAL, conversation="gone")
    dataset = prepare([shop])

    def fail(*arguments, **options):
        raise RuntimeError("the database went away")

    with monkeypatch.context() as patched:
        patched.setattr(receipts, "add", fail)
        with pytest.raises(RuntimeError):
            erase()
    assert Message.objects.filter(text=SECRET).exists()
    assert erase()["data_sets"][0]["digest"] == dataset.digest
    assert SECRET not in messages(Dataset.objects.get())
    assert stored.by_digest(dataset.digest) == dataset
