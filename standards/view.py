"""A view: an outward resource declared as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standards.days import day_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Form = Callable[[Any], Any]
    Settle = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value: the first of *sources* that is released and present, put into the standard's *form*.

    A source is a field of the entity at hand, or a path over references such as ``offering.course.title``.
    """

    name: str
    sources: tuple[str, ...]
    form: Form | None = None
    type: str = "text"

    def form_of(self, *, masked: bool) -> Form | None:
        """Return the function that gives a value its form; a *masked* day stands for several, with no day after it."""
        return None if masked and self.form is day_after else self.form


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A value that is the same in every record and reveals nothing.

    With *by*, *value* is a table, and that field of the entity at hand selects what of it shows, if anything.
    """

    name: str
    value: Any
    by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Id:
    """The outward id of the entity at hand; *unique* asks for the person's unique id instead."""

    name: str
    unique: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Href:
    """The address of the entity at hand; *path* is the collection, or ``/ed-fi/students`` for a relative link.

    With *by*, *path* is a table, and that field of the entity at hand selects its path, if any.
    """

    name: str
    path: str | Mapping[str, str]
    by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A fact about the released record itself: its time of change, or its hash (*kind* ``modified`` or ``etag``)."""

    name: str
    kind: str = "modified"


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A nested object about the same entity; *guard* names a reference that must be visible for it to show.

    A lenient reference need not be there, as long as no row rule could hide what it points to.
    """

    name: str
    nodes: tuple[Node, ...]
    guard: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The object a reference points to; it vanishes with it. *listed* wraps it in a list of one."""

    name: str
    ref: str
    nodes: tuple[Node, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Children:
    """A step to the rows of *entity* whose reference *via* points here."""

    entity: str
    via: str


@dataclass(frozen=True, slots=True)
class Follow:
    """A step along the reference *ref*."""

    ref: str


@dataclass(frozen=True, slots=True)
class Links:
    """A step along each of the references in the list *ref*."""

    ref: str


@dataclass(frozen=True, slots=True)
class Items:
    """A step to each small record of the group *field*; *owners* are references in it that must be visible."""

    field: str
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class List:
    """A list: walk *steps* from the entity at hand and put *nodes* there.

    *bare* lists the single value itself, of several nodes the first that has one; *distinct* drops repetitions; *order*
    names rendered members that order the list (its rendered text always decides last). *early* nodes read the row that
    the first step leads to. *single* shows no list but its ``least`` or ``greatest`` bare value. Where two nodes of one
    object share a name, the later shows only when the earlier shows nothing; but one that *adds* puts its items to
    those that the earlier show, with *beside* only those that have something in that member which none of the earlier
    has. *settle* decides over all rendered items what no single item can, such as which of them is the primary one.
    *needs* names members that an item cannot be without.
    """

    name: str
    steps: tuple[Children | Follow | Links | Items, ...]
    nodes: tuple[Node, ...]
    bare: bool = False
    distinct: bool = False
    order: tuple[str, ...] = ()
    early: tuple[Node, ...] = ()
    single: str = ""
    adds: bool = False
    beside: str = ""
    settle: Settle | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """The open dictionary *field*, its members released one by one by name; *allows* decides which, once pruned."""

    name: str
    field: str
    allows: Callable[[str], bool] | None = None


Step = Children | Follow | Links | Items
Node = Value | Const | Id | Href | Stamp | Object | Reference | List | Native
Container = (Object, Reference, List)


@dataclass(frozen=True, slots=True)
class Once:
    """A rule for rows that share one key: their *refs* lead to the same records, and their *members* show the same.

    Of such rows one is shown: that without a *last* day, else the one with the latest, then the first by released id.
    """

    refs: tuple[str, ...]
    members: tuple[str, ...]
    last: str


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """The part of a view that shows one entity.

    *where* keeps rows whose field has one of the values (the field must be released). *needs* names members a record
    cannot be without: where such a member is released and empty, the record is not shown. *only* keeps records in which
    the rendered member at a path has the value (the path must be released), and besides those to which a visible row of
    *also* points, where that reference is released. *requires* names fields without whose release nothing of it is
    shown. The targets of *backed* must be visible where any of it is released, and are not shown. *once* shows of rows
    with one key a single one. *linked* names, for the record itself (an empty name) or a member, the Ed-Fi collection
    of the document, where references lead to what the view does not read.
    """

    entity: str
    nodes: tuple[Node, ...]
    where: tuple[tuple[str, frozenset[str]], ...] = ()
    needs: tuple[str, ...] = ()
    only: tuple[tuple[str, str], ...] = ()
    also: tuple[Children, ...] = ()
    requires: tuple[str, ...] = ()
    backed: tuple[Node, ...] = ()
    once: Once | None = None
    linked: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A collection as a consumer sees it; *api* is ``oneroster`` or ``edfi``, *model* the standard's class name."""

    name: str
    api: str
    model: str
    branches: tuple[Branch, ...]


def tells(node: Node) -> bool:
    """Tell whether a node reveals anything about a record (a constant does not)."""
    if isinstance(node, List):
        return any(tells(child) for child in (*node.early, *node.nodes))
    return any(tells(child) for child in node.nodes) if isinstance(node, Container) else not isinstance(node, Const)


def paths(nodes: Iterable[Node], prefix: str = "") -> Iterator[tuple[str, tuple[Node, ...]]]:
    """Yield every member that holds a value, by its outward dotted path, with the nodes that lead to it."""
    for node in nodes:
        if isinstance(node, Container):
            if isinstance(node, List) and node.bare:
                yield prefix + node.name, (node, node.nodes[0])
                continue
            inner = (*node.early, *node.nodes) if isinstance(node, List) else node.nodes
            below = f"{prefix}{node.name}." if node.name else prefix
            for path, chain in paths(inner, below):
                yield path, (node, *chain)
        else:
            yield prefix + node.name, (node,)


def find(nodes: Iterable[Node], path: str) -> tuple[Node, ...] | None:
    """Find the nodes of the member at an outward *path*; None where the consumer has no such member."""
    for known, chain in paths(nodes):
        if known == path:
            return chain
        last = chain[-1]
        if isinstance(last, Native) and path.startswith(f"{known}.") and last.allows is not None:
            return chain if last.allows(path[len(known) + 1 :]) else None
    return None


def value(name: str, *sources: str, form: Form | None = None, type: str = "text") -> Value:  # noqa: A002  the standards' own word
    """Make a `Value`; without *sources* it reads the field of the same name."""
    return Value(name, sources or (name,), form, type)
