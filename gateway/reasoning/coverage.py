"""Coverage: how many records of a snapshot have a fact, and what tells students apart among those who are shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gateway.cache.group_references import group_of
from policies import elements
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.cache.snapshot import Table
    from gateway.engine.visibility import Visibility
    from standards.vocabulary import Field

    Values = Callable[[int], tuple[Any, ...]]

ABSENT: tuple[Any, ...] = (None, "", (), [])
TELLING = frozenset({
    "student.birthDate", "student.address.postalCode", "student.sex", "student.birthSex", "student.grades",
    "enrollment.grade", "enrollment.school",
})  # fmt: skip
TELLING_GROUPS = ("student.race.", "student.ethnicity.")
HASHED = frozenset({"hash", "pseudonym", "deny"})


def covered(visibility: Visibility, name: str) -> tuple[int, int] | None:
    """Count the visible records that have the element *name*, and all that could; None where none were read.

    A fact of students is counted by students, wherever it is kept; any other by the kind of record that has most of it.
    """
    one = elements.element(name)
    read = [field for field in (one.fields if one else ()) if field.entity in visibility.snapshot.tables]
    if not read:
        return None
    if any(field.entity == "student" for field in read):
        rows, has = visibility.rows("student"), raw_of_student(visibility, name)
        return sum(1 for row in rows if has(row)), len(rows)
    return max(
        (_of_entity(visibility, [one for one in read if one.entity == entity]) for entity in {f.entity for f in read}),
        key=lambda counts: (counts[0], -counts[1]),
    )


def _of_entity(visibility: Visibility, some: Sequence[Field]) -> tuple[int, int]:
    """Count the visible records of one kind that have any of *some* of its fields, and all of them."""
    entity = some[0].entity
    rows, readers = visibility.rows(entity), [reader(visibility.snapshot.table(entity), field) for field in some]
    return sum(1 for row in rows if any(read(row) for read in readers)), len(rows)


def entities_of(name: str) -> frozenset[str]:
    """Return the kinds of records that have an element."""
    one = elements.element(name)
    return frozenset(field.entity for field in one.fields) if one else frozenset()


def personal(name: str) -> bool:
    """Tell whether an element is of records about a person."""
    one = elements.element(name)
    return one is None or any(elements.personal(field.entity) for field in one.fields)


def reader(table: Table, field: Field) -> Values:
    """Return a function that reads the values of a *field* in a row: none where it is absent, several in a list."""
    name = field.name
    if field.type == "id":
        return lambda row: (table.ids[row],)
    if name in table.refs:
        refs = table.refs[name]
        return lambda row: (refs[row],) if refs[row] >= 0 else ()
    if name in table.columns:
        column = table.columns[name]
        return lambda row: _several(column[row])
    group = group_of(table.columns, fields_of(table.entity), name)
    if not group:
        return lambda _row: ()
    column, parts = table.columns[group], name[len(group) + 1 :].split(".")
    return lambda row: tuple(_inside(column[row] or (), parts))


def _several(value: Any) -> tuple[Any, ...]:
    if value in ABSENT:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _inside(items: Any, parts: Sequence[str]) -> Iterator[Any]:
    for item in items:
        for cut in range(1, len(parts) + 1):
            value = item.get(".".join(parts[:cut]))
            if value in ABSENT:
                continue
            yield from _several(value) if cut == len(parts) else _inside(value, parts[cut:])


def telling(actions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the released facts by which a student can be told from others, masked or whole."""
    return tuple(
        name
        for name, action in actions
        if action not in HASHED and (name in TELLING or name.startswith(TELLING_GROUPS))
    )


def group_sizes(visibility: Visibility, names: Sequence[str]) -> list[int]:
    """Return how many students look alike in the facts *names* as they are released, a size for each group."""
    every = [of_student(visibility, name) for name in names]
    alike = Counter(tuple(values(row) for values in every) for row in visibility.rows("student"))
    return sorted(alike.values())


def of_student(visibility: Visibility, name: str) -> Callable[[int], frozenset[Any]]:
    """Return a function that reads the released values of a fact for a student's row, wherever they are kept."""
    change, raw = visibility.transform_name(name), raw_of_student(visibility, name)
    return raw if change is None else lambda row: frozenset(map(change, raw(row)))


def raw_of_student(visibility: Visibility, name: str) -> Callable[[int], frozenset[Any]]:
    """Return a function that reads the values of a fact for a student's row before they are masked."""
    one = elements.element(name)
    readers = [_on_behalf(visibility, field) for field in (one.fields if one else ())]
    return lambda row: frozenset(map(_hashable, (value for read in readers for value in read(row))))


def _hashable(value: Any) -> Any:
    return repr(value) if isinstance(value, dict) else value


def _on_behalf(visibility: Visibility, field: Field) -> Values:
    snapshot = visibility.snapshot
    values = reader(snapshot.table(field.entity), field)
    if field.entity == "student":
        return values
    if fields_of(field.entity).get("student") is None:
        return lambda _row: ()
    seen = frozenset(visibility.rows(field.entity))
    children = snapshot.children(field.entity, "student", "student")
    return lambda row: tuple(value for one in children[row] if one in seen for value in values(one))
