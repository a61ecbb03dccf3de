#!/usr/bin/env python
"""The command line of Beez: `manage.py help` lists the verbs."""

import importlib
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error as DatabaseError

from beez.launch import complaints, local

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
    except DatabaseError as error:
        if (told := complaints.sentence(error)) is None:
            raise
        sys.exit(f"✗ {told}")
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_PACKAGES:
            raise
        sys.exit(
            f"✗ This installation serves only: {error.name}, which training needs, is not "
            "installed. Use the training image, or install requirements.lock."
        )


if __name__ == "__main__":
    main()
