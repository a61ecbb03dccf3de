#!/usr/bin/env python
"""The command line of Beez: `manage.py help` lists the verbs."""

import os
import sys

from django.core.management import execute_from_command_line

from beez import local


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beez.settings")
    local.prepare_environment()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
