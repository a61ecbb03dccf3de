"""Decides whether a freshly trained version may go live."""

from typing import Literal

Policy = Literal["always", "never", "if-not-worse"]


def decide(
    policy: Policy, *, candidate: float | None = None, live: float | None = None
) -> tuple[bool, str]:
    """(activate?, why) from the micro-F1 of both versions on the live version's test split.

    None for `live` means that nothing comparable is live, so there is nothing to be worse than.
    """
    if policy == "never":
        return False, "Not activated, as asked."
    if policy == "always":
        return True, "Activated, as asked."
    if live is None or candidate is None:
        return True, "Activated: there is no live version to compare with."
    figures = f"micro-F1 {candidate:.4f} against {live:.4f} on the live version's test split"
    if candidate < live:
        return False, f"Not activated: {figures} is lower."
    return True, f"Activated: {figures}."
