"""What the model reads of a message: text.clean."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifier.text import clean

OUTLOOK = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal '
    "{margin:0cm;} --></style><title>x</title></head><body><p class=MsoNormal>{}&nbsp;<o:p></o:p>"
    "</p><p>&nbsp;</p></body></html>"
)
TAGS = ["<p>", "</p>", "<br>", "&lt;", "&amp;", "&nbsp;", "http://", ">", "\n", " ", "/", "?"]
LETTERS = ["a", "B", "\u200b", "\u0301", "´", "’", "ﬁ", "𝓘"]
LINES = ["On 3.3.2025 a@b wrote:", "--", "Regards", "From: a", "Subject: a", "Sent from my iPhone"]
PIECES = st.sampled_from([*TAGS, *LETTERS, *LINES])


@pytest.mark.parametrize(
    "text",
    [
        "where is my order?",
        "is a < b or a > b",
        "i <3 this shop",
        "<attached: 0042-AUDIO.opus>",
        "the price is <50 or >60?",
        "R&D and Q&A; ok",
        "📦 schon da?",
        "¿Hay algún descuento?",
        "mail me at <jo@shop.example>",
        "</s> [SEP] <pad>",
    ],
)
def test_an_ordinary_message_is_read_as_it_was_written(text):
    assert clean(text) == text


def test_html_becomes_its_text():
    assert clean(OUTLOOK.replace("{}", "Two kettles <b>pl</b>ease", 1)) == "Two kettles please"


def test_a_long_style_sheet_hides_no_text():
    page = f"<html><head><style>{'p {color: red} ' * 5000}</style></head><body>hello</body></html>"
    assert clean(page) == "hello"


def test_blocks_of_html_are_words_apart():
    assert clean("<div>yes</div><div>please<br>now</div>") == "yes please now"


def test_html_that_was_written_as_text_is_html():
    assert clean("&lt;p&gt;Any discount?&lt;/p&gt;") == "Any discount?"


def test_entities_without_tags_are_read():
    assert clean("I&#39;ll take it &amp; pay") == "I'll take it & pay"


def test_a_quotation_in_html_is_left_out_and_the_answer_below_it_is_not():
    quoted = "On Mon, 3 Mar 2025 at 10:12, Shop &lt;a@b.example&gt; wrote:<blockquote>Hi<br>you"
    assert clean(f"<div>{quoted}</blockquote></div><p>Too expensive</p>") == "Too expensive"
    assert clean(f"<p>Too expensive</p><div>{quoted}</blockquote></div>") == "Too expensive"


def test_a_quotation_that_is_all_of_the_message_stays():
    assert clean("<blockquote>Is it cheaper?</blockquote>") == "Is it cheaper?"


@pytest.mark.parametrize("text", ["<p>&nbsp;</p>", "\u200b\ufeff", "<style>p {}</style>", " \n"])
def test_a_text_without_words_leaves_nothing(text):
    assert clean(text) == ""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("please \u202erefund\u202c me", "please refund me"),
        ("dis\u00adcount\u200b", "discount"),
        ("𝓘 𝔀𝓪𝓷𝓽 ｉｔ", "I want it"),
        ("don’t, I´m “new”", "don't, I'm \"new\""),
        ("so \t many\u00a0  spaces\n\nhere", "so many spaces here"),
        ("e\u200b\u0301t\u00e9", "été"),
    ],
)
def test_characters_are_plain_and_visible(text, read):
    assert clean(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("see https://www.shop.example/p/9?utm_source=x.", "see shop.example."),
        ("HTTP://a.example#b (http://c.example/d)", "a.example (c.example)"),
        ("https://shop.example/p/9931?utm_campaign=sale20", "shop.example"),
    ],
)
def test_a_link_is_its_host(text, read):
    assert clean(text) == read


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
@example(OUTLOOK)
def test_what_is_clean_stays_as_it_is(text):
    once = clean(text)
    assert clean(once) == once


HOSTILE = [
    *("<a ", "<div>", "<!--", "&amp;", "\n", "> a\n", ">1\n", "--\n", "From: a\n", "http://"),
    *("On 2020 wrote ", "Kind regards\n", "this message ", "unsubscribe | "),
    "From: a\nSubject: b\nTo: c\n\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_text_takes_long(piece):
    text = (piece * 100_000)[:100_000]
    start = time.process_time()
    clean(text)
    assert time.process_time() - start < 5
