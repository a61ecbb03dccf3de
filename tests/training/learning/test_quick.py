"""Heads learn on an encoder that stays as it is, and what they make serves like any other."""

import numpy as np
import pytest
import torch

from training.datasets.records import Example
from training.export import onnx_graph
from training.learning import base_models, crossfit, quick, recipes
from training.learning.config import PRESETS

TAGS = {"deal": "wants a discount", "buy": "buys now"}
WORDS = {"deal": "discount", "buy": "checkout"}
FILLERS = ["please", "hello", "today", "this", "that", "with", "for", "about", "really", "maybe"]


def messages(count):
    rng = np.random.default_rng(3)
    texts, labels = [], []
    for _ in range(count):
        held = rng.random(2) < 0.4
        words = [
            *rng.choice(FILLERS, 4),
            *(w for w, h in zip(WORDS.values(), held, strict=True) if h),
        ]
        texts.append(" ".join(rng.permutation(words)))
        labels.append(held.astype(float))
    return texts, np.array(labels)


def config(folder):
    return PRESETS["quick"].with_changes(base_model=str(folder), frozen_layers=1)


@pytest.fixture(params=["tiny_bert", "tiny_distilbert", "tiny_xlm_roberta"])
def encoder(request):
    return request.getfixturevalue(request.param)


def fit(folder):
    return recipes.fit(
        train=messages(200), validation=messages(60), descriptions=TAGS, config=config(folder)
    )


def test_the_heads_learn_and_the_encoder_stays_as_it_is(tiny_bert):
    fitted = fit(tiny_bert)
    assert fitted.history[-1]["validation_micro_f1"] > 0.95
    before = base_models.load(str(tiny_bert))[0].state_dict()
    after = fitted.network.encoder.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
    assert not any("layer.1." in name for name in after)


def test_the_graph_says_what_the_heads_say_whatever_the_encoder(encoder, tmp_path):
    fitted = fit(encoder)
    onnx_graph.to_onnx(fitted, tmp_path / "model.onnx")
    texts = [*messages(10)[0], "just looking " * 40, "🙂"]
    (says,) = onnx_graph.run(fitted, [tmp_path / "model.onnx"], texts)[0]
    assert np.abs(says - fitted.logits(texts)).max() < 1e-3


def test_a_fit_knows_nothing_of_the_one_before(tiny_bert):
    one, other = (
        fit(tiny_bert).logits(["discount please"]),
        fit(tiny_bert).logits(["discount please"]),
    )
    assert np.array_equal(one, other)


def test_of_few_messages_each_is_judged_by_heads_that_did_not_see_it(tiny_bert):
    texts, labels = messages(40)
    unique = dict(zip(texts, labels, strict=True))
    examples = [
        Example(message=text, tags=tuple(t for t, held in zip(TAGS, row, strict=True) if held))
        for text, row in unique.items()
    ]
    (logits,) = crossfit.out_of_fold(
        examples, list(TAGS), descriptions=TAGS, config=config(tiny_bert)
    )
    assert logits.shape == (len(examples), 2)
    assert np.abs(logits).min() > 0


def test_an_encoder_without_so_many_layers_is_taken_whole(tiny_bert):
    network = base_models.load(str(tiny_bert))[0]
    quick.keep_first_layers(network, 9)
    assert len(network.encoder.layer) == 2
