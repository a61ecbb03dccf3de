"""Corrections become reviews; messages know whether they wait for one."""

from django.db import migrations, models

# What was not stored then follows: the tags that existed, what the model had said, who holds.
FILL = """
    UPDATE conversations_review AS review SET
        labelled_for = (
            SELECT coalesce(jsonb_agg(name ORDER BY stage, name), '[]'::jsonb) FROM classifier_tag
            WHERE classifier_tag.created_at <= review.created_at OR review.tags ? name
        ),
        said = (
            SELECT coalesce(jsonb_agg(tag_id ORDER BY confidence DESC), '[]'::jsonb)
            FROM conversations_predictedtag AS predicted
            WHERE predicted.message_id = review.message_id
        );
    UPDATE conversations_review SET agrees = tags @> said AND said @> tags;
    UPDATE conversations_message SET reviewed = true
        WHERE id IN (SELECT message_id FROM conversations_review);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0004_threshold_change"),
        ("conversations", "0003_message_sent_at"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="message", name="message_review"),
        migrations.RenameField(model_name="message", old_name="review", new_name="unsure"),
        migrations.RenameModel(old_name="Correction", new_name="Review"),
        migrations.AddField(
            model_name="message",
            name="uncertainty",
            field=models.FloatField(
                db_default=0.0,
                default=0.0,
                help_text="How unsure, from 0 to 1; see classifier.decision.",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="sampled",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Drawn at random when it came: one of the messages that quality is told from.",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="reviewed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A review holds; `reviewing` keeps this true.",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="unsure",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The model was unsure of a tag, or found the message unfamiliar.",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="labelled_for",
            field=models.JSONField(
                default=list, help_text="The tags that existed then: the others are unknown."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="review",
            name="said",
            field=models.JSONField(default=list, help_text="The tags that the model had selected."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="review",
            name="agrees",
            field=models.BooleanField(
                default=False, help_text="The person says what the model said."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="review",
            name="chosen",
            field=models.CharField(
                choices=[
                    ("reading", "met while reading a conversation"),
                    ("unsure", "the model was unsure of it"),
                    ("random", "drawn at random"),
                    ("shadow", "a candidate answered otherwise"),
                    ("api", "sent by another system"),
                ],
                default="api",
                max_length=16,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="review",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="withdrawn_by",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AlterField(
            model_name="review",
            name="message",
            field=models.ForeignKey(
                on_delete=models.deletion.CASCADE,
                related_name="reviews",
                to="conversations.message",
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="tags",
            field=models.JSONField(help_text="The tags that hold, by name; empty for none."),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
