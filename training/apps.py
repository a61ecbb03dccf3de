from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"

    def ready(self) -> None:
        from conversations import erasure
        from training.datasets import erasing

        erasure.keepers.append(erasing.forget)
