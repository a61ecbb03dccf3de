import json
import subprocess
import sys

import pytest

from training.card.document import write_card
from training.card.sections import sections

TAGS = ["Deal-seeker", "Hot-buyer"]
PLOTS = [
    "confusion.png",
    "counts.png",
    "coverage.png",
    "per_tag.png",
    "reliability.png",
    "threshold.png",
    "training.png",
]


def evaluation():
    bins = [[0.1, 0.05, 40], [0.5, 0.5, 0], [0.9, 0.95, 20]]
    return {
        "micro_f1": 0.9126,
        "micro_f1_interval": [0.881, 0.94],
        "macro_f1": 0.9,
        "exact_match": 0.8,
        "no_tag_accuracy": None,
        "average_tags": 1.25,
        "support": 248,
        "per_tag": {
            "Deal-seeker": {"precision": 0.9, "recall": 0.8, "f1": 0.847, "support": 73},
            "Hot-buyer": {"precision": 1.0, "recall": 0.75, "f1": 0.857, "support": 4},
        },
        "groups": {"refuses|discount": {"exact_match": 0.5, "micro_f1": 0.6, "support": 2}},
        "confusion": {"labels": [*TAGS, "none"], "matrix": [[70, 1, 2], [1, 3, 0], [0, 0, 0]]},
        "calibration": {
            "before": {"ece": 0.061, "bins": bins},
            "after": {"ece": 0.02, "bins": bins},
        },
        "review": {
            "asked": 0.12,
            "exact_match_asked": 0.55,
            "exact_match_others": 0.96,
            "coverage": [[0.1, 1.0], [0.5, 0.98], [1.0, 0.9]],
        },
    }


@pytest.fixture
def report():
    return {
        "name": "v1",
        "created_at": "2026-11-24T05:41:00Z",
        "base_model": "all-MiniLM-L6-v2",
        "config": {"max_length": 96, "seed": 42},
        "dataset": {
            "digest": "c2aeb01b2b9d4f25bafb",
            "sizes": {"train": 940, "validation": 201, "test": 248},
            "unknown": {"Hot-buyer": {"train": 300, "validation": 60, "test": 40}},
        },
        "precision": "int8",
        "precision_reason": "within one point",
        "size_bytes": {"float32": 90_400_000, "int8": 22_900_000},
        "latency_ms": {"p50": 2.61, "p95": 4.02},
        "speed_up": 2.04,
        "libraries": {"torch": "2.13.0"},
        "history": [
            {"epoch": 1, "loss": 0.7, "validation_micro_f1": 0.6},
            {"epoch": 2, "loss": 0.3, "validation_micro_f1": 0.91},
            {"epoch": 3, "loss": 0.2, "validation_micro_f1": 0.9},
        ],
        "threshold": 0.41,
        "thresholds": {"Deal-seeker": 0.38, "Hot-buyer": 0.44},
        "review_band": [0.25, 0.7],
        "temperatures": {"Deal-seeker": 1.2, "Hot-buyer": 1.3},
        "threshold_curve": [[0.3, 0.85], [0.4, 0.9], [0.5, 0.88]],
        "test": evaluation(),
        "validation": evaluation(),
        "export": {
            "max_abs_difference": 3.1e-6,
            "int8_micro_f1": 0.911,
            "float32_micro_f1": 0.913,
        },
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_card_states_the_figures_in_tables_and_shows_every_plot(report, tmp_path):
    write_card(tmp_path, report=report)
    card = (tmp_path / "card.md").read_text()
    for line in (
        "# Model card: v1",
        "| Test micro-F1 | 0.913 (95% interval 0.881 to 0.940) |",
        "| train | 940 |",
        "400 messages were not labelled for `Hot-buyer`: they count neither for nor against it, "
        "in training as in the figures.",
        "| micro-F1 | 0.913 | 0.913 |",
        "| Deal-seeker | 0.900 | 0.800 | 0.847 | 73 |",
        "| refuses\\|discount | 0.500 | 0.600 | 2 |",
        "| Deal-seeker | 0.380 | 1.200 |",
        "| before temperature scaling | 0.061 |",
        "| size, int8 | 22.9 MB |",
        "| speed-up of int8 over float32 | 2.0 times |",
        "| messages for review | 12.0% |",
        "| of the others, all tags right | 0.960 |",
        "| largest difference of a probability, torch to ONNX | 3.1e-06 |",
        "3 epochs; the best validation micro-F1 was 0.910, after epoch 2.",
        "- Only the first 96 tokens of a message are read.",
    ):
        assert line in card.split("\n")
    assert names(tmp_path) == sorted([*PLOTS, "card.json", "card.md"])
    assert all(f"]({plot})" in card for plot in PLOTS)


def test_a_card_of_a_small_data_set_says_that_decisions_rest_on_out_of_fold_answers(report):
    text = "\n".join(sections(report | {"folds": 3}, plots=[]))
    assert "3 further trainings" in text
    assert "| out of fold | test |" in text
    assert text.index("### By tag, out of fold") < text.index("### By tag, test split")


def test_the_card_of_a_quick_version_says_that_its_encoder_is_not_fine_tuned(report):
    plain = "\n".join(sections(report, plots=[]))
    report["quick"] = {"messages": 2400, "of": 6518, "seconds": 24}
    quick = "\n".join(sections(report, plots=[]))
    assert "not fine-tuned: heads alone learnt, from 2,400 of 6,518 messages" in quick
    assert "24 seconds after the training began" in quick
    assert "not fine-tuned" not in plain


def test_a_ratio_of_a_handful_of_messages_is_not_shown_as_a_figure(report):
    text = "\n".join(sections(report, plots=[]))
    assert "| Hot-buyer | – | – | too few | 4 |" in text


def test_the_card_has_the_figures_in_a_stream_with_the_assumed_share(report):
    ratios = {"precision": 0.9, "recall": 0.8, "micro_f1": 0.847, "false_alarms": 21.4}
    report["test"]["stream"] = {
        "untagged_share": 0.7,
        **ratios,
        "per_tag": {"Deal-seeker": ratios},
    }
    text = "\n".join(sections(report, plots=[]))
    assert "as if 70% of the messages carried no tag" in text
    assert "| all tags | 0.900 | 0.800 | 0.847 | 21.4 |" in text
    assert "| Deal-seeker | 0.900 | 0.800 | 0.847 | 21.4 |" in text


def test_the_card_says_nothing_of_a_shop_to_those_who_bring_other_tags(report):
    use = "\n".join(sections(report, plots=[])).split("## Data")[0]
    assert "shop" not in use
    assert "`Deal-seeker`, `Hot-buyer`" in use


def test_limits_say_what_a_small_test_split_cannot_show(report, tmp_path):
    report["test"]["per_tag"]["Wishlist-user"] = {"f1": None, "support": 0}
    write_card(tmp_path, report=report)
    limits = (tmp_path / "card.md").read_text().split("## Limits")[1]
    assert "lies in 0.881 to 0.940" in limits
    assert "`Hot-buyer` has 4 test messages: a single one moves its recall by 25.0 points" in limits
    assert "`Wishlist-user` has no test message" in limits
    assert "Deal-seeker" not in limits


def test_plots_are_png_at_twice_the_usual_resolution(report, tmp_path):
    write_card(tmp_path, report=report)
    for plot in PLOTS:
        header = (tmp_path / plot).read_bytes()[:24]
        assert header[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(header[16:20], "big") == 1280


def test_card_json_is_the_report_without_what_json_lacks(report, tmp_path):
    report["test"]["micro_f1"] = float("nan")
    report["latency_ms"]["p95"] = float("inf")
    write_card(tmp_path, report=report)
    stored = json.loads((tmp_path / "card.json").read_text(), parse_constant=pytest.fail)
    assert stored["test"].pop("micro_f1") is None
    assert stored["latency_ms"].pop("p95") is None
    del report["test"]["micro_f1"], report["latency_ms"]["p95"]
    assert stored == report


def test_an_empty_report_still_makes_a_card(tmp_path):
    write_card(tmp_path, report={})
    assert names(tmp_path) == ["card.json", "card.md"]
    assert "## Results" not in (tmp_path / "card.md").read_text()


def test_any_one_part_of_the_report_or_of_an_evaluation_may_be_missing(report):
    whole = list(sections(report, plots=PLOTS))
    for key in report:
        partial = {k: v for k, v in report.items() if k != key}
        assert 5 < len(list(sections(partial, plots=[]))) < len(whole)
    for key in report["test"]:
        test = {k: v for k, v in report["test"].items() if k != key}
        assert 5 < len(list(sections({"test": test}, plots=[]))) < len(whole)


def test_plots_are_drawn_from_figures_with_gaps(tmp_path):
    report = {
        "history": [{"epoch": 1}, {"epoch": 2, "loss": 0.5}],
        "threshold_curve": [[0.3, None], [0.4, 0.9]],
        "test": {
            "per_tag": {"A": {"f1": None}, "B": {"f1": 0.5, "support": 3}},
            "calibration": {"after": {"bins": [[0.5, 0.5, 0]]}},
        },
    }
    write_card(tmp_path, report=report)
    drawn = ["per_tag.png", "reliability.png", "threshold.png", "training.png"]
    assert names(tmp_path) == sorted([*drawn, "card.json", "card.md"])


def test_importing_the_card_does_not_import_matplotlib():
    code = "import training.card, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
