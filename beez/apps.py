from django.apps import AppConfig


class BeezConfig(AppConfig):
    name = "beez"
