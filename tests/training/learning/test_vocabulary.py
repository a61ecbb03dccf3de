import pytest
from tokenizers import Tokenizer

from classifier.familiarity import Familiarity
from classifier.reader import Reader
from training.learning import base_models, vocabulary

TRAIN = [
    "do you have this in blue",
    "where is my order",
    "i want to buy the blue one",
    "is there a discount for students",
    "just looking around for now",
    "can i pay with paypal",
    "how much is the delivery",
    "my order is late, where is it",
]
HELD_OUT = ["is the blue one late", "do you have a discount", "where is my delivery"]


@pytest.fixture(scope="module")
def reader():
    folder = base_models.locate("all-MiniLM-L6-v2")
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    return Reader(tokenizer, max_length=32, cleaning=1)


@pytest.fixture(scope="module")
def learnt(reader):
    return vocabulary.familiarity(reader, train=TRAIN, held_out=HELD_OUT)


@pytest.mark.parametrize(
    "text",
    [
        "Wo ist meine Bestellung?",
        "¿Hay algún descuento?",
        "je voudrais acheter cette lampe",
        "мне нужна скидка",
        "有折扣吗",
        "qwrtz bvnmx plkjh",
    ],
)
def test_what_is_in_no_language_that_was_learnt_is_strange(reader, learnt, text):
    assert learnt.is_strange(reader.read(text))


@pytest.mark.parametrize(
    "text", ["where is the blue one?", "WHERE IS MY ORDER", "i want to pay 😍😍", "42", "👍"]
)
def test_learnt_words_figures_and_emoji_are_not_strange(reader, learnt, text):
    assert not learnt.is_strange(reader.read(text))


def test_the_limit_lets_nearly_all_messages_like_the_training_pass(reader):
    jargon = ["zyx abc where", "vut srq is", "ponm lkj my order"] * 20
    learnt = vocabulary.familiarity(reader, train=TRAIN, held_out=jargon)
    strange = sum(learnt.is_strange(reading) for reading in reader.read_all(jargon))
    assert strange <= vocabulary.ASKED * len(jargon)


def test_a_language_that_was_trained_on_is_familiar(reader):
    german = ["wo ist meine bestellung", "haben sie das in blau", "ich möchte das kaufen"]
    learnt = vocabulary.familiarity(reader, train=german, held_out=german)
    assert not learnt.is_strange(reader.read("haben sie meine bestellung"))
    assert learnt.is_strange(reader.read("do you have a discount"))


def test_in_many_messages_one_stray_word_is_not_learnt(reader):
    many = [*TRAIN, *["where is my order"] * 5000, "danke"]
    learnt = vocabulary.familiarity(reader, train=many, held_out=TRAIN)
    assert learnt.is_strange(reader.read("danke"))


def test_it_is_the_same_after_saving(reader, learnt, tmp_path):
    learnt.save(tmp_path)
    again = Familiarity.load(tmp_path, reader.tokenizer)
    reading = reader.read("Wo ist the blue one?")
    assert again.limit == learnt.limit
    assert again.unlearnt_share(reading) == learnt.unlearnt_share(reading) > 0


def test_a_folder_of_an_older_version_knows_nothing_of_it(reader, tmp_path):
    assert Familiarity.load(tmp_path, reader.tokenizer) is None


@pytest.mark.parametrize("content", ["{}", '{"tokens": [99999999], "limit": 1}', "[]", "{"])
def test_a_file_that_is_not_right_is_refused(reader, tmp_path, content):
    (tmp_path / "familiar.json").write_text(content)
    with pytest.raises(ValueError):
        Familiarity.load(tmp_path, reader.tokenizer)
