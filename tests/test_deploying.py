"""Units and manifests, read by the tools that know their form, and held against each other."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.beez.started import CHECKOUT, setting_names

DEPLOY = CHECKOUT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
COMMANDS = {
    "migrate": ["python", "manage.py", "migrate", "--no-input"],
    "web": ["python", "-m", "beez.launch.web"],
    "worker": ["celery", "--app", "beez", "worker", "--loglevel", "INFO"],
    "beat": ["celery", "--app", "beez", "beat", "--loglevel", "INFO"],
}


def documents():
    return [
        document
        for path in MANIFESTS
        for document in yaml.safe_load_all(path.read_text())
        if document is not None
    ]


def pods():
    """By component: the pod that each Job or Deployment makes."""
    found = [document for document in documents() if document["kind"] in ("Deployment", "Job")]
    return {document["metadata"]["name"].removeprefix("beez-"): document for document in found}


def settings_of(path):
    return re.findall(r"^([A-Z_]+)=", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_every_manifest_is_what_kubernetes_takes_and_has_no_field_that_it_does_not_know(version):
    assert len(documents()) >= 8
    for document in documents():
        kubernetes_validate.validate(document, version, strict=True)


def test_units_manifests_and_compose_start_the_same_commands():
    for name, command in COMMANDS.items():
        unit = (DEPLOY / "systemd" / f"beez-{name}.service").read_text()
        started = shlex.split(re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)[1])
        assert [Path(started[0]).name, *started[1:]] == command
    image = re.search(r"^CMD (\[.+\])$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)[1]
    services = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]
    for name, command in COMMANDS.items():
        (container,) = pods()[name]["spec"]["template"]["spec"]["containers"]
        assert container.get("command", yaml.safe_load(image)) == command
        assert services[name].get("command", yaml.safe_load(image)) == command


def test_only_settings_that_exist_are_set():
    known = {*setting_names(), "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"}
    (settings,) = [document for document in documents() if document["kind"] == "ConfigMap"]
    assert set(settings["data"]) <= known
    assert set(settings_of(DEPLOY / "systemd" / "beez.env")) <= known


def test_pods_have_the_secrets_that_the_settings_name_as_files():
    (settings,) = [document for document in documents() if document["kind"] == "ConfigMap"]
    (secret,) = [document for document in documents() if document["kind"] == "Secret"]
    named = [value for name, value in settings["data"].items() if name.endswith("_FILE")]
    for pod in pods().values():
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert {str(Path(path).parent) for path in named} == {mounts["secrets"]}
    assert {Path(path).name for path in named} <= set(secret["stringData"])


def test_pods_run_without_any_right_that_they_do_not_need():
    for pod in pods().values():
        inside = pod["spec"]["template"]["spec"]
        (container,) = inside["containers"]
        assert inside["securityContext"]["runAsUser"] == 10001
        assert inside["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_there_is_one_beat_and_never_two_while_it_is_exchanged():
    beat = pods()["beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})


def test_the_worker_alone_trains_and_has_room_for_it():
    for name, pod in pods().items():
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        assert ("training" in container["image"]) == (name == "worker")
    (worker,) = pods()["worker"]["spec"]["template"]["spec"]["containers"]
    assert worker["resources"]["limits"]["memory"] == "3Gi"


def test_probes_ask_what_answers_under_any_host():
    from django.conf import settings

    (web,) = pods()["web"]["spec"]["template"]["spec"]["containers"]
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert web[kind]["httpGet"]["path"].strip("/") in settings.PROBES
    assert web["livenessProbe"]["httpGet"]["path"] == "/health"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="There is no systemd-analyze")
def test_systemd_understands_every_unit_and_finds_little_exposed(tmp_path):
    for path in (DEPLOY / "systemd").glob("beez*.[st]*"):
        text = path.read_text()
        if path.suffix in (".service", ".target"):  # what it starts is not installed here
            (tmp_path / path.name).write_text(text.replace("/opt/beez/.venv/bin/", "/bin/true "))
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    ours = [line for line in verified.stderr.splitlines() if "beez" in line]
    assert not ours
    for unit in units:
        if unit.endswith(".service"):
            exposed = subprocess.run(
                ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert exposed.returncode == 0, exposed.stdout
