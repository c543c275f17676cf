"""Each page, each operation of the administration API and each command names one action of the table of roles."""

from __future__ import annotations

import click
import pytest

from gateway.admin_api.app import create_admin_api
from gateway.admin_api.frame.operations import SIGNED_IN
from gateway.commands.cli import main
from gateway.console.app import BLUEPRINTS, create_console
from gateway.console.frame import NAVIGATION
from gateway.console.page import PUBLIC
from policies.roles import actions, commands
from tests.support.people.region import people_region

FILES = {"static", "bootstrap.static"}
DISCOVERY = {"admin.root0", "admin.root1", "admin.root2", "admin.root3"}
"""The documents that tell where the API is."""


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    with people_region(tmp_path_factory.mktemp("actions") / "region", {}) as region:
        yield region


def named(app):
    views = {rule.endpoint: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    return {name: getattr(view, "action", None) for name, view in views.items() if name not in FILES}


def words(command, path=()):
    """Every command below *command*, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from words(command.get_command(context, name), (*path, name))


def test_every_page_names_an_action(region):
    found = named(create_console(region.administered))
    assert len(found) > len(BLUEPRINTS)
    assert {name: action for name, action in found.items() if action not in {PUBLIC, *actions()}} == {}


def test_an_entry_of_the_navigation_names_the_action_of_its_page(region):
    found = named(create_console(region.administered))
    entries = {one.endpoint: one.action for one in NAVIGATION if one.endpoint in found}
    assert {name: found[name] for name in entries} == entries


def test_every_operation_of_the_administration_api_names_an_action(region):
    found = named(create_admin_api(region.administered))
    unnamed = {name for name, action in found.items() if action not in {PUBLIC, SIGNED_IN, *actions()}}
    assert unnamed <= DISCOVERY


def test_every_command_names_an_action():
    assert set(words(main)) == commands().keys()
    assert set(commands().values()) <= actions().keys()
