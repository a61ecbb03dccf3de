"""Writes the model card of a version: `card.md` for people, `card.json` for programs, plots."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.card import plots, sections


def write_card(folder: Path, *, report: dict[str, Any]) -> None:
    """Write card and plots into `folder` from `report`; sections without figures are left out.

    Not-a-number and infinity, which JSON does not have, become null.
    """
    clean = _finite(report)
    drawn = plots.draw(folder, clean)
    text = json.dumps(clean, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")
    markdown = "\n\n".join(sections.sections(clean, plots=drawn))
    (folder / "card.md").write_text(markdown + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
