"""``crossing why``: the running gateway is asked, and what is told to a recipient is no more than that."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gateway.auth.scopes import known_scopes
from gateway.commands.cli import main
from gateway.runtime.control.control_socket import NAME, Control
from tests.support.people.api import registered
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

ADDRESS = "/data/v3/ed-fi/students?birthDate=2011-01-01"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("why-command")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(one, TUTORING, client="tutor") for one in sites]) as region:
        registered(region, "tutor", "tutor", sorted(known_scopes()))
        control = Control(region.running.settings.state / NAME, region.running.handlers())
        yield str(region.running.settings.file)
        control.close()


def why(settings, *arguments, given=None):
    return CliRunner().invoke(main, ["why", *arguments, "--settings", settings], input=given)


def test_the_step_and_the_line_are_told(settings):
    answer = why(settings, "tutor", ADDRESS)
    assert answer.exit_code == 0, answer.output
    assert "tutor at students: unknown-name" in answer.output
    assert "student.birthDate: no line of the agreement names it  [" in answer.output


def test_an_address_is_taken_from_standard_input_too(settings):
    assert why(settings, "tutor", given=ADDRESS).output == why(settings, "tutor", ADDRESS).output


def test_a_recipient_is_told_no_facts(settings):
    answer = why(settings, "tutor", ADDRESS, "--recipient")
    assert "not in the agreement" in answer.output
    assert "birthDate" not in answer.output


def test_a_client_that_does_not_exist_is_an_error(settings):
    answer = why(settings, "nobody", ADDRESS)
    assert answer.exit_code == 1
    assert "There is no such client here." in answer.output
