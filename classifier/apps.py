from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "classifier"

    def ready(self) -> None:
        from beez.webhooks import domain
        from classifier import tags

        domain.tags_come_from(tags.names)
