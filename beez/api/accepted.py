"""What a route accepts: each name in a body or a query is one that it knows, each value checked.

A misspelt name that is ignored looks like success, and loses what the caller wanted by it.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.settings import api_settings

MOST_NAMED = 10  # unknown names in one answer
LONGEST_NAMED = 100  # characters of a name, in the answer and when the nearest is looked for


class Nothing(Serializer[Any]):
    """The query of a route that takes none."""


def body(request: Request, shape: type[Serializer[Any]]) -> dict[str, Any]:
    """The checked JSON body of a route without a query. Raises ValidationError by field."""
    if request.query_params:
        query(request, Nothing)
    given = request.data
    checker = _checker(shape)
    if isinstance(given, dict) and given.keys() <= checker.fields.keys():
        with suppress(ValidationError):  # what is wrong is told below
            return dict(checker.run_validation(given))
    return _checked(shape(data=given), given, {}, kind="field")


@cache
def _checker(shape: type[Serializer[Any]]) -> Serializer[Any]:
    """One for all requests: making it takes ten times as long as what it does for a body.

    It says what is wrong as a new one would, and keeps nothing of a body.
    """
    return shape()


@receiver(setting_changed)  # in tests: fields know the limits of when they were made
def _forget(**_: Any) -> None:
    _checker.cache_clear()


def query(request: Request, shape: type[Serializer[Any]]) -> dict[str, Any]:
    """The checked query parameters. Raises ValidationError by parameter."""
    given = request.query_params
    twice = {name: ["Given more than once."] for name, values in given.lists() if len(values) > 1}
    return _checked(shape(data=given.dict()), given, twice, kind="query parameter")


def _checked(
    serializer: Serializer[Any], given: Any, wrong: Mapping[str, list[str]], *, kind: str
) -> dict[str, Any]:
    names = given if isinstance(given, Mapping) else {}
    problems = {**_unknown(names, list(serializer.fields), kind), **wrong}
    if serializer.is_valid() and not problems:
        return dict(serializer.validated_data)
    found = dict(serializer.errors)
    if problems:  # "nothing given" is no news where something was given under a wrong name
        found.pop(api_settings.NON_FIELD_ERRORS_KEY, None)
    raise ValidationError({**problems, **found})


def _unknown(names: Collection[str], known: list[str], kind: str) -> dict[str, list[str]]:
    unknown = [name for name in names if name not in known][:MOST_NAMED]
    return {name[:LONGEST_NAMED]: [_sentence(name, known, kind)] for name in unknown}


def _sentence(name: str, known: list[str], kind: str) -> str:
    near = get_close_matches(name[:LONGEST_NAMED].lower(), known, n=1)
    way_out = f"Is {near[0]!r} meant?" if near else f"Known are: {', '.join(known) or 'none'}."
    return f"There is no such {kind} here. {way_out}"
