"""Steps of a population for one child: each clause of its row rule, true, false or unknown on the child's raw row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.engine.row_filter import TableRows, row_filter
from policies.explain import TraceStep
from policies.population import Active, Aged, All, AnyOf, Child, In, InProgram, NotIn, Null, RefIn, reads
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.engine.visibility import Visibility
    from policies.population import Clause

ABOUT = "this child"
TRUE, FALSE, UNKNOWN = "true", "false", "unknown"


def population_steps(visibility: Visibility, row: int) -> Iterator[TraceStep]:
    """Yield a step for each clause of the rule by which the student in *row* is in the population, or is not."""
    clause = visibility.grant.rows.get("student")
    if clause is None:
        yield TraceStep(ABOUT, True, "no clause: the agreement leaves out nobody")
        return
    for part in clause.clauses if isinstance(clause, All) else (clause,):
        yield from _steps(visibility, "student", part, row)


def _steps(visibility: Visibility, entity: str, clause: Clause, row: int) -> Iterator[TraceStep]:
    """Yield the steps of a clause; of one about child rows, those of the row of which most is true."""
    if not isinstance(clause, Child):
        yield _step(entity, clause, verdict(visibility, entity, clause, row))
        return
    parts = clause.clause.clauses if isinstance(clause.clause, All) else (clause.clause,)
    rows = visibility.snapshot.children(clause.entity, clause.via, entity)[row]
    if not rows:
        yield TraceStep(ABOUT, False, f"{FALSE}: has no {clause.entity}")
        return
    every = [[verdict(visibility, clause.entity, part, one) for part in parts] for one in rows]
    best = max(every, key=lambda some: (some.count(TRUE), some.count(UNKNOWN)))
    which = "its" if len(rows) == 1 else f"of {len(rows)}, the one of which most is true: its"
    for part, found in zip(parts, best, strict=True):
        yield _step(clause.entity, part, found, f"{which} {clause.entity}: ")


def _step(entity: str, clause: Clause, found: str, before: str = "") -> TraceStep:
    return TraceStep(ABOUT, found == TRUE, f"{found}: {before}{said(entity, clause)}")


def verdict(visibility: Visibility, entity: str, clause: Clause, row: int) -> str:
    """Judge a clause on a row: unknown, which does not hold either, where what it reads is missing."""
    rows = TableRows(visibility.snapshot, entity)
    if row_filter(clause, rows, visibility)(row):
        return TRUE
    return UNKNOWN if _lacks(visibility, entity, clause, row) else FALSE


def _lacks(visibility: Visibility, entity: str, clause: Clause, row: int) -> bool:
    """Tell whether the row lacks all that a clause reads of it to decide."""
    rows = TableRows(visibility.snapshot, entity)
    match clause:
        case Null() | Child() | All() | AnyOf():
            return False
        case Active(begin, _):
            return all(rows.value(name)(row) is None for name in begin)
        case RefIn(ref, names):
            if (to := rows.target(ref)(row)) < 0:
                return True
            target = TableRows(visibility.snapshot, fields_of(entity)[ref].to)
            return all(target.value(name)(to) is None for name in names)
        case _:
            own = [name for at, name in reads(entity, clause) if at == entity]
            return bool(own) and all(rows.value(name)(row) is None for name in own)


def said(entity: str, clause: Clause) -> str:
    """Write a clause in words, never with a value of the child."""
    match clause:
        case Active():
            return "has begun and has not ended today"
        case In(name, values) | RefIn(name, _, values):
            return f"{entity}.{name} is {_either(values)}"
        case NotIn(name, values):
            return f"{entity}.{name} is not {_either(values)}"
        case Null(name):
            return f"{entity}.{name} is absent"
        case All(clauses) | AnyOf(clauses):
            between = " and " if isinstance(clause, All) else " or "
            return (
                between.join(said(entity, one) for one in clauses) or "is assigned to the person who asks: no client is"
            )
        case _:
            return _said_of_a_student(entity, clause)


def _said_of_a_student(entity: str, clause: Clause) -> str:
    match clause:
        case InProgram(programs):
            return f"takes part in {_either(programs)} now"
        case Aged(_, least, most):
            return f"is {least or 0} years old or more today" + ("" if most is None else f", and {most} at most")
    names = ", ".join(sorted({f"{at}.{name}" for at, name in reads(entity, clause)}))
    return f"{type(clause).__name__} {names}".strip()


def _either(values: frozenset[str]) -> str:
    return " or ".join(sorted(values))
