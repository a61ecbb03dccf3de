"""The text of a model card, section by section, in Markdown.

Every section copes with figures that are missing: a row or a section without any is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.decision.metrics import TOO_FEW
from training.decision.review import RIGHT

Report = Mapping[str, Any]

CAPTIONS = {
    "training.png": "Training loss and validation micro-F1 by epoch",
    "threshold.png": "Micro-F1 on held-out messages by global threshold",
    "per_tag.png": "F1 by tag on the test split",
    "confusion.png": "Confusion between tags on the test split",
    "reliability.png": "Reliability diagram before and after calibration",
    "coverage.png": "Accuracy by coverage on the test split",
    "counts.png": "Messages by tag and split",
}
SUMMARY = {
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
    "exact_match": "exact match (all tags of a message right)",
    "no_tag_accuracy": "messages without a tag left untagged",
    "average_tags": "average tags a message",
    "support": "messages",
}
SMALL_SUPPORT = 50


def sections(report: Report, *, plots: Sequence[str]) -> Iterator[str]:
    """The card's blocks in reading order, to be joined by blank lines."""
    shown = {name: f"![{CAPTIONS[name]}]({name})" for name in plots}

    def plot(name: str) -> Iterator[str]:
        if name in shown:
            yield shown[name]

    yield f"# Model card: {report.get('name', 'unnamed')}"
    yield from _overview(report)
    yield from _intended_use(report)
    yield from _data(report)
    yield from plot("counts.png")
    yield from _results(report)
    yield from plot("per_tag.png")
    yield from plot("confusion.png")
    yield from _stream(report)
    yield from _thresholds(report)
    yield from plot("threshold.png")
    yield from _calibration(report)
    yield from plot("reliability.png")
    yield from _review(report)
    yield from plot("coverage.png")
    yield from _early_exit(report)
    yield from _serving(report)
    yield from _training(report)
    yield from plot("training.png")
    yield from _limits(report)


def _overview(report: Report) -> Iterator[str]:
    test = report.get("test") or {}
    rows = [
        ("Base model", report.get("base_model")),
        ("Trained", report.get("created_at")),
        ("Test micro-F1", _with_interval(test)),
        ("Precision served", report.get("precision")),
        ("Data set", _digest(report)),
    ]
    if rows := [row for row in rows if row[1] not in (None, "")]:
        yield _table(["", ""], rows)
    if quick := report.get("quick"):
        yield (
            "**A quick first version.** Its encoder is not fine-tuned: heads alone learnt, from "
            f"{quick['messages']:,} of {quick['of']:,} messages, and all was done "
            f"{quick['seconds']} seconds after the training began. The figures below come from a "
            "part of the test split, drawn at random. The full training takes its place."
        )


def _intended_use(report: Report) -> Iterator[str]:
    tags = ", ".join(f"`{tag}`" for tag in report.get("thresholds") or {})
    yield "## Intended use"
    yield (
        f"Tags single messages like those it was trained on{f' with {tags}' if tags else ''}; a "
        "message may get several or none. The tags help staff to see where a customer stands. They "
        "are no ground for decisions about a person, such as "
        "prices, credit or access, and say nothing reliable about text of another kind or language "
        "than the training messages."
    )


def _data(report: Report) -> Iterator[str]:
    sizes = (report.get("dataset") or {}).get("sizes") or {}
    if not sizes:
        return
    yield "## Data"
    yield (
        f"{sum(sizes.values())} labelled messages (data set {_digest(report)}), split by "
        "iterative multi-label stratification; near duplicates stand in one split. "
        f"{_how_decided(report)} Test was used for the figures below alone."
    )
    yield _table(["split", "messages"], list(sizes.items()))
    for tag, counts in (report["dataset"].get("unknown") or {}).items():
        yield (
            f"{sum(counts.values())} messages were not labelled for `{tag}`: they count neither "
            "for nor against it, in training as in the figures."
        )


def _how_decided(report: Report) -> str:
    if folds := report.get("folds"):
        return (
            "Too few for a validation split to decide on: weights were fitted on train and "
            "validation together; temperatures, thresholds and the review band were chosen on "
            f"what {folds} further trainings, each without a part of these messages, said of the "
            "part left out."
        )
    return (
        "Weights were fitted on train; the best epoch, temperatures, thresholds and the review "
        "band were chosen on validation."
    )


def _results(report: Report) -> Iterator[str]:
    test, validation = report.get("test") or {}, report.get("validation") or {}
    if not test and not validation:
        return
    yield "## Results"
    columns = [("test", test), ("validation", validation)]
    if report.get("folds"):  # many more messages than the test split has, so they come first
        columns = [("out of fold", validation), ("test", test)]
    rows = [
        (label, *(_figure(split.get(key)) for _, split in columns))
        for key, label in SUMMARY.items()
        if any(split.get(key) is not None for _, split in columns)
    ]
    yield _table(["", *(name for name, _ in columns)], rows)
    if interval := _interval(test):
        yield f"The 95% interval of the test micro-F1 is {interval}."
    shown = columns if report.get("folds") else columns[:1]
    for name, split in shown:
        if per_tag := split.get("per_tag"):
            yield f"### By tag, {'test split' if name == 'test' else name}"
            yield _table(
                ["tag", "precision", "recall", "F1", "support"],
                [(tag, *_by_tag(row)) for tag, row in per_tag.items()],
            )
    if groups := test.get("groups"):
        yield "### By targeted group, test split"
        yield _table(
            ["group", "exact match", "micro-F1", "support"],
            [
                (name, *_figures(row, "exact_match micro_f1 support"))
                for name, row in groups.items()
            ],
        )


def _stream(report: Report) -> Iterator[str]:
    found = (report.get("test") or {}).get("stream") or {}
    if found.get("micro_f1") is None:
        return
    yield "## In a shop's stream"
    yield (
        f"The test split again, weighed as if {found['untagged_share']:.0%} of the messages "
        "carried no tag, which is what temperatures, thresholds and the review band were chosen "
        "for (setting `untagged_share`). A false alarm is a tag that does not hold."
    )
    rows = [("all tags", found), *(found.get("per_tag") or {}).items()]
    yield _table(
        ["", "precision", "recall", "micro-F1", "false alarms in 1,000 messages"],
        [
            (name, *_figures(row, "precision recall micro_f1"), f"{row['false_alarms']:.1f}")
            for name, row in rows
        ],
    )


def _thresholds(report: Report) -> Iterator[str]:
    if report.get("threshold") is None:
        return
    yield "## Thresholds"
    yield (
        f"The global threshold is {_figure(report['threshold'])}. A tag is given when its "
        "calibrated probability reaches the threshold of that tag."
    )
    thresholds, temperatures = report.get("thresholds") or {}, report.get("temperatures") or {}
    if thresholds:
        yield _table(
            ["tag", "threshold", "temperature"],
            [(tag, _figure(t), _figure(temperatures.get(tag))) for tag, t in thresholds.items()],
        )


def _calibration(report: Report) -> Iterator[str]:
    calibration = (report.get("test") or {}).get("calibration") or {}
    rows = [
        (f"{when} temperature scaling", _figure(calibration[when].get("ece")))
        for when in ("before", "after")
        if calibration.get(when)
    ]
    if rows:
        yield "## Calibration"
        yield _table(["", "expected calibration error, test split"], rows)


def _review(report: Report) -> Iterator[str]:
    found, band = (report.get("test") or {}).get("review"), report.get("review_band")
    if not found or not band:
        return
    yield "## Review"
    yield (
        f"Where a tag's probability lies between {_figure(band[0])} and {_figure(band[1])} (or "
        f"between one of these and the tag's threshold), fewer than {RIGHT:.0%} of the decisions "
        "were right on held-out messages: the answer says `review`."
    )
    yield _table(
        ["test split", ""],
        [
            ("messages for review", f"{found['asked']:.1%}"),
            ("of these, all tags right", _figure(found.get("exact_match_asked"))),
            ("of the others, all tags right", _figure(found.get("exact_match_others"))),
        ],
    )


def _early_exit(report: Report) -> Iterator[str]:
    found = report.get("early_exit")
    if not found:
        return
    low, high = found["band"]
    yield "## Early exit"
    yield (
        f"A message ends after {found['layers']} layers, unless a tag's probability there lies "
        f"between {_figure(low)} and {_figure(high)}, or the message is unfamiliar. Probabilities "
        "there have temperatures of their own, and the same thresholds decide."
    )
    yield _table(
        ["test split", ""],
        [
            ("messages that end early", f"{found['share']:.1%}"),
            ("in a shop's stream", f"{found['share_in_stream']:.1%}"),
            ("messages that get other tags by it", f"{found['different']:.1%}"),
            ("micro-F1 as it serves", _figure(found["micro_f1"])),
            ("micro-F1 without an early exit", _figure(found["micro_f1_whole"])),
        ],
    )


def _serving(report: Report) -> Iterator[str]:
    size, latency = report.get("size_bytes") or {}, report.get("latency_ms") or {}
    export = report.get("export") or {}
    rows = [
        ("precision served", report.get("precision")),
        ("why", report.get("precision_reason")),
        *((f"size, {name}", f"{count / 1e6:.1f} MB") for name, count in size.items() if count),
        *(
            (f"time for one message, all cores at work, {name}", f"{_figure(ms)} ms")
            for name, ms in latency.items()
        ),
        ("speed-up of int8 over float32", _times(report.get("speed_up"))),
        ("micro-F1 of the float32 model", _figure(export.get("float32_micro_f1"))),
        ("micro-F1 of the int8 model", _figure(export.get("int8_micro_f1"))),
        ("largest difference of a probability, torch to ONNX", _small(export)),
    ]
    if rows := [row for row in rows if row[1] not in (None, "", "–")]:
        yield "## Serving"
        yield _table(["", ""], rows)


def _training(report: Report) -> Iterator[str]:
    config, libraries = report.get("config") or {}, report.get("libraries") or {}
    if not config and not libraries and not report.get("history"):
        return
    yield "## Training"
    scored = [s for s in report.get("history") or [] if s.get("validation_micro_f1") is not None]
    if scored:
        best = max(scored, key=lambda step: step["validation_micro_f1"])
        yield (
            f"{scored[-1]['epoch']} epochs; the best validation micro-F1 was "
            f"{_figure(best['validation_micro_f1'])}, after epoch {best['epoch']}."
        )
    if config:
        yield _table(["setting", "value"], list(config.items()))
    if libraries:
        yield _table(["library", "version"], list(libraries.items()))


def _limits(report: Report) -> Iterator[str]:
    test = report.get("test") or {}
    per_tag = test.get("per_tag") or {}
    yield "## Limits"
    lines = []
    if interval := _interval(test):
        lines.append(
            f"The test split is a sample: with 95% confidence the micro-F1 on messages like these "
            f"lies in {interval}. A smaller difference between two versions may be chance."
        )
    elif support := test.get("support"):
        lines.append(f"The test split has only {support} messages: read the figures accordingly.")
    for tag, row in per_tag.items():
        support = row.get("support") or 0
        if not support:
            lines.append(f"`{tag}` has no test message: nothing is known about its quality.")
        elif support < SMALL_SUPPORT:
            lines.append(
                f"`{tag}` has {support} test messages: a single one moves its recall by "
                f"{100 / support:.1f} points."
            )
    lines += [
        "Test messages were drawn from the same files as the training messages. Live messages "
        "differ, so expect lower figures on them.",
        "A message is judged by its words alone, without the conversation before it.",
        f"Only the first {_max_length(report)} tokens of a message are read.",
        "Languages, kinds of text and hard cases (irony, negation, reported speech) that the test "
        "split lacks have not been measured.",
    ]
    yield "\n".join(f"- {line}" for line in lines)


def _max_length(report: Report) -> Any:
    return (report.get("config") or {}).get("max_length", 128)


def _digest(report: Report) -> str:
    digest = (report.get("dataset") or {}).get("digest")
    return f"`{digest[:16]}`" if digest else ""


def _interval(test: Report) -> str:
    low, high = test.get("micro_f1_interval") or (None, None)
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _with_interval(test: Report) -> str:
    if test.get("micro_f1") is None:
        return ""
    interval = _interval(test)
    return _figure(test["micro_f1"]) + (f" (95% interval {interval})" if interval else "")


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.1f} times"


def _small(export: Report) -> str:
    value = export.get("max_abs_difference")
    return "–" if value is None else f"{value:.1e}"


def _by_tag(row: Report) -> list[str]:
    """Precision, recall, F1 and support; a ratio of a handful of messages is none."""
    if (row.get("support") or 0) < TOO_FEW:
        return ["–", "–", "too few", _figure(row.get("support"))]
    return _figures(row, "precision recall f1 support")


def _figures(row: Report, keys: str) -> list[str]:
    return [_figure(row.get(key)) for key in keys.split()]


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table, first column to the left and the others to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
