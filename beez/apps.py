from django.apps import AppConfig


class BeezConfig(AppConfig):
    name = "beez"

    def ready(self) -> None:
        # Each registers itself on import: the Celery application (tasks sent from the web process
        # need it), the system checks, and the OpenAPI extension.
        from beez import celery, checks  # noqa: F401
        from beez.api import schema  # noqa: F401
