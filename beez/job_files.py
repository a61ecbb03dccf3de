"""The broker where there is no Redis: Celery's jobs as files, kombu's transport made sturdy.

Kombu writes a job into the file where the worker looks for it, so a worker could take it half
written, and one that cannot be read ended the worker. Here a job appears whole, and one that was
damaged (a full disk, a machine that went down) is put aside and told.
"""

import logging
import time
import uuid
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(  # type: ignore[override]  # as kombu's own; the types are not
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"  # as kombu's
        draft = folder / f"{name}.draft"
        draft.write_text(dumps(payload))
        draft.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        self._put_damaged_aside(queue)
        return super()._get(queue)

    def _queue_bind(self, exchange: str, *arguments: Any) -> None:
        _put_aside_if_damaged(self._exchange_file(exchange))  # type: ignore[attr-defined]
        super()._queue_bind(exchange, *arguments)

    def _put_damaged_aside(self, queue: str) -> None:
        for path in Path(self.data_folder_in).glob(f"*.{queue}.msg"):
            _put_aside_if_damaged(path)


def _put_aside_if_damaged(path: Path) -> None:
    try:
        loads(path.read_text())
    except FileNotFoundError:
        return  # another worker took it
    except (JSONDecodeError, UnicodeDecodeError):
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        logger.error("A job's file cannot be read; it was put aside as %s", aside)


class Transport(filesystem.Transport):
    Channel = Channel
