"""The table of tasks: what people opened, and which tasks were closed, by whom and with what outcome."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.storage.acts import Act, write_act
from gateway.storage.bounded_calls import timely
from gateway.storage.database import transaction
from gateway.storage.registry import utc_now
from gateway.storage.tables import approvals, tasks
from gateway.tasks.task import ID_CHARACTERS, OWN, PersonTask
from standards.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Row

    from gateway.storage.registry import SqlStore

    Approved = Mapping[tuple[str, int, str], Mapping[str, datetime]]
    Revoked = Mapping[tuple[str, int, str], datetime]


class Tasks:
    """The tasks in the registry."""

    def __init__(self, store: SqlStore, clock: Callable[[], datetime] = utc_now) -> None:
        self._engine, self.calls, self._clock = store.engine, store.calls, clock

    @timely
    def rows(self) -> tuple[PersonTask, ...]:
        """List the tasks that are written down, closed ones too, oldest first."""
        with transaction(self._engine) as connection:
            found = connection.execute(select(tasks).order_by(tasks.c.opened, tasks.c.id)).all()
        return tuple(map(_task, found))

    @timely
    def open(self, org: str, role: str, text: str, due: datetime | None, actor: str, kind: str = OWN) -> PersonTask:
        """Open a task of a person's own, or of another *kind* that a person opens, and write the act down."""
        task = PersonTask(secrets.token_hex(ID_CHARACTERS // 2), kind, org, role, {"text": text}, self._clock(), due)
        with transaction(self._engine, write=True) as connection:
            connection.execute(insert(tasks).values(_values(task, task.opened)))
            write_act(connection, Act(actor, "task opened", "", _about(task)), self._clock())
        return task

    @timely
    def note(self, task: PersonTask, actor: str) -> bool:
        """Write down a *task* that an act of somebody has made, once; tell whether it was not there yet."""
        with transaction(self._engine, write=True) as connection:
            if connection.execute(select(tasks.c.id).where(tasks.c.id == task.id)).first() is not None:
                return False
            connection.execute(insert(tasks).values(_values(task, task.opened)))
            write_act(connection, Act(actor, "task opened", "", _about(task)), self._clock())
        return True

    @timely
    def known(self, ids: Collection[str]) -> frozenset[str]:
        """Return those of the *ids* of tasks that are written down."""
        wanted = select(tasks.c.id).where(tasks.c.id.in_(sorted(ids)))
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(wanted).scalars())

    @timely
    def find(self, name: str) -> PersonTask | None:
        """Find a task that is written down, a closed one too, by its id."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(tasks).where(tasks.c.id == name)).first()
        return _task(row) if row is not None else None

    @timely
    def close(self, task: PersonTask, outcome: str, actor: str) -> None:
        """Close a *task*, written down or computed, and write the act down.

        Raises:
            Conflict: it was closed already.
        """
        at = self._clock()
        closing = {"closed": at, "closed_by": actor, "outcome": outcome}
        try:
            with transaction(self._engine, write=True) as connection:
                mine = (tasks.c.id == task.id) & tasks.c.closed.is_(None)
                if not connection.execute(update(tasks).where(mine).values(closing)).rowcount:
                    connection.execute(insert(tasks).values({**_values(task, at), **closing}))
                write_act(connection, Act(actor, "task closed", "", _about(task), outcome), at)
        except IntegrityError:
            raise Conflict(f"The task {task.id} was closed already.") from None

    @timely
    def approved(self) -> Approved:
        """Return who approved which text of which version of an agreement, and when; withdrawn approvals left out."""
        found: dict[tuple[str, int, str], dict[str, datetime]] = {}
        with transaction(self._engine) as connection:
            rows = connection.execute(select(approvals).where(approvals.c.withdrawn.is_(None))).all()
        for row in rows:
            found.setdefault((row.agreement, row.version, row.text), {})[row.party] = row.at
        return found

    @timely
    def revoked(self) -> Revoked:
        """Return the versions of which a party has taken back what it approved and not approved it anew, and when."""
        found: dict[tuple[str, int, str], dict[str, datetime]] = {}
        given = self.approved()
        with transaction(self._engine) as connection:
            rows = connection.execute(select(approvals).where(approvals.c.withdrawn.is_not(None))).all()
        for row in rows:
            version = row.agreement, row.version, row.text
            if row.party not in given.get(version, {}):
                known = found.setdefault(version, {})
                known[row.party] = max(row.withdrawn, known.get(row.party, row.withdrawn))
        return {version: min(parties.values()) for version, parties in found.items()}


def present(computing: Iterable[PersonTask], written: Iterable[PersonTask]) -> list[PersonTask]:
    """Return all tasks: those that compute, unless they were closed, and those that are *written* down."""
    known = {one.id: one for one in written}
    return [*(one for one in computing if one.id not in known), *known.values()]


def _about(task: PersonTask) -> dict[str, Any]:
    return {"task": task.id, "kind": task.kind, "org": task.org, "role": task.role}


def _values(task: PersonTask, at: datetime) -> dict[str, Any]:
    """Return what is written of a task; a private one is written as if it was opened *at* that moment."""
    opened, due = (at, None) if task.private else (task.opened, task.due)
    return {
        "id": task.id, "kind": task.kind, "org": task.org, "role": task.role, "content": dict(task.content),
        "opened": opened, "due": due,
    }  # fmt: skip


def _task(row: Row[Any]) -> PersonTask:
    return PersonTask(
        row.id, row.kind, row.org, row.role, row.content, row.opened, row.due, row.closed, row.closed_by or "",
        row.outcome or "",
    )  # fmt: skip
