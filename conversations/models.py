"""Conversations, their messages with what the model said, and the tag history that follows."""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Left

from classifier.models import ModelVersion, Tag
from conversations.wording import wording

SEARCHED = 10_000  # characters of a message in which words are found


class Conversation(models.Model):
    """One customer's thread. `tag` is where the customer stands after the newest message."""

    conversation_id = models.CharField(max_length=255, unique=True)
    customer_id = models.CharField(  # noqa: DJ001 - null: nobody has said whose it is
        max_length=255,
        null=True,
        blank=True,
        help_text="Whose conversation it is, if a caller has said so; never changed after that.",
    )
    tag = models.ForeignKey(
        Tag, on_delete=models.PROTECT, null=True, blank=True, related_name="conversations"
    )
    tag_confidence = models.FloatField(null=True, blank=True)
    message_count = models.PositiveIntegerField(default=0)
    last_switch_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-updated_at", "-id"]
        indexes = [
            models.Index(fields=["-updated_at", "-id"]),
            models.Index(  # finds a customer's conversations in order, and ids by how they begin
                fields=["customer_id", "id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                condition=models.Q(customer_id__isnull=False),
                name="conversation_customer",
            ),
        ]

    def __str__(self) -> str:
        return self.conversation_id


class Message(models.Model):
    """A customer message, what the model said of it, and the conversation's tag after it."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    position = models.PositiveIntegerField(help_text="1, 2, 3, … without gaps.")
    text = models.TextField()
    message_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - unique or absent
    probabilities = models.JSONField(help_text="Calibrated probability of every tag.")
    thresholds = models.JSONField(help_text="Threshold of every tag that decided this message.")
    threshold = models.FloatField(help_text="The global threshold then in force.")
    stages = models.JSONField(
        null=True, help_text="Stage of every tag that decided then; null before this was kept."
    )
    unsure = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The model was unsure of a tag, or found the message unfamiliar.",
    )
    uncertainty = models.FloatField(
        default=0.0, db_default=0.0, help_text="How unsure, from 0 to 1; see classifier.decision."
    )
    sampled = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Drawn at random when it came: one of the messages that quality is told from.",
    )
    reviewed = models.BooleanField(
        default=False, db_default=False, help_text="A review holds; `reviewing` keeps this true."
    )
    words = models.GeneratedField(
        expression=wording("text"), output_field=models.UUIDField(), db_persist=True
    )
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT)
    rule = models.CharField(max_length=16, help_text="Rule for the conversation's tag then.")
    conversation_tag = models.ForeignKey(
        Tag, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    conversation_tag_confidence = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(
        null=True, blank=True, help_text="When the customer sent it, if the caller says so."
    )

    class Meta:
        ordering = ["conversation_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "position"], name="message_position_unique"
            ),
            models.UniqueConstraint(
                fields=["conversation", "message_id"],
                condition=models.Q(message_id__isnull=False),
                name="message_id_unique",
            ),
        ]
        indexes = [  # of the few that wait for somebody, so that they are found among millions
            models.Index(
                fields=["conversation"],
                condition=models.Q(unsure=True, reviewed=False),
                name="message_to_check",
            ),
            models.Index(
                fields=["-unsure", "-uncertainty", "-id"],
                include=["words"],
                condition=models.Q(reviewed=False, sampled=False),
                name="message_least_sure",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(reviewed=False, sampled=True),
                name="message_sample",
            ),
            models.Index(
                fields=["sent_at", "conversation"],
                condition=models.Q(sent_at__isnull=False),
                name="message_sent",
            ),
            models.Index(fields=["created_at"], name="message_by_time"),
            models.Index(
                fields=["words"],
                condition=models.Q(reviewed=True),
                name="message_reviewed_words",
            ),
            models.Index(
                fields=["conversation"],
                condition=models.Q(reviewed=True),
                name="message_reviewed",
            ),
            GinIndex(  # no list of pending entries: no message pays for those before it
                SearchVector(Left("text", SEARCHED), config="simple"),
                name="message_words",
                fastupdate=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.position}"

    @property
    def asks_for_review(self) -> bool:
        """The model was unsure, and nobody has looked at it; `listing.asks_for_review` in SQL."""
        return self.unsure and not self.reviewed

    @property
    def holding(self) -> "Review | None":
        """The review that holds: the newest one that nobody has withdrawn."""
        return next((one for one in self.reviews.all() if one.withdrawn_at is None), None)


class PredictedTag(models.Model):
    """A tag that the model selected for a message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="predicted_tags")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="+")
    confidence = models.FloatField()

    class Meta:
        ordering = ["-confidence"]
        constraints = [
            models.UniqueConstraint(fields=["message", "tag"], name="predicted_tag_unique")
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} {self.confidence:.2f}"


class TagSwitch(models.Model):
    """The conversation's tag changed from one tag to another, or was lost, at a message."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="switches"
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="switch")
    from_tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="+")
    to_tag = models.ForeignKey(
        Tag, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["message__position"]
        indexes = [models.Index(fields=["created_at"], name="switch_by_time")]

    def __str__(self) -> str:
        return f"{self.from_tag_id} → {self.to_tag_id or 'none'}"


class Review(models.Model):
    """A person's word on a message: which tags it has, of those that existed then.

    Rows are only appended; one can be withdrawn. The newest that is not holds, and outranks the
    model. Which version said what stands with the message and never changes.
    """

    class Chosen(models.TextChoices):
        """Why just this message was looked at."""

        READING = "reading", "met while reading a conversation"
        UNSURE = "unsure", "the model was unsure of it"
        RANDOM = "random", "drawn at random"
        SHADOW = "shadow", "a candidate answered otherwise"
        API = "api", "sent by another system"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reviews")
    tags = models.JSONField(help_text="The tags that hold, by name; empty for none.")
    labelled_for = models.JSONField(help_text="The tags that existed then: the others are unknown.")
    said = models.JSONField(help_text="The tags that the model had selected.")
    agrees = models.BooleanField(help_text="The person says what the model said.")
    chosen = models.CharField(max_length=16, choices=Chosen)
    note = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["actor", "created_at"], name="review_by_actor"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(withdrawn_at=None),
                name="review_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.tags) or 'no tag'} by {self.actor}"


class ShadowTrial(models.Model):
    """A candidate answers a share of the live traffic, unheard; one at a time."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="trials")
    share = models.FloatField(help_text="Of the messages, from 0 to 1.")
    looked_at = models.BigIntegerField(help_text="Id of the newest message that it has passed.")
    started_at = models.DateTimeField(auto_now_add=True)
    started_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(ended_at=None), name="one_trial_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} since {self.started_at:%Y-%m-%d %H:%M}"


class ShadowAnswer(models.Model):
    """What a candidate in trial would have said of a message."""

    trial = models.ForeignKey(ShadowTrial, on_delete=models.CASCADE, related_name="answers")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="shadow_answers")
    tags = models.JSONField(help_text="The tags that it selects.")
    probabilities = models.JSONField(help_text="Calibrated probability of every tag.")
    differs = models.BooleanField(help_text="From the tags that the live version selected.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trial", "message"], name="shadow_answer_unique")
        ]
        indexes = [
            models.Index(
                fields=["message"], condition=models.Q(differs=True), name="shadow_differs"
            )
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.tags) or 'no tag'} for {self.message_id}"


class Claim(models.Model):
    """A message of the review queue, held for one reviewer until a moment; the row stays.

    A review or a skip ends it. Another person may take it over once it has ended.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="claim")
    actor = models.CharField(max_length=150)
    chosen = models.CharField(max_length=16, choices=Review.Chosen)
    until = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["actor", "until"], name="claim_of_actor")]

    def __str__(self) -> str:
        return f"{self.message_id} for {self.actor} until {self.until:%H:%M:%S}"


class Skip(models.Model):
    """A reviewer had no answer to a message; that day the queue does not ask the person again."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="skips")
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["actor", "created_at"], name="skip_by_actor")]

    def __str__(self) -> str:
        return f"{self.message_id} by {self.actor}"


class Receipt(models.Model):
    """What was erased, for whom, and what had been made of it; holds neither a text nor an id.

    A row is written with the erasure itself. One that has not finished goes on where it stopped.
    """

    class Kind(models.TextChoices):
        CONVERSATION = "conversation", "conversation"
        CUSTOMER = "customer", "customer"
        AGE = "age", "age"

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.CharField(
        max_length=255, blank=True, help_text="The id, until the erasure has finished; then empty."
    )
    subject_digest = models.CharField(
        max_length=64, blank=True, db_index=True, help_text="Of the id; see conversations.receipts."
    )
    actor = models.CharField("by", max_length=150)
    erased = models.JSONField(default=dict, help_text="Rows by kind.")
    datasets = models.JSONField(
        default=dict, help_text="By the digest of a data set: messages learnt from, tested on."
    )
    unreadable = models.JSONField(
        default=list, help_text="Digests of data sets that may have held some and cannot be read."
    )
    created_at = models.DateTimeField("begun", auto_now_add=True)
    finished_at = models.DateTimeField("finished", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_digest"],
                condition=models.Q(finished_at=None),
                name="receipt_open_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.number)
