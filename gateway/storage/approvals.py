"""Approvals of agreements and the keys of the parties that sign them, in the registry; nothing is ever deleted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.tables import approvals, party_keys
from standards.errors import CallerError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.storage.acts import SqlRegistry

SIGNED, ASSERTED, SIGNED_IN = "signed", "asserted", "signed in"
"""How a version was approved: by a signature, by the word of the operator, or by a person who was signed in."""


@dataclass(frozen=True, slots=True)
class PartyKey:
    """The public *key* (a JWK) of one party, known by its thumbprint; what it signs after *retired* does not count."""

    thumbprint: str
    party: str
    key: Mapping[str, Any]
    added: datetime
    added_by: str
    retired: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval of one version by one party, as it was first seen *at* this moment.

    It is of the version's *text* and of what its lines cover (*elements*), by their hashes. That of a *person* says how
    the person had signed in (*session*), and its *signature* is a seal of the region.
    """

    agreement: str
    version: int
    party: str
    method: str
    text: str
    elements: str
    at: datetime
    actor: str
    signature: str = ""
    thumbprint: str = ""
    withdrawn: datetime | None = None
    person: str = ""
    session: str = ""

    @property
    def subject(self) -> tuple[str, int, str, str, str]:
        """What was approved, and by whom."""
        return self.agreement, self.version, self.party, self.text, self.elements


class Approvals:
    """The approvals and party keys of the registry."""

    def __init__(self, store: SqlRegistry) -> None:
        self._engine, self.calls = store.engine, store.calls

    @timely
    def keys(self) -> tuple[PartyKey, ...]:
        """List every key of every party, the retired ones too."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(party_keys).order_by(party_keys.c.party, party_keys.c.added)).all()
        return tuple(PartyKey(row.thumbprint, row.party, row.key, row.added, row.added_by, row.retired) for row in rows)

    @timely
    def every(self) -> tuple[Approval, ...]:
        """List every approval, oldest first, the withdrawn ones too."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(approvals).order_by(approvals.c.number)).all()
        return tuple(
            Approval(
                row.agreement, row.version, row.party, row.method, row.text, row.elements, row.at, row.actor,
                row.signature, row.thumbprint, row.withdrawn, row.person, row.session,
            ) for row in rows
        )  # fmt: skip

    @timely
    def state(self) -> tuple[int, ...]:
        """Return numbers that change whenever an approval or a key does."""
        counted = (
            func.count(approvals.c.number), func.count(approvals.c.withdrawn),
            select(func.count(party_keys.c.thumbprint)).scalar_subquery(),
            select(func.count(party_keys.c.retired)).scalar_subquery(),
        )  # fmt: skip
        with transaction(self._engine) as connection:
            return tuple(connection.execute(select(*counted)).one())

    @timely
    def add_key(self, key: PartyKey) -> None:
        """Register a key; one key is of one party, for ever."""
        values = {"thumbprint": key.thumbprint, "party": key.party, "key": dict(key.key)}
        act = Act(key.added_by, "party key added", content={"party": key.party, "key": key.thumbprint})
        try:
            with transaction(self._engine, write=True) as connection:
                connection.execute(insert(party_keys).values(**values, added=key.added, added_by=key.added_by))
                write_act(connection, act, key.added)
        except IntegrityError:
            raise CallerError(f"The key {key.thumbprint} is registered already.") from None

    @timely
    def retire_key(self, thumbprint: str, actor: str, reason: str, at: datetime, *, distrusted: bool) -> int:
        """Retire a key, and withdraw what it has signed where it is *distrusted*; return how much that was."""
        with transaction(self._engine, write=True) as connection:
            row = connection.execute(select(party_keys).where(party_keys.c.thumbprint == thumbprint)).first()
            if row is None:
                raise NotFound(f"There is no key {thumbprint[:64]!r}.")
            if row.retired and not distrusted:
                raise CallerError(f"The key {thumbprint} is retired already.")
            this = party_keys.c.thumbprint == thumbprint
            connection.execute(update(party_keys).where(this, party_keys.c.retired.is_(None)).values(retired=at))
            signed = approvals.c.thumbprint == thumbprint
            found = _withdraw(connection, (signed,), at) if distrusted else 0
            content = {"party": row.party, "key": thumbprint, "withdrawn": found}
            write_act(connection, Act(actor, "party key retired", content=content, reason=reason), at)
        return found

    @timely
    def record(
        self, one: Approval, district: str, reason: str = "", check: Callable[[Connection], None] | None = None
    ) -> bool:
        """Record an approval; False where the very same one is there and was not withdrawn.

        *check* may refuse it within the transaction, in which nothing that is written changes any more.
        """
        with transaction(self._engine, write=True) as connection:
            if check is not None:
                check(connection)
            same = (
                approvals.c.agreement == one.agreement, approvals.c.version == one.version,
                approvals.c.party == one.party, approvals.c.text == one.text, approvals.c.elements == one.elements,
                approvals.c.method == one.method, approvals.c.thumbprint == one.thumbprint,
                approvals.c.withdrawn.is_(None),
            )  # fmt: skip
            if connection.execute(select(approvals.c.number).where(*same)).first():
                return False
            connection.execute(
                insert(approvals).values({name: value for name, value in asdict(one).items() if name != "withdrawn"})
            )
            content = {
                "agreement": one.agreement, "version": one.version, "party": one.party, "method": one.method,
                "after": one.text, "elements": one.elements, "key": one.thumbprint,
            } | ({"session": one.session} if one.person else {})  # fmt: skip
            write_act(connection, Act(one.actor, "agreement approved", district, content, reason), one.at)
        return True

    @timely
    def withdraw(
        self, agreement: str, version: int, party: str, *, actor: str, reason: str, district: str, at: datetime
    ) -> int:
        """Withdraw every approval of a version by a *party*; return how many there were."""
        where = (approvals.c.agreement == agreement, approvals.c.version == version, approvals.c.party == party)
        with transaction(self._engine, write=True) as connection:
            found = _withdraw(connection, where, at)
            if found:
                content = {"agreement": agreement, "version": version, "party": party}
                write_act(connection, Act(actor, "approval withdrawn", district, content, reason), at)
        return found


def _withdraw(connection: Connection, where: tuple[Any, ...], at: datetime) -> int:
    told = update(approvals).where(*where, approvals.c.withdrawn.is_(None)).values(withdrawn=at)
    return int(connection.execute(told).rowcount)
