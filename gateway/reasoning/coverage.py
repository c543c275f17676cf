"""Coverage: how many records of a snapshot have a fact, and what tells students apart among those who are shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from gateway.cache.group_references import group_of
from policies import elements
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.cache.snapshot import Snapshot, Table
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
    """Count the visible records that have the element *name*, and all that could; None where none were read."""
    one, have, every, read = elements.element(name), 0, 0, False
    for field in one.fields if one else ():
        if field.entity in visibility.snapshot.tables:
            rows, values = visibility.rows(field.entity), reader(visibility.snapshot.table(field.entity), field)
            read, every = True, every + len(rows)
            have += sum(1 for row in rows if values(row))
    return (have, every) if read else None


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
    one, change = elements.element(name), visibility.transform_name(name)
    readers = [_on_behalf(visibility.snapshot, visibility, field) for field in (one.fields if one else ())]

    def values(row: int) -> frozenset[Any]:
        found = (value for read in readers for value in read(row))
        return frozenset(map(change, found) if change else found)

    return values


def _on_behalf(snapshot: Snapshot, visibility: Visibility, field: Field) -> Values:
    values = reader(snapshot.table(field.entity), field)
    if field.entity == "student":
        return values
    if fields_of(field.entity).get("student") is None:
        return lambda _row: ()
    seen = frozenset(visibility.rows(field.entity))
    children = snapshot.children(field.entity, "student", "student")
    return lambda row: tuple(value for one in children[row] if one in seen for value in values(one))
