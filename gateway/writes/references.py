"""References in an Ed-Fi body: resolved to records that exist for the writer, under the source's own keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gateway.engine.renderer import compile_branch
from gateway.writes.native_targets import OF_SCHOOL, SESSION, all_properties, native_entity
from gateway.writes.row_rules import Admission
from standards import registry
from standards.edfi.model.model import natural_key, resources
from standards.fields import fields_of, follow
from standards.lenses.types import as_text
from standards.view import Branch, Const, Id, Links, List, Object, Reference, Value
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.writes.context import WriteContext
    from standards.edfi.model.model import Property
    from standards.lenses.lens import Pair
    from standards.view import Node

    Record = dict[str, Any]
    Key = tuple[str, ...]

GUARD = "@"


@dataclass
class Resolver:
    """Resolves the references of one body; *missing* are the kinds of records that were not found.

    Members that are *unchanged* are not looked up. *owners* are those among the fields found missing to which the
    record would belong.
    """

    context: WriteContext
    unchanged: frozenset[str] = frozenset()
    missing: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)

    def resolve(self, said: Record) -> Record:
        """Return *said* with every reference by the key that the source knows its target by."""
        return self._pairs(self.context.lens.pairs, said, "")

    def _pairs(self, pairs: Sequence[Pair], said: Record, group: str) -> Record:
        found = dict(said)
        for pair in pairs:
            name = pair.fields[0] if pair.fields else ""
            if name not in said or (not group and self._is_unchanged(pair)):
                continue
            if pair.word == "each":
                found[name] = self._items(pair, said[name], group + name)
            elif _points(pair):
                found[name] = self._target(pair, said[name], group + name)
        return found

    def _is_unchanged(self, pair: Pair) -> bool:
        return all(path.partition(".")[0] in self.unchanged for path in pair.local_paths)

    def _items(self, pair: Pair, items: list[Any], name: str) -> list[Any]:
        if not pair.facts.get("bare"):
            return [self._pairs(pair.pairs, item, f"{name}.") for item in items]
        inner = pair.pairs[0]
        return [self._target(inner, item, name) for item in items] if _points(inner) else items

    def _target(self, pair: Pair, key: Key, name: str) -> Key:
        to = fields_of(self.context.entity)[name].to
        if to not in self.context.adapter.manifest.entities:
            return key  # only the source can tell
        found = None if self._is_parted(pair, name) else self._shown(pair, key, name, to)
        if found is None:
            self._miss(pair, name, to)
            return key
        return found

    def _is_parted(self, pair: Pair, name: str) -> bool:
        """Tell whether a member beside a guard is hidden: whoever names it would learn what exists."""
        fields, beside = fields_of(self.context.entity), name.removesuffix(GUARD)
        known = (fields.get(f"{beside}.{_last(path)}") for path in pair.local_paths) if beside != name else ()
        return any(one is not None and not self.context.grant.releases(one.release) for one in known)

    def _miss(self, pair: Pair, name: str, to: str) -> None:
        self.missing.append(_called(pair, self.context.lens.local) or to)
        if fields_of(self.context.entity)[name].owner:
            self.owners.append(to)

    def _shown(self, pair: Pair, key: Key, name: str, to: str) -> Key | None:
        """Return the source's key of the record that the consumer is shown under *key*."""
        visibility = self.context.shown.visibility
        table, visible = visibility.snapshot.table(to), visibility.visible(to)
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
        """Return the sessions that a source keeps once for all schools, by the keys that each school's are shown by."""
        visibility, target = self.context.shown.visibility, resources().get(_called(pair, self.context.lens.local))
        if target is None:
            return {}

        def make() -> Mapping[Key, int]:
            found: list[tuple[Key, int]] = []
            for shown in self.context.gateway.views.branches(visibility, registry.views("edfi")[target.collection]):
                if shown.branch.entity == OF_SCHOOL:
                    rows, sessions = shown.rows, visibility.snapshot.table(OF_SCHOOL).refs.get("session", ())
                    for row, document in zip(rows, shown.render(rows, ""), strict=True):
                        key = dict(zip(map(_last, target.identity), natural_key(target, document), strict=True))
                        found.append((_folded(_parts(pair, key)), sessions[row]))
            return _alone(found)

        return visibility.once(("targets of schools", target.collection), make)

    def _located(self, to: str, key: Key) -> Key | None:
        """Return *key*, if the source has a visible record under it; for an entity without an index of keys."""
        record = self.context.adapter.locate(to, key)
        return key if record is not None and Admission(self.context.shown.visibility, to).sees(record) else None

    def _bears(self, pair: Pair, name: str, to: str, row: int, parts: Key) -> bool:
        """Tell whether the consumer is shown the record in *row* under just these *parts*."""
        visibility = self.context.shown.visibility
        if to in PERSONS:
            return bool(visibility.unique_ids(to)[row] == parts[0])
        if name.endswith(GUARD):
            return True  # the members beside it are the record's own, and are shown as they are
        nodes = self._hops.get(name)
        if nodes is None:
            return False
        (shown,) = compile_branch(Branch(to, nodes), visibility, "edfi")((row,), "")
        return _folded(_parts(pair, shown)) == _folded(parts)

    def _index(self, pair: Pair, name: str, to: str) -> Mapping[Key, int]:
        """Index the rows of *to* that exist for the consumer, by the members of a reference as it is shown them."""
        visibility = self.context.shown.visibility

        def make() -> Mapping[Key, int]:
            rows = visibility.rows(to)
            if to in PERSONS:
                ids = visibility.unique_ids(to)
                return _alone((_folded((str(ids[row]),)), row) for row in rows)
            nodes = self._hops.get(name)
            if nodes is None:
                return {}
            shown = compile_branch(Branch(to, nodes), visibility, "edfi")(rows, "")
            return _alone((_folded(_parts(pair, one)), row) for one, row in zip(shown, rows, strict=True))

        return visibility.once(("targets", self.context.entity, name), make)

    @cached_property
    def _hops(self) -> Mapping[str, tuple[Node, ...]]:
        branch = self.context.shown.branch
        found: dict[str, tuple[Node, ...]] = {}
        for name, nodes in _hops(branch.nodes, branch.entity, ""):
            found[name] = (*found.get(name, ()), *nodes)  # where one shows nothing, the next does
        return found


def natives(context: WriteContext, own: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """Return the kinds of native resources that a document in the source's *own* terms refers to and that do not exist.

    References that are as they were *shown* are not looked up again.
    """
    resource = resources()[context.request.view.model]
    found = []
    for known, given in _references(resource.properties, own, shown):
        entity, target = native_entity(known), resources().get(known.reference)
        if target is None or entity not in context.adapter.manifest.entities:
            continue
        parts = [_last(path) for path in target.identity]
        if set(parts) != set(given):
            continue  # its members bear the names of roles here: the source will tell
        record = context.adapter.locate(entity, tuple(str(as_text(given[part])) for part in parts))
        if record is None or not Admission(context.shown.visibility, entity).sees(record):
            found.append(known.reference)
    return found


def _references(
    properties: Mapping[str, Property], document: Mapping[str, Any], shown: Any
) -> Iterator[tuple[Property, Mapping[str, Any]]]:
    """Yield every reference in a document that was not shown at the same path."""
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
    """Tell whether a pair writes a reference that a document names: by its key, or as the guard beside its members."""
    return pair.word == "split" or (pair.word == "read_only" and pair.fields[0].endswith(GUARD))


def _called(pair: Pair, collection: str) -> str:
    """Return the kind of record that a pair's reference points to, in the model's words."""
    name = pair.local_paths[0].partition(".")[0]
    return next((known.reference for known in all_properties(collection) if known.name == name), "")


def _parts(pair: Pair, shown: Mapping[str, Any]) -> Key:
    """Return the parts of the key in a reference as it is shown."""
    return tuple(str(as_text(shown.get(_last(path)))) for path in pair.local_paths)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _folded(parts: Sequence[str]) -> Key:
    return tuple(part.casefold() for part in parts)


def _telling(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the nodes that show the key of a target, without its address."""
    return tuple(one for one in nodes if isinstance(one, Value | Id | Const))


def _from(nodes: Sequence[Node], ref: str) -> tuple[Node, ...]:
    """Return the values that *nodes* show of a reference's target, as seen from there."""
    values = (one for one in nodes if isinstance(one, Value))
    told = ((one, tuple(name.removeprefix(ref) for name in one.sources if name.startswith(ref))) for one in values)
    return tuple(replace(one, sources=sources) for one, sources in told if sources)


def _alone(pairs: Iterable[tuple[Key, int]]) -> Mapping[Key, int]:
    """Index rows by key, leaving out a key that several rows are shown under."""
    found: dict[Key, int] = {}
    twice: set[Key] = set()
    for key, row in pairs:
        if key in found:
            twice.add(key)
        found[key] = row
    return {key: row for key, row in found.items() if key not in twice}


def _hops(nodes: Sequence[Node], entity: str, prefix: str) -> Iterator[tuple[str, tuple[Node, ...]]]:
    """Return the nodes that show the target of each reference, by the field that is the reference."""
    for node in nodes:
        match node:
            case Reference():
                yield prefix + node.ref, _telling(node.nodes)
            case Object():
                if node.guard and not node.guard.endswith(GUARD):
                    yield prefix + node.guard, _from(node.nodes, f"{node.guard}.")
                yield from _hops(node.nodes, entity, prefix)
            case List():
                inside, inner = entity, prefix
                for step in node.steps:
                    if isinstance(step, Links) and isinstance(node.nodes[0], Object):
                        yield inner + step.ref, _telling(node.nodes[0].nodes)
                    inside, inner = follow(step, inside, inner)
                if inside == entity:
                    yield from _hops(node.nodes, entity, inner)
