"""`api_key create|list|rotate|revoke`: the key alone goes to standard output, words to standard
error."""

import argparse
import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from beez.api import key_states, keys
from beez.api.models import ApiKey
from classifier.terminal import user


class Command(BaseCommand):
    help = "Create, list, rotate and revoke API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="print a new key; it cannot be shown again")
        create.add_argument("name", help="whose key it is")
        create.add_argument(
            "--scopes", required=True, help=f"comma-separated, of {', '.join(ApiKey.Scope.values)}"
        )
        create.add_argument("--expires-days", type=int, metavar="N")
        verbs.add_parser("list", help="every key, without its secret")
        rotate = verbs.add_parser("rotate", help="print a new key in place of an old one")
        rotate.add_argument(
            "--overlap",
            type=_span,
            default=timedelta(days=7),
            metavar="7d",
            help="how long the old one goes on: days (d), hours (h) or minutes (m); default: 7d",
        )
        revoke = verbs.add_parser("revoke", help="close a key for good")
        for verb in (rotate, revoke):
            verb.add_argument("prefix", help="what the key starts with, like bz_1a2b3c4d")

    def handle(self, *, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(**options)

    def _create(self, *, name: str, scopes: str, expires_days: int | None, **_: Any) -> None:
        if expires_days is not None and expires_days < 1:
            raise CommandError("--expires-days is a number of days from 1 on.")
        expires_at = expires_days and timezone.now() + timedelta(days=expires_days)
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            row, key = keys.create(
                name=name, scopes=wanted, expires_at=expires_at or None, actor=user()
            )
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"Key of {row.name} ({', '.join(row.scopes)}); shown only now:")
        self.stdout.write(key)

    def _list(self, **_: Any) -> None:
        for row in ApiKey.objects.all():
            used = f"used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
            if key_states.is_unused(row):
                used += f", not for {key_states.UNUSED.days} days"
            scopes = ",".join(row.scopes)
            self.stdout.write(f"{row.prefix}  {_state(row):<28} {scopes:<28} {used:<22} {row.name}")

    def _rotate(self, *, prefix: str, overlap: timedelta, **_: Any) -> None:
        row = _found(prefix)
        try:
            new, key = keys.rotate(row, overlap=overlap, actor=user())
        except keys.RotationError as error:
            raise CommandError(f"{row}: {error}") from None
        self.stderr.write(f"{row.prefix} goes on until {row.expires_at:%Y-%m-%d %H:%M} UTC.")
        self.stderr.write(f"Key of {new.name} ({', '.join(new.scopes)}); shown only now:")
        self.stdout.write(key)

    def _revoke(self, *, prefix: str, **_: Any) -> None:
        row = _found(prefix)
        keys.revoke(row, actor=user())
        self.stderr.write(
            f"Revoked: {row.name} ({row.prefix}). It opens nothing within two seconds."
        )


def _found(prefix: str) -> ApiKey:
    row = ApiKey.objects.filter(prefix=prefix).first()
    if row is None:
        raise CommandError(f"No key has the prefix {prefix}. `api_key list` shows them all.")
    return row


def _state(row: ApiKey) -> str:
    found = key_states.state(row)
    if row.expires_at is None or found in ("expired", "revoked"):
        return found
    soon = ", soon" if found == "ends soon" else ""
    return f"until {row.expires_at:%Y-%m-%d}{soon}"


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,5})([dhm])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no span like 7d, 12h or 30m.")
    names = {"d": "days", "h": "hours", "m": "minutes"}
    return timedelta(**{names[match[2]]: int(match[1])})
