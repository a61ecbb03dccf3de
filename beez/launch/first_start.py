"""What must stand before Beez serves: tables, a live model, a key and a staff account.

Each is made once; where it is there, the step says so and costs next to nothing.
"""

import secrets

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from beez.api import keys
from beez.api.models import ApiKey
from beez.launch import children, console, stopping
from classifier import registry

STAFF_NAME = "admin"


class StartError(Exception):
    """A step failed; the message is a sentence for the person at the terminal."""


def tables() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        with console.step("tables"):
            call_command("migrate", verbosity=0, interactive=False)
    else:
        console.done("tables", "up to date")


def model() -> None:
    """Train in a process of its own, so that torch's memory is given back before serving."""
    if (version := registry.live_version()) is not None:
        try:
            registry.sealed_folder(version)
        except registry.RegistryError as error:
            raise StartError(f"The live model cannot be used. {error}") from error
        console.done("model", version.name)
        return
    print("  No model is live yet. Training one takes a few minutes.", flush=True)
    with console.step("model"):
        training = children.start("training", "manage.py", "train")
        try:
            stopping.wait_until(training.is_over)
        finally:
            children.stop([training])
        if training.process.returncode != 0 or registry.live_version() is None:
            raise StartError("The training failed; what it said stands above.")


def credentials(address: str) -> str | None:
    """The first API key and staff account, shown in a box; returns a key made just now."""
    lines: list[str] = []
    key: str | None = None
    if not ApiKey.objects.exists():
        _, key = keys.create(name="first", scopes=ApiKey.Scope.values)
        lines += [f"API key         {key}", f"  others        {address}/admin/beez/apikey/"]
    users = get_user_model().objects
    if not users.filter(is_staff=True).exists():
        password = secrets.token_urlsafe(12)
        users.create_superuser(STAFF_NAME, "", password)
        lines += [f"Staff account   {STAFF_NAME}", f"  password      {password}"]
        lines += [f"  change it     {address}/admin/password_change/"]
    if lines:
        console.box([*lines, "", "They are shown only now: copy them."])
    else:
        console.done("key and staff account", "there already")
    return key
