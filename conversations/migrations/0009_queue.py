"""The review queue: who holds which message, skips, and messages of the same words.

`words` is computed for every stored message, which takes about half a minute a million.
"""

from django.db import migrations, models
from django.db.models.functions import MD5, Cast, Lower, Trim

SPACED = models.Func(
    models.F("text"),
    models.Value(r"\s+"),
    models.Value(" "),
    models.Value("g"),
    function="regexp_replace",
    output_field=models.TextField(),
)
WORDING = Cast(MD5(Lower(Trim(SPACED))), models.UUIDField())


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0008_overview"),
    ]

    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("actor", models.CharField(max_length=150)),
                (
                    "chosen",
                    models.CharField(
                        choices=[
                            ("reading", "met while reading a conversation"),
                            ("unsure", "the model was unsure of it"),
                            ("random", "drawn at random"),
                            ("shadow", "a candidate answered otherwise"),
                            ("api", "sent by another system"),
                        ],
                        max_length=16,
                    ),
                ),
                ("until", models.DateTimeField(db_index=True)),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        related_name="claim",
                        to="conversations.message",
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="Skip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("actor", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="skips",
                        to="conversations.message",
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            model_name="claim",
            index=models.Index(fields=["actor", "until"], name="claim_of_actor"),
        ),
        migrations.AddIndex(
            model_name="skip",
            index=models.Index(fields=["actor", "created_at"], name="skip_by_actor"),
        ),
        migrations.AddField(
            model_name="message",
            name="words",
            field=models.GeneratedField(
                db_persist=True, expression=WORDING, output_field=models.UUIDField()
            ),
        ),
        migrations.RemoveIndex(model_name="message", name="message_least_sure"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("reviewed", False), ("sampled", False)),
                fields=["-unsure", "-uncertainty", "-id"],
                include=["words"],
                name="message_least_sure",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("reviewed", True)),
                fields=["words"],
                name="message_reviewed_words",
            ),
        ),
    ]
