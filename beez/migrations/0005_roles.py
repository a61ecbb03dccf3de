"""Roles as groups: what reviewers, ML engineers and operators may do in the staff pages.

A group that exists already, by whatever hand, gets these permissions too and loses none.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

READ = [
    "conversations.view_conversation",
    "conversations.view_message",
    "conversations.view_review",
    "classifier.view_tag",
    "classifier.view_modelversion",
    "classifier.view_activation",
    "classifier.view_thresholdchange",
    "training.view_trainingrun",
    "training.view_dataset",
    "training.view_comparison",
    "conversations.view_shadowtrial",
]
ROLES = {
    "Reviewer": [
        "conversations.view_conversation",
        "conversations.add_review",
        "classifier.view_tag",
    ],
    "ML engineer": [
        *READ,
        "conversations.add_review",
        "conversations.add_shadowtrial",
        "conversations.change_shadowtrial",
        "classifier.add_tag",
        "classifier.change_tag",
        "classifier.add_activation",
        "classifier.add_thresholdchange",
        "training.add_trainingrun",
        "training.change_trainingrun",
    ],
    "Operator": [
        *READ,
        "classifier.add_activation",
        "training.change_trainingrun",
        "beez.view_apikey",
        "beez.add_apikey",
        "beez.change_apikey",
    ],
}


def make(apps, schema_editor):
    for label in ("beez", "classifier", "conversations", "training"):
        config = apps.get_app_config(label)
        config.models_module = True  # else nothing is made: permissions come after all migrations
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects
    for name, wanted in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        for each in wanted:
            label, codename = each.split(".")
            group.permissions.add(permissions.get(content_type__app_label=label, codename=codename))


class Migration(migrations.Migration):
    dependencies = [
        ("beez", "0004_heartbeat"),
        ("classifier", "0006_registry"),
        ("conversations", "0010_search"),
        ("training", "0004_comparison"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
