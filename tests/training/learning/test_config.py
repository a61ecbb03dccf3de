import dataclasses

import pytest

from training.learning.config import PRESETS, TrainingConfig


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRESETS["default"].epochs = 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("max_length", 4),
        ("text_prefix", 3),
        ("text_prefix", "x" * 101),
        ("encoder_learning_rate", 0.0),
        ("dropout", 1.0),
        ("head", "random"),
        ("head_scale", 0.0),
        ("token_scale", -1.0),
        ("pooling", "max"),
        ("base_model", " "),
        ("thresholds", (0.6, 0.3, 0.01)),
        ("thresholds", (0.3, 0.6, 0.0)),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name.split("_")[-1]):
        TrainingConfig(**{name: value})


def test_a_config_survives_the_way_through_json():
    config = PRESETS["original"].with_changes(seed=7)
    assert TrainingConfig.from_dict(config.as_dict()) == config


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="epoch_count"):
        TrainingConfig.from_dict({"epoch_count": 3})


def test_the_original_preset_is_the_recipe_of_the_original_service():
    original = PRESETS["original"]
    assert (original.head, original.pooling, original.dropout) == ("linear", "cls", 0.1)
    assert (original.encoder_learning_rate, original.epochs, original.batch_size) == (2e-5, 10, 16)
    assert original.thresholds == (0.30, 0.55, 0.01)
    assert original.max_length == 128
    assert not original.per_tag_thresholds
    assert not original.calibrate


def test_a_linear_head_has_no_tag_vectors_to_match_tokens_with():
    with pytest.raises(ValueError, match="linear head"):
        TrainingConfig(head="linear", token_scale=12.0)
