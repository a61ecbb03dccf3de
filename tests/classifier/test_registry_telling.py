"""Other systems are told which version went live."""

from beez.webhooks import endpoints
from beez.webhooks.models import Kind, WebhookEvent
from classifier import registry
from tests import keyword_model as keywords


def test_an_activation_is_told_and_a_rollback_as_one(keyword_model, models_dir):
    endpoints.create(url="https://shop.example/hook", kinds=[Kind.ACTIVATED])
    keywords.build(models_dir, "keywords-2", words=keywords.SHIPPED_TAGS)
    second = registry.register("keywords-2")
    registry.activate(second)
    registry.activate(second)  # it is live already
    registry.rollback()
    assert [event.data for event in WebhookEvent.objects.order_by("pk")] == [
        {"model_version": "keywords-2", "previous": "keywords-1", "rollback": False},
        {"model_version": "keywords-1", "previous": "keywords-2", "rollback": True},
    ]
