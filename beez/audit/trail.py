"""The one write path of the audit log: called in the transaction of the fact that it tells.

Names of actions read `subject.verb`. Ids, tags, scopes and numbers may stand in `detail`; a
message, a note, a reason typed by hand or a secret may not.
"""

from typing import Any

from beez.audit import caller
from beez.audit.models import AuditEntry

LONGEST_SUBJECT = 300


def record(action: str, *, subject: object = "", actor: str = "", **detail: Any) -> AuditEntry:
    """Append that whoever asks did `action`; `actor` names a job or command, where nobody asks."""
    who = caller.current(actor)
    return AuditEntry.objects.create(
        kind=who.kind,
        actor=who.name[:150],
        actor_id=who.id,
        address=who.address,
        action=action,
        subject=str(subject)[:LONGEST_SUBJECT],
        detail=detail,
    )
