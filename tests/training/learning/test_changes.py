"""`--set NAME=VALUE` is read by the type of the field, and refused in a sentence."""

import pytest

from training.learning import changes
from training.learning.changes import read


def test_values_are_of_the_type_of_their_field():
    found = read(
        [
            "per_tag_thresholds=false", "calibrate = Yes", "epochs=3", "dropout=0", "head=linear",
            "thresholds=(0.2, 0.8, 0.1)",
        ]
    )  # fmt: skip
    assert found == {
        "per_tag_thresholds": False,
        "calibrate": True,
        "epochs": 3,
        "dropout": 0.0,
        "head": "linear",
        "thresholds": (0.2, 0.8, 0.1),
    }
    assert isinstance(found["dropout"], float)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("epochs=2.5", "epochs must be a whole number, not '2.5'"),
        ("epochs=True", "epochs must be a whole number"),
        ("calibrate=2", "calibrate must be true or false, not '2'"),
        ("dropout=nan", "dropout must be a number, not 'nan'"),
        ("dropout=", "dropout must be a number, not ''"),
        ("thresholds=0.5", "thresholds must be three numbers"),
        ("thresholds=__import__('os')", "thresholds must be three numbers"),
        ("epoch=3", "unknown setting 'epoch'; there are preset, "),
        ("epochs", "'epochs' is not NAME=VALUE"),
    ],
)
def test_what_makes_no_sense_is_refused(change, sentence):
    with pytest.raises(ValueError, match="^" + sentence.replace("(", r"\(")):
        read([change])


def test_quotes_around_a_text_keep_its_blanks_and_are_no_part_of_it():
    assert changes.read(['text_prefix="query: "'])["text_prefix"] == "query: "
    assert changes.read(["text_prefix=query:"])["text_prefix"] == "query:"


def test_every_training_has_the_changes_of_the_settings_and_its_own_go_before(settings):
    settings.TRAINING_CHANGES = ["epochs=3", "patience=2"]
    config = changes.configured(changes=["epochs=4"])
    assert (config.epochs, config.patience) == (4, 2)
    assert config.base_model == settings.BASE_MODEL


def test_a_change_of_the_settings_that_makes_no_sense_is_named(settings):
    settings.TRAINING_CHANGES = ["epoch=3"]
    with pytest.raises(ValueError, match="epoch"):
        changes.configured()
