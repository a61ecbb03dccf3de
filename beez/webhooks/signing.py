"""Secrets and signatures of the Standard Webhooks specification, by its own library."""

import base64
import secrets
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from beez.webhooks.models import WebhookEndpoint

OVERLAP = timedelta(days=1)  # for which a rotated secret signs beside the new one


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def headers(endpoint: WebhookEndpoint, *, identifier: str, body: str) -> dict[str, str]:
    """Signed as of now, for receivers refuse what was signed long ago."""
    now = datetime.now(UTC)
    valid = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > now:
        valid.append(endpoint.old_secret)
    signatures = [Webhook(secret).sign(identifier, now, body) for secret in valid]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
