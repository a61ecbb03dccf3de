"""The models of the application `beez`, where Django looks for them."""

from beez.api.models import ApiKey
from beez.audit.models import AuditEntry
from beez.status.models import Heartbeat

__all__ = ["ApiKey", "AuditEntry", "Heartbeat"]
