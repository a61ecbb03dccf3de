"""Bodies of the classify endpoints, and the answer that a classification becomes."""

from typing import Any

from rest_framework import serializers

from classifier.engine import Classification
from classifier.fields import MessageField, MessageListField
from classifier.live import LiveModel

DECIMALS = 4


class ClassifyMessageRequest(serializers.Serializer[Any]):
    message = MessageField(help_text="What the customer wrote.")


class ClassifyMessagesRequest(serializers.Serializer[Any]):
    messages = MessageListField(help_text="Each classified by itself, in this order.")


class TagConfidence(serializers.Serializer[Any]):
    tag = serializers.CharField()
    confidence = serializers.FloatField(help_text="Calibrated probability, 0 to 1.")


class TagConfidenceThreshold(TagConfidence):
    threshold = serializers.FloatField(help_text="From this confidence on the tag is selected.")
    review = serializers.BooleanField(help_text="The model is unsure whether the tag holds.")


class ClassifyMessageResponse(serializers.Serializer[Any]):
    threshold = serializers.FloatField(help_text="The global threshold in force.")
    selected = TagConfidence(many=True, help_text="Tags that reach their threshold, best first.")
    all = TagConfidenceThreshold(many=True, help_text="Every tag, best first.")
    review = serializers.BooleanField(
        help_text="A person had better look: for a tag, or since the message is unfamiliar."
    )
    unfamiliar = serializers.BooleanField(
        help_text="The message is unlike anything learnt from (another language, say), has no "
        "words, or is longer than the model reads."
    )
    model_version = serializers.CharField()


class ClassifyMessagesResponse(serializers.Serializer[Any]):
    model_version = serializers.CharField()
    results = ClassifyMessageResponse(many=True, help_text="In the order of the messages.")


def answer(model: LiveModel, text: str) -> dict[str, Any]:
    """What `ClassifyMessageResponse` describes."""
    found = model.classify(text)
    return {
        "threshold": found.threshold,
        "selected": confidences(found.selected),
        "all": _all(found),
        "review": found.review,
        "unfamiliar": found.strange,
        "model_version": model.version_name,
    }


def confidences(pairs: list[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"tag": tag, "confidence": round(value, DECIMALS)} for tag, value in pairs]


def _all(found: Classification) -> list[dict[str, Any]]:
    unsure = found.unsure
    return [
        {**entry, "threshold": found.thresholds[entry["tag"]], "review": entry["tag"] in unsure}
        for entry in confidences(found.ranked)
    ]
