"""The models of the application `beez`, where Django looks for them."""

from beez.api.models import ApiKey
from beez.status.models import Heartbeat

__all__ = ["ApiKey", "Heartbeat"]
