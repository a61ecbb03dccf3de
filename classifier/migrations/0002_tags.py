"""The five tags that Beez ships, as `tag-guidelines` defines them."""

from django.db import migrations

TAGS = [
    (
        "First-time-visitor",
        10,
        "The customer says or implies being new here: a first visit, a first order, "
        "never shopped with us before, has just discovered the shop.",
    ),
    (
        "Window-shopper",
        20,
        "The customer is just browsing and looking around for ideas, "
        "with no intention to buy anything now.",
    ),
    (
        "Wishlist-user",
        30,
        "The customer saves, bookmarks or sets aside an item for later, "
        "or asks to be reminded when it can be bought, at payday or back in stock.",
    ),
    (
        "Deal-seeker",
        40,
        "The customer wants a lower price: a discount, coupon code, sale, offer, "
        "free delivery, price match or a cheaper option.",
    ),
    (
        "Hot-buyer",
        50,
        "The customer wants to buy now, is ready to order, pay and check out immediately.",
    ),
]


def add(apps, schema_editor):
    tag = apps.get_model("classifier", "Tag")
    for name, stage, description in TAGS:
        tag.objects.get_or_create(name=name, defaults={"stage": stage, "description": description})


class Migration(migrations.Migration):
    dependencies = [("classifier", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
