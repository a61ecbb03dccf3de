"""Tells the audit log of rows that Django's own doors write: accounts, groups, tags.

By signals, so that a form, a command and a shell are all heard.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from beez.audit import trail

_VERBS = {"post_add": "given", "post_remove": "taken", "pre_clear": "cleared"}


def follow(model: type[Model], noun: str, *, silent: Sequence[str] = ()) -> None:
    """Record `noun.added`, `.changed` (which fields, not what was in them) and `.deleted`.

    Switches, true or false, are told with their new value. `silent` fields are no news.
    """
    fields = [one.attname for one in model._meta.concrete_fields if one.attname not in silent]

    def remember(instance: Any, raw: bool, **_: Any) -> None:
        stored = None if raw else model._default_manager.filter(pk=instance.pk)
        instance._stored = stored.values(*fields).first() if stored is not None else None

    def saved(instance: Any, created: bool, raw: bool, **_: Any) -> None:
        if raw:
            return
        before = instance._stored or {}
        changed = [name for name in fields if before.get(name) != getattr(instance, name)]
        switches = {name: getattr(instance, name) for name in changed}
        told: dict[str, Any] = {k: v for k, v in switches.items() if isinstance(v, bool)}
        if created:
            trail.record(f"{noun}.added", subject=_name(instance), **told)
        elif changed:
            trail.record(f"{noun}.changed", subject=_name(instance), fields=changed, **told)

    def deleted(instance: Any, **_: Any) -> None:
        trail.record(f"{noun}.deleted", subject=_name(instance))

    for signal, receiver in ((pre_save, remember), (post_save, saved), (post_delete, deleted)):
        signal.connect(receiver, sender=model, weak=False, dispatch_uid=f"audit {noun}")


def follow_links(model: type[Model], field: str, noun: str) -> None:
    """Record what is given to or taken from `field`, a relation to many, from either end."""

    def linked(instance: Any, action: str, model: type[Model], pk_set: Any, **_: Any) -> None:
        if action in _VERBS and (pk_set or action == "pre_clear"):
            names = sorted(map(_name, model._default_manager.filter(pk__in=pk_set or ())))
            told: dict[str, Any] = {field: names}
            trail.record(f"{noun}.{_VERBS[action]}", subject=_name(instance), **told)

    through = getattr(model, field).through
    m2m_changed.connect(linked, sender=through, weak=False, dispatch_uid=f"audit {noun} {field}")


def _name(row: Any) -> str:
    """An account's, a group's or a tag's name; a permission as code names it."""
    if hasattr(row, "codename"):
        return f"{row.content_type.app_label}.{row.codename}"
    return str(row.get_username() if hasattr(row, "get_username") else row.name)
