"""Limits on single records: what of a record leaves less far than the grant says, and how that is made absent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from policies.records.places import tells_place
from policies.transforms import below, holds_others
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from policies.grant import Grant
    from standards.vocabulary import Field

    Change = Callable[[Any], Any]

PSEUDONYM: Final = "pseudonym"
ADDRESS: Final = "address"
ADDRESS_KIND: Final = {"kind": "Mailing"}
"""The kind of a substitute address of which none is stated."""


@dataclass(frozen=True, slots=True)
class PartLimit:
    """One part of a grant (by its number) that covers a record, but for names not *kept*, or *outside* its windows."""

    number: int
    kept: frozenset[str] | None = None
    outside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of one record, see `StudentRule`; *outside* are names in whose window it is not dated.

    Of a grant with parts, *parts* are those that cover the record.
    """

    protected: bool = False
    substitute: tuple[tuple[str, str], ...] = ()
    withheld: tuple[str, ...] = ()
    kept: frozenset[str] | None = None
    outside: frozenset[str] = frozenset()
    parts: tuple[PartLimit, ...] | None = None


NO_LIMIT: Final = Limit()
NOTHING: Final[frozenset[str]] = frozenset()
MAX_CHANGES: Final = 4096
"""Entities and limits whose changes are kept for one grant."""


def covers(paths: Collection[str], name: str) -> bool:
    """Tell whether one of the *paths* is *name*, or stands for all below something that contains it."""
    if name in paths:
        return True
    head = name
    while head:
        head = head.rpartition(".")[0]
        if head in paths or f"{head}.*" in paths:
            return True
    return "*" in paths


@lru_cache(1024)
def _said(elements: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Return the actions by which the *elements* of consents left when they were given, by name."""
    found: dict[str, frozenset[str]] = {}
    for one in elements:
        name, _, how = one.partition(" ")
        found[name] = found.get(name, frozenset()) | {how or "allow"}
    return found


def consented(elements: frozenset[str], grant: Grant, name: str) -> bool:
    """Tell whether consents to *elements* cover *name* as it leaves under a *grant* now.

    What was masked when the consent was given, and leaves less masked now, is nothing that the form said; of free
    members the most particular name decides.
    """
    said, rule, head = _said(elements), grant.rule(name), name
    now = rule.action if rule is not None else "allow"
    while head and not {head, f"{head}.*"} & said.keys():
        head = head.rpartition(".")[0]
    given = said.get(head, NOTHING) | said.get(f"{head}.*", NOTHING) if head else said.get("*", NOTHING)
    return any(then != "deny" and (now == then or below(now, then)) for then in given)


def action(grant: Grant, limit: Limit, field: Field, name: str) -> str:
    """Return the action on the released *name* of a *field* under a *limit*; "" where it is the grant's own."""
    if (
        (limit.protected and tells_place(field.entity, field.name))
        or covers(limit.withheld, name)
        or covers(limit.outside, name)
        or (limit.kept is not None and not consented(limit.kept, grant, name))
    ):
        return "deny"
    return "" if limit.parts is None else _of_parts(grant, limit.parts, name)


def _of_parts(grant: Grant, parts: tuple[PartLimit, ...], name: str) -> str:
    """Return the action of those parts of a grant that cover a record, where it releases less than the whole grant."""
    own, best = grant.rule(name), "deny"
    for one in parts:
        part = grant.parts[one.number]
        rule = part.rule(name)
        lost = covers(one.outside, name) or (one.kept is not None and not consented(one.kept, part, name))
        if rule is not None and not lost and (best == "deny" or below(best, rule.action)):
            best = rule.action
    if own is None or best == own.action:
        return ""
    comes_through = own.action == "allow" or (best, own.action) == ("year", "month")  # the first day of a year stays
    return best if comes_through else "deny"


def hides(entity: str, limit: Limit, grant: Grant) -> bool:
    """Tell whether a record under a *limit* does not exist for the consumer: its id does not leave as it is."""
    field = fields_of(entity)["id"]
    return grant.releases(field.release) and action(grant, limit, field, field.release) not in {"", PSEUDONYM}


def masks_id(entity: str, limit: Limit, grant: Grant) -> bool:
    """Tell whether the id of a record under a *limit* leaves as a pseudonym, where others leave as they are."""
    field = fields_of(entity)["id"]
    return limit.parts is not None and action(grant, limit, field, field.release) == PSEUDONYM


class Rules:
    """The rules of one *grant*, and *change*: what an action of one of its parts does to a released name's value."""

    def __init__(self, grant: Grant, change: Callable[[str, str], Change]) -> None:
        self.grant, self.change = grant, change
        self._changes: dict[tuple[str, Limit], Mapping[str, Change]] = {}
        self.kept: dict[Any, Any] = {}

    def changes(self, entity: str, limit: Limit) -> Mapping[str, Change]:
        """Return how each field of a record of *entity* changes under a *limit*, without those that stay."""
        found = self._changes.get((entity, limit))
        if found is None:
            if len(self._changes) >= MAX_CHANGES:
                self._changes.clear()
            found = self._changes[entity, limit] = _within(entity, "", limit, self)
        return found


def _within(entity: str, prefix: str, limit: Limit, rules: Rules) -> dict[str, Change]:
    fields, found, inside = fields_of(entity), dict[str, Any](), list[str]()
    for name, field in fields.items():
        if not name.startswith(prefix) or any(name.startswith(group) for group in inside):
            continue
        local = name.removeprefix(prefix)
        if field.type == "group":
            inside.append(f"{name}.")
            change = _of_group(entity, name, limit, rules)
        elif field.type == "open":
            change = _of_members(field, limit, rules)
        elif field.type == "id" or not rules.grant.releases(field.release):
            change = None
        else:
            change = _of_value(field, limit, rules)
        if change is not None:
            found[local] = change
    return found


def _of_value(field: Field, limit: Limit, rules: Rules) -> Change | None:
    done = action(rules.grant, limit, field, field.release)
    if not done:
        return None
    if done == "deny" or field.type == "ref":
        return _absent
    change = rules.change(done, field.release)
    if field.many:
        return lambda values: tuple(change(one) for one in values) if values else values
    return lambda value: None if value is None else change(value)


def _of_group(entity: str, name: str, limit: Limit, rules: Rules) -> Change | None:
    if entity == "profile" and name == ADDRESS and limit.protected:
        return _substituted(limit, rules)
    inner = _within(entity, f"{name}.", limit, rules)
    if not inner:
        return None

    def change(items: Any) -> Any:
        kept = [one for one in (_changed(item, inner) for item in items or ()) if one]
        return tuple(kept) or None

    return change


def _changed(item: Mapping[str, Any], inner: Mapping[str, Change]) -> dict[str, Any]:
    found = {}
    for name, value in item.items():
        change = inner.get(name)
        if change is None and name.partition("@")[0] in inner:
            continue  # the exact token of a value that changes
        now = value if change is None else change(value)
        if now is not None:
            found[name] = now
    return found


def _of_members(field: Field, limit: Limit, rules: Rules) -> Change | None:
    """Return how the free members of an open dictionary change, each judged by its own name."""
    name, grant = field.release, rules.grant
    if not any(one == name or one.startswith(f"{name}.") for one in grant.rules):
        return None
    if not (limit.protected or limit.withheld or limit.outside or limit.kept is not None or limit.parts is not None):
        return None

    def change(members: Any) -> Any:
        found = {}
        for member, value in (members or {}).items():
            done = action(grant, limit, field, f"{name}.{member}") if grant.releases(f"{name}.{member}") else ""
            if holds_others(value) and _parted(grant, limit, f"{name}.{member}"):
                done = "deny"
            now = value if not done else None if done == "deny" else rules.change(done, f"{name}.{member}")(value)
            if now is not None:
                found[member] = now
        return found or None

    return change


def _parted(grant: Grant, limit: Limit, name: str) -> bool:
    """Tell whether something inside the free member *name* leaves less far than the member under a *limit*."""
    names = [*limit.withheld, *limit.outside, *(one for part in limit.parts or () for one in part.outside)]
    parts = (grant.parts[one.number] for one in limit.parts or ())
    return any(one.startswith(f"{name}.") for one in names) or any(part.parted(name) for part in parts)


def _substituted(limit: Limit, rules: Rules) -> Change | None:
    """Return the change of an address to the substitute, limited like any other; None where none is released."""
    fields = fields_of("profile")
    given = {**ADDRESS_KIND, **dict(limit.substitute)} if limit.substitute else {}
    known = {name: text for name, text in given.items() if f"{ADDRESS}.{name}" in fields}
    if not any(name.startswith(f"{ADDRESS}.") and rules.grant.releases(one.release) for name, one in fields.items()):
        return None
    shown = _changed(known, _within("profile", f"{ADDRESS}.", replace(limit, protected=False), rules))
    return lambda _items: (dict(shown),) if shown else None


def _absent(_value: Any) -> None:
    """Make a value absent."""
