"""What holds of the rule for a conversation's tag whatever its messages are."""

from hypothesis import given
from hypothesis import strategies as st

from conversations.tagging import WINDOW, TaggedMessage, conversation_tag, is_switch

STAGES = {"new": 10, "browsing": 20, "wishing": 30, "bargaining": 40, "buying": 50}
TAGS = st.sampled_from(sorted(STAGES))


@st.composite
def messages(draw):
    shares = st.floats(0, 1, allow_nan=False)
    return TaggedMessage(
        probabilities={tag: draw(shares) for tag in STAGES},
        selected=draw(st.frozensets(TAGS)),
    )


WINDOWS = st.lists(messages(), min_size=1, max_size=WINDOW)
PREVIOUS = st.none() | TAGS


def newest(window, previous):
    found = conversation_tag(window, previous, STAGES, rule="newest", threshold=0.5)
    return found or (None, None)


@given(window=WINDOWS, previous=PREVIOUS)
def test_the_tag_is_one_that_a_message_of_the_window_has(window, previous):
    tag, confidence = newest(window, previous)
    carriers = [one for one in window if tag in one.selected]
    assert (tag is None) == (not any(one.selected for one in window))
    assert tag is None or confidence == carriers[-1].probabilities[tag]


@given(window=WINDOWS, previous=PREVIOUS)
def test_a_newest_message_with_a_tag_decides_alone(window, previous):
    if window[-1].selected:
        assert newest(window, previous) == newest(window[-1:], previous)


@given(window=WINDOWS, previous=PREVIOUS)
def test_a_newest_message_with_a_new_tag_always_switches(window, previous):
    if previous is not None and window[-1].selected - {previous}:
        assert is_switch(previous, newest(window, previous)[0])


@given(window=WINDOWS, previous=TAGS)
def test_a_newest_message_without_a_tag_keeps_the_one_that_the_window_still_has(window, previous):
    if not window[-1].selected and any(previous in one.selected for one in window):
        assert newest(window, previous)[0] == previous


@given(window=WINDOWS, previous=PREVIOUS, threshold=st.floats(0, 1))
def test_the_mean_ignores_what_was_selected_and_the_tag_before(window, previous, threshold):
    bare = [TaggedMessage(probabilities=one.probabilities, selected=frozenset()) for one in window]
    found = [
        conversation_tag(given, before, STAGES, rule="mean", threshold=threshold)
        for given, before in ((window, previous), (bare, None))
    ]
    assert found[0] == found[1]
    assert found[0] is None or found[0][1] >= threshold
