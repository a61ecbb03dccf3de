"""What the OpenAPI schema says of the conversation routes: parameters, answers, examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from classifier.serializers import TagConfidence
from conversations.receipt_schema import RECEIPT, Cleared
from conversations.requests import (
    LARGEST_POSITION,
    ConversationMessage,
    CorrectionBody,
    HistoryQuery,
    ListQuery,
)

Shape = serializers.Serializer[Any]


class Evidence(Shape):
    message = serializers.CharField()
    top = TagConfidence(many=True)


class ClassifiedConversation(Shape):
    conversation_id = serializers.CharField()
    threshold = serializers.FloatField()
    conversation_tag = TagConfidence(allow_null=True)
    switched = serializers.BooleanField()
    evidence = Evidence(many=True)
    review = serializers.BooleanField(help_text="The model is unsure of a tag of the message.")
    position = serializers.IntegerField()
    previous_tag = serializers.CharField(allow_null=True)
    model_version = serializers.CharField()


class ConversationSummary(Shape):
    conversation_id = serializers.CharField()
    customer_id = serializers.CharField(allow_null=True)
    conversation_tag = TagConfidence(allow_null=True)
    message_count = serializers.IntegerField()
    last_switch_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ConversationPage(Shape):
    conversations = ConversationSummary(many=True)
    next = serializers.CharField(allow_null=True)


class StoredCorrection(Shape):
    tags = serializers.ListField(child=serializers.CharField())
    labelled_for = serializers.ListField(
        child=serializers.CharField(), help_text="The tags that existed then; others are unknown."
    )
    actor = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class HistoryMessage(Shape):
    position = serializers.IntegerField()
    message = serializers.CharField()
    message_id = serializers.CharField(allow_null=True)
    sent_at = serializers.DateTimeField(
        allow_null=True, help_text="As the caller said, in UTC; positions are the order of arrival."
    )
    created_at = serializers.DateTimeField()
    model_version = serializers.CharField()
    rule = serializers.ChoiceField(choices=["newest", "mean"])
    threshold = serializers.FloatField()
    thresholds = serializers.DictField(child=serializers.FloatField())
    tags = TagConfidence(many=True)
    probabilities = serializers.DictField(child=serializers.FloatField())
    conversation_tag = TagConfidence(allow_null=True)
    switched = serializers.BooleanField()
    review = serializers.BooleanField(
        help_text="The model was unsure of a tag, and nobody has reviewed the message."
    )
    correction = StoredCorrection(allow_null=True)


class _SwitchFields(Shape):
    position = serializers.IntegerField()
    to = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


# `from` is a keyword of Python
Switch = type("Switch", (_SwitchFields,), {"from": serializers.CharField()})


class ConversationHistory(ConversationSummary):
    messages = HistoryMessage(many=True)
    switches = Switch(many=True, help_text="At the messages of this page, in order.")
    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page.")


CONVERSATION_ID = OpenApiParameter("conversation_id", str, OpenApiParameter.PATH)
POSITION = OpenApiParameter(
    "position",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_POSITION},
    OpenApiParameter.PATH,
    description="The message's position: 1, 2, 3, …",
)
MOMENT = "2026-01-31T12:00:00+00:00"
SUMMARY = {
    "conversation_id": "customer-17",
    "customer_id": None,
    "conversation_tag": {"tag": "Wishlist-user", "confidence": 0.93},
    "message_count": 2,
    "last_switch_at": MOMENT,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
MESSAGE = {
    "position": 2,
    "message": "These shoes look nice, I'll save them for later",
    "message_id": None,
    "sent_at": "2026-01-31T11:58:00+00:00",
    "created_at": MOMENT,
    "model_version": "20260131-120000",
    "rule": "newest",
    "threshold": 0.5,
    "thresholds": {"Wishlist-user": 0.5, "Deal-seeker": 0.45},
    "tags": [{"tag": "Wishlist-user", "confidence": 0.93}],
    "probabilities": {"Wishlist-user": 0.93, "Deal-seeker": 0.04},
    "conversation_tag": {"tag": "Wishlist-user", "confidence": 0.93},
    "switched": True,
    "review": False,
    "correction": None,
}
CORRECTION = {
    "tags": ["Wishlist-user"],
    "labelled_for": ["Wishlist-user", "Deal-seeker"],
    "actor": "shop",
    "note": "",
    "created_at": MOMENT,
}

classify_conversation = extend_schema(
    operation_id="classify_conversation",
    tags=["conversations"],
    request=ConversationMessage,
    responses=ClassifiedConversation,
    examples=[
        OpenApiExample(
            "A message",
            request_only=True,
            value={
                "conversation_id": "customer-17",
                "message": "These shoes look nice, I'll save them for later",
            },
        ),
        OpenApiExample(
            "The conversation after it",
            response_only=True,
            value={
                "conversation_id": "customer-17",
                "threshold": 0.5,
                "conversation_tag": {"tag": "Wishlist-user", "confidence": 0.93},
                "switched": True,
                "evidence": [
                    {
                        "message": "Hi, I'm new here. What do you sell?",
                        "top": [{"tag": "First-time-visitor", "confidence": 0.97}],
                    },
                    {
                        "message": "These shoes look nice, I'll save them for later",
                        "top": [{"tag": "Wishlist-user", "confidence": 0.93}],
                    },
                ],
                "review": False,
                "position": 2,
                "previous_tag": "First-time-visitor",
                "model_version": "20260131-120000",
            },
        ),
    ],
)
list_conversations = extend_schema(
    operation_id="list_conversations",
    tags=["conversations"],
    parameters=[ListQuery],
    responses=ConversationPage,
    examples=[OpenApiExample("A page", value={"conversations": [SUMMARY], "next": None})],
)
show_conversation = extend_schema(
    operation_id="show_conversation",
    tags=["conversations"],
    parameters=[CONVERSATION_ID, HistoryQuery],
    responses=ConversationHistory,
    examples=[
        OpenApiExample(
            "A history",
            value=SUMMARY
            | {
                "messages": [MESSAGE],
                "switches": [
                    {
                        "position": 2,
                        "from": "First-time-visitor",
                        "to": "Wishlist-user",
                        "at": MOMENT,
                    }
                ],
                "next": None,
            },
        )
    ],
)
clear_conversation = extend_schema(
    operation_id="clear_conversation",
    tags=["conversations"],
    parameters=[CONVERSATION_ID],
    responses={200: Cleared},
    examples=[
        OpenApiExample(
            "Cleared",
            value={
                "message": "Conversation customer-17 cleared",
                "erased": True,
                "receipt": RECEIPT,
            },
        )
    ],
)
correct_message = extend_schema(
    operation_id="correct_message",
    tags=["conversations"],
    parameters=[CONVERSATION_ID, POSITION],
    request=CorrectionBody,
    responses=HistoryMessage,
    examples=[
        OpenApiExample(
            "A correction",
            request_only=True,
            value={"tags": ["Wishlist-user"], "note": "Set aside for payday."},
        ),
        OpenApiExample(
            "The message after it", response_only=True, value=MESSAGE | {"correction": CORRECTION}
        ),
    ],
)
withdraw_correction = extend_schema(
    operation_id="withdraw_correction",
    tags=["conversations"],
    parameters=[CONVERSATION_ID, POSITION],
    responses={200: HistoryMessage},
    examples=[OpenApiExample("The message after it", response_only=True, value=MESSAGE)],
)
