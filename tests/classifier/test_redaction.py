"""What REDACT takes out of a text, what it leaves, and that training and serving see the same."""

import pytest
from django.core.checks import run_checks
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from classifier.reader import Reader
from classifier.redaction import PLACEHOLDERS, _without, redacted
from tests import keyword_model


@pytest.fixture(autouse=True)
def everything(settings):
    settings.REDACT = list(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("my card 4111 1111 1111 1111, thanks", "my card [card], thanks"),
        ("4111-1111-1111-1111", "[card]"),
        ("4111111111111111", "[card]"),
        ("4111.1111.1111.1111.", "[card]."),
        ("card:4111111111111111!", "card:[card]!"),
        ("4111\u00a01111\u00a01111\u00a01111", "[card]"),
        ("４１１１１１１１１１１１１１１１", "[card]"),
        ("amex 3782 822463 10005", "amex [card]"),
        ("378282246310005 or 5555 5555 5555 4444", "[card] or [card]"),
        ("6011 1111 1111 1117", "[card]"),
        ("DE89 3704 0044 0532 0130 00 please", "[iban] please"),
        ("to DE89370400440532013000.", "to [iban]."),
        ("iban: gb29 nwbk 6016 1331 9268 19 from anna", "iban: [iban] from anna"),
        ("BE68 5390 0754 7034 when does it come", "[iban] when does it come"),
        ("NO93 8601 1117 947", "[iban]"),
        ("write to anna.b+shop@mail.example.com.", "write to [email]."),
        ("<a@b.co>", "<[email]>"),
        ("mailto:anna@müller.de", "mailto:[email]"),
        ("call +44 20 7946 0958 now", "call [phone] now"),
        ("+49 (0)30 1234567", "[phone]"),
        ("+16502530000", "[phone]"),
        ("a@b.co 4111111111111111 +16502530000", "[email] [card] [phone]"),
    ],
)
def test_what_is_taken_out(text, left):
    assert redacted(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "order 4111-1111-1111-1112",  # fails Luhn
        "order 4111111111111112",
        "order 1234567812345670",  # Luhn holds, but nobody issues such cards
        "order AB4111111111111111",
        "parcel 00340434161094042557",
        "4111 1111 1111",
        "4111-1111 1111-1111",  # no card is written so
        "2026-11-28",
        "28.11.2026 14:30:00",
        "between 2026-11-28 and 2026-12-24",
        "$1,299.00 or 1.299,00 €",
        "size 42, 2 x 19.99, 3 for 50",
        "EAN 4006381333931",
        "ISBN 978-3-16-148410-0",
        "order no. 0123456789",
        "AB12 3456 7890",
        "DE00 3704 0044 0532 0130 00",  # checksum
        "GB29 NWBK",
        "VAT DE123456789",
        "@anna_b have you seen this",
        "3 @ 5.00 each",
        "price@5.00",
        "+1 for the red one",
        "call me at five",
        "version 10.0.19045.3693",
        "192.168.100.200",
        "1111 2222 3333 4444",
        "",
        "[card]",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert redacted(text) == text


def test_numbers_without_a_plus_are_a_countrys(settings):
    assert redacted("ring 020 7946 0958") == "ring 020 7946 0958"
    settings.REDACT_PHONES_OF = ["GB", "DE"]
    assert redacted("ring 020 7946 0958 or 030 1234567") == "ring [phone] or [phone]"
    assert redacted("order 4111-2222-3333-4445 of 2026-11-28") == (
        "order 4111-2222-3333-4445 of 2026-11-28"
    )


def test_a_country_that_nobody_knows_is_an_error(settings):
    settings.REDACT_PHONES_OF = ["GB", "UK"]
    assert [one.id for one in run_checks() if "REDACT_PHONES_OF" in one.msg] == ["beez.E003"]


def test_only_what_is_named_is_taken_out(settings):
    text = "a@b.co 4111111111111111 +16502530000 DE89370400440532013000"
    settings.REDACT = []
    assert redacted(text) == text
    settings.REDACT = ["emails"]
    assert redacted(text) == "[email] 4111111111111111 +16502530000 DE89370400440532013000"


PIECES = strategies.sampled_from(
    ["4111 1111 1111 1111", "4111", "1111", "-", " ", ".", "+", "@", "a", "b.co", "a@b.co",
     "[card]", "DE89370400440532013000", "DE89", "3704 0044 0532 0130 00", "+16502530000",
     "+44 20 7946 0958",
     "0", "(0)", "[", "]", "12", "\n", "é", "٣"]
)  # fmt: skip


@given(strategies.lists(PIECES, max_size=12).map("".join) | strategies.text(max_size=60))
@hypothesis_settings(max_examples=300, deadline=None)
def test_a_second_time_changes_nothing(text):
    once = _without(text, PLACEHOLDERS)
    assert _without(once, PLACEHOLDERS) == once


@pytest.mark.parametrize(
    "text",
    ["1" * 100_000, "+1 2 3 4 " * 11_000, "a@" * 50_000, "4111 " * 20_000, "DE89 " * 20_000,
     "a." * 50_000 + "@", "+4930123456 " * 8_000],
)  # fmt: skip
def test_a_hostile_text_takes_no_minutes(text):
    redacted(text)


def test_the_model_reads_of_a_message_what_is_stored_of_it(models_dir, settings):
    keyword_model.build(models_dir, "keywords-1", words=keyword_model.SHIPPED_TAGS)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(models_dir / "keywords-1" / "tokenizer.json"))
    reader = Reader(tokenizer, max_length=64, cleaning=1)
    sent = "discount on 4111 1111 1111 1111?"
    assert reader.read(sent) == reader.read(redacted(sent))
    assert reader.read(sent).text == "discount on [card]?"
    assert reader.read_all([sent]) == [reader.read(sent)]
