"""What the audit log hears of staff accounts: log-ins, log-outs, and what an account may do."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out

from beez.audit import rows, trail


def follow() -> None:
    rows.follow(User, "account", silent=["last_login"])
    rows.follow(Group, "group")
    rows.follow_links(User, "groups", "account")
    rows.follow_links(User, "user_permissions", "account")
    rows.follow_links(Group, "permissions", "group")
    user_logged_in.connect(_logged_in, dispatch_uid="audit log-in")
    user_logged_out.connect(_logged_out, dispatch_uid="audit log-out")


def _logged_in(user: User, **_: Any) -> None:
    trail.record("account.logged_in", subject=user.get_username(), actor=user.get_username())


def _logged_out(user: User | None, **_: Any) -> None:
    if user is not None:
        trail.record("account.logged_out", subject=user.get_username())
