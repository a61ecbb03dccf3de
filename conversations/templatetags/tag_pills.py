"""`{% pill tag %}` in templates."""

from django import template

from conversations import pills

register = template.Library()
register.simple_tag(pills.pill, name="pill")
