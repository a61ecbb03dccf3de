"""The protocol of NLU++ on a small folder of the same shape."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import nlupp_data

INTENTS = {
    "greet": {"description": "is the intent to greet?", "domain": ["general"]},
    "pool": {"description": "is the intent about the pool?", "domain": ["hotels"]},
    "refund": {"description": "is the intent about a refund?", "domain": ["banking", "hotels"]},
    "loan": {"description": "is the intent about a loan?", "domain": ["banking"]},
}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two texts a fold, named after it; the second has no intents at all."""
    (tmp_path / "ontology.json").write_text(json.dumps({"intents": INTENTS, "slots": {}}))
    (tmp_path / "hotels").mkdir()
    for number in range(20):
        rows = [{"text": f"{number}", "intents": ["greet", "pool"]}, {"text": f"{number} none"}]
        (tmp_path / "hotels" / f"fold{number}.json").write_text(json.dumps(rows))
    return tmp_path


@pytest.mark.parametrize(
    ("regime", "run", "train"),
    [
        ("20-fold", 11, [11]),
        ("10-fold", 4, [8, 9]),
        ("large", 4, [0, 1, 2, 3, 4, 5, 6, 7, *range(10, 20)]),
    ],
)
def test_a_run_trains_on_the_folds_of_the_paper_and_tests_on_all_others(folder, regime, run, train):
    parts = nlupp_data.read(folder, "hotels").split(regime, run)
    test = [number for number in range(20) if number not in train]
    for part, numbers in zip(parts, (train, test), strict=True):
        assert part.texts == [t for n in numbers for t in (f"{n}", f"{n} none")]
        assert part.labels.shape == (len(part.texts), 3)


def test_intents_are_the_general_ones_and_the_domains_own(folder):
    domain = nlupp_data.read(folder, "hotels")
    assert list(domain.descriptions) == ["greet", "pool", "refund"]
    assert domain.folds[0].labels.tolist() == [[True, True, False], [False, False, False]]


def test_an_intent_that_the_ontology_lacks_for_the_domain_is_refused(folder):
    file = folder / "hotels" / "fold3.json"
    file.write_text(json.dumps([{"text": "a loan", "intents": ["loan"]}]))
    with pytest.raises(nlupp_data.DataError, match=r"fold3\.json.*loan"):
        nlupp_data.read(folder, "hotels")


def test_a_folder_with_missing_folds_is_refused(folder):
    (folder / "hotels" / "fold7.json").unlink()
    with pytest.raises(nlupp_data.DataError, match="19 files"):
        nlupp_data.read(folder, "hotels")
