"""Commands in a terminal: who gives them, and what a stranger wrote made fit to be printed."""

import getpass
import json
from typing import Any


def user() -> str:
    """The system user's name, for ledgers; "command" where the system has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a bare number
        return "command"


def printable(text: str) -> str:
    """On one line; what is no visible character, such as an escape sequence's first, is a �."""
    return "".join(one if one.isprintable() else "�" for one in " ".join(text.split()))


def json_line(value: Any) -> str:
    """JSON with letters as they are, and every character that is not visible as \\u…."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
