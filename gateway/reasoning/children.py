"""What agreements show of one child: by the snapshot, visibility and registers that a request would have now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from gateway.engine.laid_over import laid_over
from gateway.engine.plan import decides
from gateway.engine.visibility import Visibility
from gateway.reasoning import coverage
from gateway.reasoning.clause_steps import ABOUT, population_steps
from gateway.reasoning.register_steps import assignment_steps, consent_steps, restriction_steps
from gateway.registers.effects.child_entries import ChildEntries
from gateway.registers.effects.state import registers_of
from policies import elements
from policies.explain import TraceStep
from policies.reasoning.differences import span
from standards.errors import NotFound
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.cache.snapshot import Snapshot
    from gateway.gateway import Gateway
    from policies.grant import Grant

NOT_IN = "not shown: the child is not in the population"


@dataclass(frozen=True, slots=True)
class ChildView:
    """What one grant shows of the student in *row*."""

    visibility: Visibility
    row: int

    @property
    def raw(self) -> Visibility:
        """What the grant would show without the registers."""
        return self.visibility.raw or self.visibility

    @property
    def visible(self) -> bool:
        """Whether the student exists for the client."""
        return self._in(self.visibility)

    def _in(self, visibility: Visibility) -> bool:
        mask = visibility.visible("student")
        return mask is None or bool(mask[self.row])

    def words(self, name: str) -> str:
        """Tell in words whether anything of the element *name* is shown of the child, never what."""
        if not self._in(self.raw):
            return NOT_IN
        if not self.visible or any(not step.passed for step in self._registered(name)):
            return "not shown: the registers say so"
        if not _about_students(name):
            return "no fact of a child"
        values = coverage.of_student(self.visibility, name)(self.row)
        return (
            "shown" if any(value is not None for value in values) else "shown, where the records have it: they do not"
        )

    def steps(self, name: str) -> Iterator[TraceStep]:
        """Yield the steps that a request takes for this child: population, consent, restrictions, window."""
        yield from population_steps(self.raw, self.row)
        yield from self._registered(name)
        window = self.visibility.grant.windows.get(name)
        if window is not None:
            yield TraceStep("window", True, f"only of records dated {span(window)}")
        yield TraceStep(ABOUT, self.visible, "is visible to the client" if self.visible else "is not visible to it")

    def _registered(self, name: str) -> Iterator[TraceStep]:
        grant, today = self.visibility.grant, self.visibility.today
        registers, day = registers_of(self.raw.snapshot), date.fromisoformat(today)
        found = ChildEntries(self.raw.snapshot, registers, self.row, today) if registers is not None else None
        yield from consent_steps(tuple(found.consents(grant)) if found is not None else (), grant, name, day)
        for part in grant.each:
            yield from assignment_steps(tuple(found.assignments(part)) if found is not None else (), part)
        yield from restriction_steps(found.restrictions(grant) if found is not None else (), grant, name, day)


def child_view(gateway: Gateway, grant: Grant, identifier: str, names: Iterable[str]) -> ChildView:
    """Return what a grant shows of the student with an *identifier* of the district's own, with what *names* read.

    Raises:
        NotFound: the district has no such student; the message does not repeat the id.
    """
    visibility = sight(gateway, grant, names)
    row = row_of(visibility.snapshot, identifier)
    if row is None:
        raise NotFound(f"{grant.district} has no student with this id.")
    return ChildView(visibility, row)


def sight(gateway: Gateway, grant: Grant, names: Iterable[str]) -> Visibility:
    """Return the visibility of a grant over the district's present data, as a request for *names* has it.

    It is not kept, and opens no change log: a custodian who looks must leave no trace in what a client is told.
    """
    asked = {field.entity for name in names if (one := elements.element(name)) for field in one.fields}
    needed = {"student", *asked}
    every = frozenset(needed.union(*(decides(entity, grant) for entity in needed)))
    snapshot = gateway.districts[grant.district].snapshot(every, grant)
    if snapshot.base is not None:
        return gateway.views.uncached(snapshot, grant)
    return laid_over(Visibility(snapshot, grant, gateway.keyring, gateway.views.today(grant)))


def row_of(snapshot: Snapshot, identifier: str) -> int | None:
    """Find a student's row by the id in the district's system, or by the number that its people are known by."""
    table = snapshot.table("student")
    found = table.row_of(identifier)
    if found is None:
        found = table.rows.get((identifier,))
    if found is None and table.unique and table.unique.count(identifier) == 1:
        found = table.unique.index(identifier)
    return found


def _about_students(name: str) -> bool:
    """Tell whether the records of an element are students, or name one."""
    one = elements.element(name)
    entities = {field.entity for field in one.fields} if one else set()
    return any(entity == "student" or "student" in fields_of(entity) for entity in entities)
