"""Versions for tests of comparisons: what each says of a message is what its words are."""

from training.datasets.records import Example
from training.evaluation.comparison import Item, Served

HOT, DEAL, WISH = "Hot-buyer", "Deal-seeker", "Wishlist-user"
WORDS = {HOT: "buy", DEAL: "discount", WISH: "save"}


def served(words=WORDS, *, name="new", threshold=0.5):
    """A version that gives a tag 0.95 where its word is in the message, else 0.05."""

    def probabilities(text):
        said = text.split()
        return {tag: 0.95 if word in said else 0.05 for tag, word in words.items()}

    return Served(
        name=name,
        tags=list(words),
        thresholds=dict.fromkeys(words, threshold),
        probabilities=probabilities,
    )


def examples(count, text, *tags, start=0, review=None, **fields):
    """`count` messages; `review`: the number of the first one's review."""
    return [
        Example(
            message=f"{text} number {start + at}",
            tags=tags,
            review=None if review is None else review + at,
            **fields,
        )
        for at in range(count)
    ]


def items(*groups):
    every = [example for group in groups for example in group]
    return [Item(example=e, dataset="d" * 64, line=line) for line, e in enumerate(every, start=1)]


def shop(hot=20, deal=20, wish=20, untagged=60):
    """A hold-out in which WORDS are right throughout."""
    return [
        *examples(hot, "buy it", HOT),
        *examples(deal, "discount please", DEAL),
        *examples(wish, "save it", WISH),
        *examples(untagged, "where is my parcel"),
    ]
