"""The memory of what no version may learn from: messages of test splits and of streams, for ever.

Once a message was in a test split, or in the stream, of a data set that a version was trained
from, neither it nor a near duplicate of it is learnt from again (docs/decisions/0018); where that
puts messages is for `placing` to say.
"""

from classifier import registry
from training.datasets import stored
from training.datasets.gathering import DatasetError
from training.datasets.placing import fingerprint
from training.datasets.splitting import STREAM, TEST
from training.models import Dataset, HeldOut

_BATCH = 5000


def remember(dataset: Dataset) -> None:
    """Hold out what stands in the test split and the stream of `dataset`, from now on.

    What was held out before stays where it was. DatasetError when the splits are damaged.
    """
    rows = [
        HeldOut(text_sha256=fingerprint(example.message), split=split, since=dataset)
        for split in (TEST, STREAM)
        for example in stored.load_split(dataset, split)
    ]
    HeldOut.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def remember_live() -> None:
    """The same for the data set of the live version, which may be older than the memory.

    Where that data set is gone or damaged, nothing can be remembered of it.
    """
    version = registry.live_version()
    dataset = version and stored.by_digest(version.dataset_digest)
    if not dataset:
        return
    try:
        remember(dataset)
    except DatasetError:
        return


def remembered() -> dict[str, str]:
    """`placing.fingerprint` and split of every message that is held out."""
    return dict(HeldOut.objects.values_list("text_sha256", "split"))
