import numpy as np
import pytest
import torch

from training.learning import finetune, network
from training.learning.config import PRESETS

DESCRIPTIONS = {"new": "a new customer", "deal": "wants a discount", "buy": "buys now"}
TRAIN = (["I am new here", "any discount?", "take my money"], np.eye(3, dtype=bool))


@pytest.fixture
def config(tiny_bert):
    return PRESETS["default"].with_changes(base_model=str(tiny_bert), epochs=3, min_steps=0)


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


def gradients(net, reader, labels):
    net.zero_grad(set_to_none=True)
    net.eval()
    logits = net(*network.batch(reader, TRAIN[0]))
    loss = finetune.known_loss(logits, torch.tensor(labels, dtype=torch.float32))
    torch.autograd.backward(loss)
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}


def test_an_unknown_label_pushes_its_tag_neither_up_nor_down(config):
    net, reader = network.build(config, DESCRIPTIONS)
    labels = np.eye(3)
    assert gradients(net, reader, labels)["head.tags"][1].any()
    labels[:, 1] = np.nan
    found = gradients(net, reader, labels)
    for name in ("head.tags", "head.bias", "matching.tags"):
        assert not found[name][1].any()
        assert found[name][0].any()


def test_a_tag_that_no_message_was_labelled_for_changes_nothing_for_the_others(config):
    two = {name: DESCRIPTIONS[name] for name in ("new", "deal")}
    alone = gradients(*network.build(config, two), np.eye(3)[:, :2])
    labels = np.eye(3)
    labels[:, 2] = np.nan
    beside = gradients(*network.build(config, DESCRIPTIONS), labels)
    for name, gradient in alone.items():
        shared = beside[name][:2] if gradient.shape != beside[name].shape else beside[name]
        assert torch.allclose(gradient, shared, atol=1e-6), name


def test_the_loss_of_known_labels_is_the_plain_mean_and_of_none_nothing():
    logits, labels = torch.randn(8, 5), (torch.rand(8, 5) < 0.3).float()
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    assert finetune.known_loss(logits, labels) == plain
    assert finetune.known_loss(logits, labels * torch.nan) == 0


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


@pytest.mark.parametrize(("min_steps", "epochs"), [(0, 3), (5, 5), (2, 3)])
def test_few_messages_are_gone_through_until_there_were_enough_steps(config, min_steps, epochs):
    fitted = finetune.fit(
        train=TRAIN,
        validation=None,
        descriptions=DESCRIPTIONS,
        config=config.with_changes(min_steps=min_steps),
    )
    assert len(fitted.history) == epochs


def is_nearest_to_its_own(head, texts, config) -> bool:
    logits = head.eval()(texts)
    own = torch.full((len(texts),), config.head_scale) + head.bias  # a cosine of 1
    return torch.allclose(logits.diagonal(), own) and logits.argmax(dim=1).tolist() == [0, 1, 2]


@torch.no_grad()
def test_both_heads_start_with_the_descriptions_as_their_layer_has_them(config):
    net, reader = network.build(config, DESCRIPTIONS)
    assert net.early.layers == 1  # of two
    ids, mask = network.batch(reader, list(DESCRIPTIONS.values()))
    output = net.eval().read(ids, mask)
    last, halfway = (network.mean(output.hidden_states[layer], mask) for layer in (2, 1))
    assert not torch.allclose(last, halfway)
    assert is_nearest_to_its_own(net.head, last, config)
    assert is_nearest_to_its_own(net.early.head, halfway, config)


def test_an_early_exit_learns_what_the_whole_network_says(config):
    config = config.with_changes(epochs=60, encoder_learning_rate=1e-3, average_weights=0.5)
    fitted = finetune.fit(train=TRAIN, validation=None, descriptions=DESCRIPTIONS, config=config)
    early, whole = fitted.exits(TRAIN[0])
    assert ((early > 0) == (whole > 0)).all()
    assert ((early > 0) == TRAIN[1]).all()


def test_beside_an_early_exit_the_network_becomes_what_it_would_be_without_to_the_bit(config):
    config = config.with_changes(epochs=5, encoder_learning_rate=1e-3)
    with_exit, without = (
        finetune.fit(
            train=TRAIN,
            validation=None,
            descriptions=DESCRIPTIONS,
            config=config.with_changes(early_exit=share),
        )
        for share in (0.5, 0.0)
    )
    kept = dict(with_exit.network.named_parameters())
    assert all(torch.equal(kept[name], p) for name, p in without.network.named_parameters())
    assert (with_exit.logits(TRAIN[0]) == without.logits(TRAIN[0])).all()


@pytest.mark.parametrize("changes", [{"early_exit": 0.0}, {"early_exit": 0.0, "token_scale": 0.0}])
def test_without_an_early_exit_there_is_one_answer(config, changes):
    net, reader = network.build(config.with_changes(**changes), DESCRIPTIONS)
    assert finetune.Fitted(net, reader, config).exits(TRAIN[0]).shape == (1, 3, 3)
