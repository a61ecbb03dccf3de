"""Which permissions of a staff account stand behind a scope: nobody hands out more than they may.

A superuser has every permission. A key of the command line is made by whoever runs the server.
"""

from collections.abc import Iterable
from typing import Protocol

from beez.api.models import ApiKey

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
    ApiKey.Scope.ERASE: ("conversations.delete_conversation",),
    ApiKey.Scope.CONFIGURE: (
        "classifier.view_thresholdchange",
        "classifier.add_thresholdchange",
    ),
}


class Holder(Protocol):
    def has_perms(self, permissions: Iterable[str]) -> bool: ...


def may_hand_out(holder: Holder, scope: str) -> bool:
    """A scope that the table lacks is for superusers, who have even permissions that nobody made."""
    return holder.has_perms(POWERS.get(scope, (f"beez.scope_{scope}",)))


def beyond(holder: Holder, scopes: Iterable[str]) -> list[str]:
    """Those of `scopes` that `holder` may not hand out."""
    return sorted(scope for scope in scopes if not may_hand_out(holder, scope))
