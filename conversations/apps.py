from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"

    def ready(self) -> None:
        from beez.webhooks import domain
        from conversations import telling

        domain.texts_come_from(telling.text)
