import re
import tomllib
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement

from tests.beez.started import CHECKOUT

RUN, SERVING, DEV = "requirements.lock", "requirements-serving.lock", "requirements-dev.lock"
every_lock = pytest.mark.parametrize("name", [RUN, SERVING, DEV])


def pins(name):
    lines = (CHECKOUT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@every_lock
def test_a_lock_file_holds_pins_of_public_versions_alone(name):
    for line in (CHECKOUT / name).read_text().splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9._!]+", line), line


@every_lock
def test_a_lock_file_names_no_host(name):
    assert not re.search(r"://|--|/", (CHECKOUT / name).read_text())


def project():
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


def needed(requirements):
    """Names of what these requirements install on this machine, by what the packages say."""
    found, waiting = set(), [Requirement(line) for line in requirements]
    while waiting:
        one = waiting.pop()
        name, extras = normal(one.name), frozenset(one.extras)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        for line in requires(one.name) or []:
            inner = Requirement(line)
            if inner.marker is None or any(
                inner.marker.evaluate({"extra": extra}) for extra in {"", *extras}
            ):
                waiting.append(inner)
    return {name for name, _ in found}


def test_everything_that_the_project_needs_is_locked():
    def names(requirements):
        return {normal(re.match(r"[\w.-]+", line)[0]) for line in requirements}

    extras = project()["optional-dependencies"]
    assert names(project()["dependencies"]) <= set(pins(SERVING))
    assert names(extras["training"]) <= set(pins(RUN))
    assert names(extras["dev"]) <= set(pins(DEV))


def test_the_serving_lock_holds_what_serving_needs_at_the_same_versions_and_nothing_else():
    assert pins(SERVING).items() <= pins(RUN).items()
    assert set(pins(SERVING)) == needed(project()["dependencies"])


def test_serving_installs_nothing_to_train_with():
    heavy = {"torch", "transformers", "scikit-learn", "scipy", "onnx", "matplotlib"}
    assert heavy <= set(pins(RUN))
    assert not heavy & set(pins(SERVING))


def test_the_development_lock_holds_the_other():
    assert pins(RUN).items() <= pins(DEV).items()
