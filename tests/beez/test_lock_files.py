import re
import tomllib

import pytest

from tests.beez.started import CHECKOUT

RUN, DEV = "requirements.lock", "requirements-dev.lock"


def pins(name):
    lines = (CHECKOUT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", [RUN, DEV])
def test_a_lock_file_holds_pins_of_public_versions_alone(name):
    for line in (CHECKOUT / name).read_text().splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9._!]+", line), line


@pytest.mark.parametrize("name", [RUN, DEV])
def test_a_lock_file_names_no_host(name):
    assert not re.search(r"://|--|/", (CHECKOUT / name).read_text())


def test_everything_that_the_project_needs_is_locked():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    def names(requirements):
        return {normal(re.match(r"[\w.-]+", line)[0]) for line in requirements}

    assert names(project["dependencies"]) <= set(pins(RUN))
    assert names(project["optional-dependencies"]["dev"]) <= set(pins(DEV))


def test_the_development_lock_holds_the_other():
    assert pins(RUN).items() <= pins(DEV).items()
