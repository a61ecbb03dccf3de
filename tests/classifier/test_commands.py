import io
import json

import pytest
from django.core.management import CommandError, call_command

from classifier import live, registry
from classifier.bars import bar
from classifier.models import Activation
from tests import keyword_model as keywords


def run(name, *arguments, **options):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def second_version(keyword_model, models_dir):
    keywords.build(models_dir, "words-2", words={"Hot-buyer": ["buy"]}, metrics={})
    return registry.register("words-2")


def test_classify_prints_tags_and_a_bar_for_every_probability(keyword_model):
    lines = run("classify", "I'll buy it").splitlines()
    assert lines[:2] == ["I'll buy it", "  → Hot-buyer"]
    assert lines[2] == "  Hot-buyer           ███████████████│████████████▋   0.95"
    assert lines[3] == "  Deal-seeker         █▍             │                0.05"
    assert len(lines) == 7


def test_classify_says_when_a_message_has_no_tag(keyword_model):
    assert "→ no tag" in run("classify", "hello")


def test_classify_reads_standard_input_line_by_line(keyword_model, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("buy\n\nhello\r\n"))
    found = [json.loads(line) for line in run("classify", json=True).splitlines()]
    assert [entry["message"] for entry in found] == ["buy", "hello"]
    assert [entry["selected"] for entry in found] == [
        [{"tag": "Hot-buyer", "confidence": 0.9526}],
        [],
    ]


@pytest.mark.parametrize("text", ["", " ", "a\x00b", "\udcff", "x" * 100_001])
def test_classify_refuses_what_the_api_refuses(keyword_model, text):
    with pytest.raises(CommandError):
        run("classify", text)


def test_classify_goes_on_after_a_bad_line_names_it_and_fails_at_the_end(
    keyword_model, monkeypatch
):
    stream = b"\xef\xbb\xbfbuy\r\n\n\xff\n" + b"x" * 100_001 + b"\nhello\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stream), encoding="utf-8"))
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="2 of 4 messages were not classified"):
        call_command("classify", json=True, stdout=out, stderr=err)
    assert [json.loads(line)["message"] for line in out.getvalue().splitlines()] == ["buy", "hello"]
    assert [line.split(":")[0] for line in err.getvalue().splitlines()] == ["line 3", "line 4"]


def test_classify_prints_nothing_of_a_stranger_that_a_terminal_would_obey(keyword_model):
    text = "\x1b[31mbuy\x1b]0;title\x07 \x9b2J \u202eé"
    for printed in (run("classify", text), run("classify", text, json=True)):
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed)
        assert "é" in printed
    assert json.loads(run("classify", text, json=True))["message"] == text


def test_classify_without_a_model_says_what_to_do(db, models_dir):
    with pytest.raises(CommandError, match="No model is active"):
        run("classify", "hello")


def test_classify_says_why_the_live_model_cannot_be_loaded(keyword_model, models_dir):
    live.reset()
    (models_dir / "keywords-1" / "model.onnx").write_bytes(b"rubbish")
    with pytest.raises(CommandError, match=r"keywords-1 is live .*/model\.onnx is damaged"):
        run("classify", "hello")


def test_activate_takes_the_beginning_of_a_name_and_keeps_who_and_why(second_version, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    assert run("activate", "words", reason="try it") == "words-2 is live.\n"
    newest = Activation.objects.first()
    assert (newest.version, newest.actor, newest.reason) == (second_version, "ada", "try it")


def test_a_system_user_without_a_name_is_no_obstacle(second_version, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_294_000_000)
    run("activate", "words")
    assert Activation.objects.first().actor == "command"


def test_activate_says_what_is_wrong(second_version, models_dir):
    with pytest.raises(CommandError, match="no model version 'nothing'"):
        run("activate", "nothing")
    (models_dir / "words-2" / "model.onnx").write_bytes(b"rubbish")
    with pytest.raises(CommandError, match="damaged"):
        run("activate", "words-2")


def test_rollback_goes_back_and_says_when_it_cannot(second_version):
    registry.activate(second_version)
    assert run("rollback") == "keywords-1 is live again.\n"
    with pytest.raises(CommandError, match="no earlier version"):
        run("rollback")


def test_models_lists_every_version_and_marks_the_live_one(second_version):
    newer, older = run("models").splitlines()
    assert newer.startswith("  words-2 ")
    assert "F1 - " in newer
    assert older.startswith("* keywords-1 ")
    assert "F1 0.875" in older


@pytest.mark.parametrize(
    ("value", "threshold", "drawn"),
    [
        (0.0, 0.5, "     │    "),
        (1.0, 0.5, "█████│████"),
        (0.5, 1.0, "█████    │"),
        (0.0375, 0.0, "│         "),
        (0.2375, 0.9, "██▍      │"),
    ],
)
def test_a_bar_is_as_long_as_the_probability(value, threshold, drawn):
    assert bar(value, threshold=threshold, width=10) == drawn
