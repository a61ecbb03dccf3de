"""What words a model has learnt from, so that it can tell a message that is unlike them."""

from collections.abc import Sequence

import numpy as np

from classifier.familiarity import Familiarity
from classifier.reader import Reader

MESSAGES_A_TOKEN = 2500  # training messages for each that a token must stand in to be learnt
ASKED = 0.02  # of the messages like those of the training may be taken for strange
LEAST = 0.33  # share of unlearnt tokens up to which no message is strange


def familiarity(reader: Reader, *, train: Sequence[str], held_out: Sequence[str]) -> Familiarity:
    """The tokens of `train`, and the limit that at most ASKED of the `held_out` messages pass.

    A token counts as learnt when one in MESSAGES_A_TOKEN training messages has it (at least one):
    in many messages, a stray word of another language is no sign that the language was learnt.
    """
    counts = np.zeros(reader.tokenizer.get_vocab_size(), dtype=np.int64)
    for reading in reader.read_all(train):
        counts[np.unique(reading.ids)] += 1
    least = max(1, round(len(train) / MESSAGES_A_TOKEN))
    learnt = Familiarity(
        reader.tokenizer, tokens=np.flatnonzero(counts >= least).tolist(), limit=1.0
    )
    shares = [learnt.unlearnt_share(reading) for reading in reader.read_all(held_out)]
    usual = float(np.quantile(shares, 1 - ASKED)) if shares else 0.0
    learnt.limit = round(max(LEAST, usual), 4)
    return learnt
