"""Reviews that say the opposite of what the live version is sure of, by reviewer and tag.

One is a mistake of the model or of a person. When most of one person's reviews of a tag are like
that, somebody should look at them before a version that learnt from them goes live.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from training.datasets.records import Example

SURE = 0.9  # a probability from which the version is sure that a tag holds; 1 - SURE: that not
FEWEST, SHARE = 10, 0.5  # so many, and this share of the reviewer's, are no accident
Says = Literal["holds", "does not hold"]


def find(
    examples: Sequence[Example],
    probabilities: Sequence[Mapping[str, float]],
    *,
    reviewers: Mapping[int, str],
) -> list[dict[str, Any]]:
    """A JSON-able row for each reviewer, tag and direction that has a contradiction, worst first.

    `examples` are reviews and `probabilities` what the live version says of each, tag by tag;
    `reviewers` names who wrote a review. `against` of `of`: contradictions among the reviewer's
    reviews of messages where the version was sure; `reviews`: their numbers.
    """
    sure: dict[tuple[str, str, Says], int] = defaultdict(int)
    against: dict[tuple[str, str, Says], list[int]] = defaultdict(list)
    for example, answer in zip(examples, probabilities, strict=True):
        if example.review is None or example.review not in reviewers:
            continue
        for tag, probability in answer.items():
            said = _contrary(probability)
            if said is None or tag in example.unknown:
                continue
            key = reviewers[example.review], tag, said
            sure[key] += 1
            if (tag in example.tags) == (said == "holds"):
                against[key].append(example.review)
    rows = [_row(*key, sorted(found), of=sure[key]) for key, found in against.items()]
    return sorted(rows, key=lambda row: (not row["systematic"], -row["against"], row["tag"]))


def _contrary(probability: float) -> Says | None:
    """What a review would say against the version; None where the version is not sure."""
    if probability >= SURE:
        return "does not hold"
    return "holds" if probability <= 1 - SURE else None


def _row(reviewer: str, tag: str, says: Says, found: list[int], *, of: int) -> dict[str, Any]:
    return {
        "reviewer": reviewer,
        "tag": tag,
        "says": says,
        "against": len(found),
        "of": of,
        "systematic": len(found) >= FEWEST and len(found) >= SHARE * of,
        "reviews": found,
    }
