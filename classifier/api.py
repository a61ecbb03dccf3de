"""`POST /classify-message` and `POST /classify-messages`: stateless, nothing is stored."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted, throttling
from classifier import batches, live
from classifier.serializers import (
    ClassifyMessageRequest,
    ClassifyMessageResponse,
    ClassifyMessagesRequest,
    ClassifyMessagesResponse,
    answer,
)

_MESSAGE = "Any code for new customers?"
_ANSWER = {
    "threshold": 0.5,
    "selected": [
        {"tag": "Deal-seeker", "confidence": 0.9612},
        {"tag": "First-time-visitor", "confidence": 0.8344},
    ],
    "all": [
        {"tag": "Deal-seeker", "confidence": 0.9612, "threshold": 0.5, "review": False},
        {"tag": "First-time-visitor", "confidence": 0.8344, "threshold": 0.45, "review": False},
        {"tag": "Hot-buyer", "confidence": 0.0721, "threshold": 0.5, "review": False},
        {"tag": "Window-shopper", "confidence": 0.0316, "threshold": 0.5, "review": False},
        {"tag": "Wishlist-user", "confidence": 0.0187, "threshold": 0.55, "review": False},
    ],
    "review": False,
    "model_version": "20260102-030405-3f9a1c",
}


class ClassifyMessage(APIView):
    required_scope = "classify"

    @extend_schema(
        operation_id="classify_message",
        summary="Tags of one message",
        request=ClassifyMessageRequest,
        responses=ClassifyMessageResponse,
        examples=[
            OpenApiExample("A message", {"message": _MESSAGE}, request_only=True),
            OpenApiExample("Its tags", _ANSWER, response_only=True),
        ],
        tags=["classify"],
    )
    def post(self, request: Request) -> Response:
        body = accepted.body(request, ClassifyMessageRequest)
        throttling.spend(self, request, [body["message"]])
        return Response(answer(live.current(), body["message"]))


class ClassifyMessages(APIView):
    required_scope = "classify"

    @extend_schema(
        operation_id="classify_messages",
        summary="Tags of many messages, each by itself",
        request=ClassifyMessagesRequest,
        responses=ClassifyMessagesResponse,
        examples=[
            OpenApiExample("A batch", {"messages": [_MESSAGE]}, request_only=True),
            OpenApiExample(
                "Their tags",
                {"model_version": _ANSWER["model_version"], "results": [_ANSWER]},
                response_only=True,
            ),
        ],
        tags=["classify"],
    )
    def post(self, request: Request) -> Response:
        body = accepted.body(request, ClassifyMessagesRequest)
        throttling.spend(self, request, body["messages"])
        model = live.current()
        results = batches.answers(model, body["messages"])
        return Response({"model_version": model.version_name, "results": results})
