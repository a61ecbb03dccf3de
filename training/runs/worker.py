"""Which process trains: known by more than its number, which the system gives out again.

A process can be seen from another one that shares the kernel's boot and the process numbers (on
one machine, in one container). Whether one that cannot be seen still lives, its lease says.
"""

import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A process: where its number counts, its number, and when it began."""

    machine: str
    pid: int
    started: str

    @classmethod
    def of(cls, pid: int | None = None) -> Self:
        """The process `pid` of this machine, by default this one; `started` is empty if gone."""
        pid = pid or os.getpid()
        return cls(machine=_machine(), pid=pid, started=_started(pid) or "")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def name(self) -> str:
        """`host:pid`, for people."""
        return f"{socket.gethostname()}:{self.pid}"


def is_gone(identity: dict[str, Any]) -> bool:
    """Whether the process of `Worker.as_dict` can be seen from here and is no more."""
    if identity.get("machine") != _machine():
        return False
    try:
        return bool(_started(identity["pid"]) != identity["started"])
    except psutil.AccessDenied:  # it is there, and nobody's business: its lease decides
        return False


def _machine() -> str:
    """The same for processes that see each other's numbers: boot and namespace of numbers.

    No host name: a container may be renamed, and two may have the same one.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # not Linux: no containers either
        return f"{socket.gethostname()} {psutil.boot_time():.0f}"


def _started(pid: int) -> str | None:
    """When the process began; None if there is none, or one that only waits to be buried."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return _ticks(pid) or f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def _ticks(pid: int) -> str | None:
    """Clock ticks from the boot to the start, which no change of the clock moves (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[19]
