"""Answers say what DRF's own renderer would, and a body is checked alike by whoever asks when."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.serializer_helpers import ReturnDict

from beez.api.accepted import _checker
from beez.api.models import ApiKey
from beez.api.parsing import OrjsonRenderer
from tests.beez.views import Order


@pytest.mark.parametrize(
    "data",
    [
        {"at": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), "on": date(2026, 1, 2)},
        {"for": timedelta(seconds=1.5), "price": Decimal("1.10"), "id": UUID(int=7)},
        {"lazy": gettext_lazy("Save"), "detail": ErrorDetail("Wrong.", code="invalid")},
        {"scope": ApiKey.Scope.READ, 1: "a number as a name", "pair": (1, 2)},
        ReturnDict({"é": "ünï \u2028 🐝 </script>"}, serializer=None),
        [0.1 + 0.2, 1e-7, 1e22, 0.9612, 5.0, -0.0, 2**63 - 1, True, None, ""],
    ],
    ids=str,
)
def test_an_answer_says_what_rest_framework_would_write(data):
    ours, theirs = (json.loads(one().render(data)) for one in (OrjsonRenderer, JSONRenderer))
    assert ours == theirs
    assert str(ours) == str(theirs)  # 5.0 stays 5.0


def test_an_answer_is_compact_utf8_with_floats_as_they_were():
    data = {"tag": "Käufer", "confidence": round(0.96123, 4)}
    assert OrjsonRenderer().render(data) == '{"tag":"Käufer","confidence":0.9612}'.encode()


def test_nothing_is_no_body():
    assert OrjsonRenderer().render(None) == b""


def test_no_answer_holds_what_is_no_number_of_json():
    assert b"NaN" not in OrjsonRenderer().render([math.nan])


def post(shell, bearer, body):
    answer = shell.post("/echo", json.dumps(body), "application/json", headers=bearer)
    return answer.status_code, answer.json()


def test_what_was_wrong_in_one_body_is_forgotten_in_the_next(shell, bearer):
    good = (200, {"item": "tea", "counts": [1]})
    wrong_ones = (
        {"item": []},
        {"item": "x" * 11},
        {"counts": ["x"]},
        {"item": "nothing"},
        [],
        None,
    )
    for wrong in wrong_ones:
        first = post(shell, bearer, wrong)
        assert first[0] == 400
        assert post(shell, bearer, good[1]) == good
        assert post(shell, bearer, wrong) == first


def test_bodies_that_are_checked_at_once_do_not_mix():
    def check(number):
        return _checker(Order).run_validation({"item": f"n{number}", "counts": [number]})

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(check, range(400)))
    assert found == [{"item": f"n{number}", "counts": [number]} for number in range(400)]
