"""The guidelines' worked example, through the API, with the really trained model."""

import pytest

from classifier import live

WORKED_EXAMPLE = [
    ("Hi, I'm new here. What do you sell?", "First-time-visitor", False),
    ("These shoes look nice, I'll save them for later", "Wishlist-user", True),
    ("Do you have any discount codes for first-time buyers?", "Deal-seeker", True),
    ("I will buy immediately if you can give me 15% off", "Hot-buyer", True),
]


@pytest.mark.django_db
def test_the_worked_example_comes_out_exactly(go_live, trained_folder, api_client):
    go_live(trained_folder)
    live.refresh()
    for message, tag, switched in WORKED_EXAMPLE:
        answer = api_client.post(
            "/classify-conversation",
            {"conversation_id": "worked", "message": message},
            format="json",
        ).json()
        assert (answer["conversation_tag"]["tag"], answer["switched"]) == (tag, switched)


@pytest.mark.django_db
def test_a_first_order_discount_is_asked_for_by_a_first_time_visitor(
    go_live, trained_folder, api_client
):
    go_live(trained_folder)
    live.refresh()
    message = "New here, ready to buy if there's a discount"
    answer = api_client.post("/classify-message", {"message": message}, format="json").json()
    assert {row["tag"] for row in answer["selected"]} == {
        "First-time-visitor",
        "Hot-buyer",
        "Deal-seeker",
    }
