"""A new tag's name can stand in a file, a query and a terminal; odd ones of before keep working."""

import pytest
from django.urls import reverse

from classifier.models import Tag

pytestmark = pytest.mark.django_db

ODD = (
    *("a;b", "a|b", "a,b", "none", "None", "-", "–", "no tag", "a\tb", "a\nb", "a\x07b", "a\x7fb"),
    *("a\u2028b", "a\u202eb", "a\u200bb", "a\ue000b", "x" * 65, "a\0b"),
)


def add(admin_client, name, label=""):
    data = {"name": name, "label": label, "description": "Somebody asks.", "stage": 3}
    return admin_client.post(reverse("admin:classifier_tag_add"), data)


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_a_file_or_a_query_cannot_carry_is_refused(admin_client, name):
    assert add(admin_client, name).status_code in (200, 400)
    assert Tag.objects.count() == 5


@pytest.mark.parametrize("label", ["a\nb", "a\u202eb", "x" * 65])
def test_so_is_a_label_that_a_page_cannot_show(admin_client, label):
    assert add(admin_client, "Asker", label).status_code == 200
    assert Tag.objects.count() == 5


@pytest.mark.parametrize("name", ["Asker", "asks twice", "Käufer", "顾客", "price?", "a/b", "50%"])
def test_other_names_are_taken(admin_client, name):
    assert add(admin_client, f" {name} ").status_code == 302
    assert Tag.objects.filter(name=name).exists()


def test_an_odd_tag_of_before_can_still_be_changed_and_retired(admin_client):
    Tag.objects.create(name="none", label="a\tb", description="odd", stage=3)
    change = reverse("admin:classifier_tag_change", args=["none"])
    data = {"label": "a\tb", "description": "odd still", "stage": 4, "retired": "on"}
    assert admin_client.post(change, data).status_code == 302
    tag = Tag.objects.get(name="none")
    assert (tag.description, tag.stage) == ("odd still", 4) and tag.retired_at is not None
