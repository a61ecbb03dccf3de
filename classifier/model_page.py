"""What the admin shows of a model version beside its fields: its card, or metrics and plots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from django.urls import reverse
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from markdown_it import MarkdownIt

from beez.staff.pages import Table
from classifier import artefact, registry
from classifier.artefact import ArtefactError
from classifier.models import ModelVersion
from classifier.registry import RegistryError

PLOT_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
CARD = "card.md"


@dataclass(frozen=True)
class ModelFiles:
    """The files for people in a version's folder; `problem` says why there are none.

    `card` is HTML with the plots in it; `plots` are those that it does not show.
    """

    card: SafeString | str = ""
    plots: tuple[str, ...] = ()
    problem: str = ""


def files(version: ModelVersion) -> ModelFiles:
    try:
        names = artefact.read_manifest(registry.sealed_folder(version)).files
        card = file(version, CARD).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        card = ""
    except (ArtefactError, RegistryError) as error:
        return ModelFiles(problem=str(error))
    plots = (name for name in sorted(names) if plot_type(name) and f"]({name})" not in card)
    return ModelFiles(card=_rendered(card, version), plots=tuple(plots))


def activations(version: ModelVersion) -> list[Table]:
    """When the version went live, by whom and why: a table, or none where it never did."""
    rows = [
        [localize(localtime(one.created_at)), one.actor or "–", one.reason or "–"]
        for one in version.activations.all()
    ]
    return [Table("When it was live", ["since", "by", "why"], rows)] if rows else []


def _rendered(card: str, version: ModelVersion) -> SafeString:
    """The Markdown as HTML: what looks like HTML in it is escaped, its pictures are the plots."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(card)
    for token in (part for block in tokens for part in (block, *(block.children or ()))):
        if token.type == "image":
            plot = [version.pk, str(token.attrs["src"])]
            token.attrs["src"] = reverse("admin:classifier_modelversion_plot", args=plot)
        elif token.attrs.pop("style", "") == "text-align:right":  # the CSP forbids inline styles
            token.attrs["class"] = "right"
    html: SafeString = mark_safe(markdown.renderer.render(tokens, markdown.options, {}))
    return html


def plot_type(name: str) -> str | None:
    """Content type of a plot, None for any other file."""
    return PLOT_TYPES.get(PurePath(name).suffix)


def file(version: ModelVersion, name: str) -> Path:
    """A file that the version's manifest names, verified; FileNotFoundError for other names."""
    folder = registry.sealed_folder(version)
    manifest = artefact.read_manifest(folder)
    if name not in manifest.files:
        raise FileNotFoundError(name)
    return artefact.read_file(folder, manifest=manifest, name=name)


def tables(metrics: Mapping[str, Any], title: str = "") -> Iterator[Table]:
    """Nested metrics as tables: plain values of a level in one, a dict of alike dicts in another.

    Lists, such as the points of a curve, are left to the plots.
    """
    plain = {name: value for name, value in metrics.items() if _is_plain(value)}
    if plain:
        rows = [[_label(name), _shown(value)] for name, value in plain.items()]
        yield Table(title or "Summary", ["", "value"], rows)
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            inner = f"{title} · {_label(name)}".strip(" ·")
            yield from [_grid(inner, value)] if _is_grid(value) else tables(value, inner)


def _is_grid(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(
        isinstance(row, Mapping) and all(_is_plain(cell) for cell in row.values())
        for row in value.values()
    )


def _grid(title: str, value: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(column for row in value.values() for column in row))
    rows = [
        [name, *(_shown(row.get(column, "")) for column in columns)] for name, row in value.items()
    ]
    return Table(title, ["", *map(_label, columns)], rows)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _label(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "–" if value is None else str(value)
