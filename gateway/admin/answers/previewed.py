"""One student through the pipeline of a read, as a grant shows it in each standard; no trace is left for the client."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from gateway.auth.authorization import Authorization
from gateway.auth.daily_rows import DailyRows
from gateway.change_log.ledger import Ledger
from gateway.engine.views import Views
from gateway.reads.authorized_views import permit
from gateway.reads.fetch import fetch
from gateway.request import PageRequest
from gateway.storage.shared_memory import LocalMemory
from standards import registry
from standards.errors import CallerError, MappingError
from standards.keys import KEY_BYTES
from standards.oneroster.csv.export import ExportSheet
from standards.oneroster.csv.rows import told
from standards.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.auth.callers import Caller
    from gateway.engine.view_rows import ViewRows
    from gateway.gateway import Gateway
    from policies.grant import Grant
    from standards.view import View

OF_A_STUDENT: Final = frozenset({"student", "profile", "enrollment"})
"""The entities whose records are shown with a student."""

APIS: Final = {"oneroster": "OneRoster", "edfi": "Ed-Fi"}
CSV: Final = "OneRoster CSV"
CSV_VERSION: Final = "1.2"
ALIKE: Final = frozenset({"users"})
"""Collections that show a student once more."""

STAMPS: Final = frozenset({"_etag", "_lastModifiedDate", "dateLastModified"})
"""Members that tell of a record's history with the client, which a preview has none of."""


@dataclass(frozen=True, slots=True)
class GottenMember:
    """One member of what the client gets: the *fact* behind it, where it stands, and its values."""

    fact: str
    api: str
    member: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GottenRecord:
    """One record, or file of rows, as the client gets it in one standard: its *text*, JSON or CSV."""

    api: str
    view: str
    text: str


class _NoLimits:
    """Rates of which none is counted: a preview is no request of the client."""

    def spend_districts(self, districts: Iterable[str]) -> None:
        del districts


def previewing(gateway: Gateway) -> Gateway:
    """Return the gateway as a preview has it: with views, times and counts of its own, which are then forgotten."""
    fresh = copy(gateway)
    fresh.ledger = Ledger(token_bytes(KEY_BYTES), gateway.clock)
    fresh.daily_rows = DailyRows(LocalMemory(), gateway.clock)
    fresh.limits = cast("Any", _NoLimits())
    fresh.views = Views(
        districts=gateway.districts, keyring=gateway.keyring, ledger=fresh.ledger, clock=gateway.clock,
        zones=gateway.views.zones, account=lambda _visibility: None, in_force=lambda _grant: True,
    )  # fmt: skip
    return fresh


@dataclass(frozen=True, slots=True)
class StudentRead:
    """The reads of everything that one *grant* shows of the student in *row* to a *caller*."""

    gateway: Gateway
    grant: Grant
    caller: Caller
    row: int

    def all(self) -> tuple[list[GottenRecord], list[GottenMember]]:
        """Read the student in every standard: the records as they are sent, and their members by the facts."""
        records: list[GottenRecord] = []
        members: list[GottenMember] = []
        sheets: dict[str, list[dict[str, Any]]] = {}
        for api, name in APIS.items():
            for view, part, one in self._rendered(api):
                records.append(GottenRecord(name, view.name, orjson.dumps(one, option=orjson.OPT_INDENT_2).decode()))
                members += _members(name, view, part, one)
                if api == "oneroster":
                    sheets.setdefault(view.name, []).append(one)
        return records + list(self._files(sheets)), members

    def _rendered(self, api: str) -> Iterator[tuple[View, ViewRows, dict[str, Any]]]:
        for view in registry.views(api).values():
            if view.name not in ALIKE and any(branch.entity in OF_A_STUDENT for branch in view.branches):
                for part, rows in self._rows(view):
                    for one in part.render(rows, ""):
                        yield view, part, {name: value for name, value in one.items() if name not in STAMPS}

    def _rows(self, view: View) -> Iterator[tuple[ViewRows, list[int]]]:
        """Return the rows about the student that a request for the whole view would send."""
        scopes = frozenset({"preview"})
        authorization = Authorization(self.caller, (self.grant,), self.grant.district)
        asked = PageRequest(view, self.grant.district, scopes, lambda _views: Query(), "")
        try:
            permitted = permit(self.gateway, authorization, asked)
        except CallerError:  # the agreement releases nothing of it, or the district has no such records
            return
        for part in fetch(self.gateway, permitted, asked, Query()):
            entity = part.branch.entity
            refs = part.visibility.snapshot.table(entity).refs.get("student")
            if entity == "student":
                yield part, [self.row] if self.row in part.members else []
            elif entity in OF_A_STUDENT and refs:
                yield part, [row for row in part.rows if refs[row] == self.row]

    def _files(self, sheets: Mapping[str, list[dict[str, Any]]]) -> Iterator[GottenRecord]:
        """Write the same records as rows of the bulk files, where the agreement allows bulk files."""
        if "bulk" not in self.grant.operations:
            return
        known = dict(sheets)
        known.setdefault("users", known.get("students", []))
        for one in told(CSV_VERSION):
            records = known.get(one.collection)
            if records and one.derive is None and not one.member:
                sheet = ExportSheet(one)
                try:
                    text = sheet.heading() + sheet.rows([_stamped(record) for record in records])
                except (MappingError, KeyError):  # what the file must have is not released
                    continue
                yield GottenRecord(CSV, one.file.name, text.decode())


def _stamped(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the members that every row of a bulk file leaves blank."""
    return {"dateLastModified": None, **record}


def _members(api: str, view: View, part: ViewRows, record: Mapping[str, Any]) -> Iterator[GottenMember]:
    for line in part.facts:
        _, member, fact, _ = line.split("\t")
        values = tuple(_at(record, member.split(".")))
        if values and member not in STAMPS:
            yield GottenMember(fact, api, f"{view.name}.{member}", values)


def _at(value: Any, path: list[str]) -> Iterator[str]:
    """Yield the texts at a *path* of members, of every item where there is a list on the way."""
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif not path:
        if value is not None and not isinstance(value, dict):
            yield str(value)
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
