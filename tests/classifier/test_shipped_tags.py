import pytest

from classifier.models import Tag


@pytest.mark.django_db
def test_the_five_shipped_tags_stand_in_order_of_the_journey():
    assert [tag.name for tag in Tag.objects.all()] == [
        "First-time-visitor",
        "Window-shopper",
        "Wishlist-user",
        "Deal-seeker",
        "Hot-buyer",
    ]
