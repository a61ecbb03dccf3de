import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("classifier", "0002_tags")]
    operations = [
        migrations.AddField(
            model_name="activation",
            name="restores",
            field=models.ForeignKey(
                blank=True,
                null=True,
                help_text="The earlier activation that this one, a rollback, went back to.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="classifier.activation",
            ),
        )
    ]
