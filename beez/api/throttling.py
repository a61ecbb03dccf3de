"""How often one API key may call: `RATE_LIMIT`, counted in Django's cache."""

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from beez.api.models import ApiKey

if TYPE_CHECKING:  # DRF's views import this module, by its name in the settings
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class KeyRateThrottle(SimpleRateThrottle):
    """Counts each key by itself; a view without a key is not limited."""

    scope = "key"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """A Redis that is away lifts the limit: it guards the service, and must not stop it."""
        try:
            return super().allow_request(request, view)
        except RedisError as error:
            logger.warning("No rate limit, Redis cannot be reached: %s", error)
            return True

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        if not isinstance(request.auth, ApiKey):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.pk}
