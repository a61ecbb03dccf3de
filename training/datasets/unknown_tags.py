"""Which tags a message was not labelled for: nobody has said whether they hold.

A tag that came later than a message's labels is unknown for it, not absent: training, evaluation
and calibration leave it out there.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from training.datasets.reading import Example, Record

# A tag with fewer messages against it, for each that carries it, would hold nearly always.
SCARCE = 0.1


def marked(records: Sequence[Record], known_tags: Sequence[str]) -> list[Record]:
    """The records of one file with the `unknown` tags of their examples, in order of `known_tags`.

    A record that does not say what it was labelled for was labelled for the tags that occur in
    its file; for all of them where none does, as in a file of messages without a tag.
    """
    occurring = {tag for record in records for tag in record.example.tags} or set(known_tags)
    return [_marked(record, occurring, known_tags) for record in records]


def without(records: Sequence[Record], retired: Collection[str]) -> list[Record]:
    """The records as if their labels had never been about the tags in `retired`."""
    return [
        replace(
            record,
            example=replace(
                record.example,
                tags=tuple(tag for tag in record.example.tags if tag not in retired),
                unknown=tuple(tag for tag in record.example.unknown if tag not in retired),
            ),
        )
        for record in records
    ]


def _marked(record: Record, occurring: Iterable[str], known_tags: Sequence[str]) -> Record:
    known = set(occurring if record.labelled_for is None else record.labelled_for)
    unknown = tuple(tag for tag in known_tags if tag not in known)
    return replace(record, example=replace(record.example, unknown=unknown))


def with_negatives(
    examples: Sequence[Example], tags: Sequence[str]
) -> tuple[list[Example], list[str]]:
    """The examples, and a sentence for each tag that they are made to have negatives of.

    A tag that holds in nearly every message that was labelled for it, as in a file of complaints
    alone, would be learnt to hold always. For such a tag the other messages count as negatives.
    """
    assumed: set[str] = set()
    sentences = []
    for tag in tags:
        positive = sum(tag in example.tags for example in examples)
        unknown = sum(tag in example.unknown for example in examples)
        labelled = len(examples) - unknown
        if unknown and labelled - positive < SCARCE * positive:
            assumed.add(tag)
            sentences.append(
                f"{tag} holds in {positive} of the {labelled} messages labelled for it, so the "
                f"{unknown} others count as messages without it"
            )
    return [
        replace(e, unknown=tuple(tag for tag in e.unknown if tag not in assumed)) for e in examples
    ], sentences
