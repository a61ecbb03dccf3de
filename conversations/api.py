"""The conversation routes: each parses, calls one function and presents."""

from collections.abc import Mapping
from typing import ClassVar, cast

from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted, throttling
from beez.api.models import ApiKey
from conversations import answers, ingest, listing, reviewing, schema
from conversations.converters import why_not_addressable
from conversations.erasure import erase
from conversations.models import Conversation, Message, Review
from conversations.requests import ConversationMessage, CorrectionBody, HistoryQuery, ListQuery
from conversations.reviewing import UnknownTagsError, WithdrawnError


class ClassifyConversation(APIView):
    required_scope: ClassVar[str] = "classify"

    @schema.classify_conversation
    def post(self, request: Request) -> Response:
        """Add a customer message to a conversation and say where the customer stands now."""
        body = accepted.body(request, ConversationMessage)
        throttling.spend(self, request, [body["message"]])
        posted = ingest.post(
            conversation_id=body["conversation_id"],
            text=body["message"],
            message_id=body.get("message_id"),
            customer_id=body.get("customer_id"),
            sent_at=body.get("sent_at"),
        )
        return Response(answers.posted(posted, conversation_id=body["conversation_id"]))


class ConversationList(APIView):
    required_scope: ClassVar[str] = "read"

    @schema.list_conversations
    def get(self, request: Request) -> Response:
        """List conversations, the last updated first."""
        query = accepted.query(request, ListQuery)
        page, cursor = listing.conversations_page(query)
        return Response({"conversations": [*map(answers.summary, page)], "next": cursor})


class ConversationDetail(APIView):
    required_scope: ClassVar[Mapping[str, str]] = {"GET": "read", "DELETE": "erase"}

    @schema.show_conversation
    def get(self, request: Request, conversation_id: str) -> Response:
        """A page of a conversation's tag history: messages in order, and the switches at them."""
        query = accepted.query(request, HistoryQuery)
        conversation = _existing(conversation_id)
        messages, next_after = listing.messages_page(conversation, **query)
        return Response(answers.history(conversation, messages=messages, next_after=next_after))

    @schema.clear_conversation
    def delete(self, request: Request, conversation_id: str) -> Response:
        """Erase a conversation with all that hangs on it, and get the receipt."""
        accepted.query(request, accepted.Nothing)
        receipt = erase(conversation_id=conversation_id, actor=caller(request))
        if not receipt and why_not_addressable(conversation_id):
            raise _no_such(conversation_id)  # a slash too many must not look as if it were erased
        return Response(answers.erased(receipt, f"Conversation {conversation_id}"))


class CorrectMessage(APIView):
    required_scope: ClassVar[str] = "correct"

    @schema.correct_message
    def post(self, request: Request, conversation_id: str, position: int) -> Response:
        """Say what a message's tags are; the history follows from that message on."""
        body = accepted.body(request, CorrectionBody)
        message = _message(conversation_id, position)
        try:
            reviewing.record(
                message=message, actor=caller(request), chosen=Review.Chosen.API, **body
            )
        except UnknownTagsError as error:
            raise ValidationError({"tags": [str(error)]}) from error
        except Conversation.DoesNotExist as error:  # erased meanwhile
            raise NotFound from error
        return Response(answers.entry(_message(conversation_id, position)))

    @schema.withdraw_correction
    def delete(self, request: Request, conversation_id: str, position: int) -> Response:
        """Take back what a person said of a message last; what held before holds again."""
        accepted.query(request, accepted.Nothing)
        holding = _message(conversation_id, position).holding
        if holding is None:
            raise NotFound("Nobody has corrected this message.")
        try:
            reviewing.withdraw(review=holding, actor=caller(request))
        except (WithdrawnError, Conversation.DoesNotExist) as error:  # meanwhile
            raise NotFound from error
        return Response(answers.entry(_message(conversation_id, position)))


def caller(request: Request) -> str:
    return cast(ApiKey, request.auth).name


def _message(conversation_id: str, position: int) -> Message:
    messages = listing.messages().filter(conversation=_existing(conversation_id))
    return get_object_or_404(messages, position=position)


def _existing(conversation_id: str) -> Conversation:
    conversation = listing.find(conversation_id)
    if conversation is None:
        raise _no_such(conversation_id)
    return conversation


def _no_such(conversation_id: str) -> NotFound:
    reason = why_not_addressable(conversation_id) or ""
    return NotFound(f"There is no conversation of that id. {reason}".strip())
