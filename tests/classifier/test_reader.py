"""From a message to the tokens that a model reads of it."""

import time

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from classifier import text
from classifier.reader import Reader

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "query", "sep", "[", "]", ":", "a"]


def wordlevel() -> Tokenizer:
    """Ids: 0 to 2 are [UNK], [CLS] and [SEP]; the words follow in their order."""
    names = ["[UNK]", "[CLS]", "[SEP]", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({name: at for at, name in enumerate(names)}, "[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(names[:3])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


def read(message, *, max_length=6, cleaning=text.VERSION, prefix=""):
    """The tokens that are read, and whether the message was cut."""
    tokenizer = wordlevel()
    one = Reader(tokenizer, max_length=max_length, cleaning=cleaning, prefix=prefix)
    reading = one.read(message)
    assert one.read_all([message, "one"])[0] == reading
    return " ".join(tokenizer.id_to_token(number) for number in reading.ids), reading.cut


def test_a_message_that_fits_is_read_whole():
    assert read("one two three four") == ("[CLS] one two three four [SEP]", False)


def test_of_a_longer_one_beginning_and_end_are_read():
    assert read("one two three four five six") == ("[CLS] one two five six [SEP]", True)


def test_an_odd_token_goes_to_the_beginning():
    assert read("one two three four five", max_length=5) == ("[CLS] one two five [SEP]", True)


@pytest.mark.parametrize("message", ["one " * 1_000_000 + "seven", "x" * 3_000_000 + " seven"])
def test_of_a_huge_one_little_is_looked_at_and_the_end_is_read(message):
    start = time.process_time()
    tokens, cut = read(message)
    assert tokens.endswith("seven [SEP]")
    assert cut
    assert time.process_time() - start < 5


def test_the_names_of_special_tokens_in_a_message_are_text():
    tokens, _ = read("one [SEP]", max_length=9)
    assert tokens == "[CLS] one [ sep ] [SEP]"


def test_styled_letters_make_no_special_token():
    assert read("［ＳＥＰ］", max_length=9)[0] == "[CLS] [ sep ] [SEP]"


def test_a_prefix_stands_before_every_text_and_is_never_cut():
    assert read("two", prefix="query: ")[0] == "[CLS] query : two [SEP]"
    assert read("two " * 9, prefix="query: ")[0] == "[CLS] query : two two [SEP]"


def test_a_model_without_cleaning_reads_the_beginning_of_the_text_as_it_was_written():
    assert read("<p>one two three four five", cleaning=0, max_length=7) == (
        "[CLS] [UNK] [UNK] [UNK] one two [SEP]",
        True,
    )
    assert read("one [SEP]", cleaning=0)[0] == "[CLS] one [SEP] [SEP]"


def test_the_cleaned_text_comes_with_the_tokens():
    one = Reader(wordlevel(), max_length=6, cleaning=text.VERSION)
    assert one.read("<p>one&nbsp;two</p>").text == "one two"


@pytest.mark.parametrize("message", ["one two", "", "🙂", "one " * 50])
def test_the_ids_of_a_text_that_fits_are_the_tokenizers_own(message):
    one = Reader(wordlevel(), max_length=200, cleaning=text.VERSION)
    assert one.read(message).ids == wordlevel().encode(message).ids


def test_a_message_of_many_lines_is_read_quickly():
    one = Reader(wordlevel(), max_length=128, cleaning=text.VERSION)
    start = time.process_time()
    for _ in range(200):
        one.read("hello\n\nwhere is my order?\nThanks, Tom")
    assert (time.process_time() - start) / 200 < 0.005
