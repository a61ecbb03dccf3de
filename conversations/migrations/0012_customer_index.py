"""An index for a customer's conversations, built beside the traffic.

A build that was broken off leaves an index that is of no use, so it begins by removing it.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = models.Index(
    fields=["customer_id", "id"],
    opclasses=["varchar_pattern_ops", "int8_ops"],
    condition=models.Q(customer_id__isnull=False),
    name="conversation_customer",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0011_privacy")]

    operations = [
        migrations.RunSQL(
            f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX.name}", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(model_name="conversation", index=INDEX),
    ]
