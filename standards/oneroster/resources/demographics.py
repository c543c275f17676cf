"""OneRoster demographics: one record for each student, under the id of the student's user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standards.codes import outward
from standards.lenses.formats import truth
from standards.oneroster.resources.parts import HEAD, metadata
from standards.oneroster.resources.users import ENROLLED
from standards.view import Branch, Children, List, Node, View, value

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FLAGS = (
    ("americanIndianOrAlaskaNative", "race.americanIndianOrAlaskaNative"),
    ("asian", "race.asian"),
    ("blackOrAfricanAmerican", "race.blackOrAfricanAmerican"),
    ("nativeHawaiianOrOtherPacificIslander", "race.nativeHawaiianOrOtherPacificIslander"),
    ("white", "race.white"),
    ("demographicRaceTwoOrMoreRaces", "race.twoOrMore"),
    ("hispanicOrLatinoEthnicity", "ethnicity.hispanicOrLatino"),
)


def _of_profiles(name: str, field: str, form: Callable[[Any], Any], single: str) -> tuple[Node, ...]:
    """Show the student's record, or else the student's profiles at organizations."""
    member = value(name, field, form=form)
    return member, List(name, (Children("profile", "student"),), (member,), bare=True, single=single)


VIEW = View(
    "demographics",
    "oneroster",
    "demographics",
    (
        Branch(
            "student",
            (
                *HEAD,
                metadata("demographics"),
                value("birthDate", type="date"),
                *_of_profiles("sex", "sex", outward("sex", "oneroster"), "least"),
                value("sex", "birthSex", form=outward("sex", "oneroster")),
                *(node for name, field in FLAGS for node in _of_profiles(name, field, truth, "greatest")),
                value("countryOfBirthCode", "birthCountry", form=outward("country", "oneroster")),
                value("stateOfBirthAbbreviation", "birthState", form=outward("state", "oneroster")),
                value("cityOfBirth", "birthCity"),
                value("publicSchoolResidenceStatus", "residenceStatus"),
            ),
            backed=ENROLLED,
        ),
    ),
)
