"""Messages that are nearly the same are grouped; text that many share does not make them so."""

import random

from training.datasets.near_duplicates import cluster, comparable, near

TEXT = """anorak boots candle desk easel flute globe hammock iris jigsaw kettle lamp mug necklace
oboe piano quilt ring sofa trunk urn violin watch xylophone yarn zither"""
WORDS = TEXT.split()
FOOTER = (
    "The words above are for the reader they were sent to and nobody else. Should they have come "
    "to you by accident then throw them away at once.\nWritten on day {day} by the post room of us "
    "all."
)


def different(count):
    """Messages of six random words each."""
    rng = random.Random(3)
    return [" ".join(rng.sample(WORDS, 6)) for _ in range(count)]


def test_near_duplicates_share_a_cluster_through_a_chain_and_others_do_not():
    numbers = cluster(
        [
            "do you have any discount codes for my first order this week",
            "do you have any discount codes for my first orders this week",
            "where is my parcel?",
            "ok",
            "hey do you have any discount codes for my first orders this week",
        ]
    )
    assert numbers[0] == numbers[1] == numbers[4]
    assert len(set(numbers)) == 3


def test_pairs_are_found_across_chunks_of_rows(monkeypatch):
    monkeypatch.setattr("training.datasets.near_duplicates._CHUNK", 2)
    unlike = ["apples", "where is my parcel", "ring size chart", "blue or green", "returns desk"]
    numbers = cluster(["i will take these shoes today", *unlike, "i will take these shoes today!!"])
    assert numbers[0] == numbers[-1]
    assert len(set(numbers)) == len(unlike) + 1


def test_a_footer_that_many_messages_share_makes_no_near_duplicates():
    messages = [f"{m}?\n\n{FOOTER.format(day=n)}" for n, m in enumerate(different(60))]
    assert len(set(cluster(messages))) == 60
    assert comparable(messages)[1] == 60


def test_the_same_wish_above_a_footer_is_a_near_duplicate():
    wishes = different(10)
    messages = [f"{wish} {end}\n{FOOTER}" for wish in wishes for end in (".", "please.")]
    numbers = cluster(messages)
    assert len(set(numbers)) == 10
    assert numbers[::2] == numbers[1::2]


def test_a_question_that_many_ask_with_a_number_of_their_own_is_no_shared_text():
    messages = [f"Could I have the lamp a little cheaper please? Order {n}." for n in range(9)]
    assert comparable(messages)[1] == 0
    assert len(set(cluster(messages))) == 1


def test_markup_makes_no_near_duplicates():
    html = "<html><head><style>p {{margin: 0; font: 11pt Sans}}</style></head><p class=M>{}</p>"
    assert len(set(cluster([html.format(m) for m in different(40)]))) == 40


def test_a_chain_does_not_run_away_with_the_data_set():
    """Each message shares most words with the one before it, and the ends share none."""
    rng = random.Random(1)
    words = [f"{a}{b}" for a in WORDS for b in WORDS]
    rng.shuffle(words)
    chain = [" ".join(words[n : n + 16]) for n in range(120)]
    assert len(set(cluster(chain))) > 10


def test_a_message_is_near_a_barred_one_by_itself_and_not_through_others(monkeypatch):
    monkeypatch.setattr("training.datasets.near_duplicates._CHUNK", 2)
    words = different(3)
    long = " ".join(words[:2])
    messages = ["I take the " + long, f"i take the {long}!!", "Where is my parcel", words[2]]
    assert near(messages, [f"i take the {long}"]) == [True, True, False, False]
