import pytest

from training.models import Comparison
from training.runs import gate

Verdict = Comparison.Verdict
pytestmark = pytest.mark.django_db  # what staff call a tag stands there


def row(finding="same", **fields):
    numbers = {"support": 40, "champion": 0.9, "challenger": 0.88, "low": -0.05, "high": 0.01}
    return numbers | {"difference": -0.02, "finding": finding} | fields


def part(name="hold_out", *, overall="same", judged=True, **tags):
    return {
        "name": name,
        "messages": 200,
        "judged": judged,
        "overall": row(overall),
        "per_tag": {tag.replace("_", "-"): row(finding) for tag, finding in tags.items()},
    }


def report(*parts, **fields):
    return {
        "champion": "old-1",
        "parts": list(parts),
        "left_out": 0,
        "undecidable": [],
        "contradictions": [],
        "only_challenger": {},
        "only_champion": {},
    } | fields


def contradiction(*, systematic=True):
    return {
        "reviewer": "anna", "tag": "Hot-buyer", "says": "does not hold",
        "against": 47, "of": 50, "systematic": systematic, "reviews": [1, 2],
    }  # fmt: skip


def undecidable(champion, challenger):
    wrong = {"champion_wrong": champion, "challenger_wrong": challenger}
    return [{"tag": "Wishlist-user", "support": 4, **wrong}]


def decide(found):
    decision = gate.decide("if-not-worse", found)
    assert decision.activate is (decision.verdict == Verdict.LIVE)
    assert decision.reason.startswith("Activated" if decision.activate else "Not activated")
    assert decision.reason.endswith(".")
    return decision.verdict, decision.reason


@pytest.mark.parametrize(("policy", "activate"), [("always", True), ("never", False)])
def test_a_policy_that_does_not_compare_decides_alone(policy, activate):
    assert gate.decide(policy, report(part(overall="worse"))).activate is activate


def test_without_a_live_version_the_new_one_goes_live():
    assert decide(None)[0] == Verdict.LIVE


@pytest.mark.parametrize("finding", ["same", "better"])
def test_not_worse_goes_live_though_its_score_is_lower(finding):
    verdict, reason = decide(report(part(overall=finding, Hot_buyer=finding)))
    assert verdict == Verdict.LIVE
    assert "0.880 against 0.900" in reason


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (part(overall="worse"), "overall"),
        (part(Hot_buyer="worse", Deal_seeker="better"), "Hot-buyer"),
        (part("before", Hot_buyer="worse"), "already when the live version was trained: Hot-buyer"),
        (part("stream", Hot_buyer="worse"), "random sample of real messages: Hot-buyer"),
    ],
)
def test_worse_beyond_chance_anywhere_that_counts_is_refused_by_name(found, named):
    verdict, reason = decide(report(part(), found))
    assert verdict == Verdict.REFUSED
    assert named in reason
    assert "Deal-seeker" not in reason


def test_what_only_explains_decides_nothing():
    assert decide(report(part(), part("reviews", overall="worse", judged=False)))[0] == Verdict.LIVE


@pytest.mark.parametrize(
    ("champion", "challenger", "expected"),
    [(1, 2, Verdict.SIGNATURE), (2, 2, Verdict.LIVE), (2, 1, Verdict.LIVE)],
)
def test_too_few_messages_want_a_signature_only_where_the_answers_got_worse(
    champion, challenger, expected
):
    verdict, reason = decide(report(part(), undecidable=undecidable(champion, challenger)))
    assert verdict == expected
    assert ("Wishlist-user" in reason) is (expected == Verdict.SIGNATURE)


@pytest.mark.parametrize("parts", [[], [part(overall="undecidable")]])
def test_with_nothing_to_compare_on_somebody_has_to_sign(parts):
    verdict, reason = decide(report(*parts, left_out=70))
    assert verdict == Verdict.SIGNATURE
    assert "nothing shows that this version is not worse" in reason
    assert "70 were left out" in reason


def test_reviews_that_look_wrong_as_a_whole_want_a_signature_by_name():
    verdict, reason = decide(report(part(), contradictions=[contradiction()]))
    assert verdict == Verdict.SIGNATURE
    assert "47 of 50 reviews by anna say that Hot-buyer does not hold" in reason


def test_a_single_contradiction_does_not():
    found = report(part(), contradictions=[contradiction(systematic=False)])
    assert decide(found)[0] == Verdict.LIVE


def test_a_refusal_names_the_suspicious_reviews_too():
    verdict, reason = decide(report(part(Hot_buyer="worse"), contradictions=[contradiction()]))
    assert verdict == Verdict.REFUSED
    assert "reviews by anna" in reason


def test_tags_that_come_or_go_are_said_and_no_reason_to_refuse():
    verdict, reason = decide(
        report(part(), only_challenger={"Complaint": {}}, only_champion={"Old-tag": {}})
    )
    assert verdict == Verdict.LIVE
    assert "Complaint is new and Old-tag is no longer given." in reason
