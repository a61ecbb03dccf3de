from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "classifier"

    def ready(self) -> None:
        from beez.audit import rows
        from classifier.models import Tag

        rows.follow(Tag, "tag")
