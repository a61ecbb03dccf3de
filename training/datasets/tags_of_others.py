"""What is said of files whose tags Beez does not know: which they are, and the way on."""

from collections import Counter
from collections.abc import Sequence

from beez.files import names
from training.datasets.notes import quoted
from training.datasets.records import Problem

SHOWN = 10
PLACES = 3


def told(problems: Sequence[Problem], total: int, known: Sequence[str], *, shipped: bool) -> str:
    """`problems` are the records with unknown tags, of `total`; `shipped`: of Beez's own files."""
    found = Counter(tag for problem in problems for tag in problem.unknown_tags)
    listed = [_with_count(tag, times, known) for tag, times in found.most_common(SHOWN)]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    places = ", ".join(f"{one.source}:{one.line}" for one in problems[:PLACES])
    return "\n".join(
        [
            f"{len(problems)} of {total} messages have tags that Beez does not know: "
            f"{', '.join([*listed, *more])}. The first stand in {places}.",
            f"Beez knows: {', '.join(known) or 'no tag'}.",
            *(_OF_SHIPPED if shipped else _WAYS_ON),
        ]
    )


_WAYS_ON = (
    "If they are your tags, write name, description and stage of each into a file, and load it:",
    "    manage.py tags load my-tags.csv            beside the tags that Beez knows",
    "    manage.py tags load my-tags.csv --replace  in their place",
    "or name it in TAGS_FILE before the first start (docs/adding-a-tag.md). If they are slips, "
    "mend them; --max-bad-share goes on without these messages.",
)
_OF_SHIPPED = (
    "These are the messages that Beez ships, for its own tags. Set TRAINING_FILES to messages "
    "that are labelled with yours (docs/training.md).",
)


def _with_count(tag: str, times: int, known: Sequence[str]) -> str:
    like = next((one for one in known if names.folded(one) == names.folded(tag)), None)
    meant = f"; did you mean {like!r}?" if like else ""
    return f"{quoted(tag)} ({times} message{'s' if times > 1 else ''}{meant})"
