from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps


class BeezConfig(AppConfig):
    name = "beez"
    default = True

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            from beez import sentry

            sentry.start(settings.SENTRY_DSN)
        # Each registers itself on import: the Celery application (tasks sent from the web process
        # need it), the system checks, the OpenAPI extension, and what begins with a log-in.
        from beez import celery, checks  # noqa: F401
        from beez.api import schema  # noqa: F401
        from beez.audit import accounts
        from beez.staff import sessions  # noqa: F401

        accounts.follow()


class StaffPagesConfig(admin_apps.AdminConfig):
    """Django's admin with the overview as its first page."""

    default = False
    default_site = "beez.status.page.StaffSite"
