import json
import sys

import pytest

from beez.api import keys
from tests.classifier import processes

SCRIPT = """
import io, json, os, re, sys
from pathlib import Path
from beez.wsgi import application

body = json.dumps({"message": "I want to buy it"}).encode()
status = []
answer = b"".join(application({
    "REQUEST_METHOD": "POST", "PATH_INFO": "/classify-message", "QUERY_STRING": "",
    "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "HTTP_AUTHORIZATION": "Bearer KEY",
    "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
    "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
    "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}, lambda line, headers, exc_info=None: status.append(line)))
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
heavy = {"torch", "transformers", "sklearn", "onnx", "matplotlib", "scipy"} & set(sys.modules)
print(json.dumps({"status": status, "answer": json.loads(answer), "heavy": sorted(heavy),
                  "telemetry": os.environ.get("ORT_DISABLE_TELEMETRY") != "1",
                  "peak_mib": peak / 1024}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory from /proc")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_serving_process_imports_nothing_of_the_training_and_stays_under_300_mib(keyword_model):
    _, key = keys.create(name="test", scopes=["classify"])
    found = json.loads(processes.run(SCRIPT.replace("KEY", key)))
    assert found["status"] == ["200 OK"]
    assert [entry["tag"] for entry in found["answer"]["selected"]] == ["Hot-buyer"]
    assert found["heavy"] == []
    assert not found["telemetry"]
    assert found["peak_mib"] < 300
