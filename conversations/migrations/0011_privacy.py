"""Whose conversation it is, and receipts of erasures; a column without a default is no rewrite."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0010_search")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="customer_id",
            field=models.CharField(
                blank=True,
                help_text="Whose conversation it is, if a caller has said so; never changed after that.",
                max_length=255,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("conversation", "conversation"),
                            ("customer", "customer"),
                            ("age", "age"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        help_text="The id, until the erasure has finished; then empty.",
                        max_length=255,
                    ),
                ),
                (
                    "subject_digest",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="Of the id; see conversations.receipts.",
                        max_length=64,
                    ),
                ),
                ("actor", models.CharField(max_length=150, verbose_name="by")),
                ("erased", models.JSONField(default=dict, help_text="Rows by kind.")),
                (
                    "datasets",
                    models.JSONField(
                        default=dict,
                        help_text="By the digest of a data set: messages learnt from, tested on.",
                    ),
                ),
                (
                    "unreadable",
                    models.JSONField(
                        default=list,
                        help_text="Digests of data sets that may have held some and cannot be read.",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="begun")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="finished"),
                ),
            ],
            options={"ordering": ["-id"], "default_permissions": ()},
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                condition=models.Q(finished_at=None),
                fields=("kind", "subject_digest"),
                name="receipt_open_once",
            ),
        ),
    ]
