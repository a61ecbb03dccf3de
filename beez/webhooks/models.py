"""Who wants to hear of what (endpoints), what happened (events), and what became of telling it."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Kind(models.TextChoices):
    TAG_SWITCHED = "conversation.tag_switched", "A conversation's tag switched"
    REVIEWED = "message.reviewed", "A person reviewed a message"
    ACTIVATED = "model.activated", "A model version went live"
    TRAINED = "training.finished", "A training ended"


TEST = "webhook.test"  # sent by a person to one endpoint; nobody chooses it


class WebhookEndpoint(models.Model):
    """A receiver. The secret is kept as it is, for each delivery is signed with it."""

    url = models.CharField(max_length=2000, verbose_name="URL")
    name = models.CharField(max_length=100, blank=True, help_text="What it is for.")
    kinds = ArrayField(models.CharField(max_length=40, choices=Kind), verbose_name="events")
    tags = ArrayField(
        models.CharField(max_length=100),
        blank=True,
        default=list,
        help_text="Events of conversations and messages with one of these tags alone. None: all.",
    )
    with_text = models.BooleanField(
        default=False, help_text="Send the customer's message too, not only ids, tags and scores."
    )
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    secret = models.CharField(max_length=200)
    old_secret = models.CharField(max_length=200, blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(
        default=0, help_text="Deliveries in a row that failed at their first attempt."
    )
    resting_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "webhook"

    def __str__(self) -> str:
        return self.name or self.url


class WebhookEvent(models.Model):
    """Something that happened. `subject` is the conversation's id, empty where it is about none.

    A message's text is never in `data`.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=255, blank=True)
    data = models.JSONField()
    occurred_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject"], name="event_of_subject")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()


class WebhookDelivery(models.Model):
    """An event on its way to an endpoint. Its worker holds it until `leased_until`.

    Without a constraint on the endpoint: the insert in a caller's transaction must neither wait
    for the deletion of an endpoint nor fail by it. `tidying` removes what such a race leaves.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Dead letter"

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
    )
    subject = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField(db_default=Now(), help_text="It is tried for a day from then.")
    due_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=Q(state="waiting"),
                name="delivery_due",
            ),
            models.Index(
                fields=["subject", "endpoint", "id"],
                condition=Q(state="waiting"),
                name="delivery_in_order",
            ),
            models.Index(fields=["endpoint", "state", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["subject", "id"], name="delivery_of_subject"),
            models.Index(
                fields=["ended_at"], condition=Q(ended_at__isnull=False), name="delivery_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"


class WebhookAttempt(models.Model):
    """A line of the delivery log: what an endpoint answered. Its body is not kept."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    seconds = models.FloatField()
    status = models.PositiveIntegerField(null=True, blank=True, help_text="Null: no answer came.")
    outcome = models.CharField(max_length=200)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome}"
