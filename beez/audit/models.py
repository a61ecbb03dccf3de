"""The audit log's one table; a trigger of the database refuses to change or delete its rows."""

from django.db import models


class AuditEntry(models.Model):
    """Somebody did something. Never holds a message, a note or any other text of a customer."""

    class Kind(models.TextChoices):
        STAFF = "staff", "staff account"
        KEY = "key", "API key"
        SYSTEM = "system", "command or job"

    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField("kind of actor", max_length=8, choices=Kind)
    actor = models.CharField("who", max_length=150, help_text="The name that it had then.")
    actor_id = models.CharField(
        "who, exactly", max_length=32, blank=True, help_text="An account's number, a key's prefix."
    )
    action = models.CharField("did", max_length=40)
    subject = models.CharField("on", max_length=300, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField("from", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name, verbose_name_plural = "audit log entry", "audit log"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(  # by how it begins too
                fields=["action", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="audit_action",
            ),
            models.Index(fields=["subject", "-id"], name="audit_subject"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}".strip()
