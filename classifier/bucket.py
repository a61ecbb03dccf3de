"""The bucket that several machines share; imported only where MODELS_STORAGE names one."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """S3, its address, keys and region by boto3's own variables; it is soon told to be away."""

    def get_default_settings(self) -> dict[str, Any]:
        return {
            **super().get_default_settings(),
            "client_config": Config(
                connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3}
            ),
            "file_overwrite": True,  # what a broken upload left is written anew
            "max_memory_size": 8_000_000,  # bytes of a file that wait in memory, not on the disk
        }
