"""Simulation: what an agreement would change in a district's live data, in counts and never in values or ids.

Consents and restrictions count as they do in a request, where the scene's snapshot is served under registers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gateway.engine.laid_over import laid_over
from gateway.engine.visibility import Visibility
from gateway.reasoning import coverage
from gateway.registers.effects.state import registers_of
from policies.compiler import compile as compiled
from policies.reasoning import small_cells
from policies.reasoning.diff import NewRecipient, protected, shortened
from policies.reasoning.differences import class_of, released
from policies.reasoning.small_cells import Movement, words
from policies.transfers.terms import is_transfer
from standards.vocabulary import SENSITIVITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gateway.cache.snapshot import Snapshot
    from policies.agreement import Agreement
    from policies.grant import Grant
    from standards.keys import Keyring


NOT_READ = "not read: the district's system is asked for it at each request"
NOT_THERE = "not there: the district's system has no such records"


@dataclass(frozen=True, slots=True)
class ClientChange:
    """The students of the district that one client sees now and would then see, under all its agreements.

    Where students are assigned to the recipient's people, these all together stand beside the clients.
    """

    client: str
    students: Movement


@dataclass(frozen=True, slots=True)
class ClassChange:
    """The number of elements of one class of sensitivity that the clients are released now, and then."""

    name: str
    now: int
    then: int


@dataclass(frozen=True, slots=True)
class ElementCoverage:
    """The action on an element, how many records have it, their share in percent, and both in a word.

    The number and the share are None where few students have it or lack it.
    """

    element: str
    action: str
    records: int | None
    share: int | None
    extent: str


@dataclass(frozen=True, slots=True)
class Lookalikes:
    """The students in groups too small to hide in, by the released facts that tell students apart."""

    facts: tuple[str, ...]
    smallest: int | None
    students: int | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """The counts of one agreement, *replaces* being the version in force whose place it would take."""

    agreement: str
    version: int
    district: str
    replaces: str
    clients: tuple[ClientChange, ...]
    classes: tuple[ClassChange, ...]
    coverage: tuple[ElementCoverage, ...]
    recipients: tuple[NewRecipient, ...]
    lookalikes: Lookalikes | None
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return all of it as a document of plain values."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Write all of it for people."""
        instead = f", in place of {self.replaces}" if self.replaces else ", beside what is in force"
        yield f"{self.agreement} version {self.version} in {self.district}{instead}"
        for one in self.clients:
            told = one.students
            yield f"\nStudents that {one.client} sees"
            yield f"  {words(told.now)} now, {words(told.then)} then"
            yield f"  {words(told.gained)} gained, {words(told.lost)} lost"
        yield "\nFacts by class, now and then"
        yield from (f"  {one.name}: {one.now}, {one.then}" for one in self.classes)
        yield "\nRecords that have each fact"
        yield from (f"  {one.element} ({one.action}): {_having(one)}" for one in self.coverage)
        if self.lookalikes is not None:
            yield "\nStudents who can be told apart"
            yield from _apart(self.lookalikes)
        if self.recipients:
            yield "\nNew recipients of sensitive facts"
            yield from (f"  ! {one.client} of {one.org}: {shortened(one.facts)}" for one in self.recipients)
        if self.warnings:
            yield "\nWarnings"
            yield from (f"  ! {one}" for one in self.warnings)
        yield f"\n{small_cells.WHY_WITHHELD}."


@dataclass(frozen=True, slots=True)
class Scene:
    """The data to simulate on: a *snapshot* of the district, today's date in it, and keys for ids nobody sees.

    *there* are the entities that the district's system has, read or not.
    """

    snapshot: Snapshot
    keyring: Keyring
    today: str
    there: frozenset[str]

    def sees(self, grant: Grant) -> Visibility:
        """Return the visibility of a grant, as a request has it."""
        return laid_over(Visibility(self.snapshot, grant, self.keyring, self.today))

    def students(self, grants: Iterable[Grant]) -> frozenset[int]:
        """Return the rows of all students whom any of the *grants* shows."""
        return frozenset(row for grant in grants for row in self.sees(grant).rows("student"))


def simulate(
    agreement: Agreement, present: Collection[Agreement], scene: Scene, warnings: Iterable[str] = ()
) -> Simulation:
    """Simulate an *agreement* among the *present* ones of its district; *warnings* are told with it.

    It takes the place of the version of the same id, and is simulated as if it were in force today.
    """
    before = next((one for one in present if one.id == agreement.id), None)
    then = (*(one for one in present if one.id != agreement.id), agreement)
    clients = tuple(dict.fromkeys((*agreement.clients, *(before.clients if before else ()))))
    grant = compiled(agreement, agreement.clients[0])
    alike = None if is_transfer(agreement.operations) else _lookalikes(scene.sees(grant))
    return Simulation(
        agreement=agreement.id,
        version=agreement.version,
        district=agreement.district,
        replaces=f"version {before.version}" if before else "",
        clients=(
            *(ClientChange(one, _movement(scene, one, present, then)) for one in clients),
            *_staff(scene, agreement, before),
        ),
        classes=tuple(_classes(grants_of(present, clients), grants_of(then, clients))),
        coverage=tuple(_coverage(scene, scene.sees(grant))),
        recipients=tuple(_recipients(agreement, present)),
        lookalikes=alike,
        warnings=(*warnings, *_found(scene, agreement, grant, alike)),
    )


def grants_of(agreements: Iterable[Agreement], clients: Collection[str]) -> tuple[Grant, ...]:
    """Compile the grants of those *clients* under *agreements*; by one about transfers no client sees anything."""
    about_data = [one for one in agreements if not is_transfer(one.operations)]
    return tuple(compiled(one, client) for one in about_data for client in one.clients if client in clients)


def _movement(scene: Scene, client: str, present: Iterable[Agreement], then: Iterable[Agreement]) -> Movement:
    before, after = (scene.students(grants_of(some, (client,))) for some in (present, then))
    return small_cells.movement(len(before), len(after - before), len(before - after))


def _staff(scene: Scene, agreement: Agreement, before: Agreement | None) -> Iterator[ClientChange]:
    """Yield the students whom the people see to whom students are assigned, all of them together."""
    if any(one.population.assigned for one in (agreement, before) if one is not None):
        now, then = (scene.students(_persons(scene, one)) if one else frozenset() for one in (before, agreement))
        moved = small_cells.movement(len(now), len(then - now), len(now - then))
        yield ClientChange(f"the people of {agreement.org}", moved)


def _persons(scene: Scene, agreement: Agreement) -> tuple[Grant, ...]:
    """Compile the grants of everybody to whom a student is assigned under an *agreement*."""
    registers = registers_of(scene.snapshot)
    every = registers.state.assignments if registers is not None and agreement.population.assigned else ()
    people = {one.person for one in every if (one.agreement, one.org) == (agreement.id, agreement.org)}
    return tuple(compiled(agreement, agreement.clients[0], person) for person in sorted(people))


def _classes(present: Iterable[Grant], then: Iterable[Grant]) -> Iterator[ClassChange]:
    before, after = ({name for grant in some for name in released(grant)} for some in (present, then))
    first, last = Counter(map(class_of, before)), Counter(map(class_of, after))
    return (ClassChange(name, first[name], last[name]) for name in SENSITIVITIES if first[name] or last[name])


def _coverage(scene: Scene, visibility: Visibility) -> Iterator[ElementCoverage]:
    for name, action in released(visibility.grant).items():
        found = coverage.covered(visibility, name)
        if found is None:
            there = not scene.there.isdisjoint(coverage.entities_of(name))
            yield ElementCoverage(name, action, None, None, NOT_READ if there else NOT_THERE)
            continue
        have, every = found
        least = small_cells.SMALL_CELL if coverage.personal(name) else 0
        extent = small_cells.extent(have, every, least)
        exact = extent not in small_cells.INEXACT
        share = small_cells.share(have, every, least)
        yield ElementCoverage(name, action, have if exact else None, share, extent)


def _having(one: ElementCoverage) -> str:
    if not one.records:
        return one.extent
    return f"{one.extent}: {one.records}{f', {one.share} %' if one.share else ''}"


def _recipients(agreement: Agreement, present: Collection[Agreement]) -> Iterator[NewRecipient]:
    mine = protected(compiled(agreement, agreement.clients[0]))
    for client in agreement.clients:
        known = {name for grant in grants_of(present, (client,)) for name in protected(grant)}
        if fresh := tuple(name for name in mine if name not in known):
            yield NewRecipient(client, agreement.org, fresh)


def _lookalikes(visibility: Visibility) -> Lookalikes | None:
    names = coverage.telling(released(visibility.grant).items())
    sizes = coverage.group_sizes(visibility, names) if names else []
    if not sizes:
        return None
    students = sum(size for size in sizes if small_cells.suppressed(size))
    return Lookalikes(names, small_cells.shown(sizes[0]), small_cells.shown(students))


def _apart(found: Lookalikes) -> Iterator[str]:
    yield f"  by {', '.join(found.facts)}"
    yield f"  students in groups of fewer than {small_cells.SMALL_CELL} who look alike: {words(found.students)}"
    yield f"  the smallest group: {small_cells.FEWER if found.smallest is None else found.smallest}"


def _found(scene: Scene, agreement: Agreement, grant: Grant, alike: Lookalikes | None) -> Iterator[str]:
    """Yield what the data say against the agreement."""
    count = len(scene.students((grant,)))
    if agreement.population.assigned:
        count = len(scene.students(_persons(scene, agreement)))
        if not count:
            yield "no student who is in the population is assigned to anybody"
    elif not count:
        yield "nobody in the district is in the population"
    if small_cells.suppressed(count):
        yield f"fewer than {small_cells.SMALL_CELL} students are in the population, and those who know it know them"
    rule = grant.rule("student.id")
    if alike is not None and alike.students != 0 and rule is not None and rule.action == "pseudonym":
        yield "some pseudonyms hide nobody: those students share what is released with too few others"
