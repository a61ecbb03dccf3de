from training.datasets import sampling
from training.datasets.material import Material
from training.datasets.records import Example


def example(number, *tags):
    return Example(message=f"message number {number:05}", tags=tags)


def material(train, validation=(), test=()):
    return Material(
        dataset=None, tags=["a", "b"], train=list(train), validation=list(validation),
        test=list(test), stream=[], live=None, live_test=[],
    )  # fmt: skip


MANY = [
    *(example(number, "a") for number in range(3000)),
    *(example(number, "a", "b") for number in range(3000, 3010)),
    *(example(number) for number in range(4000, 7000)),
]


def test_few_messages_are_all_taken():
    given = material(MANY[:50], MANY[50:60], MANY[60:70])
    found = sampling.few(given, 200_000, seed=1)
    for split in ("train", "validation", "test"):
        assert set(getattr(found, split)) == set(getattr(given, split))


def test_without_a_limit_nothing_changes():
    given = material(MANY)
    assert sampling.few(given, 0, seed=1) is given


def test_of_many_a_part_is_taken_that_has_every_message_of_a_rare_tag():
    found = sampling.few(material(MANY, MANY, MANY), 20_000, seed=1)
    assert sum(len(e.message) for e in [*found.train, *found.validation, *found.test]) <= 20_000
    assert sum("b" in e.tags for e in found.train) == 10
    untagged = sum(not e.tags for e in found.train) / len(found.train)
    assert 0.3 < untagged < 0.5


def test_what_is_measured_on_is_made_up_like_the_whole_split():
    found = sampling.few(material(MANY, MANY, MANY), 100_000, seed=1)
    share = sum(not e.tags for e in found.test) / len(found.test)
    assert abs(share - 3000 / len(MANY)) < 0.06


def test_the_same_messages_give_the_same_part():
    one, other = (sampling.few(material(MANY), 9_000, seed=7).train for _ in range(2))
    assert one == other


def test_a_message_longer_than_all_the_room_is_taken_alone():
    found = sampling.few(material([Example(message="x" * 900, tags=("a",))]), 100, seed=1)
    assert len(found.train) == 1
