"""What a customer wrote in an e-mail, and that chat is none."""

import pytest

from classifier.text import clean

FOOTER = (
    "This e-mail and any attachments are confidential and intended solely for the addressee. "
    "If you have received it in error, please notify the sender and delete it."
)
HEADERS = "From: Shop <help@shop.example>\nSent: Monday, 3 March 2025\nTo: Me\nSubject: Your order"


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 3 Mar 2025 at 10:12, Shop <help@shop.example> wrote:\n> Dear customer,\n> 20% off",
        "On Mon, 3 Mar 2025 at 10:12, Shop\n<help@shop.example> wrote:\n\n> Dear customer,",
        "Am 03.03.2025 um 10:12 schrieb Shop:\n> Guten Tag",
        "Le 3 mars 2025 à 10:12, Shop <a@b.example> a écrit :\n> Bonjour",
        "> Dear customer,\n> it is on its way",
        "On Mon, 3 Mar 2025 at 10:12, Shop <help@shop.example> wrote:\nDear customer, 20% off",
        "-----Original Message-----\nDear customer",
        "---------- Forwarded message ---------\nDear customer",
        f"________________________________\n{HEADERS}\n\nDear customer, 20% off",
        "Von: Shop\nGesendet: Montag\nAn: Mich\nBetreff: Ware\n\nGuten Tag",
    ],
)
def test_an_older_mail_below_is_left_out(quoted):
    assert clean(f"Where is my parcel?\n\n{quoted}\n") == "Where is my parcel?"


def test_an_answer_below_the_quotation_is_read():
    quoted = "On Mon, 3 Mar 2025 at 10:12, Shop <help@shop.example> wrote:\n> Dear customer,\n> hi"
    assert clean(f"{quoted}\n\nI will take both.") == "I will take both."


def test_headers_above_a_mail_are_left_out():
    assert clean(f"{HEADERS}\n\nI will take both.") == "I will take both."


@pytest.mark.parametrize(
    "signature",
    [
        "--\nJo Miller\nAcme Ltd",
        "-- \nJo Miller",
        "Sent from my iPhone",
        "Get Outlook for Android",
        "Von meinem iPhone gesendet",
        "Kind regards,\nJo Miller\n+00 000 0000",
        "Mit freundlichen Grüßen\nJo",
        FOOTER,
        f"Kind regards\nJo\n\n{FOOTER}",
        f"{FOOTER}\n\nOn Mon, 3 Mar 2025 at 10:12, Shop <a@b.example> wrote:\n> hello",
        "Unsubscribe | Privacy policy",
        "====================",
    ],
)
def test_signatures_and_footers_are_left_out(signature):
    assert clean(f"Is it cheaper if I take two?\n\n{signature}") == "Is it cheaper if I take two?"


def test_a_footer_right_below_the_text_is_left_out():
    assert clean(f"Is it cheaper?\n{FOOTER}") == "Is it cheaper?"


@pytest.mark.parametrize(
    "text",
    [
        "- two mugs\n- one lamp\nhow much?",
        "Hi\n\nThanks,\ncan you send me the kettle",
        "> 50 euro is too much\nfor me",
        "On 3 May my wife wrote:\nplease send two",
        "I need shipping\nFrom: Berlin\nTo: Paris\nDate: 3 May",
        "Regards\ncan I pay by card?",
        "Best, cheapest phone?\nplease",
        "what is the delivery time --\nanyone",
        "the box was damaged\nplease tell the sender",
        "warning: I am new\nany code?",
        "it was sent from my office\nwhere is it?",
        "unsubscribe me\nplease",
    ],
)
def test_chat_in_several_lines_loses_no_word(text):
    assert clean(text) == " ".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "Kind regards\nJo",
        "Sent from my iPhone\n",
        f"-----Original Message-----\n{HEADERS}\n\nhello",
        "> all of this\n> is quoted",
    ],
)
def test_a_mail_of_which_nothing_would_remain_stays(text):
    assert clean(text) == " ".join(text.split())
