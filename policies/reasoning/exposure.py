"""Exposure: who can see a fact under which agreement, and whether a client can see two facts of one student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies import elements
from policies.compiler import compile as compiled
from policies.elements import Line
from policies.explain import SAID
from policies.reasoning.differences import DENY, action_of, span
from policies.transfers.terms import is_transfer
from standards.errors import NotFound
from standards.fields import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.agreement import Agreement
    from policies.grant import Grant

YES, NO, APART = "yes", "no", "apart"
"""The answers to whether two facts meet: of one student, not at all, or without anything that says they are of one."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one *client* sees of one *element* under one agreement, by the *grant* that it compiles to."""

    agreement: Agreement
    client: str
    element: str
    action: str
    grant: Grant

    @property
    def window(self) -> str:
        """The dates of the records that it leaves of, in words."""
        return span(self.grant.windows.get(self.element))


def elements_of(path: str) -> tuple[str, ...]:
    """Return the elements under a *path* that hold a fact.

    Raises:
        NotFound: nothing has such a name.
    """
    found = elements.under(Line(path, "allow"))
    if not found:
        raise NotFound(f"No element is called {path!r}{elements.guess(path)}.")
    return tuple(one.name for one in found if not one.container)


def who_can_see(agreements: Iterable[Agreement], path: str) -> Iterator[Exposure]:
    """Yield what each client of the *agreements* sees of each element under *path*; nothing where it sees none.

    By an agreement about transfers no client sees anything.
    """
    names = elements_of(path)
    for one in _about_data(agreements):
        for client in one.clients:
            grant = compiled(one, client)
            for name in names:
                if (action := action_of(grant, name)) != DENY:
                    yield Exposure(one, client, name, action, grant)


def _about_data(agreements: Iterable[Agreement]) -> Iterator[Agreement]:
    return (one for one in agreements if not is_transfer(one.operations))


@dataclass(frozen=True, slots=True)
class Meeting:
    """Whether a client can see two facts of one student, and the reasons, a sentence each."""

    client: str
    first: str
    second: str
    answer: str
    reasons: tuple[str, ...]


def can(agreements: Sequence[Agreement], client: str, first: str, second: str) -> Meeting:
    """Tell whether *client* can ever see both elements of one student, in one purpose and district, and why.

    Agreements of one purpose and district are combined, so one may release the first and another the second.
    """
    pairs = (elements_of(first), elements_of(second))
    groups: dict[tuple[str, str], list[Agreement]] = {}
    for one in _about_data(agreements):
        if client in one.clients:
            groups.setdefault((one.district, one.purpose), []).append(one)
    if not groups:
        return Meeting(client, first, second, NO, (f"no agreement names the client {client}",))
    verdicts = [_together(some, client, pairs) for some in groups.values()]
    answer = next((one for one in (YES, APART) if any(one == found for found, _ in verdicts)), NO)
    reasons = tuple(why for _, some in verdicts for why in some)
    return Meeting(client, first, second, answer, (*reasons, *_across(groups, client, pairs, answer)))


def _together(
    some: Sequence[Agreement], client: str, pairs: tuple[tuple[str, ...], tuple[str, ...]]
) -> tuple[str, list[str]]:
    """Tell whether both are seen under agreements of one district and purpose."""
    where = f"{some[0].district}, for {some[0].purpose}"
    grants = {one.id: compiled(one, client) for one in some}
    sides = [[(one, name) for one in some for name in names if _sees(grants[one.id], name)] for names in pairs]
    reasons = [_told(grants[one.id], one, name) for side in sides for one, name in side]
    if not all(sides):
        missing = " or ".join(pairs[at][0] for at in (0, 1) if not sides[at])
        return NO, [f"{where}: nothing releases {missing}", *reasons]
    every = tuple(grants.values())
    if all(any(linked(every, name) for _, name in side) for side in sides):
        apart = {one.id for one, _ in sides[0]}.isdisjoint(one.id for one, _ in sides[1])
        of = "of a student whom both agreements are about" if apart else "of every student it is about"
        return YES, [f"{where}: both leave, {of}", *reasons]
    return APART, [f"{where}: both leave, but nothing that leaves says that they are of one student", *reasons]


def _sees(grant: Grant, name: str) -> bool:
    return action_of(grant, name) != DENY


def _told(grant: Grant, one: Agreement, name: str) -> str:
    return f"{one.id} version {one.version}: {name} is {SAID[action_of(grant, name)]}"


def linked(grants: Sequence[Grant], name: str) -> bool:
    """Tell whether records with the element *name* say of which student they are, by ids and references that leave."""
    one = elements.element(name)
    return one is not None and any(_leads_to_student(grants, field.entity, frozenset()) for field in one.fields)


def _leads_to_student(grants: Sequence[Grant], entity: str, passed: frozenset[str]) -> bool:
    """Tell whether released references lead from a record of *entity*, or to it, to a student whose id leaves."""
    if entity in {"student", "profile"}:
        return _leaves(grants, elements.id_of("student"))
    if entity in passed:
        return False
    here = passed | {entity}
    refs = [field for field in fields_of(entity).values() if field.type == "ref" and _leaves(grants, field.release)]
    if any(field.to == "student" or (field.owner and _leads_to_student(grants, field.to, here)) for field in refs):
        return _leaves(grants, elements.id_of("student"))
    if entity != "contact":
        return False
    between = fields_of("guardianship")
    return _leads_to_student(grants, "guardianship", here) and _leaves(grants, between["contact"].release)


def _leaves(grants: Sequence[Grant], name: str) -> bool:
    return any(grant.releases(name) for grant in grants)


def _across(
    groups: dict[tuple[str, str], list[Agreement]],
    client: str,
    pairs: tuple[tuple[str, ...], tuple[str, ...]],
    answer: str,
) -> Iterator[str]:
    """Yield what has to be said of a client that is shown each fact for another purpose."""
    if answer == YES:
        return
    shown = [
        {
            key
            for key, some in groups.items()
            for one in some
            if any(_sees(compiled(one, client), name) for name in names)
        }
        for names in pairs
    ]
    if all(shown):
        yield "purposes never meet in one request; but one client knows a student by the same id in all of them"
