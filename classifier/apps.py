from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "classifier"

    def ready(self) -> None:
        from beez.audit import rows
        from beez.webhooks import domain
        from classifier import tags
        from classifier.models import Tag

        domain.tags_come_from(tags.names)
        rows.follow(Tag, "tag")
