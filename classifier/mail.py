"""What a customer wrote in an e-mail: the lines that are no quotation, signature or footer.

Rules for lines of plain text, each with conditions under which an ordinary chat message passes
untouched (why no library: docs/decisions/0017).
"""

import re
from collections.abc import Callable, Iterator

Lines = list[str]

HEADER_LINES = 8  # of an older mail: sender, date, receivers, subject
SIGNATURE_LINES = 10  # below "-- "; with more it is a rule between two parts of a message
CLOSING_LINES = 6  # below "Kind regards": name, firm, telephone
FOOTER_SIGNS = 3  # phrases of lawyers that make a footer
FOOTER_LENGTH = 80  # characters, and no fewer

# "On Mon, 3 Mar 2025 at 10:12, The Shop <help@shop.example> wrote:", over one line or two.
_ON = re.compile(r"(?:On|Am|Le|El|Il|Op|Em|Den)\b", re.IGNORECASE)
_ATTRIBUTION = re.compile(
    r".*(?:\d:\d\d|\b(?:19|20)\d\d\b|@).*"
    r"(?:wrote|schrieb.*|a écrit|escribió|ha scritto|schreef.*|escreveu|skrev.*) ?:",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"[-_*]{2,} ?(?:original message|forwarded message|begin forwarded message|original appointment"
    r"|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|message d'origine"
    r"|message transféré|mensaje original|mensaje reenviado|messaggio originale"
    r"|oorspronkelijk bericht) ?[-_*]{2,}",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\*?(?:From|Sent|Date|To|Cc|Subject|Von|Gesendet|Datum|An|Betreff|De|Envoyé|À|Objet|Enviado"
    r"|Para|Asunto|Fecha|Da|Inviato|A|Oggetto|Van|Verzonden|Aan|Onderwerp) ?:\*? ?\S.*"
)
_SENDER = re.compile(r"\*?(?:From|Von|De|Da|Van) ?:")
_MAILED = re.compile(
    r"\*?(?:Sent|Subject|Gesendet|Betreff|Envoyé|Objet|Enviado|Asunto|Inviato|Oggetto|Verzonden"
    r"|Onderwerp) ?:"
)
_COMPARISON = re.compile(r">[\s>]*[=\d€$£]")
_RULE = re.compile(r"[-_=*#~ ]{4,}")
_DEVICE = re.compile(
    r"(?:sent (?:from|via|with)|get|gesendet (?:von|mit)|von meinem|envoyé (?:de|depuis)"
    r"|enviado desde|inviato da|verzonden vanaf)\b.{0,30}\b(?:iphone|ipad|android|samsung|galaxy"
    r"|huawei|blackberry|smartphone|outlook|yahoo|proton ?mail|windows)\b[^?]{0,30}",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:with )?(?:kind|best|warm)(?:est)? (?:regards|wishes)|regards|yours (?:sincerely"
    r"|faithfully|truly)|sincerely(?: yours)?|mit freundlichen grüßen|viele grüße|freundliche grüße"
    r"|cordialement|bien cordialement|atentamente|un saludo|saludos cordiales|cordiali saluti"
    r"|met vriendelijke groet) ?[,.!]?",
    re.IGNORECASE,
)
_NEWSLETTER = re.compile(
    r"(?:(?:unsubscribe(?: here)?|view (?:this e-?mail )?in (?:your )?browser|privacy policy"
    r"|(?:manage|update) (?:your )?preferences|terms (?:and|&) conditions|forward to a friend)"
    r"(?:[ |·•/,-]+|$))+",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"\b(?:(this) (?:e-?mail|message|communication|transmission)|(attachments?|attached files)"
    r"|(confidential|privileged)|((?:intended|meant) (?:solely |only |exclusively )?for)"
    r"|(addressee|intended recipient|person named)|((?:in error|by mistake))"
    r"|(delete (?:it|this|the)|destroy)|((?:notify|tell|inform|contact) the sender)"
    r"|(disclos\w+|disseminat\w+|copying|distribution)"
    r"|(prohibited|unauthori[sz]ed|not (?:allowed|permitted)|without permission)"
    r"|(virus(?:es)?|malware|harmful software)|(opinions|views expressed)|(before you print"
    r"|before printing)|(registered (?:office|in))|(diese (?:e-?mail|nachricht))|(vertraulich\w*)"
    r"|(adressat\w*|empfänger)|(irrtümlich|unbefugt\w*)|(vernichten|löschen sie)"
    r"|(ce (?:message|courriel))|(confidentiel\w*)|(destinataire)|(par erreur)|(détruire|supprimer)"
    r"|(este (?:mensaje|correo))|(confidencial\w*)|(destinatario)|(por error))\b",
    re.IGNORECASE,
)


def reply(text: str) -> str:
    """The lines of `text` that its writer wrote, perhaps none."""
    lines = [line.strip() for line in text.split("\n")]
    for rule in _RULES:
        lines = rule(lines)
    return "\n".join(lines).strip()


def _without_older_mails(lines: Lines) -> Lines:
    """Cut where an older mail begins; headers above everything are those of this one."""
    begun, at = 0, 0  # this mail's first line, and the one that is looked at
    while at < len(lines):
        headers = _headers(lines, at)
        if headers and at == begun:
            begun = at = at + headers
        elif headers or _SEPARATOR.fullmatch(lines[at]):
            return lines[begun:at]
        else:
            begun += at == begun and not lines[at]
            at += 1
    return lines[begun:]


def _headers(lines: Lines, at: int) -> int:
    """Lines of a block "From: … Sent: … To: …" that begins at `at`; 0 where none does."""
    if not _SENDER.match(lines[at]):
        return 0
    block = lines[at : at + HEADER_LINES]
    block = block[: _end(block, 0, lambda line: _HEADER.fullmatch(line) is not None)]
    mailed = any(_MAILED.match(line) for line in block)
    return len(block) if mailed and len(block) >= 3 else 0


def _without_quotations(lines: Lines) -> Lines:
    """Without lines that begin with ">", and what "On … wrote:" announces.

    Below an announcement without such marks all is quoted. "> 50 is too much" alone compares.
    """
    kept: Lines = []
    at = 0
    while at < len(lines):
        announced = _announcement(lines, at)
        if not announced and not lines[at].startswith(">"):
            kept.append(lines[at])
            at += 1
            continue
        start = _end(lines, at + announced, lambda line: not line) if announced else at
        end = _end(lines, start, lambda line: line.startswith(">"))
        quoted = not all(_COMPARISON.match(line) for line in lines[start:end])
        if announced and not quoted:
            break
        kept += [] if quoted else lines[at:end]
        at = end
    return kept


def _announcement(lines: Lines, at: int) -> int:
    """How many lines from `at` on are one "On … wrote:"; 0 where there is none."""
    if not _ON.match(lines[at]):
        return 0
    either = (lines[at : at + count] for count in (1, 2))
    return next((len(few) for few in either if _ATTRIBUTION.fullmatch(" ".join(few)[:400])), 0)


def _end(lines: Lines, start: int, goes_on: Callable[[str], bool]) -> int:
    return next((at for at in range(start, len(lines)) if not goes_on(lines[at])), len(lines))


def _without_marks_of_programs(lines: Lines) -> Lines:
    """Without "Sent from my iPhone", rules, and the links at the foot of newsletters."""
    kinds = (_DEVICE, _RULE, _NEWSLETTER)
    return [line for line in lines if not any(kind.fullmatch(line) for kind in kinds)]


def _without_footers(lines: Lines) -> Lines:
    """Without (ends of) paragraphs in which many of the lawyers' phrases stand."""
    kept: Lines = []
    for paragraph in _paragraphs(lines):
        if len(" ".join(paragraph)) < FOOTER_LENGTH:
            kept += [*paragraph, ""]
            continue
        # The first line of all is the customer's.
        own = _end(paragraph, 0 if kept else 1, lambda line: not _LEGAL.search(line))
        rest = " ".join(paragraph[own:])
        signs = {found.lastindex for found in _LEGAL.finditer(rest)}
        footer = len(rest) >= FOOTER_LENGTH and len(signs) >= FOOTER_SIGNS
        kept += [*paragraph[: own if footer else None], ""]
    return kept


def _paragraphs(lines: Lines) -> Iterator[Lines]:
    paragraph: Lines = []
    for line in [*lines, ""]:
        if line:
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []


def _without_signature(lines: Lines) -> Lines:
    """Cut at "-- ", and at "Kind regards" with a few short lines below it."""
    for at in range(max(0, len(lines) - 2 * SIGNATURE_LINES), len(lines)):
        closing = _CLOSING.fullmatch(lines[at])
        if not closing and lines[at] != "--":
            continue
        below = [line for line in lines[at + 1 :] if line]
        asks = any("?" in line or len(line) > 60 for line in below)
        if len(below) <= (CLOSING_LINES if closing else SIGNATURE_LINES) and not (closing and asks):
            return lines[:at]
    return lines


_RULES: tuple[Callable[[Lines], Lines], ...] = (
    _without_older_mails,
    _without_quotations,
    _without_footers,
    _without_signature,
    _without_marks_of_programs,
)
