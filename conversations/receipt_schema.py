"""What the OpenAPI schema says of a receipt."""

from typing import Any

from rest_framework import serializers

from conversations.models import Receipt

Shape = serializers.Serializer[Any]


class TracedDataset(Shape):
    digest = serializers.CharField()
    learnt = serializers.IntegerField(
        required=False, help_text="Messages in the parts that a version learns from."
    )
    tested = serializers.IntegerField(
        required=False, help_text="Messages in the parts that it is measured on."
    )


class TracedVersion(Shape):
    version = serializers.CharField()
    learnt = serializers.IntegerField(
        allow_null=True, help_text="Messages that it had learnt from; null: nobody can tell."
    )
    tested = serializers.IntegerField(allow_null=True)
    live = serializers.BooleanField(help_text="It is live now.")


class ErasureReceipt(Shape):
    """What was erased and what had been made of it; holds no text and no id."""

    number = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Receipt.Kind.values)
    by = serializers.CharField(help_text="The name of the key or of the account.")
    begun_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True, help_text="null: it goes on.")
    erased = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by kind.")
    data_sets = TracedDataset(many=True)
    model_versions = TracedVersion(many=True)
    unknown_data_sets = serializers.ListField(
        child=serializers.CharField(),
        help_text="Digests of data sets that may have held messages of it and cannot be read.",
    )
    remains = serializers.ListField(child=serializers.CharField(), help_text="As sentences.")


class Cleared(Shape):
    message = serializers.CharField()
    erased = serializers.BooleanField(help_text="False where there was nothing to erase.")
    receipt = ErasureReceipt(allow_null=True)


RECEIPT = {
    "number": "2f1c7b7e-5d0e-4f0c-9a53-5f1f0f6a1e11",
    "kind": "conversation",
    "by": "shop",
    "begun_at": "2026-01-31T12:00:00+00:00",
    "finished_at": "2026-01-31T12:00:00+00:00",
    "erased": {"conversations": 1, "messages": 2, "predictions": 2, "switches": 1, "reviews": 1},
    "data_sets": [{"digest": "9c1f0a2e77b8d3f4", "learnt": 1}],
    "model_versions": [
        {"version": "20260131-120000", "learnt": 1, "tested": 0, "live": True},
    ],
    "unknown_data_sets": [],
    "remains": [
        "The model versions named here keep what they had learnt; their folders hold no text. "
        "The next training leaves the messages out.",
        "Backups made before, until you let them expire.",
    ],
}
