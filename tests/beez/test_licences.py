"""What Beez is installed with may be used and passed on by whoever runs a shop."""

import re
import runpy

from tests.beez.started import CHECKOUT

LICENCES = runpy.run_path(str(CHECKOUT / "scripts" / "licences"))
PERMISSIVE = (
    r"MIT|BSD|Apache|ISC|0BSD|Zlib|CC0|PSF|Python Software Foundation|Dual License|CNRI|BSL|"
    r"LLVM-exception|3-Clause"
)
# Used unchanged, as libraries.
SHARE_ALIKE = {
    "certifi": "Mozilla Public License 2.0 (MPL 2.0)",
    "orjson": "MPL-2.0 AND (Apache-2.0 OR MIT)",
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "python-stdnum": "LGPLv2+",
    "tqdm": "MPL-2.0",
}


def test_the_list_of_licences_names_every_locked_package():
    listed = (CHECKOUT / "docs" / "licences.md").read_text()
    assert listed == LICENCES["page"](), "Run .venv/bin/python scripts/licences."


def test_every_licence_is_permissive_or_was_weighed():
    for package, _ in LICENCES["pins"]():
        licence = LICENCES["licence"](package)
        if expected := SHARE_ALIKE.get(package):
            assert expected in licence
        else:
            parts = re.split(r" AND | OR | WITH |, ", licence)
            assert all(re.search(PERMISSIVE, part) for part in parts), f"{package}: {licence!r}"
