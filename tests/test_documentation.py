"""What the documentation names exists: commands, make targets, routes, settings, links."""

import argparse
import re

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from beez import home
from tests.beez.started import CHECKOUT, setting_names

PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
README = CHECKOUT / "README.md"
API = CHECKOUT / "docs" / "api.md"
OURS = {"beez", "classifier", "conversations", "training"}
COMMANDS = [name for name, application in get_commands().items() if application in OURS]
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT))
)


def prose(page):
    return FENCE.sub("", page.read_text())


def code(page):
    """Lines of code blocks, with continued ones joined, and spans of code in the text."""
    blocks = "\n".join(FENCE.findall(page.read_text())).replace("\\\n", " ")
    return [*blocks.splitlines(), *re.findall(r"`([^`]+)`", prose(page).replace("\n", " "))]


def option_names(parser):
    """Of a command and its verbs."""
    names = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            names.update(*map(option_names, action.choices.values()))
    return names


def parser_of(command):
    application = get_commands()[command]
    return load_command_class(application, command).create_parser("manage.py", command)


@every_page
def test_every_command_and_option_exists(page):
    for line in code(page):
        for command, rest in re.findall(r"manage\.py ([a-z]\w*)([^#|]*)", line):
            assert command in get_commands(), line
            options = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", rest))
            assert options <= option_names(parser_of(command)), line


@every_page
def test_every_option_that_is_named_alone_exists(page):
    known = set().union(*(option_names(parser_of(command)) for command in COMMANDS))
    named = {line.split()[0] for line in code(page) if line.startswith("--")}
    assert named <= known


def test_every_command_is_in_the_readme_or_behind_make_run():
    named = set(re.findall(r"manage\.py (\w+)", README.read_text()))
    assert set(COMMANDS) - named == {"up"}


@every_page
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = {name for line in code(page) for name in re.findall(r"\bmake ([a-z-]+)", line)}
    assert named <= targets


def test_the_table_of_routes_lists_every_route_with_its_scope():
    rows = re.findall(r"^\| `([A-Z]+ /[^`]*)` \| `?(\w+)`? \|", API.read_text(), re.MULTILINE)
    assert sorted(route for route, _ in rows) == sorted(home.endpoints())
    for route, scope in rows:
        assert scope == scope_of(*route.split()), route


def scope_of(method, path):
    path = path.replace("{job}", "2f1c7b7e-5d0e-4f0c-9a53-5f1f0f6a1e11")
    view = resolve(re.sub(r"\{\w+\}", "1", path)).func.cls
    scope = getattr(view, "required_scope", "none")
    return scope if isinstance(scope, str) else scope[method]


@every_page
def test_every_route_that_is_named_exists(page):
    named = {line for line in code(page) if re.fullmatch(r"(GET|POST|DELETE|PUT|PATCH) /\S*", line)}
    assert named <= set(home.endpoints())


@every_page
def test_every_setting_that_is_named_exists(page):
    variables = re.findall(r"\$\((\w+)\)", (CHECKOUT / "Makefile").read_text())
    known = {*setting_names(), *variables}
    spans = re.findall(r"`([A-Z][A-Z0-9_]+)(?:=[^`]*)?`", prose(page))
    assert set(spans) <= known


@every_page
def test_every_link_inside_the_checkout_resolves(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def anchors(page):
    """Those that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_python_file_that_is_named_exists(page):
    names = {line for line in code(page) if re.fullmatch(r"[\w/]+\.(py|jsonl|toml)", line)}
    for name in names:
        assert list(CHECKOUT.glob(name)) or list(CHECKOUT.glob(f"[bct]*/**/{name}")), name


def test_decisions_are_numbered_without_gaps():
    pages = sorted((CHECKOUT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert page.read_text().startswith(f"# {page.name[:4]} ")


def test_pictures_are_small_enough_for_a_checkout():
    for picture in (CHECKOUT / "docs" / "images").glob("*"):
        assert picture.stat().st_size < 250_000


@every_page
def test_no_page_names_a_place_of_one_machine(page):
    assert not re.search(r"(?<![\w.])/(work|tmp|root|home)/", page.read_text())
