"""Indexes for searching messages by their words and for finding those that were reviewed.

Built beside the traffic: messages are posted meanwhile. A build that was broken off leaves an
index that is of no use, so each begins by removing it.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models.functions import Left

INDEXES = [
    models.Index(
        fields=["conversation"], condition=models.Q(reviewed=True), name="message_reviewed"
    ),
    GinIndex(
        SearchVector(Left("text", 10_000), config="simple"), name="message_words", fastupdate=False
    ),
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0009_queue")]

    operations = [
        operation
        for index in INDEXES
        for operation in (
            migrations.RunSQL(
                f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop
            ),
            AddIndexConcurrently(model_name="message", index=index),
        )
    ]
