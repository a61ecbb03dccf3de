"""A real browser: the Chromium of the machine."""

import os
import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Without Chromium the test is skipped, or fails where CI demands it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("BEEZ_REQUIRE_BROWSER"):
            pytest.fail("There is no chromium, and BEEZ_REQUIRE_BROWSER is set.")
        pytest.skip("There is no chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],  # tests may run as root
        )
        yield browser
        browser.close()
