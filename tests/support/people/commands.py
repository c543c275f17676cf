"""Commands typed in a region of people, beside its running gateway or without one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from gateway.audit.acts import read_acts
from gateway.commands.cli import main
from gateway.runtime.control import control_socket
from gateway.runtime.control.control_socket import Control

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.people.region import PeopleRegion


def crossing(region: PeopleRegion, *words: str, typed: str = "", fails: int = 0) -> Result:
    """Type a command that ends with a code."""
    file = str(region.folder / "gateway.toml")
    answer = CliRunner().invoke(main, [*words, "--settings", file], typed, env={"COLUMNS": "200"})
    assert answer.exit_code == fails, answer.output
    return answer


def last_act(region: PeopleRegion) -> Mapping[str, Any]:
    """Return the last act on record, once whatever waits in the registry has been carried there."""
    region.running._carrier.carry()
    *_, found = read_acts(region.folder / "state" / "audit")
    return found


@contextmanager
def listening(region: PeopleRegion) -> Iterator[None]:
    """Let the running gateway answer commands until the end of the block."""
    control = Control(region.folder / "state" / control_socket.NAME, region.running.handlers())
    try:
        yield
    finally:
        control.close()
