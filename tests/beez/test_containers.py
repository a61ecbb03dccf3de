"""The files that images and containers are made from, read as their tools read them."""

import re
import subprocess
import sys

import pytest
import yaml

from tests.beez.started import CHECKOUT, SECRET, setting_names

OURS = ("migrate", "web", "worker", "beat")
PLACES = {"HOST", "PORT", "BEEZ_HOME", "MODELS_DIR", "DATASETS_DIR", "DATABASE_URL"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((CHECKOUT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def dockerfile():
    return (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ")


def test_compose_sets_only_settings_that_exist(compose):
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= set(setting_names())


def test_compose_starts_what_stands_in_the_order_that_works(compose):
    services = compose["services"]
    assert set(services) == {*OURS, "postgres", "redis"}
    for name in ("web", "worker", "beat"):
        needs = services[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_where_things_are_in_a_container_is_settled_whatever_the_env_file_says(compose):
    for name in OURS:
        settled = compose["services"][name]["environment"]
        assert set(settled) >= PLACES
        assert not [place for place in PLACES if "$" in str(settled[place])]
    web = compose["services"]["web"]
    assert web["ports"][0].endswith(f":{web['environment']['PORT']}")


def test_a_password_of_compose_is_part_of_no_address(compose):
    for name in OURS:
        values = [str(value) for value in compose["services"][name]["environment"].values()]
        assert not [value for value in values if "://" in value and "$" in value]


def test_a_migration_that_fails_ends_up_instead_of_being_tried_for_ever(compose):
    assert compose["services"]["migrate"]["restart"] == "no"


def test_a_crowded_machine_takes_from_the_training_first(compose):
    web, worker = compose["services"]["web"], compose["services"]["worker"]
    assert web["cpu_shares"] >= 4 * worker["cpu_shares"]
    assert worker["oom_score_adj"] > 0


def test_worker_and_beat_are_asked_by_themselves(compose):
    for name in ("worker", "beat"):
        asked = compose["services"][name]["healthcheck"]["test"]
        assert asked == ["CMD", "python", "-m", "beez.launch.alive", name]


def test_compose_uses_only_volumes_that_it_declares(compose):
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == set(compose["volumes"])


def test_compose_builds_targets_that_the_dockerfile_has(compose, dockerfile):
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", dockerfile, re.MULTILINE))
    built = {compose["services"][name]["build"]["target"] for name in OURS}
    assert built == {"serving", "training"} <= stages
    assert compose["services"]["worker"]["build"]["target"] == "training"


def test_both_images_run_as_a_user_by_number_as_kubernetes_wants_it(dockerfile):
    for stage in re.split(r"^FROM ", dockerfile, flags=re.MULTILINE)[2:]:
        assert re.findall(r"^USER (.+)$", stage, re.MULTILINE)[-1] == "10001:10001"


def test_files_of_the_images_can_be_read_whatever_the_umask_of_the_checkout(dockerfile):
    copies = re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE)
    assert copies and all(re.match(r"--chmod=(644|755) ", copy) for copy in copies)


def test_the_serving_image_installs_the_serving_lock_alone(dockerfile):
    before, training = dockerfile.split("AS training")
    serving = training.split("AS serving")[1]
    assert "-r requirements-serving.lock" in before
    assert "pip install" not in serving
    assert "apt-get" not in dockerfile


def test_the_build_context_has_what_runs_and_no_more():
    allowed = re.findall(r"^!(.+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE)
    assert all((CHECKOUT / name).exists() for name in allowed)
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[1] == "*"
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")}
    assert set(allowed) >= (packages - {"tests", "benchmarks"}) | {"manage.py", "templates"}
    assert not {"tests", "benchmarks", "docs", "deploy", "shared"} & set(allowed)


def test_training_is_refused_in_a_sentence_where_its_packages_are_not(tmp_path):
    """What the worker would say in the serving image."""
    code = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['manage.py', 'train'];"
        "import manage; manage.main()"
    )
    environment = {"DATABASE_URL": "postgres:///none", "SECRET_KEY": SECRET, "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "✗ This installation serves only: torch, which training needs, is not installed. Use the "
        "training image, or install requirements.lock."
    ]
