"""`{% pill tag %}` and `{% check %}` in templates."""

from django import template

from conversations.staff import pills

register = template.Library()
register.simple_tag(pills.pill, name="pill")
register.simple_tag(pills.check, name="check")
