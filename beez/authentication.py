from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny as HasScope  # noqa: F401


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request):
        return None
