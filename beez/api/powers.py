"""Which permissions of a staff account stand behind a scope: nobody hands out more than they may.

A key of the command line is made by whoever runs the server.
"""

from collections.abc import Iterable
from typing import Protocol

from beez.api.models import ApiKey

# No account has it; a superuser has every permission, even one that is none.
SUPERUSER = "beez.superusers_only"
POWERS: dict[str, tuple[str, ...]] = {
    # its answers quote the last messages
    ApiKey.Scope.CLASSIFY: ("conversations.view_conversation",),
    ApiKey.Scope.READ: (
        "conversations.view_conversation",
        "classifier.view_modelversion",
        "classifier.view_thresholdchange",
        "training.view_trainingrun",
    ),
    ApiKey.Scope.CORRECT: ("conversations.view_conversation", "conversations.add_review"),
    ApiKey.Scope.ERASE: (SUPERUSER,),  # as in the pages
    ApiKey.Scope.CONFIGURE: (
        "classifier.view_thresholdchange",
        "classifier.add_thresholdchange",
    ),
    ApiKey.Scope.WEBHOOKS: tuple(
        f"beez.{verb}_webhookendpoint" for verb in ("view", "add", "change", "delete")
    ),
}


class Holder(Protocol):
    def has_perms(self, permissions: Iterable[str]) -> bool: ...


def may_hand_out(holder: Holder, scope: str) -> bool:
    """A scope that the table lacks is for superusers."""
    return holder.has_perms(POWERS.get(scope, (SUPERUSER,)))


def beyond(holder: Holder, scopes: Iterable[str]) -> list[str]:
    """Those of `scopes` that `holder` may not hand out."""
    return sorted(scope for scope in scopes if not may_hand_out(holder, scope))
