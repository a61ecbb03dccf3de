"""The tags' colours are defined once and can be read by everyone."""

import re

import pytest
from django.contrib.staticfiles import finders

from classifier.models import Tag
from conversations.staff.pills import STYLE, css_class, pill

with open(finders.find(STYLE), encoding="utf-8") as style:  # noqa: PTH123 - a plain path of Django
    COLOURS = dict(re.findall(r"^\.([\w-]+) \{ --tag: (#[0-9a-f]{6}); \}$", style.read(), re.M))


def luminance(colour):
    """Relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_every_shipped_tag_has_a_colour_of_its_own(db):
    shipped = [css_class(tag.name).split()[1] for tag in Tag.objects.all()]
    assert len(shipped) == 5
    assert len({COLOURS[name] for name in ["tag", *shipped]}) == 6


@pytest.mark.parametrize("name", COLOURS)
def test_white_text_can_be_read_on_it(name):
    assert contrast(COLOURS[name], "#ffffff") >= 4.5


@pytest.mark.parametrize("name", COLOURS)
def test_it_stands_out_on_the_dark_page(name):
    assert contrast(COLOURS[name], "#121212") >= 3


def test_a_pill_escapes_the_tags_name(db):
    assert "<b>" not in pill("<b>")
