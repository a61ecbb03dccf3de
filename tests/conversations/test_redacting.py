"""With REDACT a message is stored, read and learnt from without what it names."""

import pytest

from conversations.models import Message
from tests.conversations.posting import add_message
from tests.training import labelled
from tests.training.labelled import reviewed
from training.datasets.dataset import load_split, prepare
from training.datasets.splitting import SPLITS
from training.learning.config import PRESETS
from training.runs import due

SENT = "any discount if I pay with 4111 1111 1111 1111 today?"
STORED = "any discount if I pay with [card] today?"


@pytest.fixture
def redacting(settings, keyword_model, tmp_path):
    settings.REDACT = ["cards"]
    settings.DATASETS_DIR = tmp_path / "datasets"


def post(client, text=SENT, message_id="m-1"):
    body = {"conversation_id": "c", "message": text, "message_id": message_id}
    return client.post("/classify-conversation", body, format="json")


def test_it_is_stored_and_answered_without(redacting, api_client):
    answer = post(api_client).json()
    assert Message.objects.get().text == STORED
    assert answer["evidence"][0]["message"] == STORED[:50]
    assert answer["conversation_tag"]["tag"] == "Deal-seeker"


def test_the_same_body_again_is_the_same_message(redacting, api_client):
    first = post(api_client)
    assert post(api_client).json() == first.json()
    assert Message.objects.count() == 1
    assert post(api_client, SENT.replace("any", "some")).status_code == 409


@pytest.mark.parametrize(("before", "after"), [([], ["cards"]), (["cards"], [])])
def test_also_where_the_setting_has_changed_between(redacting, api_client, settings, before, after):
    settings.REDACT = before
    first = post(api_client)
    settings.REDACT = after
    assert post(api_client).json() == first.json()


def test_without_the_setting_another_card_is_another_message(keyword_model, api_client):
    post(api_client)
    assert (
        post(api_client, SENT.replace("4111 1111 1111 1111", "5555 5555 5555 4444")).status_code
        == 409
    )


def test_files_and_reviews_of_before_are_learnt_from_without(redacting, settings, tmp_path):
    settings.REDACT = []
    reviewed("my card is 5555 5555 5555 4444 by the way", "Hot-buyer")
    rows = [(text, ["Deal-seeker"] * (n % 2)) for n, text in enumerate(labelled.texts(30))]
    file = labelled.file(tmp_path / "shop.jsonl", [*rows, (SENT, ["Deal-seeker"])])
    assert SENT in _messages(prepare([file]))
    settings.REDACT = ["cards"]
    redacted = _messages(prepare([file]))
    assert {STORED, "my card is [card] by the way"} <= redacted
    assert not [text for text in redacted if "1111" in text or "5555" in text]


def test_a_training_is_due_after_a_change(redacting, settings, trained_before_without):
    config = PRESETS["default"]
    assert "What is taken out of messages has changed" in due.assess(config).reason
    settings.REDACT = []
    assert "taken out" not in due.assess(config).reason


@pytest.fixture
def trained_before_without(redacting, settings):
    """A run of an older Beez, which knew of no redaction."""
    from django.utils import timezone

    from training.models import TrainingRun

    settings.REDACT = []
    shape = due.shape(PRESETS["default"])
    del shape["redaction"]
    settings.REDACT = ["cards"]
    TrainingRun.objects.create(
        state="succeeded", trigger="command", shape=shape, reviews_up_to=0,
        lease_until=timezone.now(),
    )  # fmt: skip


def test_the_text_of_the_page_is_what_is_stored(redacting, admin_client):
    message = add_message(conversation_id="c", text=SENT)
    page = f"/admin/conversations/conversation/{message.conversation_id}/change/"
    assert "[card]" in admin_client.get(page).text


def _messages(dataset):
    return {example.message for split in SPLITS for example in load_split(dataset, split)}
