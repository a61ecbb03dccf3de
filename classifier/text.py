"""What the model reads of a message: its own words, plainly written.

Training, evaluation and serving all clean by `clean`, through `classifier.reader`; the stored
message stays what the customer wrote. An ordinary line of chat passes in a microsecond.
"""

import html
import re
import unicodedata

from selectolax.lexbor import LexborHTMLParser

from classifier import mail

VERSION = 1  # stands in a manifest; raise it when the model would read something else

LONGEST_HTML = 40_000  # characters that are parsed: nested tags cost the square of their depth
LAYERS = 4  # of HTML written as the text of HTML that are taken off

# A line of chat without any of these is as the model shall read it.
_WORTH_A_LOOK = re.compile(r"[^\x20-\x7e]|[<>&]|://|  ")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
# Quotation marks, and the accents that stand in for them, which NFKC would set after a space.
_MARKS = str.maketrans(dict.fromkeys("‘’‛ʼ´′", "'") | dict.fromkeys("“”„‟″", '"'))
_TAG = re.compile(
    r"</?(?:html|head|body|meta|style|title|div|span|p|br|hr|a|b|i|u|em|strong|small|font|center"
    r"|table|tbody|thead|tr|td|th|ul|ol|li|h[1-6]|img|pre|blockquote|section|article|o:p)"
    r"(?:\s[^<>]*)?/?>|<!doctype html",
    re.IGNORECASE,
)
_BODY = re.compile(r"<body(?=[\s>])", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|br|hr|table|tr|td|th|ul|ol|li|h[1-6]|pre|section|article)(?=[\s/>])",
    re.IGNORECASE,
)
_BLOCKQUOTE = re.compile(r"<blockquote(?=[\s/>])", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_LINK = re.compile(r"\bhttps?://(?:www\.)?([^\s/?#<>\"'()\[\]]+)([^\s<>\"'()\[\]]*)", re.IGNORECASE)
_WORD = re.compile(r"\w")


def clean(text: str) -> str:
    """`text` on one line without HTML, quoted mails, signatures, footers and invisible characters.

    Styled letters become plain ones (NFKC), links their host. Where nothing would remain of a
    message that has words, they stay. Idempotent.
    """
    if not _WORTH_A_LOOK.search(text):
        return text.strip()
    text = _plain(text)
    for _ in range(LAYERS):
        unwrapped = _plain(_unwrapped(text))
        if unwrapped == text:
            break
        text = unwrapped
    reply = _folded(mail.reply(text) if "\n" in text else text)
    return reply if _WORD.search(reply) else _folded(text)


def _plain(text: str) -> str:
    """Visible characters in their plainest form; line ends are line feeds."""
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_MARKS))
    return "\n".join(text.splitlines())


def _folded(text: str) -> str:
    """On one line, with single spaces, links cut to their host."""
    return " ".join(_LINK.sub(_host, text).split())


def _host(link: re.Match[str]) -> str:
    path = link[2]
    return link[1] + path[len(path.rstrip(".,;:!?")) :]


def _unwrapped(text: str) -> str:
    """The text of HTML; text that is none, with its entities read."""
    if not _TAG.search(text):
        return _ENTITY.sub(lambda entity: html.unescape(f"&{entity[1]};"), text)
    body = _BODY.search(text)  # above it mail programs set style sheets of any length
    begin = body.start() if body else 0
    page = " ".join(text[begin : begin + LONGEST_HTML].split())
    page = _BLOCK.sub(r"\n\g<0>", page)
    # A quotation leaves its mark, so that what stands below it is known to be the customer's.
    page = _BLOCKQUOTE.sub(r"\n>\n\g<0>", page)
    own = _text_of(page, without=["blockquote"])
    return own if _WORD.search(own) else _text_of(page, without=[])


def _text_of(page: str, *, without: list[str]) -> str:
    tree = LexborHTMLParser(page)
    tree.strip_tags(["head", "title", "script", "style", "template", "noscript", *without])
    return tree.body.text() if tree.body else ""
