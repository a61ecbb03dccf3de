import pytest

from classifier import live, registry
from tests import keyword_model

PATHS = ["/classify-message", "/classify-messages"]


def post(client, message):
    return client.post("/classify-message", {"message": message}, format="json")


def activate(models_dir, name, words, **options):
    keyword_model.build(models_dir, name, words=words, **options)
    registry.activate(registry.register(name))
    live.refresh()


def test_a_message_is_answered_with_its_tags_best_first(api_client, keyword_model):
    response = post(api_client, "I'm new here, any discount?")
    assert response.status_code == 200
    assert response.json() == {
        "threshold": 0.5,
        "selected": [
            {"tag": "Deal-seeker", "confidence": 0.9526},
            {"tag": "First-time-visitor", "confidence": 0.9526},
        ],
        "all": [
            {"tag": "Deal-seeker", "confidence": 0.9526, "threshold": 0.5, "review": False},
            {"tag": "First-time-visitor", "confidence": 0.9526, "threshold": 0.5, "review": False},
            {"tag": "Hot-buyer", "confidence": 0.0474, "threshold": 0.5, "review": False},
            {"tag": "Window-shopper", "confidence": 0.0474, "threshold": 0.5, "review": False},
            {"tag": "Wishlist-user", "confidence": 0.0474, "threshold": 0.5, "review": False},
        ],
        "review": False,
        "unfamiliar": False,
        "model_version": "keywords-1",
    }


def test_each_tags_own_threshold_decides_and_the_global_one_is_reported(api_client, models_dir):
    words = {"Deal-seeker": ["discount"], "Hot-buyer": ["buy"]}
    activate(models_dir, "m", words, threshold=0.4, thresholds={"Hot-buyer": 0.97})
    body = post(api_client, "buy, with a discount").json()
    assert body["threshold"] == 0.4
    assert [entry["tag"] for entry in body["selected"]] == ["Deal-seeker"]
    assert {entry["tag"]: entry["threshold"] for entry in body["all"]} == {
        "Deal-seeker": 0.4,
        "Hot-buyer": 0.97,
    }


def test_a_tag_of_which_the_model_is_unsure_asks_for_review_and_so_does_its_message(
    api_client, models_dir
):
    """Within the band is Deal-seeker alone, whose probability the temperature makes 0.7311."""
    words = {"Deal-seeker": ["discount"], "Hot-buyer": ["buy"]}
    temperatures = {"Deal-seeker": 3.0}
    activate(models_dir, "m", words, temperatures=temperatures, review_band=(0.4, 0.8))
    body = post(api_client, "buy, with a discount").json()
    assert body["review"] is True
    assert {entry["tag"]: entry["review"] for entry in body["all"]} == {
        "Deal-seeker": True,
        "Hot-buyer": False,
    }
    assert post(api_client, "hello").json()["review"] is False


@pytest.mark.parametrize(("threshold", "selected"), [(0.95257, ["Hot-buyer"]), (0.9526, [])])
def test_the_unrounded_probability_is_what_the_threshold_judges(
    api_client, models_dir, threshold, selected
):
    """The probability is 0.952574…, and reads 0.9526."""
    activate(models_dir, "m", {"Hot-buyer": ["buy"]}, threshold=threshold)
    body = post(api_client, "buy").json()
    assert body["all"][0]["confidence"] == 0.9526
    assert [entry["tag"] for entry in body["selected"]] == selected


def test_a_batch_is_answered_as_each_message_alone_and_in_order(api_client, keyword_model):
    messages = ["buy", "hello", "new here, looking for a coupon", "buy", "🙂", " spaces  stay "]
    response = api_client.post("/classify-messages", {"messages": messages}, format="json")
    assert response.status_code == 200
    assert response.json() == {
        "model_version": "keywords-1",
        "results": [post(api_client, message).json() for message in messages],
    }


def test_the_longest_message_is_classified_by_its_beginning_and_its_end(
    api_client, models_dir, settings
):
    activate(models_dir, "m", {"Hot-buyer": ["buy"]}, max_length=8)
    long = "word " * ((settings.MAX_MESSAGE_LENGTH - 4) // 5)
    assert post(api_client, f"buy {long}").json()["selected"]
    assert post(api_client, f"{long}buy").json()["selected"]
    half = long[: len(long) // 10 * 5]
    assert not post(api_client, f"{half}buy {half}").json()["selected"]


def test_without_a_model_the_answer_is_503_and_when_to_try_again(api_client, models_dir):
    response = post(api_client, "hello")
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "no_model"
    assert int(response["Retry-After"]) > 0


def test_a_bad_body_is_told_so_even_without_a_model(api_client, models_dir):
    assert post(api_client, "").status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_no_message_text_is_logged(api_client, keyword_model, caplog, path):
    caplog.set_level("DEBUG")
    api_client.post(path, {"message": "sesame", "messages": ["sesame"]}, format="json")
    api_client.post(path, {"message": "sesame\x00", "messages": ["sesame\x00"]}, format="json")
    assert "sesame" not in caplog.text


@pytest.mark.parametrize("path", PATHS)
def test_only_post_is_allowed(api_client, path):
    assert api_client.get(path).status_code == 405
