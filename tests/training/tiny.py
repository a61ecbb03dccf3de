"""Small, randomly initialised encoders saved to disk, through which the real code is run."""

import functools
import json
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLMRobertaTokenizer,
)

from training.datasets.dataset import SEED_FILE

SEED = 0
SIZES = {"vocab_size": 2000, "max_position_embeddings": 128}


def seeded(build: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """The same weights in every run, so that what a test says of them is no matter of luck."""

    @functools.wraps(build)
    def built(folder: Path) -> Path:
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            return build(folder)

    return built


def quickly(base_model: str) -> list[str]:
    """Options of `manage.py train` for one pass on a tiny encoder."""
    return ["--base-model", base_model, "--set", "epochs=1", "--set", "min_steps=0"]


@seeded
def distilbert(folder: Path) -> Path:
    """A DistilBERT (no pooler) of two layers."""
    config = DistilBertConfig(**SIZES, dim=64, n_layers=2, n_heads=4, hidden_dim=128)
    return _save(DistilBertModel(config), folder)


@seeded
def bert(folder: Path) -> Path:
    """A BERT (with a pooler) of two layers."""
    config = BertConfig(
        **SIZES,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
    )
    return _save(BertModel(config), folder)


@seeded
def xlm_roberta(folder: Path) -> Path:
    """An XLM-RoBERTa of two layers: one type of token, positions that begin behind padding's."""
    tokenizer = _unigram()
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=128 + 2,
        type_vocab_size=1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    XLMRobertaModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _save(model, folder: Path) -> Path:
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        SEED_FILE.read_text().splitlines(),
        trainers.WordPieceTrainer(vocab_size=SIZES["vocab_size"], special_tokens=special),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]"
    )


def _unigram() -> XLMRobertaTokenizer:
    """SentencePiece's Unigram as XLM-RoBERTa has it: <s> 0, <pad> 1, </s> 2, <unk> 3."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(
        SEED_FILE.read_text().splitlines(),
        trainers.UnigramTrainer(
            vocab_size=SIZES["vocab_size"], special_tokens=special, unk_token="<unk>"
        ),
    )
    pieces = json.loads(tokenizer.to_str())["model"]["vocab"]
    return XLMRobertaTokenizer(vocab=[tuple(piece) for piece in pieces])
