"""What the shipped messages promise: enough of each kind, and nothing of the challenge set."""

import json
from collections import Counter

import pytest

from tests.keyword_model import SHIPPED_TAGS
from training.datasets import near_duplicates
from training.datasets.dataset import SEED_FILE
from training.datasets.reading import Record, read

DATA = SEED_FILE.parent
OPTIONAL_TAGS = ("Post-purchase", "Complaint")
GROUPS = {
    "refuses-discount": (("Hot-buyer",), 10),
    "browsing-for-ideas": (("Window-shopper",), 25),
    "saved-until-payday": (("Wishlist-user",), 7),
}


def examples(name, tags=tuple(SHIPPED_TAGS)):
    items = list(read(DATA / name, source=name, known_tags=tags, max_length=5_000))
    problems = [str(item) for item in items if not isinstance(item, Record)]
    assert problems == []
    return [item.example for item in items]


def test_the_seed_has_enough_messages_of_every_kind():
    seed = examples("seed.jsonl")
    counts = Counter(tag for example in seed for tag in example.tags)
    assert len(seed) >= 1_500
    assert min(counts[tag] for tag in SHIPPED_TAGS) >= 110
    assert sum(not example.tags for example in seed) >= 90
    assert sum(len(example.tags) >= 2 for example in seed) >= len(seed) / 3


def test_the_plain_messages_are_short_and_most_of_them_carry_no_tag():
    plain = examples("plain.jsonl")
    words = sorted(len(example.message.split()) for example in plain)
    counts = Counter(tag for example in plain for tag in example.tags)
    assert len(plain) >= 2_500
    assert words[len(words) // 2] <= 6
    assert sum(not example.tags for example in plain) >= len(plain) / 2
    assert min(counts[tag] for tag in SHIPPED_TAGS) >= 150


@pytest.mark.parametrize("name", ["seed.jsonl", "challenge.jsonl"])
@pytest.mark.parametrize("group", GROUPS)
def test_targeted_groups_are_there_with_their_one_tag(name, group):
    tags, least = GROUPS[group]
    members = [example for example in examples(name) if example.group == group]
    assert len(members) >= least
    assert {example.tags for example in members} == {tags}


def test_no_challenge_message_stands_in_the_seed_nor_nearly_so():
    seed, challenge = examples("seed.jsonl"), examples("challenge.jsonl")
    seed += examples("plain.jsonl")
    clusters = near_duplicates.cluster([example.message for example in [*challenge, *seed]])
    assert len(challenge) >= 300
    assert not set(clusters[: len(challenge)]) & set(clusters[len(challenge) :])


def test_the_optional_tags_have_enough_messages():
    found = examples("optional-tags.jsonl", (*SHIPPED_TAGS, *OPTIONAL_TAGS))
    counts = Counter(tag for example in found for tag in example.tags)
    assert min(counts[tag] for tag in OPTIONAL_TAGS) >= 80


def test_there_are_forty_conversations_of_three_to_eight_messages():
    lines = (DATA / "conversations.jsonl").read_text().splitlines()
    conversations = [json.loads(line)["messages"] for line in lines]
    assert len(conversations) >= 40
    assert all(3 <= len(messages) <= 8 for messages in conversations)
    assert {t for ms in conversations for m in ms for t in m["tags"]} <= set(SHIPPED_TAGS)


def test_the_stream_is_made_up_like_a_shops_and_hardly_anything_of_it_is_trained_on():
    """Hardly: "ok" and "is it machine washable" are what customers really say again and again."""
    stream = examples("stream.jsonl")
    trained = examples("seed.jsonl") + examples("plain.jsonl")
    near = near_duplicates.near(
        [example.message for example in stream], [example.message for example in trained]
    )
    assert sum(not example.tags for example in stream) == 0.75 * len(stream)
    assert sum(near) < 0.1 * len(stream)
