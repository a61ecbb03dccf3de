"""How labelled messages are read where a file can be read in two ways: what a person chose."""

import dataclasses
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to do with rows of the same message, corrected labels, empty tags and bad records, and
    whether reviews of messages are read beside the files."""

    join_rows: bool = False
    later_wins: bool = False
    skip_unlabelled: bool = False
    no_reviews: bool = False
    max_bad_share: float = 0.02  # of the records that may be bad

    @classmethod
    def of_settings(cls, **changes: Any) -> "Options":
        """As TRAINING_READING says, which the nightly training reads by too."""
        chosen = {name.replace("-", "_"): True for name in settings.TRAINING_READING}
        return dataclasses.replace(cls(**chosen), **changes)


def add_arguments(parser: ArgumentParser) -> None:
    """The options of every command that prepares a data set."""
    parser.add_argument(
        "--join-rows",
        action="store_true",
        help="one row a tag, or an annotator: a message's rows become one with the tags of all",
    )
    parser.add_argument(
        "--later-wins",
        action="store_true",
        help="where files differ about a message, the tags of the later file count",
    )
    parser.add_argument(
        "--unlabelled",
        choices=["untagged", "skip"],
        default=None,
        help="rows with an empty tags cell: messages without a tag (default), or left out",
    )
    parser.add_argument(
        "--no-reviews",
        action="store_true",
        help="read the files alone, without what staff said of messages that were sent to Beez",
    )
    parser.add_argument(
        "--max-bad-share",
        type=share,
        default=Options.max_bad_share,
        metavar="X",
        help="refuse when more than this share of the records is bad (default: 0.02)",
    )


def chosen(arguments: dict[str, Any]) -> Options:
    """The options of a command line; what it does not say is as in the settings."""
    changes: dict[str, Any] = {
        name: True for name in ("join_rows", "later_wins", "no_reviews") if arguments[name]
    }
    if arguments["unlabelled"]:
        changes["skip_unlabelled"] = arguments["unlabelled"] == "skip"
    return Options.of_settings(max_bad_share=arguments["max_bad_share"], **changes)


def share(value: str) -> float:
    """A share from 0 to 1 on the command line."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{value!r} is not a share from 0 to 1, like 0.02")
    return number
