"""Second worlds that differ from a first one only in what a grant does not show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies.population import values as values_of
from policies.testing.fake_values import FakeValues, shape
from policies.testing.reference_visibility import ReferenceVisibility
from standards import native, vocabulary
from standards.fields import fields_of
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from random import Random

    from policies.grant import Grant
    from policies.testing.reference_visibility import Key, Record, Records
    from standards.vocabulary import Field

KINDS = ("hidden", "masked", "items", "unseen", "removed", "inserted", "order")
FREE = frozenset({"year", "month", "zip3", "last4", "initial"})
HALF_CHANCE, SELDOM_CHANCE, RARE_CHANCE = 0.5, 0.15, 0.03
MAX_BOLD_CHANGES = 40
MAX_LOOKS = 40
"""The times one second world may be checked whole while it is made."""


@dataclass(frozen=True, slots=True, repr=False)
class World:
    """A world made from another; *touched* names every (entity, field) that is different somewhere in it."""

    records: Records
    touched: frozenset[tuple[str, str]]
    recipe: str = ""

    def __repr__(self) -> str:
        return f"World({self.recipe}: {len(self.touched)} fields differ)"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  the name by which Hypothesis asks
        printer.text(repr(self))


@dataclass(frozen=True, slots=True)
class RowChange:
    """A change of row *index* of *entity*: other values (None removes one), or its removal; -1 is a new row."""

    entity: str
    index: int
    edits: Mapping[str, Any]
    gone: bool = False
    touched: frozenset[str] = frozenset()


class Knowledge:
    """The parts of a first world that a grant shows: the rows, the fields, and what must stay as it is."""

    def __init__(self, records: Records, grant: Grant, today: str) -> None:
        self.records, self.grant, self.today = records, grant, today
        self.visibility = ReferenceVisibility(records, grant, today)
        self.rule_reads = frozenset(grant.row_reads())
        self.entities = (*vocabulary.entities(), *(name for name in native.entities() if records.get(name)))
        self.shown = frozenset(self._shown())
        self.telling = _telling(grant)
        self.seen = _seen(records)
        self.keys = {name: tuple(self.visibility.rows(name)) for name in self.entities}
        sees = self.visibility.sees
        self.unseen = {name: tuple(key for key in keys if not sees(name, key)) for name, keys in self.keys.items()}
        self.visible_keys = {name: tuple(key for key in keys if sees(name, key)) for name, keys in self.keys.items()}
        self.lenient = [
            one
            for entity in sorted(self.shown)
            for one in fields_of(entity).values()
            if one.lenient and grant.releases(one.release)
        ]
        self.before = self.summary(self.visibility)

    def _shown(self) -> Iterable[str]:
        """Yield entities of which anything leaves, and those whose existence shows through a reference that does."""
        for entity in self.entities:
            released = [one for one in fields_of(entity).values() if self.grant.releases(one.release)]
            if released:
                yield entity
                yield from (one.to for one in released if one.type == "ref")

    def summary(self, sight: ReferenceVisibility) -> Any:
        """Return what must be the same in both worlds: which rows exist, and which lenient references show."""
        visible = {entity: sight.visible(entity) for entity in self.shown}
        lenient = {
            (ref.entity, key, ref.name)
            for ref in self.lenient
            for key in visible[ref.entity]
            if (target := sight.rows(ref.entity)[key].get(ref.name)) is not None
            and (sight.sees(ref.to, target) or (target not in sight.rows(ref.to) and self.grant.unrestricted(ref.to)))
        }
        return visible, lenient

    def action(self, field: Field) -> str:
        """Return the grant's action on a field's value; ``deny`` where it does not leave."""
        rule = self.grant.rule(field.release)
        if rule is None:
            return "deny"
        return "deny" if rule.action == "pseudonym" and field.type != "id" else rule.action

    def visible(self, entity: str, key: Key) -> bool:
        """Tell whether anything of a row reaches the consumer."""
        return entity in self.shown and self.visibility.sees(entity, key)

    def risky(self, field: Field) -> bool:
        """Tell whether a change of the field could change which rows exist."""
        return field.owner or (field.entity, field.name) in self.rule_reads

    def insertable(self, entity: str) -> bool:
        """Tell whether a row of *entity* can be added that the consumer does not notice."""
        if entity not in self.shown or entity in self.grant.rows:
            return True
        return any(field.owner and self.hides(field) for field in fields_of(entity).values())

    def hides(self, owner: Field) -> bool:
        """Tell whether a row can be hidden through its *owner* reference."""
        return owner.to in PERSONS or not (owner.lenient and self.grant.unrestricted(owner.to))


class SecondWorldMaker:
    """A maker of one second world."""

    def __init__(self, known: Knowledge, random: Random, kinds: Collection[str], most: int) -> None:
        self.known, self.random, self.kinds, self.most = known, random, kinds, most
        self.fake = FakeValues(random, known.seen, known.telling)
        self.safe: list[RowChange] = []
        self.bold: list[RowChange] = []
        self.looks = MAX_LOOKS

    def world(self, entities: frozenset[str]) -> World:
        """Make a world in which *entities* are different where nobody sees it."""
        for entity in sorted(entities):
            self._rows(entity)
            if "inserted" in self.kinds and self.known.insertable(entity):
                self.bold += (self._insertion(entity) for _ in range(self.random.randint(1, 3)))
        self.random.shuffle(self.bold)
        added = [change for change in self.bold if change.index < 0][:MAX_BOLD_CHANGES]
        self.bold = added + [change for change in self.bold if change.index >= 0][:MAX_BOLD_CHANGES]
        changes = self.safe + self._accepted(self.safe, self.bold)
        records = dict(apply(self.known.records, changes))
        if "order" in self.kinds:
            for entity in sorted(entities & records.keys()):
                records[entity] = self.random.sample(records[entity], len(records[entity]))
        return World(records, frozenset((one.entity, name) for one in changes for name in one.touched))

    def _accepted(self, base: list[RowChange], bold: list[RowChange]) -> list[RowChange]:
        """Return those of the *bold* changes that leave everything visible as it was, by halving."""
        if not bold or self.looks <= 0:
            return []
        self.looks -= 1
        known = self.known
        sight = ReferenceVisibility(apply(known.records, base + bold), known.grant, known.today)
        if known.summary(sight) == known.before:
            return bold
        if len(bold) == 1:
            return []
        half = len(bold) // 2
        first = self._accepted(base, bold[:half])
        return first + self._accepted(base + first, bold[half:])

    def _rows(self, entity: str) -> None:
        rows = self.known.records.get(entity, ())
        for index in self.random.sample(range(len(rows)), min(len(rows), self.most)):
            row = rows[index]
            if self.known.visible(entity, row["key"]):
                self._behind(entity, index, row)
            elif "removed" in self.kinds and self.random.random() < SELDOM_CHANCE:
                self.bold.append(RowChange(entity, index, {}, gone=True, touched=frozenset(fields_of(entity))))
            elif "unseen" in self.kinds:
                self._anything(entity, index, row)

    def _behind(self, entity: str, index: int, row: Record) -> None:
        """Change a visible row where it does not show."""
        edits: dict[str, Any] = {}
        touched: set[str] = set()
        for name, field in shape(entity).top.items():
            value = self._hidden_change(field, row.get(name), touched)
            if value is row.get(name) or value == row.get(name):
                continue
            if self.known.risky(field):
                self.bold.append(RowChange(entity, index, {name: value}, touched=frozenset({name})))
            else:
                edits[name] = value
                touched.add(name)
        edits |= self._companions(shape(entity).top, row)
        self.safe.append(RowChange(entity, index, edits, touched=frozenset(touched)))

    def _hidden_change(self, field: Field, value: Any, touched: set[str]) -> Any:
        """Make a value for a field of a visible row that the consumer cannot tell from *value*."""
        action = self.known.action(field)
        if field.type == "group":
            return self._group(field, value, touched) if "items" in self.kinds or action == "deny" else value
        if field.type == "ref":
            return self._reference(field, value, hidden=action == "deny")
        if action == "deny":
            return self._replaced(field, value) if "hidden" in self.kinds else value
        if field.type == "open":
            return self._open(field, value) if "hidden" in self.kinds else value
        if action in FREE and "masked" in self.kinds:
            return self.fake.alike(action, value)
        return value

    def _replaced(self, field: Field, value: Any) -> Any:
        if field.type == "id":
            return self.fake.token()
        if self.known.risky(field):
            return self.fake.likely(field, value, self.known.today)
        return None if self.random.random() < SELDOM_CHANCE else self.fake.value(field)

    def _companions(self, members: Mapping[str, Field], holder: Record) -> dict[str, Any]:
        """Make the exact tokens beside coded fields, which leave only where the field does as it is."""
        if "hidden" not in self.kinds:
            return {}
        coded = (name for name, one in members.items() if one.type == "code" and not one.many and name in holder)
        hidden = [name for name in coded if self.known.action(members[name]) != "allow"]
        return {f"{name}@{api}": self.fake.token() for name in hidden for api in ("edfi", "oneroster")}

    def _reference(self, field: Field, value: Any, *, hidden: bool) -> Any:
        if hidden:
            return self._hidden_reference(field, value) if "hidden" in self.kinds else value
        if field.lenient or "items" not in self.kinds:
            return value
        if field.many:
            kept = [key for key in value or () if self.known.visibility.sees(field.to, key)]
            mixed = kept + [self._unseen_key(field.to) for _ in range(self.random.randint(0, 2))]
            return self.random.sample(mixed, len(mixed)) or None
        if self.known.risky(field) or (value is not None and self.known.visibility.sees(field.to, value)):
            return value
        return None if self.random.random() < HALF_CHANCE else self._unseen_key(field.to)

    def _hidden_reference(self, field: Field, value: Any) -> Any:
        if field.owner:
            return self._seen_key(field.to, value)
        return [self._any_key(field.to) for _ in range(2)] if field.many else self._any_key(field.to)

    def _any_key(self, entity: str) -> Key:
        keys = self.known.keys.get(entity, ())
        return self.random.choice(keys) if keys and self.random.random() < HALF_CHANCE else self._unseen_key(entity)

    def _seen_key(self, entity: str, otherwise: Any) -> Any:
        keys = self.known.visible_keys.get(entity, ())
        return self.random.choice(keys) if keys else otherwise

    def _unseen_key(self, entity: str) -> Key:
        keys = self.known.unseen.get(entity, ())
        return self.random.choice(keys) if keys and self.random.random() < HALF_CHANCE else (self.fake.token(),)

    def _open(self, field: Field, value: Any) -> Any:
        """Make an open dictionary with other members where no rule shows them."""
        base = field.release.removesuffix(".*")
        kept = {name: one for name, one in (value or {}).items() if self.known.grant.releases(f"{base}.{name}")}
        extra = self.fake.token()
        if not self.known.grant.releases(f"{base}.{extra}"):
            kept[extra] = self.fake.text()
        return kept or None

    def _group(self, field: Field, value: Any, touched: set[str]) -> Any:
        """Make a group in another order, with other hidden members, and with items that show nothing."""
        members = shape(field.entity).members(field.name)
        hidden = [name for name, one in members.items() if one.type != "group" and self.known.action(one) == "deny"]
        if not field.many or not members:
            return value
        items = [self._item(members, item, touched) for item in value or ()]
        scalars = [name for name in hidden if members[name].type != "ref"]
        if scalars and "hidden" in self.kinds and self.random.random() < HALF_CHANCE:
            items.append({name: self._filled(members[name], touched) for name in scalars})
        return self.random.sample(items, len(items)) or None

    def _item(self, members: Mapping[str, Field], item: Record, touched: set[str]) -> dict[str, Any]:
        owners = {name: one for name, one in members.items() if one.type == "ref" and one.to in PERSONS}
        unseen = any(
            name in item and not self.known.visibility.sees(one.to, item[name]) for name, one in owners.items()
        )
        made = dict(item) | self._companions(members, item)
        for name, field in members.items():
            if name in owners or field.lenient:
                continue
            value = self._filled(field, touched) if unseen else self._hidden_change(field, item.get(name), touched)
            if value is None:
                made.pop(name, None)
            elif value != item.get(name):
                made[name] = value
                touched.add(field.name)
        return made

    def _filled(self, field: Field, touched: set[str]) -> Any:
        """Make some value for any field, also a group or a reference."""
        touched.add(field.name)
        if field.type == "group":
            members = shape(field.entity).members(field.name)
            return [{name: self._filled(one, touched) for name, one in members.items()}]
        if field.type == "ref":
            return [self._any_key(field.to)] if field.many else self._any_key(field.to)
        return self.fake.token() if field.type == "id" else self.fake.value(field)

    def _anything(self, entity: str, index: int, row: Record) -> None:
        """Change a row that does not exist for the consumer: everything may be different."""
        edits: dict[str, Any] = {}
        touched: set[str] = set()
        for name, field in shape(entity).top.items():
            inside: set[str] = {name}
            risky = self.known.risky(field)
            wild = self.random.random() < (RARE_CHANCE if risky else SELDOM_CHANCE)
            if risky and not wild:
                value = self._likely(field, row)
            else:
                value = None if name in row and wild else self._filled(field, inside)
            if value == row.get(name):
                continue
            if risky:
                self.bold.append(RowChange(entity, index, {name: value}, touched=frozenset(inside)))
            else:
                edits[name] = value
                touched |= inside
        self.safe.append(RowChange(entity, index, edits, touched=frozenset(touched)))

    def _likely(self, field: Field, row: Record) -> Any:
        """Make another value with which an unseen row likely stays unseen, for the same result of the row rules."""
        value = row.get(field.name)
        if field.type != "ref" or field.many:
            return self.fake.likely(field, value, self.known.today)
        if self.known.visibility.sees(field.entity, row["key"]):
            return value
        if value is not None and self.known.visibility.sees(field.to, value):
            return self._any_key(field.to)
        return self._unseen_key(field.to)

    def _insertion(self, entity: str) -> RowChange:
        """Make a new row that has everything and that, most likely, nobody sees."""
        touched: set[str] = set()
        known = self.known.keys.get(entity) or ((self.fake.token(),),)
        record: dict[str, Any] = {"key": tuple(self.fake.token() for _ in self.random.choice(known))}
        for name, field in shape(entity).top.items():
            record[name] = self._filled(field, touched)
        owners = [field for field in shape(entity).top.values() if field.owner]
        for owner in owners:
            record[owner.name] = self._seen_key(owner.to, None) or self._unseen_key(owner.to)
        hiding = [owner for owner in owners if self.known.hides(owner)]
        if hiding and entity in self.known.shown:
            bad = self.random.choice(hiding)
            record[bad.name] = self._unseen_key(bad.to)
        return RowChange(entity, -1, record, touched=frozenset(touched))


def apply(records: Records, changes: Iterable[RowChange]) -> dict[str, list[Record]]:
    """Make the world after *changes*; the first world is left as it is."""
    made: dict[str, list[Any]] = {entity: list(rows) for entity, rows in records.items()}
    gone: defaultdict[str, set[int]] = defaultdict(set)
    for change in changes:
        rows = made.setdefault(change.entity, [])
        if change.gone:
            gone[change.entity].add(change.index)
        elif change.index < 0:
            rows.append(dict(change.edits))
        else:
            merged = rows[change.index] | change.edits
            rows[change.index] = {name: value for name, value in merged.items() if value is not None}
    for entity, numbers in gone.items():
        made[entity] = [row for number, row in enumerate(made[entity]) if number not in numbers]
    return made


def _telling(grant: Grant) -> Mapping[tuple[str, str], Sequence[str]]:
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entity, clause in grant.rows.items():
        for place, some in values_of(entity, clause):
            found[place] |= some
    return {place: sorted(some) for place, some in found.items()}


def _seen(records: Records, most: int = 50) -> Mapping[tuple[str, str], Sequence[Any]]:
    """Return some of the values that occur, by entity and field."""
    found: dict[tuple[str, str], dict[Any, None]] = {}
    for entity, rows in records.items():
        for row in rows:
            for name, value in row.items():
                pool = found.setdefault((entity, name), {})
                if isinstance(value, str | int | float) and len(pool) < most:
                    pool.setdefault(value)
    return {place: tuple(pool) for place, pool in found.items() if pool}
