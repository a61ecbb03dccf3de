"""What must stand before Beez serves: tables, a live model, a key and a staff account.

Each is made once; where it is there, the step says so and costs next to nothing.
"""

import secrets
from contextlib import suppress

from celery import current_app
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from kombu.exceptions import OperationalError as BrokerError

from beez.api import keys
from beez.api.models import ApiKey
from beez.launch import children, console, first_training, stopping
from beez.status import parts
from classifier import folders, registry, tag_loading
from training.runs import full, recording

STAFF_NAME = "admin"


class StartError(Exception):
    """A step failed; the message is a sentence for the person at the terminal."""


def tables() -> None:
    if parts.pending_migrations():
        with console.step("tables"):
            call_command("migrate", verbosity=0, interactive=False)
    else:
        console.done("tables", "up to date")
    _tags_of_own()


def _tags_of_own() -> None:
    """Of TAGS_FILE, before anything is trained."""
    try:
        loaded = tag_loading.first()
    except tag_loading.TagsError as error:
        raise StartError(str(error)) from None
    if loaded is not None:
        console.done("tags", ", ".join([*loaded.added, *loaded.changed, *loaded.unchanged]))


def model() -> bool:
    """Whether there is a model to serve; where none was ever live, a quick one is trained first.

    In a process of its own, so that torch's memory is given back before serving. The full training
    is asked for, and the worker does it beside the serving (`training.runs.full`). Where the live
    one is missing or damaged, none is trained: a person may have its folder, or know a better
    version, and the staff pages, where one is activated, are served all the same.
    """
    version = registry.live_version()
    if version is None:
        _train()
        _ask_for_the_full_training()
        return True
    if problem := registry.problem(version):
        console.box(_way_out(version.name, problem))
        return False
    console.done("model", version.name)
    _ask_for_the_full_training()
    return True


def _train() -> None:
    print("  No model is live yet. A quick first version takes about half a minute.", flush=True)
    with console.step("model"):
        training = first_training.go("train", f"--preset={full.QUICK}")
        try:
            stopping.wait_until(training.is_over)
        finally:
            children.stop([training])
        if training.process.returncode != 0 or registry.live_version() is None:
            raise StartError("The training failed; what it said stands above.")


def _ask_for_the_full_training() -> None:
    """Where the live version is a quick one. One that has failed, or that somebody has stopped, is
    not begun again unasked: it would take its minutes at each start, and fail again."""
    recording.end_all_lost()  # one that a power cut ended is not under way
    awaited = full.awaited()
    if awaited is None or awaited.stage not in ("missing", "asked"):
        return
    if awaited.stage == "missing":
        full.ask(asked_by="make run")
    with suppress(BrokerError, OSError):  # the worker looks each minute by itself, too
        current_app.send_task("training.tasks.take_up", retry=False)


def _way_out(name: str, why: str) -> list[str]:
    manage = ".venv/bin/python manage.py"
    other = registry.usable()
    instead = [f"make another version live:  {manage} activate {other.name}"] if other else []
    return [
        f"The live model {name} cannot be served.",
        why.removesuffix(folders.WAY_OUT),
        f"Models are in {settings.MODELS_DIR}.",
        "Messages get no tags until you do one of these; it is taken up within half a minute:",
        "",
        f"put its folder back:        {manage} register FOLDER",
        *instead,
        f"train a new one:            {manage} train",
    ]


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
