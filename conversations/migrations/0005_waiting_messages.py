"""Indexes of the messages that wait for a person, and of reviews by who wrote them.

A migration of its own: the rows that 0004 has changed must be committed before.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_reviews")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("reviewed", False), ("unsure", True)),
                fields=["conversation"],
                name="message_to_check",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("reviewed", False), ("sampled", False)),
                fields=["-uncertainty", "-id"],
                name="message_least_sure",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("reviewed", False), ("sampled", True)),
                fields=["-id"],
                name="message_sample",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["actor", "created_at"], name="review_by_actor"),
        ),
    ]
