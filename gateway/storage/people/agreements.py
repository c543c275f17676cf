"""Written agreements in the registry: each save a row of its own, of which the newest of a version counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.people.tables import written_agreements as table
from gateway.storage.people.written import hold_written, note_written, require_changes
from gateway.storage.tables import approvals
from policies.documents.written import WrittenDocument, digest
from standards.errors import CallerError, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.acts import Act, SqlRegistry

DRAFT, REVIEW, PUBLISHED, WITHDRAWN, RECALLED = "draft", "review", "published", "withdrawn", "recalled"
"""The states of a written version; one *recalled* was published and taken back before it had begun to count."""

STATES: Final = (DRAFT, REVIEW, PUBLISHED, WITHDRAWN, RECALLED)
OPEN: Final = frozenset({DRAFT, REVIEW})
"""The states in which a text may be changed."""

CHANGED = "Somebody has changed this version meanwhile: look at what it says now, and do it again."


@dataclass(frozen=True, slots=True)
class WrittenVersion:
    """One save of one version, by its *number* in the registry, the latest of all being the highest."""

    agreement: str
    version: int
    state: str
    text: str
    district: str
    recipient: str
    at: datetime
    actor: str
    digest: str = ""
    number: int = 0

    @property
    def document(self) -> WrittenDocument:
        """The text with what the registry states of it."""
        return WrittenDocument(
            self.agreement, self.version, self.district, self.recipient, self.text, self.digest or digest(self.text)
        )

    @property
    def parties(self) -> tuple[str, str]:
        """The district and the recipient."""
        return self.district, self.recipient


class WrittenAgreements:
    """The written agreements of the registry; nothing is ever deleted."""

    def __init__(self, store: SqlRegistry) -> None:
        self._engine, self.calls = store.engine, store.calls

    @timely
    def newest(self) -> tuple[WrittenVersion, ...]:
        """List the newest save of every version."""
        with transaction(self._engine) as connection:
            return _newest(connection)

    @timely
    def find(self, agreement: str, version: int) -> WrittenVersion | None:
        """Return the newest save of a version; None where nobody has written it."""
        with transaction(self._engine) as connection:
            return _find(connection, agreement, version)

    @timely
    def history(self, agreement: str, version: int) -> tuple[WrittenVersion, ...]:
        """List every save of a version, oldest first."""
        asked = select(table).where(table.c.agreement == agreement, table.c.version == version)
        with transaction(self._engine) as connection:
            return tuple(_row(one) for one in connection.execute(asked.order_by(table.c.number)))

    @timely
    def save(self, one: WrittenVersion, act: Act, expected: int, changes: int | None = None) -> WrittenVersion:
        """Save a version on top of the save with the number *expected* (0 for none), with the *act* that it is.

        Where *changes* is given, nobody may have changed any written agreement since there were so many.

        Raises:
            OthersChanged: somebody has.
            PreconditionFailed: somebody was quicker with this version.
            CallerError: the version is signed, so that its text stays as it is.
        """
        try:
            with transaction(self._engine, write=True) as connection:
                hold_written(connection)
                present = _find(connection, one.agreement, one.version)
                if (present.number if present else 0) != expected:
                    raise PreconditionFailed(CHANGED)
                if changes is not None:
                    require_changes(connection, changes)
                if not OPEN.issuperset({one.state, present.state if present else DRAFT}):
                    note_written(connection)
                if present and present.text != one.text:
                    _refuse_immutable(connection, present)
                _refuse_strangers(connection, one)
                values = {
                    "agreement": one.agreement, "version": one.version, "state": one.state, "text": one.text,
                    "digest": digest(one.text), "district": one.district, "recipient": one.recipient, "at": one.at,
                    "actor": one.actor,
                }  # fmt: skip
                connection.execute(insert(table).values(values))
                write_act(connection, act, one.at)
                saved = _find(connection, one.agreement, one.version)
        except IntegrityError:
            raise PreconditionFailed(CHANGED) from None
        assert saved is not None
        return saved


@dataclass(frozen=True, slots=True)
class WrittenText:
    """What the registry says to whoever reads all agreements.

    *documents* are the published versions, *withdrawn* is by id and district the highest version that was withdrawn.
    """

    documents: tuple[WrittenDocument, ...] = ()
    withdrawn: Mapping[tuple[str, str], int] | None = None

    @property
    def replaced(self) -> Mapping[tuple[str, str], int]:
        """The highest withdrawn version of each id of a district: the ones before it do not come back."""
        return self.withdrawn or {}


def read_written(store: SqlRegistry | None) -> WrittenText:
    """Read what is published and what is withdrawn; nothing where there is no registry yet.

    Raises:
        StoreUnavailable: the registry cannot be read.
    """
    if store is None:
        return WrittenText()
    every = WrittenAgreements(store).newest()
    withdrawn: dict[tuple[str, str], int] = {}
    for one in every:
        if one.state == WITHDRAWN:
            name = one.agreement, one.district
            withdrawn[name] = max(one.version, withdrawn.get(name, 0))
    said = (_said(one) for one in every if one.state not in _SILENT)
    return WrittenText(tuple(said), withdrawn)


_SILENT: Final = frozenset({DRAFT, REVIEW, WITHDRAWN, RECALLED})
"""The states in which a version says nothing."""


def _said(one: WrittenVersion) -> WrittenDocument:
    """Return the document of a published version; one in a state that nobody knows is wrong, as with a wrong hash."""
    return one.document if one.state == PUBLISHED else replace(one.document, digest=f"unknown: {one.state}")


def require_unchanged(connection: Connection, one: WrittenVersion) -> None:
    """Keep a version as it is until the transaction ends.

    Raises:
        PreconditionFailed: it has another text by now, or is not to be signed any more.
    """
    hold_written(connection)
    present = _find(connection, one.agreement, one.version)
    if present is None or present.text != one.text or present.state not in {REVIEW, PUBLISHED}:
        raise PreconditionFailed(CHANGED)


def _newest(connection: Connection) -> tuple[WrittenVersion, ...]:
    last = select(func.max(table.c.number)).group_by(table.c.agreement, table.c.version)
    asked = select(table).where(table.c.number.in_(last)).order_by(table.c.agreement, table.c.version)
    return tuple(_row(one) for one in connection.execute(asked))


def _find(connection: Connection, agreement: str, version: int) -> WrittenVersion | None:
    this = table.c.agreement == agreement, table.c.version == version
    found = connection.execute(select(table).where(*this).order_by(table.c.number.desc()).limit(1)).first()
    return None if found is None else _row(found)


def _row(found: object) -> WrittenVersion:
    values = {name: getattr(found, name) for name in WrittenVersion.__slots__}
    return WrittenVersion(**values)


def _refuse_immutable(connection: Connection, present: WrittenVersion) -> None:
    """Refuse another text of a version that was published or that somebody has approved."""
    approved = select(approvals.c.number).where(
        approvals.c.agreement == present.agreement, approvals.c.version == present.version,
        approvals.c.withdrawn.is_(None),
    )  # fmt: skip
    if present.state not in OPEN or connection.execute(approved).first():
        raise CallerError("This version is published or signed, and stays as it is: a change needs a new version.")


def _refuse_strangers(connection: Connection, one: WrittenVersion) -> None:
    """Refuse a version of an id that was written for other parties."""
    others = select(table.c.number).where(
        table.c.agreement == one.agreement,
        (table.c.district != one.district) | (table.c.recipient != one.recipient),
        table.c.version != one.version,
    )
    if connection.execute(others).first():
        raise CallerError("This id is not free: choose another one.")
