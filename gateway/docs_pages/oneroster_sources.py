"""The page about where every member of OneRoster comes from: ``python -m gateway.docs_pages sources``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from standards import registry
from standards.fields import fields_of, follow, trail
from standards.oneroster import model
from standards.oneroster.api.envelope import PLURALS
from standards.oneroster.api.routes import APIS
from standards.oneroster.api.schemas import shown
from standards.oneroster.csv import specification
from standards.oneroster.resources.classification import PERSON_OF, STATUS
from standards.view import Children, Const, Href, Id, Items, List, Native, Object, Reference, Stamp, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standards.lenses.lens import Lens, Pair
    from standards.view import Node, Step
    from standards.vocabulary import Field

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "oneroster11.csv": "OneRoster CSV 1.1",
        "oneroster.csv": "OneRoster CSV 1.2",
        "oneroster11": "OneRoster REST 1.1",
        "oneroster": "OneRoster REST 1.2",
        "edfi": "Ed-Fi",
    }
)
BEGINNING = """\
# Which field comes from where

Written from the views and the lenses by `python -m gateway.docs_pages sources`. For every member of every class of
OneRoster 1.1 and 1.2: the name by which an agreement releases it ([elements.md](elements.md)), and the column or member
of each kind of source that it is read from. Where a member has several names, the first that is released and present is
shown; a reference is shown when what it points to may be seen.

A dash means that no lens names a place there: the source does not know the fact, or its adapter works it out from other
places, as from the columns in the last table. An Ed-Fi member is written as `resource.member`, a column as
`file.column`; a resource alone means that the fact is worked out from several of its members. A roster that comes over
OneRoster REST is put into the columns of the same version's files and read as they are: *as CSV*.
"""
DECIDING = """
## Words that decide what a record is

These words of a OneRoster source decide whom or what a row is about, and so which agreement shows it. Files and API,
1.1 and 1.2 are read by the same lists. Small and capital letters are the same, and blanks around a word do not count.
Any other word is refused with its place (`users.csv:45:4`, `users[0].role`), and the word itself is never repeated. In
1.2 a word may begin with `ext:`: it is kept, and makes nobody anything; `administrator` is read as `siteAdministrator`
in `roles.role`. A user whose roles say nothing that the lists know is set aside with what belongs to it, and counted. A
`status` that is missing or blank means that the row is there.

Of several roles of one user `student` decides first, then those of staff, then those of contacts: whoever is a student
anywhere is a student. Only a role of that kind makes an enrollment (a student's) or an employment (of staff); the
others stay with the person, as `student.roles`, `staff.roles` and `contact.roles`. In a class the enrollment's role
decides: only a student with the role `student` has a place in it, and only staff with the role `teacher` teach it. All
others are involved in it, and OneRoster's `enrollments` show them where an agreement names `studentInvolvement`,
`staffInvolvement` or `contactInvolvement`; Ed-Fi does not show them.

| columns | words |
|---|---|
"""
REST = """
## Columns that no lens reads

`role` and `orgSourcedIds` of 1.1 become the roles of a person, `userProfiles.userSourcedId` tells whose an account is,
the school of an enrollment is that of its class. A row whose `status` is `tobedeleted` or `inactive` is none; when a
record last changed is told from what the consumer may see; passwords are not read.

| version | columns |
|---|---|
"""


@dataclass(slots=True)
class MemberRow:
    """One member: the versions that have it, its constant where it has one, and the elements it shows."""

    versions: set[str] = field(default_factory=set)
    said: dict[str, None] = field(default_factory=dict)
    facts: dict[Field, None] = field(default_factory=dict)


def page() -> str:
    """Write the page."""
    dialects = [name for name in TITLES if any(lens.dialect == name for lens in registry.lenses())]
    tables = "".join(_table(name, rows, dialects) for name, rows in _classes().items())
    left = "".join(_left(one) for one in model.VERSIONS)
    return BEGINNING + tables + _hidden() + DECIDING + "".join(_deciding()) + REST + left


def _classes() -> dict[str, dict[str, MemberRow]]:
    """Return for each class the rows of its members by path, in the order in which views show them."""
    found: dict[str, dict[str, MemberRow]] = {name: {} for name in sorted(PLURALS)}
    for version in reversed(model.VERSIONS):
        for name, rows in found.items():
            view = registry.views(APIS[version]).get(PLURALS[name])
            for branch in view.branches if view else ():
                for path, what in members_told(branch.nodes, branch.entity, "", ""):
                    row = rows.setdefault(path, MemberRow())
                    row.versions.add(version)
                    _note(row, what)
    return {name: rows for name, rows in found.items() if rows}


def _note(row: MemberRow, what: Field | str) -> None:
    if isinstance(what, str):
        row.said.setdefault(what)
    else:
        row.facts.setdefault(what)


def members_told(nodes: Iterable[Node], entity: str, prefix: str, path: str) -> Iterator[tuple[str, Field | str]]:
    """Return every member below *nodes* by its path, with an element it shows or a sentence about it."""
    for node in nodes:
        here = f"{path}{node.name}"
        match node:
            case Value():
                yield from ((here, trail(entity, prefix + source)[-1]) for source in node.sources)
            case Id():
                yield here, fields_of(entity)["id"]
            case Stamp():
                yield here, "when what the consumer may see last changed"
            case Const():
                yield here, _constant(node)
            case Href():
                continue
            case Native():
                yield here, fields_of(entity)[prefix + node.field]
            case Object() | Reference() | List():
                yield from _inside(node, entity, prefix, path)


def _constant(node: Const) -> str:
    if node.name == "status":
        return "`active`; `tobedeleted` where the consumer asks for changes and it was deleted"
    return "by what it is" if node.by else f"else `{node.value}`"


def _inside(node: Object | Reference | List, entity: str, prefix: str, path: str) -> Iterator[tuple[str, Field | str]]:
    here = f"{path}{node.name}"
    below = f"{here}." if node.name else path
    if isinstance(node, Object):
        yield from members_told(node.nodes, entity, prefix, below)
        return
    if isinstance(node, Reference):
        reference = fields_of(entity)[prefix + node.ref]
        refers, inside, inner = [reference], reference.to, ""
    else:
        refers, inside, inner = [], entity, prefix
        for number, step in enumerate(node.steps):
            refers += _reference(step, inside, inner)
            inside, inner = follow(step, inside, inner)
            if not number:
                yield from members_told(node.early, inside, inner, below)
    if any(isinstance(one, Href) for one in node.nodes):
        yield from ((here, one) for one in refers[-1:])
    else:
        told = members_told(node.nodes, inside, inner, below)
        yield from ((here, what) for _, what in told) if isinstance(node, List) and node.bare else told


def _reference(step: Step, entity: str, prefix: str) -> list[Field]:
    """Return the reference that a step follows."""
    match step:
        case Children():
            return [fields_of(step.entity)[step.via]]
        case Items():
            return []
        case _:
            return [fields_of(entity)[prefix + step.ref]]


@cache
def _places() -> Mapping[tuple[str, str, str], tuple[str, ...]]:
    """Return the local paths of each field of each entity in each dialect."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for lens in registry.lenses():
        for pair in lens.pairs:
            for name, local in _said(pair):
                places = found.setdefault((lens.dialect, lens.entity, name), {})
                places.setdefault(_place(lens, local))
    return {key: tuple(places) for key, places in found.items()}


def _said(pair: Pair) -> Iterator[tuple[str, str]]:
    """Yield each field that a pair writes, with each local path it is read from."""
    inner = [
        (f"{pair.fields[0]}.{name}".rstrip("."), local)
        for part in pair.pairs
        for name in part.fields
        for local in pair.local_paths
        if any(local == own or local.endswith(f".{own}") for own in part.local_paths)
    ]
    told = {name for name, _ in inner}
    yield from inner
    yield from ((name, local) for name in pair.fields if name not in told for local in pair.local_paths or ("",))


def _place(lens: Lens, local: str) -> str:
    return f"{lens.local.removesuffix('.csv')}.{local}".rstrip(".")


def said_at(dialect: str, fact: Field) -> tuple[str, ...]:
    """Return the local path at which *dialect* has an element, or the group that contains it."""
    name = fact.name
    while name:
        if found := _places().get((dialect, fact.entity, name)):
            return found
        name = name.rpartition(".")[0]
    return ()


def _table(name: str, rows: Mapping[str, MemberRow], dialects: list[str]) -> str:
    titles = "".join(f" {TITLES.get(dialect, dialect)} |" for dialect in dialects)
    lines = "".join(_line(path, row, dialects) for path, row in rows.items())
    return f"\n## {name}\n\n| member | in | released as |{titles}\n|---|---|---|{'---|' * len(dialects)}\n{lines}"


def _line(path: str, row: MemberRow, dialects: list[str]) -> str:
    names = dict.fromkeys(f"`{fact.release}`" for fact in row.facts)
    cells = [f"`{path}`", ", ".join(sorted(row.versions)), ", ".join((*names, *row.said))]
    for dialect in dialects:
        places = dict.fromkeys(f"`{place}`" for fact in row.facts for place in said_at(dialect, fact))
        cells.append(
            ", ".join(places) or ("as CSV" if any(said_at(f"{dialect}.csv", one) for one in row.facts) else "–")
        )
    return f"| {' | '.join(cells)} |\n"


def _hidden() -> str:
    """List the members that no view shows."""
    names = {
        f"`{name}.{member}`"
        for version in model.VERSIONS
        for name, members in shown(version).items()
        for member in model.classes(version)[name].keys() - members
    }
    told = ", ".join(sorted(names))
    return f"\n## Never shown\n\nNo source is asked for these, and no agreement can release them: {told}.\n"


def _deciding() -> Iterator[str]:
    """List the closed lists, each once with the columns that are read by it."""
    lists: dict[str, list[str]] = {}
    for version in model.VERSIONS:
        for file, known in specification.files(version).items():
            for column in known.columns.values():
                if column.closed and column.name != specification.STATUS:
                    words = ", ".join(f"`{word}`" for word in dict.fromkeys(column.closed.known.values()))
                    place = f"`{file.removesuffix('.csv')}.{column.name}`"
                    lists.setdefault(words, [])
                    lists[words] += [] if place in lists[words] else [place]
    for words, places in lists.items():
        yield f"| {', '.join(places)} | {words} |\n"
    yield f"| `status` of every row | {', '.join(f'`{word}`' for word in STATUS.known.values())} |\n"
    for kind, title in (("student", "a student"), ("staff", "staff"), ("contact", "a contact")):
        words = ", ".join(f"`{word}`" for word, person in PERSON_OF.items() if person == kind)
        yield f"| of these, what makes a user {title} | {words} |\n"


def _left(version: str) -> str:
    dialect = {"1.1": "oneroster11.csv", "1.2": "oneroster.csv"}[version]
    read: dict[str, set[str]] = {}
    for lens in registry.lenses():
        if lens.dialect == dialect:
            read.setdefault(lens.local, set()).update(lens.local_paths)
    columns = [
        f"`{file.removesuffix('.csv')}.{column}`"
        for file, known in specification.files(version).items()
        if file in read
        for column in known.columns
        if column not in read[file]
    ]
    return f"| {version} | {', '.join(columns)} |\n"
