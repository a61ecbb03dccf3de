"""How each new version compared with the live one, and who signed where somebody had to."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0004_threshold_change"),
        ("training", "0003_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Comparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("live", "went live"),
                            ("refused", "refused"),
                            ("signature", "needs a signature"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.TextField(help_text="The verdict's reason, as a full sentence."),
                ),
                ("report", models.JSONField()),
                ("markdown", models.TextField(help_text="The report as it was told then.")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("signed_by", models.CharField(blank=True, max_length=150)),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("signed_reason", models.CharField(blank=True, max_length=200)),
                (
                    "challenger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="classifier.modelversion",
                        verbose_name="new version",
                    ),
                ),
                (
                    "champion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="classifier.modelversion",
                        verbose_name="live then",
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comparison",
                        to="training.trainingrun",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
    ]
