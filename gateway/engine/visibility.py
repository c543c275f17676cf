"""Visibility: the rows that exist for one consumer, and the ids and transforms under which they are shown."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gateway.cache.group_references import DANGLING
from gateway.cache.snapshot import NO_ROW, Snapshot, Table
from gateway.engine.plan import decides
from gateway.engine.row_filter import TableRows, owner_counts, row_filter
from gateway.registers.effects.cells import masks_id
from gateway.registers.effects.row_effects import NO_EFFECTS
from policies.transforms import transform
from standards.collation import folded
from standards.fields import fields_of
from standards.query_strings import percent_encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.registers.effects.row_effects import RowEffects
    from policies.grant import Grant
    from policies.population import Clause
    from standards.keys import Keyring
    from standards.vocabulary import Field

    Test = Callable[[int], bool]


Kept = TypeVar("Kept")
OPPOSITE = bytes((1, 0, *range(2, 256)))
SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


class Visibility:
    """Every entity of one snapshot as one grant shows it on one day; computed at first access.

    Where there are *effects*, the snapshot has them laid over, and *raw* is the visibility without them: row rules are
    judged on the records as the district's system has them.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        grant: Grant,
        keyring: Keyring,
        today: str,
        effects: RowEffects = NO_EFFECTS,
        raw: Visibility | None = None,
    ) -> None:
        self.snapshot, self.grant, self.keyring, self.today = snapshot, grant, keyring, today
        self.effects, self.raw = effects, raw
        self.history: object | None = None
        """The client's change log, kept by `change_log.account`; None where none is kept."""
        own = tuple(Visibility(snapshot, part, keyring, today) for part in grant.parts) if raw is None else raw.parts
        self.parts: tuple[Visibility, ...] = own
        """What each agreement shows by itself, where the grant combines several."""
        self._visible: dict[str, bytearray | None] = {}
        self._ids: dict[tuple[str, str], list[str]] = {}
        self._quoted: dict[tuple[str, str], list[str]] = {}
        self._bearers: dict[tuple[str, str], Mapping[str, tuple[int, ...]]] = {}
        self._kept: dict[tuple[str, ...], Any] = {}
        self._lock = threading.RLock()

    def once(self, place: tuple[str, ...], make: Callable[[], Kept]) -> Kept:
        """Return what *make* makes, computed at first access and kept with this visibility."""
        with self._lock:
            if place not in self._kept:
                self._kept[place] = make()
            return cast("Kept", self._kept[place])

    @property
    def judged(self) -> Snapshot:
        """The records that row rules are judged on: as the district's system has them."""
        return self.snapshot if self.raw is None else self.raw.snapshot

    def differs(self, before: Visibility) -> frozenset[str]:
        """Return the entities whose records, or hidden rows, are not the same as in the visibility *before*."""
        one, other = self.effects.hidden, before.effects.hidden
        hidden = {entity for entity in one.keys() | other.keys() if one.get(entity) != other.get(entity)}
        limits, others = (self.effects.limits, before.effects.limits) if self.grant.parts else ({}, {})
        masked = {entity for entity in limits.keys() | others.keys() if limits.get(entity) != others.get(entity)}
        return self.snapshot.differs(before.snapshot) | hidden | masked

    def take_over(self, before: Visibility, rests_on: Callable[[str], frozenset[str]]) -> None:
        """Take over what *before* computed of entities without differences; *rests_on* tells what decides on each."""
        differs = self.differs(before)
        with before._lock:
            alike = {one for one in before._visible if differs.isdisjoint(with_links({one, *rests_on(one)}))}
            self._visible.update((one, before._visible[one]) for one in alike)
            self._ids.update((place, kept) for place, kept in before._ids.items() if place[0] not in differs)
            self._quoted.update((place, kept) for place, kept in before._quoted.items() if place[0] not in differs)
            self._bearers.update((place, kept) for place, kept in before._bearers.items() if place[0] in alike)

    def visible(self, entity: str) -> bytearray | None:
        """Return one byte per row, 1 where the row is visible to the consumer; None where every row is."""
        with self._lock:
            if entity not in self._visible:
                self._visible[entity] = self._compute(entity)
            return self._visible[entity]

    def rows(self, entity: str) -> Sequence[int]:
        """List the visible rows, in the source's order."""
        visible = self.visible(entity)
        every = range(self.snapshot.table(entity).size)
        return every if visible is None else [row for row in every if visible[row]]

    def ids(self, entity: str, api: str = "oneroster") -> list[str]:
        """Return the outward id of every row for the consumer: 32 hex digits for Ed-Fi, any text for OneRoster."""
        place = (entity, "" if self.pseudonymous(entity) else api)
        with self._lock:
            if place not in self._ids:
                self._ids[place] = self._outward(entity, api)
            return self._ids[place]

    def quoted_ids(self, entity: str, api: str) -> list[str]:
        """Return the outward ids, percent-encoded for a URL."""
        with self._lock:
            if (entity, api) not in self._quoted:
                ids = self.ids(entity, api)
                plain = all(SAFE.issuperset(text) for text in ids)
                self._quoted[entity, api] = ids if plain else list(map(percent_encoded, ids))
            return self._quoted[entity, api]

    def unique_ids(self, entity: str) -> list[Any]:
        """Return the unique id of every person of a kind: its own, or the pseudonym in its place."""
        if self.pseudonymous(entity):
            return self.ids(entity)
        return self._masked(entity, self.snapshot.table(entity).unique or self.ids(entity))

    def known_as(self, entity: str, unique: str) -> list[str]:
        """Return the source's own ids of the visible persons shown with a *unique* id, compared without case."""

        def make() -> Mapping[str, tuple[int, ...]]:
            return _by_folded([str(one) for one in self.unique_ids(entity)], self.rows(entity))

        rows = self.once(("unique", entity), make).get(folded(unique), ())
        return [self.snapshot.table(entity).ids[row] for row in rows]

    def row(self, entity: str, outward: str, api: str = "oneroster") -> int | None:
        """Find the visible row that bears exactly the id *outward*."""
        ids = self.ids(entity, api)
        return next((row for row in self.bearers(entity, outward, api) if ids[row] == outward), None)

    def bearers(self, entity: str, outward: str, api: str) -> tuple[int, ...]:
        """Find the visible rows whose id is *outward*, compared without case as all comparisons are."""
        with self._lock:
            if (entity, api) not in self._bearers:
                self._bearers[entity, api] = _by_folded(self.ids(entity, api), self.rows(entity))
        return self._bearers[entity, api].get(folded(outward), ())

    @staticmethod
    def entity_of(entity: str, ref: str) -> str:
        """Return the entity that a reference leads to."""
        return fields_of(entity)[ref].to

    def pseudonymous(self, entity: str) -> bool:
        """Tell whether ids of *entity* are pseudonyms for this consumer."""
        rule = self.grant.rule(fields_of(entity)["id"].release)
        return rule is not None and rule.action == "pseudonym"

    def transform(self, field: Field) -> Callable[[Any], Any] | None:
        """Return the grant's transform of a released value of *field*; None where it is unchanged."""
        return self.transform_name(field.release)

    def transform_name(self, name: str) -> Callable[[Any], Any] | None:
        """Return the grant's transform of a released value named *name*."""
        return change(self.grant, self.keyring, name)

    def outward(self, entity: str, own: list[str], api: str) -> list[str]:
        """Compute the outward ids for the consumer of records with the source's *own* ids, present or not."""
        if api != "edfi" and not self.pseudonymous(entity):
            return own
        return self._sealed(entity, self.keyring.blocks(self.snapshot.district, entity, own))

    def _outward(self, entity: str, api: str) -> list[str]:
        return self._masked(entity, self._plain_outward(entity, api))

    def _masked(self, entity: str, ids: list[str]) -> list[str]:
        """Return the *ids*, with pseudonyms of records that only a part of the grant without their ids covers."""
        limits = self.effects.limits.get(entity, {}) if self.grant.parts else {}
        rows = [row for row, limit in limits.items() if masks_id(entity, limit, self.grant)]
        if not rows:
            return ids
        own = self.snapshot.table(entity).ids
        blocks = self.keyring.blocks(self.snapshot.district, entity, [own[row] for row in rows])
        masked = dict(zip(rows, self.keyring.pseudonyms(self.grant.client, blocks), strict=True))
        return [masked.get(row, known) for row, known in enumerate(ids)]

    def _plain_outward(self, entity: str, api: str) -> list[str]:
        table = self.snapshot.table(entity)
        if api != "edfi" and not self.pseudonymous(entity):
            return table.ids
        if not table.blocks:
            table.blocks = self.keyring.blocks(self.snapshot.district, entity, table.ids)
        return self._sealed(entity, table.blocks)

    def _sealed(self, entity: str, blocks: bytes) -> list[str]:
        if self.pseudonymous(entity):
            return self.keyring.pseudonyms(self.grant.client, blocks)
        text = blocks.hex()
        return [text[at : at + 32] for at in range(0, len(text), 32)]

    def _compute(self, entity: str) -> bytearray | None:
        if self.raw is None:
            return self._exist(entity)
        hidden = self.effects.hidden
        if hidden.keys().isdisjoint(with_links({entity, *decides(entity, self.grant)})):
            return self.raw.visible(entity)
        visible = self._exist(entity)
        if entity == "contact":
            visible = _both(visible, self._linked())
        return _both(visible, _shown(hidden.get(entity)))

    def _linked(self) -> bytearray | None:
        """Return the contacts who are linked to a visible student, or to nobody; None where all are."""
        links, refs = self.effects.hidden.get("guardianship"), self.judged.table("guardianship").refs.get("student")
        students, size = self.visible("student"), self.judged.table("contact").size
        if refs is None or (students is None and links is None):
            return None
        whole = self.judged.children("guardianship", "contact", "contact")
        exists = bytearray(
            (students is None or (to >= 0 and students[to])) and not (links is not None and links[link])
            for link, to in enumerate(refs)
        )
        return bytearray(not whole[row] or any(exists[link] for link in whole[row]) for row in range(size))

    def _exist(self, entity: str) -> bytearray | None:
        """Return the rows that exist by the row rules and by what owns them."""
        if self.parts:
            return self._exist_in_parts(entity)
        table = self.judged.table(entity)
        visible: bytearray | None = None
        clause = self.grant.rows.get(entity)
        if clause is not None:
            test = self._test(entity, clause)
            visible = bytearray(test(row) for row in range(table.size))
        for owner in fields_of(entity).values():
            if owner.owner:
                visible = self._owned(table, owner, visible)
        return visible

    def _exist_in_parts(self, entity: str) -> bytearray | None:
        """Return the rows that any agreement by itself shows, less those whose owners do not exist for the consumer."""
        visible, table = _any_of([part.visible(entity) for part in self.parts]), self.judged.table(entity)
        for owner in fields_of(entity).values() if self.raw is not None else ():
            refs = table.refs.get(owner.name) if owner.owner else None
            seen = self.visible(owner.to) if refs is not None else None
            if refs is not None and seen is not None:
                visible = _both(visible, bytearray(row < 0 or seen[row] for row in refs))
        return visible

    def _owned(self, table: Table, owner: Field, visible: bytearray | None) -> bytearray | None:
        refs = table.refs.get(owner.name)
        target = self.visible(owner.to)
        absent = owner_counts(owner, NO_ROW, self.grant)
        if refs is None:
            return visible if absent or not table.size else bytearray(table.size)
        dangling = owner_counts(owner, DANGLING, self.grant)
        if target is None and (dangling or DANGLING not in refs) and (absent or NO_ROW not in refs):
            return visible
        seen = target if target is not None else bytearray(b"\1" * self.judged.table(owner.to).size)
        mask = bytearray(seen[row] if row >= 0 else (absent if row == NO_ROW else dangling) for row in refs)
        return _both(visible, mask)

    def _test(self, entity: str, clause: Clause) -> Callable[[int], bool]:
        return row_filter(clause, TableRows(self.judged, entity), self)


def with_links(entities: Iterable[str]) -> frozenset[str]:
    """Add to the *entities* that decide on a record those that decide on the contacts among them."""
    found = frozenset(entities)
    return found | {"guardianship", "student"} if "contact" in found else found


def _shown(hidden: bytearray | None) -> bytearray | None:
    """Return the opposite of a mask."""
    return None if hidden is None else hidden.translate(OPPOSITE)


def _both(one: bytearray | None, other: bytearray | None) -> bytearray | None:
    """Return the rows that are in both masks, where None stands for every row."""
    if one is None or other is None:
        return other if one is None else one
    return bytearray((int.from_bytes(one) & int.from_bytes(other)).to_bytes(len(one)))


def change(grant: Grant, keyring: Keyring, name: str) -> Callable[[Any], Any] | None:
    """Return the transform that *grant* applies to a released value named *name*; None where it is unchanged."""
    rule = grant.rule(name)
    if rule is None or rule.action == "pseudonym":
        return lambda _value: None
    if rule.action == "allow":
        return None
    keyed = grant.keyed_by(name)
    return transform(rule.action, lambda text: keyring.hash_value(keyed, name, text))


def _any_of(masks: Sequence[bytearray | None]) -> bytearray | None:
    """Join masks: a row is visible where any agreement by itself shows it."""
    known = [mask for mask in masks if mask is not None]
    if len(known) < len(masks):
        return None
    return bytearray(any(row) for row in zip(*known, strict=True))


def _by_folded(ids: Sequence[str], rows: Iterable[int]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for row in rows:
        name = folded(ids[row])
        found[name] = (*found.get(name, ()), row)
    return found
