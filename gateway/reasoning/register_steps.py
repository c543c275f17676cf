"""Steps of the registers for one child: consent that an agreement rests on, assignment, and restrictions that cap it.

They are for the custodian alone: a recipient never learns whether there is an entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.registers.effects.cells import consented
from gateway.registers.effects.students import withheld_by
from policies.elements import Line
from policies.explain import TraceStep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import date

    from gateway.registers.entries import Consent, Restriction, StaffAssignment
    from policies.grant import Grant

PLACES = ("address", "phone", "latitude", "longitude", "county", "census", "bus")
"""The words in a name by which it may tell where a protected child lives."""


def restriction_steps(found: Iterable[Restriction], grant: Grant, name: str, day: date) -> Iterator[TraceStep]:
    """Yield a step for each restriction in force on a *day* that is about the element *name* under a grant."""
    for one in found:
        if not _in_force(one, day):
            continue
        told = f"{one.entry}: {_effect(one, grant, name)}"
        yield TraceStep("restriction", not caps(one, grant, name), told)


def caps(one: Restriction, grant: Grant, name: str) -> bool:
    """Tell whether a restriction keeps the element *name* of the child from leaving as it is; an unknown kind does."""
    rule = RULES.get(one.kind)
    return rule is None or rule(one, grant, name)


def _directory(_one: Restriction, grant: Grant, _name: str) -> bool:
    return grant.registered.directory


def _protected(_one: Restriction, _grant: Grant, name: str) -> bool:
    return any(word in name for word in PLACES)


def _ordered(one: Restriction, grant: Grant, name: str) -> bool:
    if one.contact:
        return name.startswith(("contact.", "guardianship."))
    return not one.recipients or grant.org in one.recipients


def _objected(one: Restriction, grant: Grant, name: str) -> bool:
    here = not one.recipients or grant.org in one.recipients
    lines = [Line(path, "deny") for path in withheld_by(one.elements)]
    return here and (not lines or any(line.covers(name) for line in lines))


def _discipline(_one: Restriction, grant: Grant, name: str) -> bool:
    return grant.registered.kind == "district" and name.startswith(("incident.", "action."))


RULES: Mapping[str, Callable[[Restriction, Grant, str], bool]] = {
    "directory": _directory,
    "acp": _protected,
    "court-order": _ordered,
    "parent-objection": _objected,
    "do-not-transfer-discipline": _discipline,
}


def _effect(one: Restriction, grant: Grant, name: str) -> str:
    if not caps(one, grant, name):
        return f"{one.kind}, which is not about this"
    if one.kind == "acp":
        told = "the substitute stands in its place" if one.substitute else "no address leaves without a substitute"
        return f"acp: {told}, and nothing that tells a place leaves"
    return f"{one.kind}: it does not leave"


def consent_steps(found: Collection[Consent], grant: Grant, name: str, day: date) -> Iterator[TraceStep]:
    """Yield the step of the consent that a grant asks for; nothing where it asks for none."""
    if not grant.registered.form:
        return
    mine = [one for one in found if (one.agreement, one.form) == (grant.agreement, grant.registered.form)]
    valid = [one for one in mine if _in_force(one, day)]
    covering = [one for one in valid if consented(one.elements, grant, name)]
    if covering:
        yield TraceStep("consent", True, f"{covering[0].entry}: given by {covering[0].signer_role}")
    elif valid:
        yield TraceStep("consent", False, f"{valid[0].entry}: the form does not name this element")
    else:
        yield TraceStep("consent", False, "ended" if mine else "none that holds is on record")


def assignment_steps(found: Collection[StaffAssignment], grant: Grant) -> Iterator[TraceStep]:
    """Yield the step of the assignment to the person whose grant it is; nothing where none is asked for.

    *found* are those that assign the child today.
    """
    if grant.person:
        told = f"{next(iter(found)).entry}: assigned to the person who asks" if found else "not assigned to this person"
        yield TraceStep("assignment", bool(found), told)


def _in_force(one: Restriction | Consent, day: date) -> bool:
    return one.begin <= day and (one.until is None or day <= one.until)
