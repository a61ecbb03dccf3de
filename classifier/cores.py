"""How many cores this process may use, as its affinity and the quota of its container allow.

Libraries count the cores of the machine. In a container with a quota of two on a machine of
sixty-four, sixty-four threads share two cores' time and mostly wait for one another.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def available(*, groups: Path = _GROUPS, own: Path = _OWN_GROUPS) -> int:
    """Whole cores, at least one; a part of a core counts as one, so that none lies idle.

    `groups` is where the control groups are mounted, `own` the file that names this process's.
    """
    quotas = [math.ceil(quota) for quota in _quotas(groups, own)]
    return max(1, min([_affinity(), *quotas]))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    """The quota, in cores, of each group around this process; the tightest one holds."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            folders, read = _upwards(groups, path), _version_2
        elif "cpu" in controllers.split(","):
            folders, read = _upwards(groups / "cpu", path), _version_1
        else:
            continue
        for folder in folders:
            quota = read(folder)
            if quota is not None:
                yield quota


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """The group and those above it. In a container `path` may be the host's and not be mounted:
    then the root alone is found, which is the container's own group."""
    folder = root / path.strip("/")
    yield folder
    while folder not in (root, folder.parent):
        folder = folder.parent
        yield folder


def _version_2(folder: Path) -> float | None:
    """`cpu.max` holds `quota period` in microseconds, or `max period`."""
    values = _words(folder / "cpu.max")
    return _share(*values) if len(values) == 2 else None


def _version_1(folder: Path) -> float | None:
    """Microseconds in two files; a quota of -1 is none."""
    values = [*_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us")]
    return _share(*values) if len(values) == 2 else None


def _share(quota: str, period: str) -> float | None:
    if not quota.isdigit() or not period.isdigit() or not int(quota) or not int(period):
        return None
    return int(quota) / int(period)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
