import pytest

from training.runs import gate


@pytest.mark.parametrize(
    ("policy", "candidate", "live", "expected"),
    [
        ("if-not-worse", 0.90, 0.89, True),
        ("if-not-worse", 0.90, 0.90, True),
        ("if-not-worse", 0.89, 0.90, False),
        ("if-not-worse", None, None, True),
        ("always", 0.10, 0.90, True),
        ("never", 0.90, 0.10, False),
    ],
)
def test_a_version_goes_live_only_when_the_policy_says_so(policy, candidate, live, expected):
    activate, reason = gate.decide(policy, candidate=candidate, live=live)
    assert activate is expected
    assert reason.startswith("Activated" if expected else "Not activated")


def test_a_version_that_cannot_be_compared_with_the_live_one_does_not_go_live():
    activate, reason = gate.decide("if-not-worse", comparable=False)
    assert not activate
    assert "by hand" in reason
