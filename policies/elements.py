"""Elements: the names an agreement can release, and which action fits which of them."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from policies.transforms import MASKS, meet, ordered
from standards import native, registry, vocabulary
from standards.errors import suggestion
from standards.fields import fields_of
from standards.view import Value
from standards.vocabulary import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standards.vocabulary import Field

TEXTUAL = frozenset({"last4", "initial", "hash"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an agreement: the action for every element under *path*, and where it is written.

    Its *window*, where there is one, is the first and last day that a record must be dated for the element to leave.
    """

    path: str
    action: str
    file: str = ""
    line: int = 0
    column: int = 0
    bundle: str = ""
    window: tuple[str | None, str | None] | None = None

    @property
    def stem(self) -> str:
        """The path without its star; empty for the path that covers everything."""
        return self.path.removesuffix("*").removesuffix(".")

    @property
    def place(self) -> str:
        """Where the line is written."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def covers(self, name: str) -> bool:
        """Tell whether the line covers the element *name*."""
        stem = self.stem
        return not stem or name == stem or name.startswith(f"{stem}.")


@dataclass(frozen=True, slots=True)
class Element:
    """One releasable name: the fields it releases; *member* when it is a free member of an open dictionary."""

    name: str
    fields: tuple[Field, ...]
    member: bool = False

    never: bool = dataclass_field(init=False, compare=False)
    """Whether no agreement can release it."""
    types: frozenset[str] = dataclass_field(init=False, compare=False)
    """The types of its fields."""

    def __post_init__(self) -> None:
        """Tell once what every agreement that is read asks of every element."""
        object.__setattr__(self, "never", any(field.sensitivity == "never" for field in self.fields))
        object.__setattr__(self, "types", frozenset(field.type for field in self.fields))

    @property
    def is_id(self) -> bool:
        """Whether it is the id of some kind of record."""
        return "id" in self.types

    @property
    def container(self) -> bool:
        """Whether it only holds other elements."""
        return self.types == {"group"}

    @property
    def open(self) -> bool:
        """Whether it is a dictionary with free members."""
        return "open" in self.types and not self.member


@dataclass(frozen=True, slots=True)
class Settled:
    """The final action for one element, and the lines that decide it; *cap* is the reason it is less than they say."""

    action: str
    lines: tuple[Line, ...]
    cap: str = ""


@cache
def dictionary() -> Mapping[str, Element]:
    """Return every releasable name of the vocabulary and of both standards."""
    found: dict[str, list[Field]] = {}
    for entity in entities():
        for field in fields_of(entity).values():
            found.setdefault(field.release.removesuffix(".*"), []).append(field)
    return {name: Element(name, tuple(fields)) for name, fields in found.items()}


@cache
def entities() -> tuple[str, ...]:
    """Return every kind of record, of the vocabulary first."""
    return (*vocabulary.entities(), *native.entities())


def element(name: str) -> Element | None:
    """Find the element called *name*, also where it is a free member of an open dictionary."""
    known = dictionary()
    if name in known:
        return known[name]
    head = name.rpartition(".")[0]
    while head:
        if head in known:
            return Element(name, known[head].fields, member=True) if known[head].open else None
        head = head.rpartition(".")[0]
    return None


def under(line: Line) -> tuple[Element, ...]:
    """Return the elements a line is about; none when nothing has such a name."""
    return _under(line.stem)


@cache
def _under(stem: str) -> tuple[Element, ...]:
    probe = Line(stem or "*", "allow")
    found = tuple(one for name, one in dictionary().items() if probe.covers(name))
    single = None if found else element(stem)
    return (single,) if single else found


def guess(path: str) -> str:
    """Make a hint at the name that a misspelt *path* may have meant."""
    stem = path.removesuffix("*").removesuffix(".")
    if known := native.instead(stem):
        return f" (did you mean {known}?)"
    own = [name for name in dictionary() if not name.startswith(("edfi.", "oneroster."))]
    heads = {name.rpartition(".")[0] for name in dictionary()} - {""}
    if close := suggestion(stem, own, 0.9):
        return close
    if known := _outward(stem):
        return f" (did you mean {known}?)"
    return suggestion(stem, own) or suggestion(stem, sorted(heads)) or suggestion(stem, dictionary())


def _outward(stem: str) -> str:
    """Return what stands behind a resource of a standard, or a member of one, that is meant by its outward name."""
    head, _, last = stem.lower().rpartition(".")
    resources, members = _outward_names()
    if last in resources:
        return f"{resources[last]}.*"
    first = head.rpartition(".")[2]
    found = members.get(last, {})
    return found.get(resources.get(first, first)) or found.get("student") or next(iter(found.values()), "")


@cache
def _outward_names() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]:
    """Return the entity behind each resource, and for each member the name behind it by entity, all in lower case."""
    members: dict[str, dict[str, str]] = {}
    for name in dictionary():
        if not name.startswith(("edfi.", "oneroster.")):
            members.setdefault(name.rpartition(".")[2].lower(), {}).setdefault(name.partition(".")[0], name)
    resources: dict[str, str] = {}
    for api in ("edfi", "oneroster"):
        for name, view in registry.views(api).items():
            for branch in view.branches:
                resources.setdefault(name.lower(), branch.entity)
                known = fields_of(branch.entity)
                for node in branch.nodes:
                    if isinstance(node, Value) and len(node.sources) == 1 and node.sources[0] in known:
                        behind = known[node.sources[0]].release
                        members.setdefault(node.name.lower(), {}).setdefault(branch.entity.lower(), behind)
    return resources, members


def misfit(action: str, one: Element) -> str:
    """Say why *action* cannot be applied to an element; empty when it can."""
    if action not in MASKS:
        return ""
    if one.is_id or action == "pseudonym":
        return _misfit_id(action, one)
    types = one.types
    if action in {"year", "month"} and types != {"date"}:
        return f"{action} fits dates only, and {one.name} is not one"
    if action == "zip3" and not (types == {"text"} and one.name.endswith("postalCode")):
        return f"zip3 fits postal codes only, and {one.name} is not one"
    if action in TEXTUAL and types != {"text"} and not one.member:
        return f"{action} fits texts only, and {one.name} is not one"
    return ""


def _misfit_id(action: str, one: Element) -> str:
    if not one.is_id:
        return f"pseudonym fits ids of people and of their records only, and {one.name} is not one"
    if action != "pseudonym":
        return f"an id can only be allowed, denied or a pseudonym, not {action}"
    if not any(personal(field.entity) for field in one.fields if field.type == "id"):
        return f"pseudonym fits ids of people and of their records only, and {one.name} is not one"
    return ""


@cache
def personal(entity: str) -> bool:
    """Tell whether a kind of record is a person or belongs to one."""
    return entity in PERSONS or any(personal(field.to) for field in owners(entity))


@cache
def owners(entity: str) -> tuple[Field, ...]:
    """Return the references without which a row of *entity* does not exist."""
    return tuple(field for field in fields_of(entity).values() if field.owner and field.to != entity)


def settle(lines: Iterable[Line]) -> Mapping[str, Settled]:
    """Return the action for every element that *lines* name: the lowest of all lines about it."""
    return _settle(tuple(lines))


@lru_cache(maxsize=256)
def _settle(written: tuple[Line, ...]) -> Mapping[str, Settled]:
    names: dict[str, list[Line]] = {}
    for line in written:
        for one in under(line):
            if one.container and line.action in MASKS:
                continue
            names.setdefault(one.name, [])
    for name, about in names.items():
        about.extend(line for line in written if line.covers(name))
    return limited({name: _settled(name, about) for name, about in names.items()})


def limited(settled: Mapping[str, Settled]) -> Mapping[str, Settled]:
    """Limit what has been *settled* of ids, of texts that may carry one, and of what a record tells of another."""
    found = dict(settled)
    _cap_ids(found)
    _cap_texts(found)
    _cap_told(found)
    return MappingProxyType(found)


def conflict(about: Iterable[Line]) -> tuple[Line, Line] | None:
    """Return the first two lines about one element that are not ordered; a deny decides by itself."""
    written = tuple(about)
    if any(line.action == "deny" for line in written):
        return None
    return next(
        (
            (one, other)
            for at, other in enumerate(written)
            for one in written[:at]
            if not ordered(one.action, other.action)
        ),
        None,
    )


def _settled(name: str, about: list[Line]) -> Settled:
    one = element(name)
    assert one is not None
    if one.never:
        return Settled("deny", tuple(about), "it is never released")
    return Settled(meet(line.action for line in about), tuple(about))


def _cap_ids(settled: dict[str, Settled]) -> None:
    """Limit the id of a person's record to what the person's own id reveals."""
    ids = {entity: id_of(entity) for entity in entities() if "id" in fields_of(entity)}
    changed = True
    while changed:
        changed = False
        for entity, name in ids.items():
            now = settled.get(name)
            if now is None or now.action != "allow":
                continue
            for owner in owners(entity):
                theirs = settled.get(ids[owner.to]) if personal(owner.to) else now
                if theirs is None or theirs.action != "allow":
                    cap = f"{ids[owner.to]} does not leave as it is"
                    settled[name] = Settled("pseudonym", now.lines, cap)
                    changed = True
                    break


def _cap_texts(settled: dict[str, Settled]) -> None:
    """Limit a text that may carry the id of a person to what the id itself reveals, unless a line names the member."""
    for name, now in settled.items():
        one = element(name)
        assert one is not None
        hidden = {} if one.member else {
            person: field.capped for field in one.fields if field.capped for person in _persons(field.entity)
            if _masked(settled, person, field)
        }  # fmt: skip
        action = meet((now.action, *hidden.values()))
        if action != now.action:
            settled[name] = Settled(action, now.lines, f"{min(hidden)} does not leave as it is")


def _cap_told(settled: dict[str, Settled]) -> None:
    """Limit what a record reveals of another to where the other's own facts leave as they are."""
    allowed = {name for name, now in settled.items() if now.action == "allow"}
    for name, now in settled.items():
        one = element(name)
        assert one is not None
        hidden = set() if one.member else {told for field in one.fields for told in field.tells} - allowed
        if hidden and now.action != "deny":
            settled[name] = Settled("deny", now.lines, f"{min(hidden)} does not leave as it is")


def _masked(settled: Mapping[str, Settled], person: str, field: Field) -> bool:
    """Tell whether the id of a *person* is masked where *field* shows, be it the person's own or a record's."""
    action = settled[person].action if person in settled else "deny"
    return action == "pseudonym" or (action == "deny" and field.entity not in PERSONS and personal(field.entity))


@cache
def _persons(entity: str) -> tuple[str, ...]:
    """Return the ids of the persons that a record is or belongs to; one without an owner may be about anybody."""
    if entity in PERSONS:
        return (id_of(entity),)
    found = tuple(person for one in owners(entity) if personal(one.to) for person in _persons(one.to))
    return found or tuple(map(id_of, PERSONS))


def id_of(entity: str) -> str:
    """Return the name by which the id of an entity's records is released."""
    return fields_of(entity)["id"].release
