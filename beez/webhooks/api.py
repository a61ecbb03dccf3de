"""The webhook routes, for keys of the scope `webhooks`: each parses, calls a function, presents."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from beez.api import accepted, paging
from beez.api.errors import Conflict
from beez.api.instants import instant
from beez.webhooks import endpoints, payload, shapes
from beez.webhooks.endpoints import EndpointError
from beez.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

_NEW = {
    "url": "https://shop.example/hooks/beez",
    "events": ["conversation.tag_switched"],
    "tags": ["Hot-buyer"],
}


class Webhooks(APIView):
    required_scope: ClassVar[str] = "webhooks"

    @extend_schema(
        operation_id="list_webhooks",
        summary="The endpoints",
        responses=shapes.WebhookList,
        tags=["webhooks"],
    )
    def get(self, request: Request) -> Response:
        """Each with its health: the last success and failure, what waits, and dead letters."""
        accepted.query(request, accepted.Nothing)
        return Response({"webhooks": _answers(list(WebhookEndpoint.objects.all()))})

    @extend_schema(
        operation_id="create_webhook",
        summary="Add an endpoint",
        request=shapes.NewWebhook,
        responses={201: shapes.WebhookWithSecret},
        examples=[OpenApiExample("Switches to and from a tag", _NEW, request_only=True)],
        tags=["webhooks"],
    )
    def post(self, request: Request) -> Response:
        """The answer holds the secret that signs its deliveries, this once."""
        body = accepted.body(request, shapes.NewWebhook)
        try:
            endpoint, secret = endpoints.create(**body)
        except EndpointError as error:
            raise _invalid(error) from error
        return Response(_answers([endpoint])[0] | {"secret": secret}, status=201)


class WebhookDetail(APIView):
    required_scope: ClassVar[str] = "webhooks"

    @extend_schema(
        operation_id="show_webhook",
        summary="An endpoint",
        responses=shapes.Webhook,
        tags=["webhooks"],
    )
    def get(self, request: Request, webhook: int) -> Response:
        accepted.query(request, accepted.Nothing)
        return Response(_answers([_existing(webhook)])[0])

    @extend_schema(
        operation_id="change_webhook",
        summary="Change an endpoint, or switch it on or off",
        request=shapes.WebhookChanges,
        responses=shapes.Webhook,
        tags=["webhooks"],
    )
    def patch(self, request: Request, webhook: int) -> Response:
        """What waits for one that is switched off becomes dead letters."""
        body = accepted.body(request, shapes.WebhookChanges)
        try:
            endpoint = endpoints.change(_existing(webhook), **body)
        except EndpointError as error:
            raise _invalid(error) from error
        return Response(_answers([endpoint])[0])

    @extend_schema(
        operation_id="remove_webhook",
        summary="Remove an endpoint",
        responses={204: None},
        tags=["webhooks"],
    )
    def delete(self, request: Request, webhook: int) -> Response:
        """With its deliveries and their log."""
        accepted.query(request, accepted.Nothing)
        endpoints.remove(_existing(webhook))
        return Response(status=204)


class WebhookSecret(APIView):
    required_scope: ClassVar[str] = "webhooks"

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="A new secret",
        request=None,
        responses=shapes.Secret,
        tags=["webhooks"],
    )
    def post(self, request: Request, webhook: int) -> Response:
        """For a day deliveries are signed with the old one too."""
        accepted.query(request, accepted.Nothing)
        return Response({"secret": endpoints.rotate(_existing(webhook))})


class WebhookTest(APIView):
    required_scope: ClassVar[str] = "webhooks"

    @extend_schema(
        operation_id="test_webhook",
        summary="Send a test event",
        request=None,
        responses={202: shapes.Sent},
        tags=["webhooks"],
    )
    def post(self, request: Request, webhook: int) -> Response:
        """Of the type `webhook.test`; what came of it stands among the deliveries."""
        accepted.query(request, accepted.Nothing)
        try:
            delivery = endpoints.send_test(_existing(webhook))
        except EndpointError as error:
            raise Conflict(str(error)) from error
        return Response({"delivery": delivery.pk}, status=202)


class WebhookDeliveries(APIView):
    required_scope: ClassVar[str] = "webhooks"

    @extend_schema(
        operation_id="list_deliveries",
        summary="What was told an endpoint, and what came of it",
        parameters=[shapes.DeliveryQuery],
        responses=shapes.DeliveryPage,
        tags=["webhooks"],
    )
    def get(self, request: Request, webhook: int) -> Response:
        query = accepted.query(request, shapes.DeliveryQuery)
        found = _existing(webhook).deliveries.select_related("event").prefetch_related("log")
        if "state" in query:
            found = found.filter(state=query["state"])
        page, cursor = paging.page(found, query)
        return Response({"deliveries": [*map(_delivery, page)], "next": cursor})


class WebhookReplay(APIView):
    required_scope: ClassVar[str] = "webhooks"

    @extend_schema(
        operation_id="replay_deliveries",
        summary="Try dead letters again",
        request=shapes.ReplayBody,
        responses=shapes.Replayed,
        tags=["webhooks"],
    )
    def post(self, request: Request, webhook: int) -> Response:
        """All of the endpoint, or some; each is tried for a day again."""
        body = accepted.body(request, shapes.ReplayBody)
        try:
            count = endpoints.replay(_existing(webhook), body.get("deliveries"))
        except EndpointError as error:
            raise Conflict(str(error)) from error
        return Response({"replayed": count})


def _existing(pk: int) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint, pk=min(pk, 2**63 - 1))


def _invalid(error: EndpointError) -> ValidationError:
    field = {"kinds": "events"}.get(error.field, error.field)
    return ValidationError({field: [str(error)]} if field else [str(error)])


def _answers(found: list[WebhookEndpoint]) -> list[dict[str, Any]]:
    counts = endpoints.counts([one.pk for one in found])
    return [_answer(one, *counts.get(one.pk, (0, 0))) for one in found]


def _answer(endpoint: WebhookEndpoint, waiting: int, dead: int) -> dict[str, Any]:
    return {
        "id": endpoint.pk,
        "url": endpoint.url,
        "name": endpoint.name,
        "events": endpoint.kinds,
        "tags": endpoint.tags,
        "with_text": endpoint.with_text,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": instant(endpoint.created_at),
        "last_success_at": instant(endpoint.last_success_at),
        "last_failure_at": instant(endpoint.last_failure_at),
        "waiting": waiting,
        "dead": dead,
    }


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    waits = row.state == WebhookDelivery.State.WAITING
    return {
        "id": row.pk,
        "webhook_id": payload.identifier(row),
        "type": row.event.kind,
        "conversation_id": row.subject or None,
        "state": row.state,
        "queued_at": instant(row.queued_at),
        "due_at": instant(row.due_at) if waits else None,
        "ended_at": instant(row.ended_at),
        "attempts": [*map(_attempt, row.log.all())],
    }


def _attempt(row: WebhookAttempt) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": instant(row.at),
        "seconds": round(row.seconds, 3),
        "status": row.status,
        "outcome": row.outcome,
    }
