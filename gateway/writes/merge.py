"""The merge of a write: the writer's values for what it sees, the stored values for what it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.engine.laid_over import replaced_fields
from gateway.writes.references import GUARD
from standards.edfi.model.model import by_collection
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.writes.context import WriteContext
    from standards.lenses.lens import Pair
    from standards.vocabulary import Field

    Record = dict[str, Any]

UNKNOWN = "is not a member"
MASKED = "cannot be written: it is not seen as it is"
NAMELESS = frozenset({"key", "id"})


@dataclass(slots=True)
class Merge:
    """One body merged into one stored record.

    *given* is the body in its standard's words and *said* in the vocabulary's, its references already by the
    source's keys; *shown* is the record as the consumer sees it, in the form of a body (None where it cannot be
    rendered so), and *before* the stored one.
    A value given as it is shown is no change, and leaves all that is stored behind it. *path* is where the
    body stands in the request; *wrong* collects what cannot be written.
    """

    context: WriteContext
    given: Mapping[str, Any]
    said: Record
    shown: Mapping[str, Any] | None
    before: Mapping[str, Any]
    path: str
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def merged(self) -> Record:
        """Return the whole record, without its key and its id."""
        record = {name: value for name, value in self.before.items() if name not in NAMELESS}
        behind = self._behind(self.context.lens.pairs, self.before, "") - self.given.keys()
        for pair in self.context.lens.pairs:
            heads = {path.partition(".")[0] for path in pair.local_paths}
            if pair.writer is None or pair.fields == ("id",) or heads & behind or self._unchanged(heads):
                continue
            place = f"{self.path}.{pair.local_paths[0].partition('.')[0]}"
            if pair.word == "flags":
                self._flags(pair, record, place)
            else:
                self._put(pair, self.said, record, "", place)
        self._keep_replaced(record)
        return {name: value for name, value in record.items() if value not in (None, {}, [])}

    def _keep_replaced(self, record: Record) -> None:
        """Keep all that is stored of fields in whose place the consumer is shown something else, or nothing."""
        row = self.context.row_of(self.before["id"]) if "id" in self.before else None
        names = replaced_fields(self.context.shown.visibility, self.context.entity, row)
        for side in (record, self.before) if names else ():
            for name in [name for name in side if name in names or name.partition("@")[0] in names]:
                if side is record:
                    del record[name]
                else:
                    record[name] = self.before[name]

    def changed(self, member: str) -> bool:
        """Tell whether a member of the body differs from what the consumer sees."""
        return self.shown is None or bool(self.given.get(member) != self.shown.get(member))

    def _unchanged(self, heads: set[str]) -> bool:
        return not any(map(self.changed, heads))

    def _put(self, pair: Pair, said: Mapping[str, Any], into: Record, group: str, place: str) -> None:
        """Write the values of one pair into a record, or into an item of a group of it."""
        name = pair.fields[0]
        known = fields_of(self.context.entity)[group + name]
        if pair.word == "each" and not pair.facts.get("bare"):
            items = self._items(pair, said.get(name, []), into.get(name, []), group + name, place)
            into.pop(name, None)
            if items:
                into[name] = items
        elif known.type == "open":
            into[name] = self._open(known, said.get(name, {}), into.get(name, {}), place)
        elif not self.context.grant.releases(known.release):
            if name in said:
                self.wrong[place] = [UNKNOWN]
        elif not self.context.grant.plain(known.release):
            self._masked(known, said.get(name), into.get(name), place)
        elif known.type == "ref" and known.many:
            kept = [key for key in into.get(name) or () if not self._sees(known, key)]
            into[name] = [*said.get(name, ()), *kept]
        elif name in said or not self._hidden(known, into.get(name)):
            _replace(name, said, into, self.context.lens.context.standard)

    def _masked(self, known: Field, said: Any, before: Any, place: str) -> None:
        """Tell whether a value that the consumer sees generalised is sent back as shown, which is no change."""
        if said is None:
            return
        change = self.context.shown.visibility.transform(known)
        told = before is not None and self.context.reads and change is not None and change(before) == said
        if not told:
            self.wrong[place] = [MASKED]

    def _hidden(self, known: Field, before: Any) -> bool:
        """Tell whether a reference points to what the consumer does not see, so that leaving it out removes nothing."""
        return known.type == "ref" and before is not None and not self._sees(known, before)

    def _behind(self, pairs: Iterable[Pair], before: Mapping[str, Any], group: str) -> set[str]:
        """Return the references of a record, or of an item of a *group*, that are at least partly hidden."""
        fields, found = fields_of(self.context.entity), set()
        for one in pairs:
            known = fields.get(group + one.fields[0]) if one.fields else None
            if known is None or one.fields[0] not in before:
                continue
            parted = known.tells and not self.context.grant.releases(known.release)
            if parted or (one.fields[0].endswith(GUARD) and self._hidden(known, before[one.fields[0]])):
                found.add(_local(one))
        return found

    def _sees(self, known: Field, key: Any) -> bool:
        visibility = self.context.shown.visibility
        row, visible = visibility.snapshot.table(known.to).rows.get(key, -1), visibility.visible(known.to)
        return row >= 0 and (visible is None or bool(visible[row]))

    def _open(self, known: Field, said: Mapping[str, Any], before: Mapping[str, Any], place: str) -> Record:
        """Merge an open dictionary: the keys that the consumer may name as given, the rest as stored."""
        grant = self.context.grant

        def plain(member: str) -> bool:
            name = f"{known.release}.{member}"
            return grant.plain(name) and not grant.parted(name)

        for member in said:
            if not plain(member):
                self.wrong[f"{place}.{member[:80]}"] = [UNKNOWN]
        hidden = {member: value for member, value in before.items() if not plain(member)}
        return hidden | dict(said)

    def _items(self, pair: Pair, said: list[Record], before: list[Record], group: str, place: str) -> list[Record]:
        """Merge the items of a group: those given, each with its hidden fields as stored, and the hidden items."""
        left = [item for item in before if not self._hides(pair, item, group)]
        kept = [item for item in before if self._hides(pair, item, group)]
        names = self._telling(pair, group)
        known: dict[Any, list[Record]] = {}
        for item in reversed(left):
            behind = self._behind(pair.pairs, item, f"{group}.")
            told = [None if name.partition(".")[0] in behind else self._told(group, name, item) for name in names]
            known.setdefault(_frozen(told), []).append(item)
        found = []
        for number, item in enumerate(said):
            same = known.get(_frozen([item.get(name) for name in names]))
            into = dict(same.pop()) if same else {}
            behind = self._behind(pair.pairs, into, f"{group}.")
            for inner in _writable(pair):
                if inner.fields[0] not in item and _local(inner) in behind:
                    continue
                at = f"{place}[{number}].{inner.local_paths[0].partition('.')[0]}"
                self._put(inner, item, into, f"{group}.", at)
            found.append({name: value for name, value in into.items() if value not in (None, [])})
        return found + kept

    def _telling(self, pair: Pair, group: str) -> list[str]:
        """Return the fields that identify an item, as far as the consumer sees them."""
        keys, fields = _item_key(pair, self.context.lens.local), fields_of(self.context.entity)
        names = [one.fields[0] for one in _writable(pair) if not one.pairs and (not keys or one.fields[0] in keys)]
        return [name for name in names if self.context.grant.releases(fields[f"{group}.{name}"].release)]

    def _told(self, group: str, name: str, item: Record) -> Any:
        """Return what the consumer sees of a field of a stored item."""
        known, value = fields_of(self.context.entity)[f"{group}.{name}"], item.get(name)
        change = None if self.context.grant.plain(known.release) else self.context.shown.visibility.transform(known)
        return value if change is None or value is None else change(value)

    def _hides(self, pair: Pair, item: Record, group: str) -> bool:
        """Tell whether an item is invisible to the consumer: what it refers to, or all of it, is hidden."""
        fields = fields_of(self.context.entity)
        behind = self._behind(pair.pairs, item, f"{group}.")
        told = [name for name in item if name.partition(".")[0] not in behind and not name.endswith(GUARD)]
        names = [f"{group}.{name}" for name in told if f"{group}.{name}" in fields]
        shown = [name for name in names if self.context.grant.releases(fields[name].release)]
        people = [inner for inner in pair.pairs if inner.word == "split" and inner.fields[0] in item]
        seen = (self._sees(fields[f"{group}.{one.fields[0]}"], item[one.fields[0]]) for one in people if one.fields[0])
        return not shown or not all(seen)

    def _flags(self, pair: Pair, record: Record, place: str) -> None:
        """Merge a list of codes, each of them a field: those the consumer may name as given, the others as stored."""
        assert pair.reader is not None
        assert pair.writer is not None
        context, (many, _, member) = self.context.lens.context, pair.local_paths[0].rpartition(".")
        write, local = pair.writer(context), dict[str, Any]()
        write(self.before, local)
        kept = [item for item in local.get(many, ()) if not self._names(pair, item, member)]
        given = [{member: item.get(member)} for item in self.given.get(many, ())]
        for number, item in enumerate(given):
            if not self._names(pair, item, member):
                self.wrong[f"{place}[{number}].{member}"] = [UNKNOWN]
        for name in (*pair.fields, pair.companion, f"{pair.companion}@{context.standard}"):
            record.pop(name, None)
        told = self.context.lens.read_partial({many: given + kept})
        record.update({name: value for name, value in told.items() if name.startswith(pair.companion)})

    def _names(self, pair: Pair, item: Mapping[str, Any], member: str) -> bool:
        """Tell whether the consumer may name the code in an item of a list of flags."""
        known = fields_of(self.context.entity)
        told = self.context.lens.read_partial({pair.local_paths[0].rpartition(".")[0]: [{member: item.get(member)}]})
        names = [name for name in pair.fields if told.get(name)] or [f"{pair.companion}.other"]
        return all(name in known and self.context.grant.plain(known[name].release) for name in names)


def _replace(name: str, said: Mapping[str, Any], into: Record, standard: str) -> None:
    """Replace a value and its exact tokens; for an equal value the tokens of other standards stay."""
    same = name in said and said[name] == into.get(name)
    for one in [one for one in into if one.partition("@")[0] == name]:
        if not same or one in {name, f"{name}@{standard}"}:
            del into[one]
    if name in said:
        into[name] = said[name]
        into.update({one: kept for one, kept in said.items() if one.startswith(f"{name}@")})


def _frozen(value: Any) -> Any:
    """Return a value as a hashable one: equal where the values are."""
    if isinstance(value, dict):
        return frozenset((name, _frozen(inner)) for name, inner in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _writable(pair: Pair) -> Iterator[Pair]:
    return (inner for inner in pair.pairs if inner.writer is not None)


def _item_key(pair: Pair, collection: str) -> frozenset[str]:
    """Return the fields that identify an item of a group, by the model."""
    resource = by_collection(collection)
    waiting = list(resource.properties.values()) if resource else []
    names = {inner.local_paths[0]: inner.fields[0] for inner in pair.pairs}
    for known in waiting:
        waiting += known.properties.values()
        if known.collection and _covers(known.item_key, names) and known.name == _local(pair):
            return frozenset(names[path] for path in known.item_key)
    return frozenset()


def _covers(paths: Sequence[str], names: Mapping[str, str]) -> bool:
    return bool(paths) and all(path in names for path in paths)


def _local(pair: Pair) -> str:
    """Return the member that a pair reads, or that its members belong to."""
    return pair.local_paths[0].partition(".")[0]
