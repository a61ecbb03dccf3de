from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from classifier import artefact
from classifier.artefact import ArtefactError, EarlyExit
from classifier.engine import Engine, Exit
from classifier.graph import Graph
from tests import keyword_model

WORDS = {"Deal-seeker": ["discount"], "Hot-buyer": ["buy"]}


def load(tmp_path, **options):
    return Engine.load(keyword_model.build(tmp_path, "a-model", words=WORDS, **options))


def replace_file(folder, name, content):
    """A folder whose manifest vouches for a file that does not fit."""
    manifest = artefact.read(folder)
    staging = folder.with_name(f"{folder.name}-changed-staging")
    folder.rename(staging)
    (staging / name).write_bytes(content)
    return artefact.publish(staging=staging, models_dir=folder.parent, manifest=manifest)


def test_probabilities_are_the_sigmoid_of_logit_over_temperature(tmp_path):
    engine = load(tmp_path, temperatures={"Hot-buyer": 2.0})
    found = engine.classify("I want to BUY it, with a discount!").probabilities
    assert found["Deal-seeker"] == pytest.approx(1 / (1 + np.exp(-3.0)))
    assert found["Hot-buyer"] == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_a_tags_own_threshold_decides_whether_it_is_selected(tmp_path):
    engine = load(tmp_path, thresholds={"Deal-seeker": 0.96, "Hot-buyer": 0.95})
    assert [tag for tag, _ in engine.classify("buy discount").selected] == ["Hot-buyer"]


def test_tags_are_ranked_by_probability_then_name(tmp_path):
    engine = load(tmp_path)
    assert [tag for tag, _ in engine.classify("buy").ranked] == ["Hot-buyer", "Deal-seeker"]
    assert [tag for tag, _ in engine.classify("hello").ranked] == ["Deal-seeker", "Hot-buyer"]


def test_beginning_and_end_of_a_longer_message_decide_and_it_is_said_to_be_cut(tmp_path):
    engine = load(tmp_path, max_length=3)
    whole, longer = engine.classify("a b buy"), engine.classify("a b c d buy")
    assert [tag for tag, _ in longer.selected] == ["Hot-buyer"]
    assert (whole.cut, longer.cut) == (False, True)
    assert engine.classify("a b buy c d").selected == []


def test_two_html_mails_with_different_wishes_get_different_answers(tmp_path):
    style = "<style>p.MsoNormal {margin: 0cm; font: 11pt Calibri} a {color: blue}</style>" * 20
    engine = load(tmp_path, max_length=16)
    wishes = [
        engine.classify(f"<html><head>{style}</head><body><p>{wish}</p></body></html>")
        for wish in ("I want to buy it", "any discount?")
    ]
    assert [[tag for tag, _ in each.selected] for each in wishes] == [
        ["Hot-buyer"],
        ["Deal-seeker"],
    ]


def test_a_model_trained_without_cleaning_is_served_uncleaned_text(tmp_path):
    engine = load(tmp_path, max_length=3, text_cleaning=0)
    assert [tag for tag, _ in engine.classify("a b buy").selected] == ["Hot-buyer"]
    assert engine.classify("a b c buy").selected == []
    assert engine.classify("<p>buy</p>").selected == []


def test_the_prefix_of_the_manifest_stands_before_every_text(tmp_path):
    engine = load(tmp_path, text_prefix="discount: ")
    assert [tag for tag, _ in engine.classify("hello").selected] == ["Deal-seeker"]


@pytest.mark.parametrize("text", ["", "   ", "\u200d", "🙂", "日本語"])
def test_a_text_of_which_the_tokenizer_keeps_nothing_gets_an_answer(tmp_path, text):
    assert load(tmp_path).classify(text).selected == []


def test_an_extreme_temperature_gives_no_warning_and_no_nan(tmp_path, recwarn):
    found = load(tmp_path, temperatures={"Hot-buyer": 1e-6}).classify("hello")
    assert found.probabilities["Hot-buyer"] == 0.0
    assert not recwarn.list


def test_many_threads_get_the_answers_that_one_gets(tmp_path):
    engine = load(tmp_path)
    texts = ["buy", "discount", "buy with a discount", "hello"] * 50
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(engine.classify, texts)) == [engine.classify(text) for text in texts]


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_sealed_file_that_is_rubbish_is_refused(tmp_path, name):
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS)
    with pytest.raises(ArtefactError, match="cannot be loaded"):
        Engine.load(replace_file(folder, name, b"rubbish"))


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_graph_that_does_not_fit_the_tags_is_refused(tmp_path, value):
    """NaN for two tags, or one finite logit where two are due."""
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS)
    logits = np.full((1, 2 if np.isnan(value) else 1), value, dtype=np.float32)
    with pytest.raises(ArtefactError, match="the graph answers"):
        Engine.load(replace_file(folder, "model.onnx", constant_graph(logits)))


def constant_graph(logits):
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    constant = helper.make_node(
        "Constant", [], ["logits"], value=onnx.numpy_helper.from_array(logits)
    )
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, list(logits.shape))
    graph = helper.make_graph([constant], "constant", ids, [output])
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


FAMILIAR = b'{"tokens": [1, 2, 3], "limit": 0.5}'
EARLY = EarlyExit(temperatures={"Deal-seeker": 1.0, "Hot-buyer": 2.0}, band=(0.3, 0.7))


@pytest.fixture
def ran(monkeypatch):
    """The parts that were run, by their names in the folder."""
    parts = []
    run = Graph.exits

    def exits(graph, reading):
        for name, logits in zip(("model", "deeper"), run(graph, reading), strict=False):
            parts.append(name)
            yield logits

    monkeypatch.setattr(Graph, "exits", exits)
    return parts


def load_early(tmp_path, ran, **options):
    engine = load(tmp_path, early_exit=EARLY, not_yet=["maybe"], **options)
    ran.clear()
    return engine


def test_a_message_that_is_decided_early_ends_there_with_that_exits_temperatures(tmp_path, ran):
    found = load_early(tmp_path, ran).classify("buy").probabilities
    assert ran == ["model"]
    assert found["Deal-seeker"] == pytest.approx(1 / (1 + np.exp(3.0)))
    assert found["Hot-buyer"] == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_a_message_with_a_tag_that_is_not_decided_early_goes_on(tmp_path, ran):
    found = load_early(tmp_path, ran).classify("maybe buy").probabilities
    assert ran == ["model", "deeper"]
    assert found["Hot-buyer"] == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_the_ends_of_the_band_belong_to_it_below_and_not_above():
    decided = Exit([1.0], (0.3, 0.7)).decides(np.array([[0.29], [0.3], [0.69], [0.7]]))
    assert decided.tolist() == [True, False, False, True]


def test_a_strange_message_goes_to_the_end(tmp_path, ran):
    engine = load_early(tmp_path, ran, max_length=3, extra_files={"familiar.json": FAMILIAR})
    assert engine.classify("buy buy").strange is False
    assert ran == ["model"]
    ran.clear()
    assert engine.classify("buy buy buy buy buy").strange
    assert ran == ["model", "deeper"]


def test_a_model_without_an_early_exit_has_one_graph(tmp_path, ran):
    engine = load(tmp_path)
    ran.clear()
    engine.classify("maybe")
    assert ran == ["model"]


@pytest.mark.parametrize("name", ["model.onnx", "deeper.onnx"])
def test_each_graph_of_a_model_with_an_early_exit_must_fit(tmp_path, name):
    folder = keyword_model.build(tmp_path, "a-model", words=WORDS, early_exit=EARLY)
    with pytest.raises(ArtefactError, match="cannot be loaded"):
        Engine.load(replace_file(folder, name, constant_graph(np.full((1, 3), 1.0, np.float32))))


def test_many_threads_get_the_answers_that_one_gets_from_either_exit(tmp_path, ran):
    engine = load_early(tmp_path, ran)
    texts = ["buy", "maybe discount", "maybe buy with a discount", "hello"] * 50
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(engine.classify, texts)) == [engine.classify(text) for text in texts]
