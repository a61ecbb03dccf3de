"""What a reader did by its own lights with a file, collected so that it is told once a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Notes:
    """Sentences about one file; `{n}` in a sentence becomes how often it was said.

    They name columns and fields, shortened and quoted, and never hold what a cell says.
    """

    _said: dict[str, int] = field(default_factory=dict)
    _unread: dict[str, None] = field(default_factory=dict)

    def say(self, sentence: str) -> None:
        self._said[sentence] = self._said.get(sentence, 0) + 1

    def unread(self, name: str) -> None:
        """A column or field of this name is not read."""
        self._unread[quoted(name)] = None

    def sentences(self) -> Iterator[str]:
        if self._unread:
            yield f"not read, for it is none of ours: {', '.join(self._unread)}"
        for sentence, times in self._said.items():
            yield sentence.replace("{n}", str(times))


def quoted(name: str) -> str:
    """A stranger's name, short and without what a terminal would obey."""
    return f"{name[:60]!r}"
