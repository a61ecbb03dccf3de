"""What the OpenAPI schema says of a customer's routes."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers

from conversations.receipt_schema import RECEIPT, Cleared, Shape
from conversations.requests import CustomerQuery
from conversations.schema import (
    MESSAGE,
    SUMMARY,
    ConversationSummary,
    HistoryMessage,
    StoredCorrection,
    Switch,
)


class GivenReview(StoredCorrection):
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class GivenShadowAnswer(Shape):
    model_version = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())


class StoredMessage(HistoryMessage):
    reviews = GivenReview(many=True, help_text="The newest first, withdrawn ones too.")
    shadow_answers = GivenShadowAnswer(
        many=True, help_text="What candidates in a trial would have said."
    )


class StoredConversation(ConversationSummary):
    messages = StoredMessage(many=True)
    switches = Switch(many=True)


class StoredAboutCustomer(Shape):
    customer_id = serializers.CharField()
    conversations = StoredConversation(many=True)
    next = serializers.CharField(allow_null=True, help_text="`cursor` of the next page.")


CUSTOMER_ID = OpenApiParameter("customer_id", str, OpenApiParameter.PATH)

show_customer = extend_schema(
    operation_id="show_customer",
    tags=["customers"],
    parameters=[CUSTOMER_ID, CustomerQuery],
    responses=StoredAboutCustomer,
    examples=[
        OpenApiExample(
            "What is stored",
            value={
                "customer_id": "17",
                "conversations": [
                    SUMMARY
                    | {"customer_id": "17", "switches": []}
                    | {"messages": [MESSAGE | {"reviews": [], "shadow_answers": []}]}
                ],
                "next": None,
            },
        )
    ],
)
erase_customer = extend_schema(
    operation_id="erase_customer",
    tags=["customers"],
    parameters=[CUSTOMER_ID],
    responses={200: Cleared, 202: Cleared},
    examples=[
        OpenApiExample(
            "Erased",
            value={
                "message": "Customer 17 cleared",
                "erased": True,
                "receipt": RECEIPT | {"kind": "customer"},
            },
        )
    ],
)
