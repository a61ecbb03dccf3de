"""Takes numbers of cards and accounts, e-mail addresses and telephone numbers out of a text.

`redacted` by the setting REDACT is the one way: before a message is stored, before the model reads
one (`classifier.reader`), and as data sets read files and reviews, so that training and serving see
the same. What is recognised: docs/privacy.md.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache

from django.conf import settings

PLACEHOLDERS = {"ibans": "[iban]", "emails": "[email]", "cards": "[card]", "phones": "[phone]"}

_WORTH_A_LOOK = re.compile(r"@|(?:\d\D{0,4}){4}\d")
_GAP = "[ \u00a0\u2007\u2009\u202f.\\-\u2010-\u2013]"  # between groups of digits; one, and the same
# As cards are printed: in fours, American Express and Diners as 4-6-5 and 4-6-4, or in one.
_CARD = re.compile(
    rf"(?<![\w@])(?:\d{{13,19}}|\d{{4}}({_GAP})\d{{4}}\1\d{{4}}\1\d{{4}}(?:\1\d{{1,3}})?"
    rf"|\d{{4}}({_GAP})\d{{6}}\2\d{{4,5}})(?![\w@]|[.,]\d)"
)
_ISSUERS = re.compile(  # first digits and lengths that are issued
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}"
    r"|(?:6\d|5[06-8])\d{11,17}|35\d{14,17}"
)
_IBAN = re.compile(
    rf"(?<!\w)[A-Z]{{2}}\d{{2}}(?:[A-Z\d]{{11,30}}|(?:{_GAP}[A-Z\d]{{4}}){{2,7}}"
    rf"(?:{_GAP}[A-Z\d]{{1,3}})?)(?!\w)",
    re.IGNORECASE,
)
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%'-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w@])"
)
_FAILED_TRIES = (
    1_000  # numbers that are none, after which no further telephone number is looked for
)


def redacted(text: str) -> str:
    """`text` with a placeholder for each thing that REDACT names; a second time changes nothing."""
    return _without(text, settings.REDACT) if settings.REDACT else text


def same(stored: str, sent: str) -> bool:
    """Whether a message is the stored one, whatever was taken out of either: REDACT may have
    changed between them."""
    if stored == sent:
        return True
    if not settings.REDACT and not any(mark in stored for mark in PLACEHOLDERS.values()):
        return False
    return _without(stored, PLACEHOLDERS) == _without(sent, PLACEHOLDERS)


def _without(text: str, kinds: Collection[str]) -> str:
    """Until nothing is left to find: what stood between two things may be one without them."""
    while _WORTH_A_LOOK.search(text):
        before = text
        for kind, replace in _REPLACE.items():
            if kind in kinds:
                text = replace(text)
        if text == before:
            break
    return text


def _cards(text: str) -> str:
    return _CARD.sub(lambda one: PLACEHOLDERS["cards"] if _is_card(one[0]) else one[0], text)


def _is_card(found: str) -> bool:
    luhn, _ = _checksums()
    digits = "".join(str(int(one)) for one in found if one.isdigit())
    return _ISSUERS.fullmatch(digits) is not None and luhn(digits)


def _ibans(text: str) -> str:
    return _IBAN.sub(_iban, text)


def _iban(found: re.Match[str]) -> str:
    """The longest part from the beginning that is one, for words may follow in groups of four."""
    _, is_iban = _checksums()
    groups = re.split(f"({_GAP})", found[0])
    for end in range(len(groups), 0, -2):
        if is_iban("".join(groups[:end:2])):
            return PLACEHOLDERS["ibans"] + "".join(groups[end:])
    return found[0]


def _emails(text: str) -> str:
    return _EMAIL.sub(PLACEHOLDERS["emails"], text)


def _phones(text: str) -> str:
    countries: list[str | None] = [*settings.REDACT_PHONES_OF] or [None]
    for country in countries:
        for start, end in reversed(list(_phones_of(text, country))):
            text = text[:start] + PLACEHOLDERS["phones"] + text[end:]
    return text


def _phones_of(text: str, country: str | None) -> Iterator[tuple[int, int]]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    for found in PhoneNumberMatcher(text, country, Leniency.VALID, _FAILED_TRIES):
        yield found.start, found.end


_REPLACE: Mapping[str, Callable[[str], str]] = {
    "ibans": _ibans,
    "emails": _emails,
    "cards": _cards,
    "phones": _phones,
}


@lru_cache(maxsize=1)
def _checksums() -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    """Whether digits pass Luhn's checksum, and whether a text is an IBAN. Imported where wanted."""
    from stdnum import iban, luhn

    return luhn.is_valid, lambda text: iban.is_valid(text, check_country=False)
