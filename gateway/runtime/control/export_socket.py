"""The export of a running gateway: the same zip, made by the process that writes the audit log, sent by its socket."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.auth.authorization import authorize
from gateway.auth.callers import Caller
from gateway.engine.filter_conditions import instant
from gateway.reads.export import ExportRequest, export
from gateway.runtime.control import control_socket
from gateway.storage.registry import ENABLED
from standards.errors import GatewayError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gateway.runtime.state import GatewayState
    from gateway.storage.registry import Store

    Progress = Callable[[str, int], None]
    Visiting = Callable[[], AbstractContextManager[GatewayState]]

COMMAND = "export"
ARGUMENTS = ("client", "version", "district", "since")


@dataclass(frozen=True, slots=True)
class Sent:
    """A zip that is being sent: how many *files* and *records* are in it, the *moment* of its data, and its pieces."""

    files: int
    records: int
    moment: str
    archive: Callable[[Progress | None], Iterator[bytes]]


def caller_of(store: Store, client: str) -> Caller:
    """Return the *client* as it would be with a token for all its scopes.

    Raises:
        SettingsError: there is no such client, or it is not active.
    """
    found = store.find_client(client)
    if found is None or found.status != ENABLED:
        raise SettingsError(f"there is no enabled client {client}")
    return Caller(found.client_id, found.org, frozenset(found.scopes), found.epoch)


def serve(visiting: Visiting, store: Store, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Answer the command: first the counts, then the zip in pieces; it is recorded before the first of them."""
    client, version, district, since = (str(asked.get(name) or "") for name in ARGUMENTS)
    if since:
        instant(since, "since")
    with visiting() as state:
        if district and district not in state.settings.districts:
            raise SettingsError(f"there is no district {district}")
        caller = caller_of(store, client)
        authorization = authorize(state.gateway.grants, caller, district or None)
        made = export(state.gateway, authorization, ExportRequest(version, district or None, since, "crossing export"))
        yield {"files": len(made.parts), "records": made.records, "moment": made.moment}
        told: list[tuple[str, int]] = []
        for piece in made.archive(lambda name, count: told.append((name, count))):
            yield {"data": b64encode(piece).decode("ascii"), "told": told.copy()}
            told.clear()


def ask(state: Path, client: str, asked: ExportRequest) -> Sent:
    """Receive the zip that the gateway of the folder *state* makes.

    Raises:
        NotRunning: no gateway runs there.
        GatewayError: it refuses.
    """
    lines = control_socket.ask(
        state, COMMAND, client=client, version=asked.version, district=asked.district, since=asked.since
    )
    first = _checked(next(lines))

    def pieces(progress: Progress | None = None) -> Iterator[bytes]:
        with closing(lines):
            for line in lines:
                for name, count in _checked(line).get("told", ()):
                    if progress is not None:
                        progress(name, count)
                yield b64decode(line.get("data", ""))

    return Sent(first["files"], first["records"], first["moment"], pieces)


def _checked(line: dict[str, Any]) -> dict[str, Any]:
    if line.get("ok") is False:
        raise GatewayError(str(line.get("text")))
    return line
