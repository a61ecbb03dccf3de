"""Adding tags as docs/adding-a-tag.md says: rows and messages, no code."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from classifier import registry
from classifier.engine import Engine
from classifier.models import Tag
from tests.beez.started import CHECKOUT
from tests.keyword_model import SHIPPED_TAGS
from tests.training import tiny
from training import pipeline
from training.datasets.dataset import SEED_FILE
from training.models import Dataset

ROWS = SEED_FILE.parent / "optional-tags.json"
MESSAGES = SEED_FILE.parent / "optional-tags.jsonl"
OWN_TAGS = {
    "Gift": ("it is a present for my", "wrap the present for my", "a gift card for my"),
    "Sizing": ("which size fits a", "does it run small for a", "size chart for a"),
    "Delivery": ("when does it arrive in", "do you ship to", "parcel times to"),
    "Trade": ("invoice without tax for our", "bulk order for our", "net thirty terms for our"),
}
THINGS = ("nephew", "runner", "Leeds", "school", "Porto", "aunt", "nurse", "office", "twins", "gym")

pytestmark = pytest.mark.django_db


def first(count, source, path):
    path.write_text("\n".join(source.read_text().splitlines()[:count]))
    return path


def test_seven_tags_are_trained_together_and_answered_with(home, tmp_path, tiny_config):
    call_command("loaddata", ROWS, verbosity=0)
    files = [
        first(90, SEED_FILE, tmp_path / "seed.jsonl"),
        first(60, MESSAGES, tmp_path / "new.jsonl"),
    ]
    run = pipeline.train(config=tiny_config, paths=files)
    seven = [*SHIPPED_TAGS, "Post-purchase", "Complaint"]
    assert registry.live_version().tags == seven
    folder = home / "models" / run.model_version.name
    assert list(Engine.load(folder).classify("where is my parcel?").probabilities) == seven
    unknown = run.dataset.stats["unknown"]
    assert {tag: sum(counts.values()) for tag, counts in unknown.items()} == {
        "Post-purchase": 90,
        "Complaint": 90,
    }
    card = json.loads((folder / "card.json").read_text())
    assert card["dataset"]["unknown"] == unknown
    assert all(row["loss"] is not None for row in card["history"])  # null: not a number
    assert 0 <= card["test"]["calibration"]["after"]["ece"] <= 1
    most = run.dataset.stats["per_tag"]["Complaint"]["test"]
    assert card["test"]["per_tag"]["Complaint"]["support"] == most


def test_the_documented_rows_are_those_that_can_be_loaded():
    call_command("loaddata", ROWS, verbosity=0)
    page = (CHECKOUT / "docs" / "adding-a-tag.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)` \| (\d+) \| (.+) \|$", page, re.MULTILINE)
    added = Tag.objects.exclude(name__in=SHIPPED_TAGS)
    assert rows == [(tag.name, str(tag.stage), tag.description) for tag in added]


def test_a_shop_trains_on_four_tags_of_its_own_alone(home, tmp_path, tiny_config, admin_client):
    for stage, (name, phrases) in enumerate(OWN_TAGS.items(), start=1):
        row = {"name": name, "description": f"Says {phrases[0]} somebody.", "stage": stage}
        assert admin_client.post(reverse("admin:classifier_tag_add"), row).status_code == 302
    lines = [
        f"{phrase} {thing},{name}"
        for name, phrases in OWN_TAGS.items()
        for phrase in phrases
        for thing in THINGS
    ]
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(["message,tags", *lines, "good morning,", "thanks a lot,"]))
    call_command("train", path, *tiny.quickly(tiny_config.base_model))
    assert registry.live_version().tags == list(OWN_TAGS)
    stats = Dataset.objects.get().stats
    assert stats["unknown"] == {}
    assert stats["warnings"][:5] == [
        f"{tag} has no example and is left out" for tag in Tag.objects.exclude(name__in=OWN_TAGS)
    ]
