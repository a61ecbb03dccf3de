#!/usr/bin/env python
"""The command line of Beez: `manage.py help` lists the verbs."""

import importlib
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import ProgrammingError

from beez.launch import local

UNDEFINED_TABLE = "42P01"  # Postgres' code
TRAINING_PACKAGES = ("torch", "transformers", "sklearn", "scipy", "onnx", "openpyxl", "matplotlib")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
    try:
        if sys.argv[1:2] == ["up"]:
            importlib.import_module("beez.launch.preflight").run()
        local.prepare_environment()
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:  # one sentence instead of Django's traceback
        sys.exit(f"✗ {error}")
    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        sys.exit("✗ The database has no tables yet. Make them with: manage.py migrate")
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_PACKAGES:
            raise
        sys.exit(
            f"✗ This installation serves only: {error.name}, which training needs, is not "
            "installed. Use the training image, or install requirements.lock."
        )


if __name__ == "__main__":
    main()
