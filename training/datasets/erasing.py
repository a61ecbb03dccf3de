"""Takes what is erased out of data sets that were prepared before, and tells who learnt of it.

The lines of a split that come from reviews of the conversation, or have the same words, lose their
text; the digest of the data set goes on naming what it was (docs/decisions/0025).
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import F

from conversations.erasure import Leaving
from conversations.receipts import Traces
from training.datasets import storage, stored
from training.datasets.duplicates import normalise
from training.datasets.splitting import DEALT, SPLITS, TEST
from training.models import Dataset

LEARNT = tuple(split for split in DEALT if split != TEST)


def forget(leaving: Leaving) -> Traces:
    """By the digest of each data set that held some: messages learnt from, tested on; None where
    its files are gone or damaged. The caller's transaction keeps others from preparing one."""
    if not leaving.reviews:  # only what was reviewed is ever learnt from
        return {}
    stored.lock_against_erasing(shared=False)
    gone = _gone(leaving)
    return dict(_traces(_that_may_hold(min(leaving.reviews)), gone, set(leaving.conversations)))


def _gone(leaving: Leaving) -> Callable[[dict[str, Any]], bool]:
    """Of the reviews of a text a data set names the newest alone, hence by the words as well."""
    reviews, texts = set(leaving.reviews), set(map(normalise, leaving.texts))
    return lambda row: row["review"] in reviews or normalise(row.get("message", "")) in texts


def _that_may_hold(oldest: int) -> Iterator[Dataset]:
    """Data sets that were made from reviews as new as that one."""
    newest = F("stats__input__reviews__newest")
    rows = Dataset.objects.annotate(newest=newest).order_by("pk").values_list("pk", "newest")
    for pk, number in list(rows):
        if (number or 0) >= oldest:
            yield Dataset.objects.get(pk=pk)


def _traces(
    datasets: Iterator[Dataset], gone: Callable[[dict[str, Any]], bool], conversations: set[int]
) -> Iterator[tuple[str, dict[str, int] | None]]:
    for dataset in datasets:
        try:
            found = _erase(dataset, gone)
        except (OSError, ValueError):
            found = None
        disputes = _without_disputes(dataset, conversations)
        if found or disputes:
            dataset.save(update_fields=["stats"])
            if found is not None:
                storage.write_stats(stored.folder_of(dataset.digest), dataset.stats)
        if found is None or found:
            yield dataset.digest, found


def _erase(dataset: Dataset, gone: Callable[[dict[str, Any]], bool]) -> dict[str, int]:
    """Messages by what they were for; `stats` gets the files' new sha256, and what is missing."""
    found: dict[str, int] = {}
    folder = stored.folder_of(dataset.digest)
    for split in SPLITS:
        name = storage.split_file(split)
        if name not in dataset.stats["files"]:
            continue
        count, content = storage.erase(folder, split, gone)
        if count:
            dataset.stats["files"][name] = storage.sha256(content)
            dataset.stats.setdefault("erased", {})[split] = storage.erased_in(content)
            purpose = "learnt" if split in LEARNT else "tested"
            found[purpose] = found.get(purpose, 0) + count
    return found


def _without_disputes(dataset: Dataset, conversations: set[int]) -> bool:
    """Takes the erased conversations out of the list of reviews that contradict one another."""
    told = dataset.stats["input"].get("disputes", [])
    left = [same for same in told if not any(one["conversation"] in conversations for one in same)]
    dataset.stats["input"]["disputes"] = left
    return len(left) < len(told)
