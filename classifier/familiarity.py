"""Is a message like anything that the model has learnt from? If not, a person had better look.

By the word pieces that it is made of: a language, a jargon or a row of random letters is made of
pieces that hardly any training message had. Costs a look-up a token.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifier.reader import Reading

FILE = "familiar.json"  # in the model folder; older ones have none


class Familiarity:
    """The tokens that were learnt from, and how many others a message may be made of.

    May be used from many threads at once.
    """

    def __init__(self, tokenizer: Tokenizer, *, tokens: Iterable[int], limit: float) -> None:
        """`tokens`: ids that training messages held; `limit`: see `is_strange`."""
        self._lettered = _lettered(tokenizer)
        self._unknown = _unknown_token(tokenizer)
        self._learnt = np.zeros(len(self._lettered), dtype=np.bool_)
        self._learnt[list(tokens)] = True
        self.limit = limit

    @classmethod
    def load(cls, folder: Path, tokenizer: Tokenizer) -> Self | None:
        """What `folder` says; None where it says nothing. ValueError where it is not right."""
        path = folder / FILE
        if not path.exists():
            return None
        said = json.loads(path.read_bytes())
        try:
            return cls(tokenizer, tokens=said["tokens"], limit=float(said["limit"]))
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"{FILE} is not right: {error!r}") from error

    def save(self, folder: Path) -> None:
        said = {"limit": self.limit, "tokens": np.flatnonzero(self._learnt).tolist()}
        (folder / FILE).write_text(json.dumps(said))

    def unlearnt_share(self, reading: Reading) -> float:
        """Of the tokens with letters, the share that was not learnt from; 0 where none has."""
        ids = np.array(reading.ids)
        lettered = self._lettered[ids]
        if self._unknown is not None and _has_foreign_letters(reading.text):
            lettered = lettered | (ids == self._unknown)
        return float(np.mean(~self._learnt[ids[lettered]])) if lettered.any() else 0.0

    def is_strange(self, reading: Reading) -> bool:
        """Whether more than `limit` of the message's tokens are unlearnt."""
        return self.unlearnt_share(reading) > self.limit


def _lettered(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """For each token of the vocabulary, whether it is (part of) a word."""
    added = tokenizer.get_added_tokens_decoder()
    out = np.zeros(tokenizer.get_vocab_size(), dtype=np.bool_)
    for token, number in tokenizer.get_vocab().items():
        special = number in added and added[number].special
        out[number] = not special and any(map(str.isalpha, token))
    if (unknown := _unknown_token(tokenizer)) is not None:
        out[unknown] = False  # an emoji as often as a word, see `unlearnt_share`
    return out


def _unknown_token(tokenizer: Tokenizer) -> int | None:
    """The id of what stands for everything that the vocabulary lacks."""
    name = getattr(tokenizer.model, "unk_token", None)
    return tokenizer.token_to_id(name) if name else None


def _has_foreign_letters(text: str) -> bool:
    """Letters of another script than the Latin one."""
    return not text.isascii() and any(sign.isalpha() and sign > "\u024f" for sign in text)
