"""Tries messages as a conversation: what posting them would store; nothing is stored."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from classifier.engine import Classification
from classifier.live import LiveModel
from conversations import history
from conversations.history import Step
from conversations.tagging import WINDOW, TaggedMessage


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A message as it would stand at `position`, and the conversation's tag around it."""

    position: int
    text: str
    classification: Classification
    step: Step


def play(texts: Sequence[str], model: LiveModel) -> list[Tried]:
    """By the functions that `ingest.post` calls, so that both come to the same."""
    stages = history.stages()
    window: deque[TaggedMessage] = deque(maxlen=WINDOW)
    previous: str | None = None
    tried: list[Tried] = []
    for position, text in enumerate(texts, start=1):
        found = model.classify(text)
        window.append(history.classified(found))
        now = history.step(
            list(window),
            previous,
            stages,
            rule=settings.CONVERSATION_RULE,
            threshold=found.threshold,
        )
        tried.append(Tried(position=position, text=text, classification=found, step=now))
        previous = now.tag
    return tried
