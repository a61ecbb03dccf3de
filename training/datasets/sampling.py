"""A part of the messages, for a training that is to take seconds; the same part each time."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from operator import itemgetter

from training.datasets.material import Material
from training.datasets.records import Example

SHARES = {"train": 0.68, "validation": 0.14, "test": 0.18}  # of the characters
UNTAGGED = 0.4  # of the messages to learn from; more of a shop's are, and they are said alike
LONGEST = 500  # characters of a message that count: about what the model reads of it


def few(material: Material, characters: int, *, seed: int) -> Material:
    """`material` with at most so many characters of messages; 0: all of it.

    What is learnt from has messages of each tag in turn. What it is measured on is drawn blindly,
    so that the figures are those of the whole split, but for chance.
    """
    if not characters:
        return material
    room = {name: int(share * characters) for name, share in SHARES.items()}
    return replace(
        material,
        train=_fill(_in_turn(material.train, seed), room["train"]),
        validation=_fill(_shuffled(material.validation, seed), room["validation"]),
        test=_fill(_shuffled(material.test, seed), room["test"]),
    )


def _shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    return random.Random(seed).sample(examples, len(examples))


def _in_turn(examples: Sequence[Example], seed: int) -> list[Example]:
    """One of each tag after the other, a message standing for the rarest of its tags; and among
    them UNTAGGED without one."""
    support = Counter(tag for example in examples for tag in example.tags)
    met: Counter[str] = Counter()
    tagged: list[tuple[int, Example]] = []
    untagged: list[Example] = []
    for example in _shuffled(examples, seed):
        if not example.tags:
            untagged.append(example)
            continue
        rarest = min(example.tags, key=lambda tag: (support[tag], tag))
        met[rarest] += 1
        tagged.append((met[rarest], example))
    tagged.sort(key=itemgetter(0))
    places = [(float(place), example) for place, (_, example) in enumerate(tagged)]
    places += [
        (place * (1 - UNTAGGED) / UNTAGGED, example) for place, example in enumerate(untagged)
    ]
    return [example for _, example in sorted(places, key=itemgetter(0))]


def _fill(examples: Iterable[Example], room: int) -> list[Example]:
    """The first that fit, at least one."""
    examples = list(examples)
    so_far = accumulate(min(len(example.message), LONGEST) for example in examples)
    fitting = sum(1 for total in so_far if total <= room)
    return examples[: max(1, fitting)]
