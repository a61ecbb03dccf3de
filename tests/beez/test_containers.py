import re

import yaml

from tests.beez.started import CHECKOUT, setting_names


def compose():
    return yaml.safe_load((CHECKOUT / "compose.yaml").read_text())


def test_compose_sets_only_settings_that_exist():
    services = compose()["services"]
    for name in ("migrate", "web", "worker", "beat"):
        assert set(services[name]["environment"]) <= set(setting_names())


def test_compose_starts_what_stands_in_the_order_that_works():
    services = compose()["services"]
    assert set(services) == {"migrate", "web", "worker", "beat", "postgres", "redis"}
    for name in ("web", "worker", "beat"):
        needs = services[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_compose_uses_only_volumes_that_it_declares():
    document = compose()
    used = {
        volume.split(":")[0]
        for service in document["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == set(document["volumes"])


def test_the_image_runs_as_an_ordinary_user_and_copies_what_is_there():
    text = (CHECKOUT / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)
    allowed = re.findall(r"^!(.+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE)
    assert all((CHECKOUT / name).exists() for name in allowed)
