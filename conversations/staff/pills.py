"""How a tag looks to staff: a pill whose colour `static/conversations/tags.css` defines."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from classifier.tags import label

STYLE = "conversations/tags.css"


def css_class(tag: str) -> str:
    """Classes that set the tag's colour; a tag that the style does not name gets the common one."""
    return f"tag tag-{slugify(tag)}"


def pill(tag: str | None) -> SafeString:
    if tag is None:
        return format_html('<span class="{}">{}</span>', "tag-none", "no tag")
    return format_html('<span class="tag-pill {}">{}</span>', css_class(tag), label(tag))


def check() -> SafeString:
    """The mark of a message that a person had better look at."""
    return format_html(
        '<span class="check-mark" title="{}">check</span>', "The model is unsure here"
    )
