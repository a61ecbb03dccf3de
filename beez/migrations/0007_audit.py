"""The audit log, whose rows the database itself keeps from being changed; and which key replaced
which."""

import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

# TRUNCATE, which the tests empty tables by, is no matter of rows.
APPEND_ONLY = """
    CREATE FUNCTION beez_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'The audit log is append-only.';
    END $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON beez_auditentry
        FOR EACH ROW EXECUTE FUNCTION beez_audit_append_only();
"""
AS_ANY_TABLE = """
    DROP TRIGGER append_only ON beez_auditentry;
    DROP FUNCTION beez_audit_append_only();
"""


def let_operators_read(apps, schema_editor):
    config = apps.get_app_config("beez")
    config.models_module = True  # else nothing is made: permissions come after all migrations
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    may_view = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="beez", codename="view_auditentry"
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Operator")
    group.permissions.add(may_view)


class Migration(migrations.Migration):
    dependencies = [
        ("beez", "0006_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="replaced_by",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replaces",
                to="beez.apikey",
            ),
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("staff", "staff account"),
                            ("key", "API key"),
                            ("system", "command or job"),
                        ],
                        max_length=8,
                        verbose_name="kind of actor",
                    ),
                ),
                (
                    "actor",
                    models.CharField(
                        help_text="The name that it had then.", max_length=150, verbose_name="who"
                    ),
                ),
                (
                    "actor_id",
                    models.CharField(
                        blank=True,
                        help_text="An account's number, a key's prefix.",
                        max_length=32,
                        verbose_name="who, exactly",
                    ),
                ),
                ("action", models.CharField(max_length=40, verbose_name="did")),
                ("subject", models.CharField(blank=True, max_length=300, verbose_name="on")),
                ("detail", models.JSONField(blank=True, default=dict)),
                (
                    "address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="from"),
                ),
            ],
            options={
                "verbose_name": "audit log entry",
                "verbose_name_plural": "audit log",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["at"], name="audit_at"),
                    models.Index(
                        fields=["action", "-id"],
                        name="audit_action",
                        opclasses=["varchar_pattern_ops", "int8_ops"],
                    ),
                    models.Index(fields=["subject", "-id"], name="audit_subject"),
                    models.Index(fields=["actor", "-id"], name="audit_actor"),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, AS_ANY_TABLE),
        migrations.RunPython(let_operators_read, migrations.RunPython.noop),
    ]
