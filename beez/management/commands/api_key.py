"""`api_key create|list|revoke`: the key alone goes to standard output, words to standard error."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from beez.api import keys
from beez.api.models import ApiKey


class Command(BaseCommand):
    help = "Create, list and revoke API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="print a new key; it cannot be shown again")
        create.add_argument("name", help="whose key it is")
        create.add_argument(
            "--scopes", required=True, help=f"comma-separated, of {', '.join(ApiKey.Scope.values)}"
        )
        create.add_argument("--expires-days", type=int, metavar="N")
        verbs.add_parser("list", help="every key, without its secret")
        revoke = verbs.add_parser("revoke", help="close a key for good")
        revoke.add_argument("prefix", help="what the key starts with, like bz_1a2b3c4d")

    def handle(self, *, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(**options)

    def _create(self, *, name: str, scopes: str, expires_days: int | None, **_: Any) -> None:
        if expires_days is not None and expires_days < 1:
            raise CommandError("--expires-days is a number of days from 1 on.")
        expires_at = expires_days and timezone.now() + timedelta(days=expires_days)
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            row, key = keys.create(name=name, scopes=wanted, expires_at=expires_at or None)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"Key of {row.name} ({', '.join(row.scopes)}); shown only now:")
        self.stdout.write(key)

    def _list(self, **_: Any) -> None:
        for row in ApiKey.objects.all():
            used = f"used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
            scopes = ",".join(row.scopes)
            self.stdout.write(f"{row.prefix}  {_state(row):<18} {scopes:<28} {used:<22} {row.name}")

    def _revoke(self, *, prefix: str, **_: Any) -> None:
        row = ApiKey.objects.filter(prefix=prefix).first()
        if row is None:
            raise CommandError(f"No key has the prefix {prefix}. `api_key list` shows them all.")
        keys.revoke(row)
        self.stderr.write(f"Revoked: {row.name} ({row.prefix}).")


def _state(row: ApiKey) -> str:
    if row.revoked_at:
        return "revoked"
    if row.expires_at is None:
        return "valid"
    over = row.expires_at <= timezone.now()
    return "expired" if over else f"until {row.expires_at:%Y-%m-%d}"
