"""Prepared data sets, read back from their folders."""

from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from training.datasets import storage
from training.datasets.gathering import DatasetError
from training.datasets.records import Example
from training.models import Dataset

_ERASING = 0x6265657A_65726173  # names the lock of whoever erases from data sets


def load_split(dataset: Dataset, split: str) -> list[Example]:
    """Examples of one of `splitting.SPLITS`; DatasetError when missing or damaged."""
    try:
        try:
            return _read(dataset, split)
        except ValueError:  # an erasure may have changed file and row since the row was read
            with transaction.atomic():
                lock_against_erasing()
                dataset.refresh_from_db(fields=["stats"])
            return _read(dataset, split)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"data set {dataset}: the {split} split is missing or damaged ({error}); "
            "prepare it again from its files"
        ) from error


def _read(dataset: Dataset, split: str) -> list[Example]:
    digest = dataset.stats["files"].get(storage.split_file(split))
    if digest is None:  # it was prepared before there was a stream
        return []
    return storage.read_split(folder_of(dataset.digest), split, digest=digest)


def lock_against_erasing(*, shared: bool = True) -> None:
    """Until the transaction ends nothing is erased from data sets; who erases holds it alone."""
    kind = "_shared" if shared else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(%s)", [_ERASING])


def by_digest(digest: str) -> Dataset | None:
    """The data set of that digest, such as a version's `dataset_digest`, if it is there."""
    return Dataset.objects.filter(digest=digest).first()


def splits_by_digest(digest: str, *splits: str) -> list[Example] | None:
    """Examples of the `splits` of that data set; None where it is gone or damaged."""
    dataset = by_digest(digest)
    if dataset is None:
        return None
    try:
        return [example for split in splits for example in load_split(dataset, split)]
    except DatasetError:
        return None


def load_tags(dataset: Dataset) -> tuple[str, ...]:
    """Tag names in the order of the model's outputs, as in `tag2id.json`."""
    return tuple(dataset.stats["tags"])


def folder_of(digest: str) -> Path:
    return Path(settings.DATASETS_DIR) / digest[:16]
