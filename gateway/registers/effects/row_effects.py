"""Row effects: the rows of a snapshot that do not exist for one consumer, and the cells that differ for it.

They come from the registers, from windows of dates in the agreement, and from the parts of a grant that combines
several agreements. They are found on the records as the district's system has them, and laid over these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from gateway.cache.snapshot import NO_ROW
from gateway.registers.effects.cells import ADDRESS, NO_LIMIT, Limit, hides
from gateway.registers.effects.incidents import NAMED_BY
from gateway.registers.effects.rows import DISCIPLINE, INCIDENT, RowSearch, about_students, limit_of
from gateway.registers.effects.students import NO_RULES, StudentRules
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.cache.snapshot import Table
    from gateway.registers.effects.cells import Rules
    from gateway.registers.effects.rows import Part, SeenRecords
    from gateway.registers.effects.students import StudentRule

DIGEST_BYTES: Final = 16
TOLD_OF: Final = (*DISCIPLINE, INCIDENT, *NAMED_BY)
"""The entities that tell of a student's discipline."""


@dataclass(frozen=True, slots=True)
class RowEffects:
    """What is otherwise for one consumer: *hidden* rows (one byte per row, 1 where hidden) and *replaced* cells.

    *limits* has the limits of records, by entity and row. The *digest* is "" where the registers affect nothing that
    the consumer could see, and else changes only when they affect something else.
    """

    hidden: Mapping[str, bytearray] = field(default_factory=dict)
    replaced: Mapping[str, Mapping[str, Mapping[int, Any]]] = field(default_factory=dict)
    limits: Mapping[str, Mapping[int, Limit]] = field(default_factory=dict)
    digest: str = ""

    def __bool__(self) -> bool:
        return bool(self.hidden or self.replaced or self.limits)


NO_EFFECTS: Final = RowEffects()


def effects_of(
    seen: SeenRecords, rules: Rules, students: StudentRules, parts: Sequence[Part] = (), below: RowEffects = NO_EFFECTS
) -> RowEffects:
    """Find the effects on what is *seen* without them; *below* are those on the snapshot that an uncached read is over.

    Of the *students* and *parts*, only what makes a difference to a visible record counts.
    """
    effective = _effective(seen, rules, students)
    if not (effective or parts or seen.grant.windows):
        return NO_EFFECTS
    search, tables = RowSearch(seen, rules, effective, parts), seen.snapshot.tables
    hidden, limits, cells = dict(below.hidden), dict(below.limits), dict[str, Any]()
    for entity in tables:
        mask, found = search.hidden(entity), search.limits(entity)
        hidden.pop(entity, None)
        if mask is not None:
            hidden[entity] = mask
        if found:
            limits[entity], cells[entity] = found, _cells(seen, rules, entity, found, mask)
    cells = {entity: columns for entity, columns in cells.items() if columns}
    return RowEffects(hidden, cells, limits, _digest(seen, rules, effective, parts))


def _effective(seen: SeenRecords, rules: Rules, students: StudentRules) -> StudentRules:
    """Leave out of the rules what makes no difference to a student whom the consumer could see."""
    if not students:
        return NO_RULES
    visible = seen.visible("student")
    shown = {
        row: rule for row, rule in students.rules.items()
        if (visible is None or visible[row]) and told(rule, rules) != ()
    }  # fmt: skip
    hidden = students.hidden
    if hidden is not None and not _any_of(hidden, visible):
        hidden = None
    found = StudentRules(hidden, shown, _unseen(seen, rules, students.protected - shown.keys()))
    return found or NO_RULES


def _unseen(seen: SeenRecords, rules: Rules, protected: frozenset[int]) -> frozenset[int]:
    """Leave of *protected* students whom the consumer cannot see those who share a contact that it can see."""
    refs = seen.snapshot.table("guardianship").refs.get("contact")
    if not protected or refs is None or not rules.changes("contact", Limit(protected=True)):
        return frozenset()
    links, visible = seen.snapshot.children("guardianship", "student", "student"), seen.visible("contact")
    return frozenset(
        row for row in protected if any(refs[link] >= 0 and _in(visible, refs[link]) for link in links[row])
    )


def _any_of(mask: bytearray, visible: bytearray | None) -> bool:
    """Tell whether any visible row is in the *mask*."""
    every = int.from_bytes(mask)
    return bool(every if visible is None else every & int.from_bytes(visible))


def told(rule: StudentRule, rules: Rules) -> tuple[Any, ...]:
    """Return what a *rule* changes of what a grant releases, () where that is nothing; equal where it changes alike."""
    limit, grant = limit_of(rule), rules.grant
    place = "told", rule
    if place not in rules.kept:
        found: list[Any] = []
        for entity in sorted((about_students() | {"contact"}) if limit != NO_LIMIT else ()):
            found += [(entity, name) for name in rules.changes(entity, limit)]
            found += [(entity,)] if hides(entity, limit, grant) else []
        if limit.substitute and ("profile", ADDRESS) in found:
            found.append([one for one in limit.substitute if grant.releases(f"student.{ADDRESS}.{one[0]}")])
        if rule.contacts and any(name.startswith(("guardianship.", "contact.")) for name in grant.rules):
            found.append(sorted(rule.contacts))
        if not rule.discipline and any(grant.releases(fields_of(one)["id"].release) for one in TOLD_OF):
            found.append(False)
        rules.kept[place] = tuple(found)
    known: tuple[Any, ...] = rules.kept[place]
    return known


def _cells(
    seen: SeenRecords, rules: Rules, entity: str, limits: Mapping[int, Limit], mask: bytearray | None
) -> dict[str, dict[int, Any]]:
    """Return the cells of the visible records of *entity* that change under their limits, by column and row."""
    table, visible = seen.snapshot.table(entity), seen.visible(entity)
    found: dict[str, dict[int, Any]] = {}
    columns: dict[Limit, list[tuple[str, Sequence[Any] | None, Any]]] = {}
    for row, limit in limits.items():
        if (visible is not None and not visible[row]) or (mask is not None and mask[row]):
            continue
        if limit not in columns:
            columns[limit] = list(_changing(table, rules.changes(entity, limit)))
        for name, column, change in columns[limit]:
            value = column[row] if column is not None else None
            now = change(value)
            if now != value:
                found.setdefault(name, {})[row] = now
    return found


def _changing(table: Table, changes: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any] | None, Any]]:
    """Yield the columns of a *table* that the *changes* of fields concern, with the tokens that go with them."""
    for name, refs in table.refs.items():
        if name in changes:
            yield name, refs, _no_row
    for name, column in table.columns.items():
        if name in changes:
            yield name, column, changes[name]
        elif name.partition("@")[0] in changes:
            yield name, column, _absent
    if ADDRESS in changes and table.entity == "profile" and ADDRESS not in table.columns:
        yield ADDRESS, None, changes[ADDRESS]


def _no_row(_value: Any) -> int:
    return NO_ROW


def _absent(_value: Any) -> None:
    """Make a value absent."""


def _digest(seen: SeenRecords, rules: Rules, students: StudentRules, parts: Sequence[Part]) -> str:
    """Hash what the registers change of what the consumer could see: whom they hide, and what of whom they withhold."""
    visible, table = seen.visible("student"), seen.snapshot.table("student")
    said: list[Any] = []
    for one in (students, *(part.students for part in parts)):
        hidden = one.hidden if one.hidden is not None and _any_of(one.hidden, visible) else b""
        gone = sorted(table.ids[row] for row, out in enumerate(hidden) if out and _in(visible, row))
        rest = sorted((table.ids[row], told(rule, rules)) for row, rule in one.rules.items() if _in(visible, row))
        said.append((gone, [pair for pair in rest if pair[1]]))
    said.append((sorted(table.ids[row] for row in students.protected), []))
    if not any(gone or rest for gone, rest in said):
        return ""
    return blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


def _in(visible: bytearray | None, row: int) -> bool:
    return visible is None or bool(visible[row])
