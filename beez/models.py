"""The models of the application `beez`, where Django looks for them."""

from beez.api.models import ApiKey

__all__ = ["ApiKey"]
