"""Checks of a load: which rows are set aside, which references dangle, and whether their shares are within limits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from adapters.notes import BELONGS, GONE, MAX_REPORTED_ROWS, UNRESOLVED, USER, ReadingNotes
from gateway.cache.completeness import Completeness, References, SetAsideRows, Unknown
from gateway.cache.earlier_records import Former, entities_of, names_of
from gateway.cache.group_references import DANGLING, group_of
from gateway.cache.patch import patched
from gateway.cache.snapshot import NO_ROW
from gateway.config.load_limits import NEVER
from standards.errors import Incomplete
from standards.fields import fields_of
from standards.losses import Loss
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping

    from adapters.contract import Aside, Wanted
    from gateway.cache.snapshot import Key, Snapshot, Table
    from gateway.config.load_limits import Shares
    from standards.keys import Keyring
    from standards.vocabulary import Field

MISSING: Final = "is missing"

Orphans = dict[str, dict[int, str]]


def completed(
    before: Snapshot | None, fresh: Snapshot, page: ReadingNotes, keyring: Keyring, wanted: Wanted, shares: Shares
) -> Snapshot:
    """Return the *fresh* snapshot with every set-aside row restored from the one *before*, where it was there.

    Raises:
        Incomplete: more is set aside or dangling than allowed, or nothing is left of what the source has.
    """
    read = {entity: table.size for entity, table in fresh.tables.items()}
    if before is not None:
        fresh = _kept(before, fresh, page.aside, keyring, wanted)
    lost, gone = _apart(orphans(fresh, page.departed))
    found = judged(fresh, page, lost, read, wanted, shares, gone)
    fresh.completeness = replace(found, unknown=_unknown(before, fresh, page, lost, keyring))
    if before is not None and lost:
        fresh = _healed(before, fresh, lost, keyring, wanted)
    return fresh


def followed(before: Snapshot, fresh: Snapshot, wanted: Wanted, shares: Shares) -> Snapshot:
    """Check a snapshot made from the one *before* by the changes in the source.

    Raises:
        Incomplete: more is set aside or dangling than allowed.
    """
    page = before.completeness.page if before.completeness else ReadingNotes()
    read = {entity: table.size for entity, table in fresh.tables.items()}
    unknown = before.completeness.unknown if before.completeness else frozenset[Unknown]()
    lost, gone = _apart(orphans(fresh, page.departed))
    fresh.completeness = replace(judged(fresh, page, lost, read, wanted, shares, gone), unknown=unknown)
    return fresh


def _apart(lost: Orphans) -> tuple[Orphans, Mapping[str, int]]:
    """Split rows without an owner: those whose owner is missing, and by entity the count whose owner was deleted."""
    kept = {name: {row: told for row, told in rows.items() if not told.endswith(GONE)} for name, rows in lost.items()}
    gone = {name: len(rows) - len(kept[name]) for name, rows in lost.items()}
    return {name: rows for name, rows in kept.items() if rows}, gone


def judged(
    fresh: Snapshot,
    page: ReadingNotes,
    lost: Orphans,
    read: Mapping[str, int],
    wanted: Iterable[str],
    shares: Shares,
    gone: Mapping[str, int],
) -> Completeness:
    """Compute the completeness of a snapshot; *lost* are rows without owner, *read* the source's rows by entity.

    *gone* counts, by entity, the rows whose owner was deleted.

    Raises:
        Incomplete: too much is missing.
    """
    held = frozenset(wanted)
    read = {**read, **{one: max(read.get(one, 0), fresh.table(one).size) for one in lost}}  # some are restored rows
    found = Completeness(
        tuple(_rows(page, lost, read, held, gone)), tuple(_references(fresh, page, held)), tuple(page.aside), page=page
    )
    if lacks := sorted(_lacks(fresh, found, lost, shares), key=lambda one: one.entity not in NEVER):
        names = {one.entity for one in lacks}
        places = (one for one in page.aside if one.entity in names or one.entity in NEVER)
        raise Incomplete(lacks, [(one.place, one.told) for one in places][:MAX_REPORTED_ROWS])
    return found


def _unknown(
    before: Snapshot | None, fresh: Snapshot, page: ReadingNotes, lost: Orphans, keyring: Keyring
) -> frozenset[Unknown]:
    """Return the rows set aside now that were in no snapshot before."""
    found = {Unknown(entity, fresh.table(entity).ids[row]) for entity, rows in lost.items() for row in rows}
    for one in page.aside:
        for entity in entities_of(one.entity):
            names = names_of(fresh.district, entity, one.key, keyring)
            found |= {Unknown(entity, own, frozenset(one.made)) for own in names}
    if before is not None:
        found &= before.completeness.unknown if before.completeness else frozenset()
    return frozenset(found)


def orphans(snapshot: Snapshot, departed: Collection[tuple[str, Key]] = ()) -> Orphans:
    """Find the rows whose owner is missing, by entity, each with the reason; rows that belong to such a row, too.

    *departed* are the records, by entity and key, that the source marks as deleted.
    """
    found: Orphans = {}

    def look(entity: str) -> dict[int, str]:
        if entity not in found:
            found[entity] = {}
            table = snapshot.tables.get(entity)
            for spec in fields_of(entity).values() if table is not None and table.size else ():
                if spec.owner and not spec.lenient and table is not None:
                    gone = look(spec.to) if spec.to != entity else {}
                    found[entity].update(_without(table, spec, gone, departed))
        return found[entity]

    for entity in snapshot.tables:
        look(entity)
    return {entity: rows for entity, rows in found.items() if rows}


def _without(
    table: Table, spec: Field, gone: Mapping[int, str], departed: Collection[tuple[str, Key]]
) -> Iterator[tuple[int, str]]:
    refs = table.refs.get(spec.name)
    if spec.to in PERSONS and (refs is None or NO_ROW in refs):
        absent = range(table.size) if refs is None else (row for row, to in enumerate(refs) if to == NO_ROW)
        yield from ((row, f"{spec.name} {MISSING}") for row in absent)
    names = {spec.to, USER} if spec.to in PERSONS else {spec.to}
    for row, keys in table.dangling.get(spec.name, {}).items():
        left = any((name, key) in departed for name in names for key in keys) if departed else False
        yield row, f"{spec.name} {GONE if left else UNRESOLVED}"
    if gone and refs is not None:
        for row, to in enumerate(refs):
            if to in gone:
                yield row, f"{spec.name} {GONE if gone[to].endswith(GONE) else BELONGS}"


def _kept(before: Snapshot, fresh: Snapshot, aside: Iterable[Aside], keyring: Keyring, wanted: Wanted) -> Snapshot:
    former = Former(before, fresh, keyring)
    changes = former.changes(aside)
    made = _patched(fresh, changes, keyring, wanted)
    known = Counter(one.entity for one in before.completeness.places if not one.key) if before.completeness else {}
    nameless = [one for one in aside if not one.key]
    more = Counter(one.entity for one in nameless) - Counter(known)  # those set aside before were not there either
    if any(map(Former(before, made, keyring).lacks, more)):
        raise Incomplete(
            [Loss(entity, times, times, "whose row it is cannot be told") for entity, times in more.items()],
            [(one.place, one.told) for one in nameless if one.entity in more],
        )
    return made


def _healed(before: Snapshot, fresh: Snapshot, lost: Orphans, keyring: Keyring, wanted: Wanted) -> Snapshot:
    """Restore rows that lost their owner to their earlier form, where their earlier owner is still there."""
    former = Former(before, fresh, keyring)
    rows = [(entity, fresh.tables[entity].ids[row]) for entity, some in lost.items() for row in some]
    made = _patched(fresh, former.those(rows), keyring, wanted)
    made.completeness = fresh.completeness
    return made


def _patched(fresh: Snapshot, changes: list, keyring: Keyring, wanted: Wanted) -> Snapshot:  # type: ignore[type-arg]
    if not changes:
        return fresh
    made = patched(fresh, changes, keyring, entities=wanted, number=fresh.number, loaded=fresh.loaded)
    made.stamp, made.completeness = fresh.stamp, fresh.completeness
    return made


def _rows(
    page: ReadingNotes, lost: Orphans, read: Mapping[str, int], wanted: frozenset[str], gone: Mapping[str, int]
) -> Iterator[SetAsideRows]:
    there = dict(read)
    if page.asides[USER]:
        there[USER] = sum(read.get(entity, 0) for entity in PERSONS)
    for entity in sorted(there.keys() | (page.asides.keys() & wanted)):
        reasons = Counter(one.told for one in page.aside if one.entity == entity)
        reasons.update(lost.get(entity, {}).values())
        aside = page.asides[entity] + len(lost.get(entity, ()))
        if there.get(entity, 0) or aside:
            count, why = there.get(entity, 0) + page.asides[entity], tuple(sorted(reasons.items()))
            yield SetAsideRows(entity, count, aside, why, gone.get(entity, 0))


def _references(fresh: Snapshot, page: ReadingNotes, wanted: frozenset[str]) -> Iterator[References]:
    for name, (lost, all_of) in sorted(page.lost.items()):
        yield References(name, lost, all_of)
    for entity, table in sorted(fresh.tables.items()):
        fields = fields_of(entity)
        for name, rows in sorted(table.dangling.items()):
            if rows and not (fields[name].owner and not fields[name].lenient):
                yield References(f"{entity}.{name}", sum(map(len, rows.values())), _all(table, name))
        for name, refs in sorted(table.refs.items()):
            spec = fields[name]
            if spec.owner and not spec.lenient and spec.to not in wanted and (lost := refs.count(DANGLING)):
                yield References(f"{entity}.{name}", lost, _all(table, name), lacks=True)


def _all(table: Table, name: str) -> int:
    """Count the references of a field."""
    if name in table.refs:
        return table.size - table.refs[name].count(NO_ROW)
    if name in table.columns:
        return sum(len(value) for value in table.columns[name] if value)
    group = group_of(table.columns, fields_of(table.entity), name)
    return sum(len(items) for items in table.columns.get(group, ()) if items)


def _lacks(fresh: Snapshot, found: Completeness, lost: Orphans, shares: Shares) -> Iterator[Loss]:
    for one in found.rows:
        of = entities_of(one.entity)
        left = sum(fresh.table(entity).size - len(lost.get(entity, ())) for entity in of) - one.gone
        if one.aside and (wrong := shares.refuse_rows(one.entity, one.aside, one.read, left)):
            yield Loss(one.entity, one.aside, one.read, wrong)
    for ref in found.references:
        if not ref.lacks and (wrong := shares.refuse_references(ref.name, ref.lost, ref.all_of)):
            yield Loss(ref.name, ref.lost, ref.all_of, wrong)


def judge_live(
    made: Snapshot, page: ReadingNotes, whole: Iterable[str], shares: Shares, single: Container[str] = frozenset()
) -> None:
    """Refuse an uncached read in which too much of an entity is missing.

    Of an entity read as a *single* record by its id, nothing need be left: a refusal would reveal a record that may
    be hidden. An uncached read may be newer than the snapshot it builds on: in an entity read *whole* as many rows may
    lack their owner as references of any other field may dangle.

    Raises:
        Incomplete: too much is missing.
    """
    found = {
        Unknown(entity, own, frozenset(one.made))
        for one in page.aside
        for entity in entities_of(one.entity)
        for own in (one.own, *one.key[-1:])
        if own
    }
    made.completeness = Completeness(unknown=frozenset(found)) if found else None
    lacks = []
    for entity, count in page.asides.items():
        size = sum(made.tables[one].size for one in entities_of(entity) if one in made.tables)
        left = size + count if entity in single else size
        if wrong := shares.refuse_rows(entity, count, size + count, left):
            lacks.append(Loss(entity, count, size + count, wrong))
    for entity in whole:
        size = made.tables[entity].size if entity in made.tables else 0
        for spec in fields_of(entity).values() if size else ():
            refs = made.tables[entity].refs.get(spec.name) if spec.owner and not spec.lenient else None
            lost = refs.count(DANGLING) if refs is not None and made.table(spec.to).size else 0
            name = f"{entity}.{spec.name}"
            if wrong := shares.refuse_references(name, lost, size):
                lacks.append(Loss(name, lost, size, wrong))
    if lacks:
        raise Incomplete(lacks, [(one.place, one.told) for one in page.aside][:MAX_REPORTED_ROWS])
