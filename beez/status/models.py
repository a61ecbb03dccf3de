"""When each process of Beez was last seen."""

from django.db import models


class Heartbeat(models.Model):
    """A kind of process on a machine, like `worker@shop-1`; `heartbeat` renews `seen_at`."""

    name = models.CharField(max_length=300, unique=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
