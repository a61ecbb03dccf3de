"""What is held out stays so whatever is added in whatever order, and nothing like it is learnt."""

from hypothesis import given
from hypothesis import strategies as st

from training.datasets import placing, splitting
from training.datasets.splitting import STREAM, TEST

WORDS = ["owl", "parrot", "goose", "heron", "finch", "robin", "swift", "crane", "stork", "raven"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)


def places(messages, clusters=None, *, held=(), sampled=(), reviewed=True):
    return placing.places(
        messages,
        clusters or range(len(messages)),
        held={placing.fingerprint(message): split for message, split in dict(held).items()},
        sampled=frozenset(sampled),
        reviewed=[reviewed] * len(messages),
    )


@given(st.lists(texts, min_size=1, unique=True), st.randoms(use_true_random=False))
def test_where_a_review_goes_depends_on_its_text_alone(messages, rng):
    alone = {message: places([message])[0] for message in messages}
    shuffled = rng.sample(messages, len(messages))
    assert dict(zip(shuffled, places(shuffled), strict=True)) == alone


@given(st.lists(st.tuples(texts, st.booleans(), st.integers(0, 3)), min_size=1, max_size=30))
def test_what_was_held_out_never_comes_back_while_reviews_are_added(added):
    """A review after the other, each in a group of its likes; now and then a version is trained."""
    held, messages, sampled = {}, {}, set()
    for text, is_sampled, group in added:
        messages.setdefault(text, group)
        if is_sampled:
            sampled.add(text)
        found = places(list(messages), list(messages.values()), held=held, sampled=sampled)
        now = dict(zip(messages, found, strict=True))
        for message, split in held.items():
            assert now[message] == split
        barred = {messages[m] for m, split in now.items() if m in held or m in sampled}
        assert all(now[m] in (TEST, STREAM) for m in messages if messages[m] in barred)
        if group == 0:
            held |= {m: split for m, split in now.items() if split in (TEST, STREAM)}


def test_shares_of_many_reviews_are_those_of_the_splits():
    found = places([f"number {n}" for n in range(4000)])
    for split, share in zip(splitting.DEALT, splitting.SHARES, strict=True):
        assert abs(found.count(split) / 4000 - share) < 0.03


def test_the_stream_is_for_the_random_tenth_and_its_likes_go_to_test():
    found = places(["Owl!", "owls", "goose"], [0, 0, 1], sampled=["owl"], reviewed=False)
    assert found == [STREAM, TEST, None]


def test_what_was_tested_on_before_it_was_drawn_stays_in_test():
    assert places(["owl"], held={"owl": TEST}, sampled=["owl"]) == [TEST]


def test_what_was_in_the_stream_and_is_drawn_no_more_is_tested_on():
    assert places(["owl"], held={"owl": STREAM}, reviewed=False) == [TEST]


def test_messages_of_files_are_free_unless_like_what_is_held_out():
    found = places(["owl", "owls", "goose"], [0, 0, 1], held={"Owl": TEST}, reviewed=False)
    assert found == [TEST, TEST, None]


@given(st.lists(st.sets(st.sampled_from("ABC"), min_size=1), min_size=12, max_size=60))
def test_remembering_what_came_to_test_changes_no_split(labels):
    messages = [f"message {n}" for n in range(len(labels))]
    given_ = {"messages": messages, "labels": [sorted(some) for some in labels]}
    clusters = [n // 2 if n % 5 == 0 else n for n in range(len(labels))]
    first = splitting.split(**given_, clusters=clusters)
    placed = [split if split == TEST else None for split in first]
    assert splitting.split(**given_, clusters=clusters, placed=placed) == first
