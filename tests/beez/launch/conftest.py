"""A new home, and Beez started in it."""

import pytest

from tests.beez import started


@pytest.fixture
def new_home():
    with started.empty_home() as folder:
        yield folder


@pytest.fixture
def up():
    """Starts Beez; whatever a failed test leaves running is ended."""
    running = []

    def start(*arguments, **changes):
        running.append(started.Up(*arguments, **changes))
        return running[-1]

    yield start
    for one in running:
        one.end()
