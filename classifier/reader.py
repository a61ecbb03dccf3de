"""From a message to the tokens that a model reads of it; the one way in training and in serving."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from tokenizers import Tokenizer

from classifier.redaction import redacted
from classifier.text import clean

HEAD = 0.5  # share of the tokens that the beginning of a long message gets; its end has the others
CHARACTERS = 40  # for each token that a model reads, from either end, are looked at; never more


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a model reads of one message."""

    text: str  # as cleaned
    ids: list[int]  # of the tokens, the tokenizer's own around them included
    cut: bool  # whether there was more than the model reads


class Reader:
    """A tokenizer, and what becomes of a text before and after it.

    May be used from many threads at once.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, max_length: int, cleaning: int, prefix: str = ""
    ) -> None:
        """`cleaning` is the manifest's text_cleaning; with 0 a text is read as it was written.

        `prefix` stands before every text.
        """
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self.tokenizer, self._cleaning, self._prefix = tokenizer, cleaning, prefix
        self._before, self._after = _added(tokenizer)
        self._room = max(1, max_length - len(self._before) - len(self._after))
        self._longest = CHARACTERS * max_length
        self._special = _special(tokenizer)

    def read(self, text: str) -> Reading:
        cleaned, shown, cut = self._prepared(text)
        ids = self.tokenizer.encode(shown, add_special_tokens=False).ids
        return self._assembled(cleaned, ids, cut)

    def read_all(self, texts: Sequence[str]) -> list[Reading]:
        """`read` of each, tokenized side by side."""
        prepared = [self._prepared(text) for text in texts]
        encodings = self.tokenizer.encode_batch(
            [shown for _, shown, _ in prepared], add_special_tokens=False
        )
        return [
            self._assembled(cleaned, encoding.ids, cut)
            for (cleaned, _, cut), encoding in zip(prepared, encodings, strict=True)
        ]

    def _prepared(self, text: str) -> tuple[str, str, bool]:
        """(cleaned text, what the tokenizer is shown, whether that leaves something out)."""
        text = redacted(text)
        if not self._cleaning:
            shown = text[: self._longest]
            return text, self._prefix + shown, len(shown) < len(text)
        cleaned = shown = clean(text)
        if cut := len(shown) > 2 * self._longest:
            shown = f"{shown[: self._longest]} {shown[-self._longest :]}"
        if self._special:
            # "[SEP]" in a message is text: apart, its signs are no token of that name.
            shown = self._special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", shown)
        return cleaned, self._prefix + shown, cut

    def _assembled(self, cleaned: str, ids: list[int], cut: bool) -> Reading:
        if len(ids) > self._room:
            head = ceil(HEAD * self._room) if self._cleaning else self._room
            ids, cut = ids[:head] + ids[len(ids) - (self._room - head) :], True
        # A tokenizer that adds nothing leaves nothing of a text such as an emoji.
        return Reading(text=cleaned, ids=[*self._before, *ids, *self._after] or [0], cut=cut)


def _added(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """The ids that the tokenizer sets before and after every text."""
    encoding = tokenizer.encode("a")
    own = [at for at, added in enumerate(encoding.special_tokens_mask) if not added]
    first, end = (own[0], own[-1] + 1) if own else (len(encoding.ids),) * 2
    return encoding.ids[:first], encoding.ids[end:]


def _special(tokenizer: Tokenizer) -> re.Pattern[str] | None:
    """What finds the tokenizer's special tokens in a text; None where it has none."""
    tokens = tokenizer.get_added_tokens_decoder().values()
    names = sorted((re.escape(each.content) for each in tokens if each.special), key=len)
    return re.compile("|".join(reversed(names)), re.IGNORECASE) if names else None
