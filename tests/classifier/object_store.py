"""A real S3 server (SeaweedFS) on this machine, for as long as the tests of the bucket take."""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.beez.started import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "beez", "AWS_SECRET_ACCESS_KEY": "only-for-tests"}
PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
    "filer.port.grpc", "s3.port", "s3.port.grpc", "metricsPort",
)  # fmt: skip
READY_SECONDS = 60
BUCKET = "models"  # one for all, for the server gives each bucket volumes of its own


class Place:
    """A part of the bucket, by the names that models have in it."""

    def __init__(self, bucket, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix
        self.url = f"s3://{bucket.name}/{prefix}"
        options = {"bucket_name": bucket.name, "location": prefix}
        self.storage = {"BACKEND": "classifier.bucket.Bucket", "OPTIONS": options}

    def names(self) -> list[str]:
        found = self._bucket.objects.filter(Prefix=f"{self._prefix}/")
        return sorted(one.key.removeprefix(f"{self._prefix}/") for one in found)

    def write(self, name: str, content: bytes) -> None:
        self._bucket.put_object(Key=f"{self._prefix}/{name}", Body=content)

    def clear(self) -> None:
        self._bucket.objects.filter(Prefix=f"{self._prefix}/").delete()


class Store:
    """The server; `environment` is what a process of Beez needs to know of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in PORTS}
        self.environment = KEYS | {
            "AWS_ENDPOINT_URL_S3": f"http://localhost:{self.ports['s3.port']}",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        identity = {
            "name": "beez",
            "credentials": [
                {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
            ],
            "actions": ["Admin"],
        }
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        ports = [f"-{name}={port}" for name, port in self.ports.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("weed"), "server", f"-dir={self.folder}",
                    "-ip=127.0.0.1", "-filer", "-s3", f"-s3.config={config}", "-s3.port.iceberg=0",
                    "-s3.port.lance=0", "-volume.max=8", "-volume.preStopSeconds=0",
                    "-master.volumeSizeLimitMB=64", *ports,
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()  # an orderly end takes it ten seconds
            self.process.wait()
            self.process = None
            for port in self.ports.values():
                for socket in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                    socket.unlink()

    def place(self) -> "Place":
        """An empty place of its own in the bucket."""
        return Place(self._bucket(), f"test-{uuid4().hex[:12]}")

    def _wait(self) -> None:
        """The server answers before it can store; its first volumes take a few seconds."""
        deadline, bucket = time.monotonic() + READY_SECONDS, self._bucket()
        while True:
            try:
                with suppress(bucket.meta.client.exceptions.BucketAlreadyExists):
                    bucket.create()
                bucket.put_object(Key="ready", Body=b"x")
                return
            except (BotoCoreError, ClientError) as error:
                if time.monotonic() > deadline:
                    text = (self.folder / "log").read_text(errors="replace")[-3000:]
                    raise AssertionError(f"No S3 server: {error}\n{text}") from error
                time.sleep(0.2)

    def _bucket(self):
        resource = boto3.resource(
            "s3",
            endpoint_url=self.environment["AWS_ENDPOINT_URL_S3"],
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}),
        )
        return resource.Bucket(BUCKET)


@contextmanager
def running(folder: Path):
    store = Store(folder)
    try:
        store.start()
        yield store
    finally:
        store.stop()
