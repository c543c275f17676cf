"""A plain interpreter of views over vocabulary records: slow, obvious, and what the compiled engine must equal.

It shares with the engine the declarations (views, pruning, grants, forms, transforms and keys) and nothing
else: no columns, no visibility, no generated code, no row index.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from gateway.engine.reference_links import always_seen, shown_whole
from policies import population as p
from policies.transforms import transform
from standards import view as v
from standards.edfi.model import links
from standards.edfi.model.model import by_collection
from standards.fields import fields_of, follow, trail
from standards.query import Condition
from standards.vocabulary import PERSONS
from tests.support.comparing import found as found_at
from tests.support.comparing import holds, matches, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.grant import Grant
    from standards.keys import Keyring
    from standards.query import Query

Record = dict[str, Any]
ABSENT = object()


class Oracle:
    """One district's records as one grant shows them on one day."""

    def __init__(
        self,
        records: Iterable[tuple[str, Record]],
        grant: Grant,
        keyring: Keyring,
        district: str,
        today: str,
        key: bytes,
    ) -> None:
        self.grant, self.keyring, self.district, self.today, self.key = grant, keyring, district, today, key
        self.rows: dict[str, dict[tuple[str, ...], Record]] = {}
        for entity, record in records:
            self.rows.setdefault(entity, {})[record["key"]] = record
        self._seen: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._kids: dict[tuple[str, str], dict[tuple[str, ...], list[Record]]] = {}
        self._shown: dict[tuple[str, str, str, float], list[tuple[str, v.Branch, Record]]] = {}

    # what exists

    def unrestricted(self, entity: str) -> bool:
        """Tell whether no row rule touches the entity or what its rows belong to."""
        owners = {field.to for field in fields_of(entity).values() if field.owner} - {entity}
        return entity not in self.grant.rows and all(map(self.unrestricted, owners))

    def kids(self, entity: str, via: str, key: tuple[str, ...]) -> list[Record]:
        """Return the records of *entity* that point to *key* with their reference *via*."""
        if (entity, via) not in self._kids:
            known = self._kids[entity, via] = {}
            for record in self.rows.get(entity, {}).values():
                if via in record:
                    known.setdefault(record[via], []).append(record)
        return self._kids[entity, via].get(key, [])

    def seen(self, entity: str, record: Record) -> bool:
        place = (entity, record["key"])
        if place not in self._seen:
            clause = self.grant.rows.get(entity)
            fields = fields_of(entity)
            self._seen[place] = (clause is None or self.holds(entity, record, clause)) and all(
                self.owned(record, field) for field in fields.values() if field.owner
            )
        return self._seen[place]

    def owned(self, record: Record, field: Any) -> bool:
        if field.name not in record:
            return field.lenient or field.to not in PERSONS
        owner = self.rows.get(field.to, {}).get(record[field.name])
        if owner is None:
            return field.lenient and field.to not in PERSONS and self.unrestricted(field.to)
        return self.seen(field.to, owner)

    def holds(self, entity: str, record: Record, clause: p.Clause) -> bool:  # noqa: PLR0911  one answer per clause
        match clause:
            case p.All(parts):
                return all(self.holds(entity, record, part) for part in parts)
            case p.AnyOf(parts):
                return any(self.holds(entity, record, part) for part in parts)
            case p.In(name, values):
                return self.read(record, name) in values
            case p.NotIn(name, values):
                return self.read(record, name) is not None and self.read(record, name) not in values
            case p.Null(name):
                return self.read(record, name) is None
            case p.Active(begin, end):
                first = [record[name] for name in begin if name in record][:1]
                return bool(first) and first[0] <= self.today and not record.get(end, "9999") < self.today
            case p.Seen(ref):
                target = self.target(entity, record, ref)
                return target is not None
            case p.Child(child, via, inner):
                return any(self.holds(child, kid, inner) for kid in self.kids(child, via, record["key"]))
            case p.RefIn(ref, names, values):
                to = fields_of(entity)[ref].to
                target = self.rows.get(to, {}).get(record.get(ref, ()))
                return target is not None and any(self.read(target, name) in values for name in names)

    @staticmethod
    def read(record: Record, name: str) -> Any:
        if name == "key":
            return record["key"][0] if len(record["key"]) == 1 else None
        return record.get(name)

    def target(
        self, entity: str, record: Record, ref: str, within: Record | None = None, name: str = ""
    ) -> Record | None:
        """Return the visible record that a reference of *record* (or of an item *within* it) leads to."""
        field = fields_of(entity)[ref]
        key = (within if within is not None else record).get(name or ref)
        found = self.rows.get(field.to, {}).get(key) if key is not None else None
        return found if found is not None and self.seen(field.to, found) else None

    # what is shown

    def outward(self, entity: str, record: Record, api: str, *, unique: bool = False) -> str:
        own = record.get("id") or self.keyring.outward_ids(self.district, entity, [record["key"]])[0]
        rule = self.grant.rule(fields_of(entity)["id"].release)
        block = self.keyring.blocks(self.district, entity, [own])
        if rule is not None and rule.action == "pseudonym":
            return self.keyring.pseudonyms(self.grant.client, block)[0]
        if unique and entity in PERSONS:
            return record.get("uniqueId") or (own if len(own) <= 32 else block.hex())
        return own if api != "edfi" else block.hex()

    def value(self, node: v.Value, entity: str, record: Record, prefix: str, item: Record | None, api: str) -> Any:
        for source in node.sources:
            fields = trail(entity, prefix + source)
            here, at, inside = record, entity, item
            name = fields[0].name.removeprefix(prefix) if inside is not None else fields[0].name
            for field, after in pairwise(fields):
                found = self.target(at, here, field.name, inside, name)
                if found is None:
                    break
                here, at, inside, name = found, field.to, None, after.name
            else:
                shown = self.shown(node, fields[-1], inside if inside is not None else here, name, api)
                if shown is not None:
                    return shown
        return None

    def shown(self, node: v.Value, field: Any, holder: Record, name: str, api: str) -> Any:
        if name not in holder:
            return None
        rule = self.grant.rule(field.release)
        if rule is None or rule.action == "pseudonym":
            return None
        if rule.action == "allow" and f"{name}@{api}" in holder:
            return holder[f"{name}@{api}"]
        values = list(holder[name]) if field.many else [holder[name]]
        if rule.action != "allow":
            values = [left for one in values if (left := self.masked(rule.action, field.release, one)) is not None]
        form = node.form_of(masked=rule.action != "allow")
        if form is not None:
            values = [formed for one in values if (formed := form(one)) is not None]
        if field.many:
            return values or (None if rule.action != "allow" or node.form else values)
        return values[0] if values else None

    def masked(self, action: str, name: str, value: Any) -> Any:
        """Apply the action for *name* to a value."""
        if action == "allow":
            return value
        return transform(action, lambda text: self.keyring.hash_value(self.grant.agreement, name, text))(value)

    def members(
        self, nodes: Sequence[v.Node], entity: str, record: Record, api: str, base: str,
        prefix: str = "", item: Record | None = None, into: Record | None = None,
    ) -> Record:  # fmt: skip
        shown: Record = {} if into is None else into
        had = set(shown)
        for node in nodes:
            adds = isinstance(node, v.List) and node.adds
            if node.name and node.name in shown and node.name not in had and not adds:
                continue
            if isinstance(node, v.Reference) and not node.name:
                target = self.target(entity, record, prefix + node.ref, item, node.ref)
                if target is not None:
                    self.members(node.nodes, fields_of(entity)[prefix + node.ref].to, target, api, base, into=shown)
                continue
            value = self.member(node, entity, record, api, base, prefix, item)
            if adds and value is not ABSENT and node.beside:
                taken = [one.get(node.beside) for one in shown.get(node.name, ())]
                value = [one for one in value if one.get(node.beside) not in taken]
            if adds and value is not ABSENT:
                value = self.arranged(node, [*shown.get(node.name, ()), *value])
            if (value is not ABSENT and value is not None) or isinstance(node, v.Stamp):
                shown[node.name] = None if isinstance(node, v.Stamp) else value
        return shown

    def member(  # noqa: C901, PLR0911  one answer per kind of node
        self, node: v.Node, entity: str, record: Record, api: str, base: str, prefix: str, item: Record | None
    ) -> Any:
        match node:
            case v.Const():
                return self.chosen(node.value, node.by, record, item)
            case v.Stamp():
                return ABSENT
            case v.Id():
                return self.outward(entity, record, api, unique=node.unique)
            case v.Href():
                path, name = self.chosen(node.path, node.by, record, item), self.outward(entity, record, api)
                if path is ABSENT:
                    return ABSENT
                own = f"{path}/{quote(name, safe='')}"
                return f"{base}/{own}" if api != "edfi" else own
            case v.Value():
                return self.value(node, entity, record, prefix, item, api)
            case v.Native():
                return self.open_members(node, entity, record if item is None else item, prefix)
            case v.Object():
                if node.guard and not self.guarded(entity, record, prefix + node.guard, item, node.guard):
                    return ABSENT
                inner = self.members(node.nodes, entity, record, api, base, prefix, item)
                return inner if self.says(node.nodes, inner) else ABSENT
            case v.Reference():
                target = self.target(entity, record, prefix + node.ref, item, node.ref)
                if target is None:
                    return ABSENT
                inner = self.members(node.nodes, fields_of(entity)[prefix + node.ref].to, target, api, base)
                return ABSENT if not self.says(node.nodes, inner) else [inner] if node.listed else inner
            case v.List():
                return self.many(node, entity, record, api, base, prefix, item)

    @staticmethod
    def chosen(value: Any, by: str, record: Record, item: Record | None) -> Any:
        """Return a constant or an address for a record, selected by a field of it where one is named."""
        return value.get((record if item is None else item).get(by), ABSENT) if by else value

    def guarded(self, entity: str, record: Record, ref: str, item: Record | None, name: str) -> bool:
        field = fields_of(entity)[ref]
        return (field.lenient and self.unrestricted(field.to)) or self.target(
            entity, record, ref, item, name
        ) is not None

    @staticmethod
    def says(nodes: Sequence[v.Node], inner: Record) -> bool:
        return len(inner) > sum(1 for node in nodes if not v.tells(node))

    def open_members(self, node: v.Native, entity: str, holder: Record, prefix: str) -> Any:
        name = fields_of(entity)[prefix + node.field].release
        kept = {}
        for member, value in sorted((holder.get(node.field) or {}).items()):
            rule = self.grant.rule(f"{name}.{member}")
            if rule is None:
                continue
            left = self.masked(rule.action, f"{name}.{member}", value)
            if left is not None:
                kept[member] = left
        return kept or ABSENT

    def many(
        self, node: v.List, entity: str, record: Record, api: str, base: str, prefix: str, item: Record | None
    ) -> Any:
        found: list[Any] = []
        for first, (at, here, inside, within) in self.walk(node.steps, entity, record, prefix, item):
            if node.bare:
                told = (self.member(one, at, here, api, base, inside, within) for one in node.nodes)
                found += [value for value in told if value is not ABSENT and value is not None][:1]
                continue
            inner: Record = {}
            if node.early:
                self.members(node.early, *first[:2], api, base, first[2], first[3], inner)
            inner = self.merge(inner, self.members(node.nodes, at, here, api, base, inside, within))
            if self.says((*node.early, *node.nodes), inner) and all(name in inner for name in node.needs):
                found.append(inner)
        if not found:
            return ABSENT
        if node.single:
            return min(found, key=str) if node.single == "least" else max(found, key=str)
        if node.bare:
            return sorted(set(found) if node.distinct else found, key=str) if len(found) > 1 else found
        return found if node.adds else self.arranged(node, found)

    @staticmethod
    def arranged(node: v.List, found: list[Any]) -> list[Any]:
        found = node.settle(found) if node.settle else found
        found.sort(key=lambda one: ([str(one.get(name, "")) for name in node.order], orjson.dumps(one)))
        if node.distinct:
            found = [one for at, one in enumerate(found) if not at or one != found[at - 1]]
        return found

    @staticmethod
    def merge(early: Record, late: Record) -> Record:
        return early | late

    def walk(
        self, steps: Sequence[Any], entity: str, record: Record, prefix: str, item: Record | None, first: Any = None
    ) -> Iterator[tuple[Any, tuple[str, Record, str, Record | None]]]:
        if not steps:
            yield first, (entity, record, prefix, item)
            return
        step, rest = steps[0], steps[1:]
        for place in self.step(step, entity, record, prefix, item):
            yield from self.walk(rest, *place, first or place)

    def step(  # noqa: C901  one way per kind of step
        self, step: Any, entity: str, record: Record, prefix: str, item: Record | None
    ) -> Iterator[tuple[str, Record, str, Record | None]]:
        after, inner = follow(step, entity, prefix)
        holder = record if item is None else item
        match step:
            case v.Children():
                for kid in self.kids(step.entity, step.via, record["key"]):
                    if self.seen(step.entity, kid):
                        yield after, kid, inner, None
            case v.Follow():
                target = self.target(entity, record, prefix + step.ref, item, step.ref)
                if target is not None:
                    yield after, target, "", None
            case v.Links():
                for key in holder.get(step.ref) or ():
                    target = self.rows.get(after, {}).get(key)
                    if target is not None and self.seen(after, target):
                        yield after, target, "", None
            case v.Items():
                for one in holder.get(step.field) or ():
                    if all(self.target(entity, record, inner + owner, one, owner) for owner in step.owners):
                        yield entity, record, inner, one

    # what answers a query

    def records(self, view: v.View, base: str, loaded: float) -> list[tuple[str, v.Branch, Record]]:
        """Return every record of a pruned view with its id and branch, by released id."""
        place = (view.api, view.name, base, loaded)
        if place not in self._shown:
            found = [one for branch in view.branches for one in self.of_branch(view, branch, base, loaded)]
            self._shown[place] = sorted(found, key=lambda one: one[0])
        return self._shown[place]

    def of_branch(
        self, view: v.View, branch: v.Branch, base: str, loaded: float
    ) -> Iterator[tuple[str, v.Branch, Record]]:
        """Yield the records of one branch, in no particular order."""
        best: dict[Any, tuple[Any, str, v.Branch, Record]] = {}
        for record, (name, _, shown) in self.all_of_branch(view, branch, base, loaded):
            if branch.once is None:
                yield name, branch, shown
                continue
            key = *(record.get(ref, record["key"]) for ref in branch.once.refs), *map(shown.get, branch.once.members)
            last = (shown.get(branch.once.last) is None, str(shown.get(branch.once.last)))
            if key not in best or last > best[key][0] or (last == best[key][0] and name < best[key][1]):
                best[key] = (last, name, branch, shown)
        yield from (one[1:] for one in best.values())

    def all_of_branch(
        self, view: v.View, branch: v.Branch, base: str, loaded: float
    ) -> Iterator[tuple[Record, tuple[str, v.Branch, Record]]]:
        """Yield the records of one branch, repeated keys too, each after its source record."""
        names = {node.name for node in branch.nodes}
        for record in self.rows.get(branch.entity, {}).values():
            if not self.seen(branch.entity, record):
                continue
            if any(record.get(name) not in values for name, values in branch.where):
                continue
            shown = self.linked(branch, self.members(branch.nodes, branch.entity, record, view.api, base), record)
            if any(name in names and shown.get(name) in (None, "", [], {}) for name in branch.needs):
                continue
            if branch.backed and not self.members(branch.backed, branch.entity, record, view.api, base):
                continue
            only = all(
                matches(found_at(shown, path), Condition(path, "=", value), "text") for path, value in branch.only
            )
            if only or any(self.pointed_to(step, record) for step in branch.also):
                stamped = _stamped(branch, shown, view.api, loaded, self.key)
                yield record, (self.outward(branch.entity, record, view.api), branch, stamped)

    def linked(self, branch: v.Branch, shown: Record, record: Record) -> Record:
        """Add to a record the links to what the branch does not read."""
        whole, told = deepcopy(shown), links.read(record.get(links.FIELD, ""))
        for _, collection in branch.linked:
            for site in links.sites(collection):
                for reference in links.references(whole, site):
                    if "link" not in reference and (found := self.link(branch, site, reference, told)):
                        reference["link"] = found
        return whole

    def link(
        self, branch: v.Branch, site: links.ReferenceSite, reference: Record, told: list[links.StatedReference]
    ) -> Record:
        """Return the link of a reference; empty where it has none."""
        said = site.said(reference)
        fits = [one for one in told if said is not None and one.name == site.name and one.values in {None, said}]
        places = {(one.collection, one.id, one.key) for one in fits}
        target = shown_whole(self.grant, fits[0].collection) if len(places) == 1 else None
        if target is None or (target.where and not fits[0].id):
            return {}
        end = ".".join((*site.path, site.name))
        guards = [name for name, field in fields_of(branch.entity).items() if field.to == "organization"]
        guarded = any(f".{name}".endswith(f".{end}@") for name in guards)
        if not always_seen(self.grant, target.entity, site, guarded=guarded):
            return {}
        known, one = (
            by_collection(fits[0].collection),
            {"key": fits[0].key} | ({"id": fits[0].id} if fits[0].id else {}),
        )
        return {"rel": known.name, "href": f"{known.endpoint}/{self.outward(target.entity, one, 'edfi')}"}

    def pointed_to(self, step: v.Children, record: Record) -> bool:
        """Tell whether a visible record points to *record*."""
        children = self.rows.get(step.entity, {}).values()
        return any(kid.get(step.via) == record["key"] and self.seen(step.entity, kid) for kid in children)

    def answer(self, view: v.View, query: Query, base: str, loaded: float) -> tuple[int, list[Record]]:
        """Return how many records match, and the page of them."""
        kept = [one for one in self.records(view, base, loaded) if query.filter is None or holds(one, query.filter)]
        if query.sort:
            kept.sort(key=lambda one: sort_key(one, query), reverse=query.descending)
        page = kept[query.offset : query.offset + query.limit]
        return len(kept), [record for _, _, record in page]


def _stamped(branch: v.Branch, record: Record, api: str, loaded: float, key: bytes) -> Record:
    digest = int.from_bytes(blake2b(orjson.dumps(record), digest_size=8, key=key).digest()) >> 1
    moment = datetime.fromtimestamp(int(loaded * 1000) / 1000, UTC)
    for node in branch.nodes:
        if isinstance(node, v.Stamp) and node.kind == "etag":
            record[node.name] = str(digest)
        elif isinstance(node, v.Stamp):
            text = moment.isoformat(timespec="milliseconds" if api != "edfi" else "microseconds")
            record[node.name] = text.replace("+00:00", "Z")
    return record
