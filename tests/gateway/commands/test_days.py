"""A day that an option takes is asked for as people of the field write it in agreements."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from gateway.commands.cli import main


def options(command: click.Command):
    yield from ((command, one) for one in command.params if isinstance(one.type, click.DateTime))
    for below in getattr(command, "commands", {}).values():
        yield from options(below)


@pytest.mark.parametrize("written", ["12/31/2026", "2026-02-30", "soon"])
def test_what_is_no_day_is_told_how_a_day_is_written(written):
    answer = CliRunner().invoke(main, ["audit", "exposure", "--client", "x", "--from", written])
    assert "write a day of the calendar as 2026-12-31" in answer.output
    assert "%" not in answer.output


@pytest.mark.parametrize("written", ["12/31/2026", "2026-12-31T25:00", "soon"])
def test_what_is_no_moment_is_told_how_a_moment_is_written(written):
    answer = CliRunner().invoke(main, ["districts", "pause", "maple", "--until", written, "--reason", "x"])
    assert answer.exit_code == 2
    assert "write a moment as 2026-12-31T08:00, or a day as 2026-12-31" in answer.output
    assert "%" not in answer.output


def test_no_help_of_a_day_shows_the_words_of_a_programmer():
    found = list(options(main))
    assert len(found) > 5
    for command, option in found:
        assert option.make_metavar(click.Context(command)) in {"DAY", "MOMENT"}, (command.name, option.name)
