from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0004_comparison"),
    ]

    operations = [
        migrations.AlterField(
            model_name="trainingrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "asked for"),
                    ("running", "Running"),
                    ("succeeded", "Succeeded"),
                    ("skipped", "Skipped"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="running",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="trainingrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")),
                fields=("state",),
                name="one_training_asked_for",
            ),
        ),
    ]
