"""Decides whether a freshly trained version may go live."""

from typing import Literal

Policy = Literal["always", "never", "if-not-worse"]


def decide(
    policy: Policy,
    *,
    candidate: float | None = None,
    live: float | None = None,
    comparable: bool = True,
) -> tuple[bool, str]:
    """(activate?, why) from the micro-F1 of both versions on the live version's test split.

    Without a live version both are None; with one that cannot be compared, `comparable` is False.
    """
    if policy == "never":
        return False, "Not activated, as asked."
    if policy == "always":
        return True, "Activated, as asked."
    if not comparable:
        return False, (
            "Not activated: the live version's test split is gone, so nothing shows that this "
            "version is not worse. Compare the cards and activate it by hand."
        )
    if live is None or candidate is None:
        return True, "Activated: there is no live version to compare with."
    figures = f"micro-F1 {candidate:.4f} against {live:.4f} on the live version's test split"
    if candidate < live:
        return False, f"Not activated: {figures} is lower."
    return True, f"Activated: {figures}."
