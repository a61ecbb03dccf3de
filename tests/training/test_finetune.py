import numpy as np
import pytest
import torch

from training import finetune, network
from training.config import PRESETS

DESCRIPTIONS = {"new": "a new customer", "deal": "wants a discount", "buy": "buys now"}
TRAIN = (["I am new here", "any discount?", "take my money"], np.eye(3, dtype=bool))


@pytest.fixture
def config(tiny_bert):
    return PRESETS["few-shot"].with_changes(base_model=str(tiny_bert), epochs=3)


def test_without_validation_messages_all_epochs_run(config):
    config = config.with_changes(patience=1)
    fitted = finetune.fit(train=TRAIN, validation=None, descriptions=DESCRIPTIONS, config=config)
    assert [set(row) for row in fitted.history] == [{"epoch", "loss"}] * 3


def test_without_validation_messages_the_last_weights_are_kept(config):
    config = config.with_changes(epochs=40, encoder_learning_rate=1e-3, average_weights=0.5)
    fitted = finetune.fit(train=TRAIN, validation=None, descriptions=DESCRIPTIONS, config=config)
    logits = torch.from_numpy(fitted.logits(TRAIN[0]))
    gold = torch.from_numpy(TRAIN[1]).float()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, gold)
    assert loss < fitted.history[len(fitted.history) // 2]["loss"]


def test_a_tag_is_matched_by_a_token_whatever_stands_around_it(config):
    net, _ = network.build(config, DESCRIPTIONS)
    tokens = torch.randn(1, 9, net.encoder.config.hidden_size)
    tokens[0, 4] = net.matching.tags[1].detach() * 7
    net.matching.eval()
    logits = net.matching(tokens, torch.ones(1, 9))
    assert logits.argmax() == 1
    assert logits[0, 1] > net.matching.log_scale.exp() / 2


def test_padding_matches_nothing(config):
    net, _ = network.build(config, DESCRIPTIONS)
    net.matching.eval()
    tokens = torch.randn(1, 4, net.encoder.config.hidden_size)
    padded = torch.cat([tokens, net.matching.tags[None, :2].detach()], dim=1)
    mask = torch.tensor([[1, 1, 1, 1, 0, 0]])
    assert torch.allclose(net.matching(tokens, mask[:, :4]), net.matching(padded, mask), atol=1e-5)
