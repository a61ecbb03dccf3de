"""`manage.py up`, behind `make run`: everything that Beez needs on one machine, until Ctrl-C.

`beez.launch.preflight` has run before this (see manage.py).
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from beez.launch import first_start, full_training, probe, serving, stopping


class Command(BaseCommand):
    help = "Prepare whatever is missing, then serve: web server, worker and beat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            first_start.tables()
            stopping.check()
            tags = first_start.model()
            key = first_start.credentials(probe.address())
            connections.close_all()
            serving.run(
                address=probe.address(),
                key=key,
                ready="/ready" if tags else "/health",
                news=full_training.News(),
            )
        except stopping.StopRequested:
            self.stdout.write("\nBeez has stopped.")
        except first_start.StartError as error:
            raise CommandError(str(error)) from None
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {error}") from None
