"""Indexes by time, so that the overview counts the last days without reading all that came before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0007_shadow")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["created_at"], name="message_by_time"),
        ),
        migrations.AddIndex(
            model_name="tagswitch",
            index=models.Index(fields=["created_at"], name="switch_by_time"),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("withdrawn_at", None)),
                fields=["created_at"],
                name="review_by_time",
            ),
        ),
    ]
