"""System checks: settings that are valid one by one, and yet no good together."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register

ESCAPED = 12  # bytes of a character in JSON at most: two escapes of six, as for an emoji
AROUND_A_MESSAGE = 16  # quotes, comma, indentation
AROUND_A_BODY = 10_000  # the other fields, ids in escapes
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", ".localhost"}


@register()
def models_folder(app_configs: object, **_: Any) -> Sequence[CheckMessage]:
    """Serving needs to read it, training (and fetching from a bucket) to write it; where it is
    missing it must be possible."""
    folder: Path = settings.MODELS_DIR
    fetching = os.W_OK if "models" in settings.STORAGES else 0
    if folder.exists():
        usable = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK | fetching)
    else:
        ancestor = next(parent for parent in folder.parents if parent.exists())
        usable = ancestor.is_dir() and os.access(ancestor, os.W_OK)
    if usable:
        return []
    hint = "Correct its owner or mode, or set MODELS_DIR."
    return [Error(f"The models folder {folder} cannot be used.", hint=hint, id="beez.E001")]


@register()
def limits(app_configs: object, **_: Any) -> Sequence[CheckMessage]:
    """What one limit allows, another should not refuse."""
    message, batch = settings.MAX_MESSAGE_LENGTH, settings.MAX_BATCH_CHARACTERS
    body = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if batch < message:
        text = (
            f"A message may have {message} characters (MAX_MESSAGE_LENGTH), all messages of a "
            f"batch together only {batch} (MAX_BATCH_CHARACTERS)."
        )
        hint = f"Set MAX_BATCH_CHARACTERS to {message} or more, or MAX_MESSAGE_LENGTH to less."
        return [Error(text, hint=hint, id="beez.E002")]
    needed = batch * ESCAPED + settings.MAX_BATCH_SIZE * AROUND_A_MESSAGE + AROUND_A_BODY
    if body >= needed:
        return []
    text = (
        f"A batch of {batch} characters (MAX_BATCH_CHARACTERS) may take {needed} bytes of JSON, "
        f"and a body only {body} (MAX_BODY_BYTES)."
    )
    hint = f"Set MAX_BODY_BYTES to {needed} or more, or MAX_BATCH_CHARACTERS to less."
    plain = batch > body  # not even letters of one byte fit
    return (
        [Error(text, hint=hint, id="beez.E002")]
        if plain
        else [Warning(text, hint=hint, id="beez.W002")]
    )


@register(Tags.security, deploy=True)
def plain_http(app_configs: object, **_: Any) -> Sequence[CheckMessage]:
    remote = [host for host in settings.ALLOWED_HOSTS if host not in LOCAL_HOSTS]
    if settings.HTTPS or not remote:
        return []
    text = f"Beez answers for {', '.join(remote)} with HTTPS=false: keys travel in the clear."
    hint = "Set HTTPS=true, and BEHIND_PROXY=true where a proxy ends the TLS connection."
    return [Warning(text, hint=hint, id="beez.W001")]


@register(Tags.database, deploy=True)
def embedded_parts(app_configs: object, **_: Any) -> Sequence[CheckMessage]:
    """No fault, but worth knowing: the embedded parts serve one machine."""
    host = str(settings.DATABASES["default"].get("HOST", ""))
    embedded = host.startswith(str(settings.BEEZ_HOME)) and "DATABASE_URL"
    missing = [name for name in (embedded, not settings.REDIS_URL and "REDIS_URL") if name]
    if not missing:
        return []
    text = f"On one machine only: {' and '.join(missing)} not set, the embedded parts are used."
    return [Info(text, id="beez.I001")]


@register()
def countries_of_phones(app_configs: object, **_: Any) -> Sequence[CheckMessage]:
    """A country that nobody knows would find no number, in silence."""
    if not settings.REDACT_PHONES_OF:
        return []
    from phonenumbers import SUPPORTED_REGIONS

    unknown = sorted(set(settings.REDACT_PHONES_OF) - SUPPORTED_REGIONS)
    if not unknown:
        return []
    text = f"REDACT_PHONES_OF names {', '.join(unknown)}, which no telephone numbers are known of."
    return [Error(text, hint="Use codes of two letters like GB,DE.", id="beez.E003")]
