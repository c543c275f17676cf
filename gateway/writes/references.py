"""What the references in an Ed-Fi body point to: records that exist for the writer, under the source's own keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gateway.engine.renderer import compile_branch
from gateway.writes.row_rules import Admission
from standards import registry
from standards.edfi.model.model import by_collection, natural_key, resources
from standards.lenses.types import as_text
from standards.view import Branch, Const, Hop, Id, Links, Many, Obj, Val, fields_of, follow
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.writes.context import Desk
    from standards.edfi.model.model import Property
    from standards.lenses.lens import Pair
    from standards.view import Node, View

    Record = dict[str, Any]
    Key = tuple[str, ...]

GUARD = "@"
SESSION, OF_SCHOOL = "session", "schoolSession"
"""What a source states once for all schools, and the entity of what each school has of it."""


@dataclass
class Resolver:
    """Looks up the references of one body; *missing* are the kinds of things that were not found.

    Members that are *unchanged* are not looked at. *owners* are those among the fields found missing to which the
    record would belong.
    """

    desk: Desk
    unchanged: frozenset[str] = frozenset()
    missing: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)

    def resolve(self, said: Record) -> Record:
        """*said* with every reference by the key that the source knows its target by."""
        return self._pairs(self.desk.lens.pairs, said, "")

    def _pairs(self, pairs: Sequence[Pair], said: Record, group: str) -> Record:
        found = dict(said)
        for pair in pairs:
            name = pair.fills[0] if pair.fills else ""
            if name not in said or (not group and self._is_unchanged(pair)):
                continue
            if pair.word == "each":
                found[name] = self._items(pair, said[name], group + name)
            elif _points(pair):
                found[name] = self._target(pair, said[name], group + name)
        return found

    def _is_unchanged(self, pair: Pair) -> bool:
        return all(path.partition(".")[0] in self.unchanged for path in pair.consumes)

    def _items(self, pair: Pair, items: list[Any], name: str) -> list[Any]:
        if not pair.facts.get("bare"):
            return [self._pairs(pair.pairs, item, f"{name}.") for item in items]
        inner = pair.pairs[0]
        return [self._target(inner, item, name) for item in items] if _points(inner) else items

    def _target(self, pair: Pair, key: Key, name: str) -> Key:
        to = fields_of(self.desk.entity)[name].to
        if to not in self.desk.adapter.manifest.entities:
            return key  # nobody here can tell: the source will
        found = None if self._is_parted(pair, name) else self._shown(pair, key, name, to)
        if found is None:
            self._miss(pair, name, to)
            return key
        return found

    def _is_parted(self, pair: Pair, name: str) -> bool:
        """Whether a member beside a guard is hidden: whoever names it would learn what is there."""
        fields, beside = fields_of(self.desk.entity), name.removesuffix(GUARD)
        known = (fields.get(f"{beside}.{_last(path)}") for path in pair.consumes) if beside != name else ()
        return any(one is not None and not self.desk.grant.releases(one.release) for one in known)

    def _miss(self, pair: Pair, name: str, to: str) -> None:
        self.missing.append(_called(pair, self.desk.lens.local) or to)
        if fields_of(self.desk.entity)[name].owner:
            self.owners.append(to)

    def _shown(self, pair: Pair, key: Key, name: str, to: str) -> Key | None:
        """The source's key of the record that the consumer is shown under *key*."""
        faces = self.desk.shown.faces
        table, visible = faces.generation.table(to), faces.visible(to)
        row = table.rows.get(key)
        parts = key[len(pair.facts.get("prefix", ())) :]
        if row is not None and (visible is None or visible[row]) and self._bears(pair, name, to, row, parts):
            return key
        if name.endswith(GUARD):
            return self._located(to, key) if not table.rows and table.size else None
        row = self._index(pair, name, to).get(_folded(parts))
        if row is None and to == SESSION:
            row = self._of_schools(pair).get(_folded(parts))
        return table.key(row) if row is not None else None

    def _of_schools(self, pair: Pair) -> Mapping[Key, int]:
        """The sessions that a source states once for all schools, by the keys under which those of each are shown."""
        faces, target = self.desk.shown.faces, resources().get(_called(pair, self.desk.lens.local))
        if target is None:
            return {}

        def make() -> Mapping[Key, int]:
            found: list[tuple[Key, int]] = []
            for shown in self.desk.gateway.branches(faces, registry.views("edfi")[target.collection]):
                if shown.branch.entity == OF_SCHOOL:
                    rows, sessions = shown.rows, faces.generation.table(OF_SCHOOL).refs.get("session", ())
                    for row, document in zip(rows, shown.render(rows, ""), strict=True):
                        key = dict(zip(map(_last, target.identity), natural_key(target, document), strict=True))
                        found.append((_folded(_parts(pair, key)), sessions[row]))
            return _alone(found)

        return faces.once(("targets of schools", target.collection), make)

    def _located(self, to: str, key: Key) -> Key | None:
        """*key*, if the source has a record under it that exists for the consumer; for what a hold keeps no keys of."""
        record = self.desk.adapter.locate(to, key)
        return key if record is not None and Admission(self.desk.shown.faces, to).sees(record) else None

    def _bears(self, pair: Pair, name: str, to: str, row: int, parts: Key) -> bool:
        """Whether the consumer is shown the record in *row* under just these *parts*."""
        faces = self.desk.shown.faces
        if to in PERSONS:
            return bool(faces.unique_ids(to)[row] == parts[0])
        if name.endswith(GUARD):
            return True  # the members beside it are the record's own, and are shown as they are
        nodes = self._hops.get(name)
        if nodes is None:
            return False
        (shown,) = compile_branch(Branch(to, nodes), faces, "edfi")((row,), "")
        return _folded(_parts(pair, shown)) == _folded(parts)

    def _index(self, pair: Pair, name: str, to: str) -> Mapping[Key, int]:
        """The rows of *to* that exist for the consumer, by the members of a reference as it is shown them."""
        faces = self.desk.shown.faces

        def make() -> Mapping[Key, int]:
            rows = faces.rows(to)
            if to in PERSONS:
                ids = faces.unique_ids(to)
                return _alone((_folded((str(ids[row]),)), row) for row in rows)
            nodes = self._hops.get(name)
            if nodes is None:
                return {}
            shown = compile_branch(Branch(to, nodes), faces, "edfi")(rows, "")
            return _alone((_folded(_parts(pair, one)), row) for one, row in zip(shown, rows, strict=True))

        return faces.once(("targets", self.desk.entity, name), make)

    @cached_property
    def _hops(self) -> Mapping[str, tuple[Node, ...]]:
        branch = self.desk.shown.branch
        found: dict[str, tuple[Node, ...]] = {}
        for name, nodes in _hops(branch.nodes, branch.entity, ""):
            found[name] = (*found.get(name, ()), *nodes)  # where one shows nothing, the next does
        return found


def natives(desk: Desk, own: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """The kinds of native resources that a document in the source's *own* terms points to and that are not there.

    References that are as they were *shown* are not looked at again.
    """
    resource = resources()[desk.request.view.model]
    found = []
    for known, given in _references(resource.properties, own, shown):
        entity, target = _native(known), resources().get(known.reference)
        if target is None or entity not in desk.adapter.manifest.entities:
            continue
        parts = [_last(path) for path in target.identity]
        if set(parts) != set(given):
            continue  # its members bear the names of roles here: the source will tell
        record = desk.adapter.locate(entity, tuple(str(as_text(given[part])) for part in parts))
        if record is None or not Admission(desk.shown.faces, entity).sees(record):
            found.append(known.reference)
    return found


def native_targets(view: View) -> frozenset[str]:
    """The native entities that records of an Ed-Fi *view* may point to."""
    if view.api != "edfi":
        return frozenset()
    return frozenset(entity for known in _all_properties(view.name) if (entity := _native(known)))


def _native(known: Property) -> str:
    """The native entity that a member points to; empty where it points to none."""
    target = resources().get(known.reference)
    if target is None:
        return ""
    entity = registry.lens("edfi", target.collection).entity
    return entity if entity.startswith("edfi.") else ""


def _references(
    properties: Mapping[str, Property], document: Mapping[str, Any], shown: Any
) -> Iterator[tuple[Property, Mapping[str, Any]]]:
    """Every reference in a document that was not shown in the same place."""
    for name, value in document.items():
        known = properties.get(name)
        before = shown.get(name) if isinstance(shown, dict) else None
        if known is None or value == before:
            continue
        if known.reference and isinstance(value, dict):
            yield known, value
        elif known.collection and isinstance(value, list):
            for item in value:
                if isinstance(item, dict) and item not in (before or ()):
                    yield from _references(known.properties, item, None)
        elif known.type == "object" and isinstance(value, dict):
            yield from _references(known.properties, value, before)


def _points(pair: Pair) -> bool:
    """Whether a pair fills a reference that a document names: by its key, or as the guard beside its members."""
    return pair.word == "split" or (pair.word == "read_only" and pair.fills[0].endswith(GUARD))


def _called(pair: Pair, collection: str) -> str:
    """The kind of thing that a pair's reference points to, in the model's words."""
    name = pair.consumes[0].partition(".")[0]
    return next((known.reference for known in _all_properties(collection) if known.name == name), "")


def _all_properties(collection: str) -> Iterator[Property]:
    resource = by_collection(collection)
    waiting = list(resource.properties.values()) if resource else []
    while waiting:
        known = waiting.pop(0)
        yield known
        waiting += known.properties.values()


def _parts(pair: Pair, shown: Mapping[str, Any]) -> Key:
    """The parts of the key in a reference as it is shown."""
    return tuple(str(as_text(shown.get(_last(path)))) for path in pair.consumes)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _folded(parts: Sequence[str]) -> Key:
    return tuple(part.casefold() for part in parts)


def _telling(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes that show the key of a target, without its address."""
    return tuple(one for one in nodes if isinstance(one, Val | Id | Const))


def _from(nodes: Sequence[Node], ref: str) -> tuple[Node, ...]:
    """The values that *nodes* show of what a reference leads to, as seen from there."""
    values = (one for one in nodes if isinstance(one, Val))
    told = ((one, tuple(name.removeprefix(ref) for name in one.sources if name.startswith(ref))) for one in values)
    return tuple(replace(one, sources=sources) for one, sources in told if sources)


def _alone(pairs: Iterable[tuple[Key, int]]) -> Mapping[Key, int]:
    """Rows by key; a key that several rows are shown under names none of them."""
    found: dict[Key, int] = {}
    twice: set[Key] = set()
    for key, row in pairs:
        if key in found:
            twice.add(key)
        found[key] = row
    return {key: row for key, row in found.items() if key not in twice}


def _hops(nodes: Sequence[Node], entity: str, prefix: str) -> Iterator[tuple[str, tuple[Node, ...]]]:
    """The nodes that show the target of each reference, by the field that is the reference."""
    for node in nodes:
        match node:
            case Hop():
                yield prefix + node.ref, _telling(node.nodes)
            case Obj():
                if node.guard and not node.guard.endswith(GUARD):
                    yield prefix + node.guard, _from(node.nodes, f"{node.guard}.")
                yield from _hops(node.nodes, entity, prefix)
            case Many():
                inside, inner = entity, prefix
                for step in node.steps:
                    if isinstance(step, Links) and isinstance(node.nodes[0], Obj):
                        yield inner + step.ref, _telling(node.nodes[0].nodes)
                    inside, inner = follow(step, inside, inner)
                if inside == entity:
                    yield from _hops(node.nodes, entity, inner)
