"""Labelled messages of no likeness, as files and as messages that staff have reviewed."""

import itertools
import json
import random

from conversations import reviewing
from conversations.models import Conversation, Message, Review
from tests.conversations.posting import add_message

NOUNS = """anorak boots candle desk easel flute globe hammock iris jigsaw kettle lamp mug
necklace oboe piano quilt ring sofa trunk urn violin watch xylophone yarn zither"""
TAGS = ["First-time-visitor", "Deal-seeker", "Hot-buyer"]


def texts(count, seed=0):
    """Four random words each, so that no two are alike."""
    pairs = list(itertools.combinations(NOUNS.split(), 4))
    return [" ".join(words) for words in random.Random(seed).sample(pairs, count)]


def file(path, rows=None, *, count=60):
    """A file of (text, tags), or of `count` messages with random tags; its path."""
    rng = random.Random(1)
    rows = rows or [(text, [t for t in TAGS if rng.random() < 0.4]) for text in texts(count)]
    path.write_text("\n".join(json.dumps({"message": m, "tags": tags}) for m, tags in rows))
    return path


def reviewed(text, *tags, by="anna", sampled=False, conversation="c"):
    """A message that somebody has reviewed; the review."""
    message = add_message(conversation_id=conversation, text=text)
    Message.objects.filter(pk=message.pk).update(sampled=sampled)
    return reviewing.record(message=message, tags=tags, actor=by)


def many_reviewed(rows, version, *, by="anna", sampled=False):
    """The same for many (text, tags) at once, without a history."""
    conversation = Conversation.objects.create(
        conversation_id=f"many {Conversation.objects.count()}", updated_at="2026-01-01T00:00Z"
    )
    messages = Message.objects.bulk_create(
        Message(
            conversation=conversation, position=position, text=text, probabilities={},
            thresholds={}, threshold=0.5, model_version=version, rule="newest",
            created_at="2026-01-01T00:00Z", sampled=sampled, reviewed=True,
        )
        for position, (text, _) in enumerate(rows, start=1)
    )  # fmt: skip
    return Review.objects.bulk_create(
        Review(
            message=message, tags=list(tags), labelled_for=TAGS, said=[], agrees=False,
            chosen="unsure", actor=by,
        )
        for message, (_, tags) in zip(messages, rows, strict=True)
    )  # fmt: skip
