"""Families: homes, siblings, and the adults who answer for them, often at two addresses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from gateway.demo.data.people.names import SPOTLIGHTS, slug
from gateway.demo.data.people.people import Family, Registrar, birth_date, family, given_name, heritage, spotlight
from gateway.demo.data.records import GRADES, Address, Guardian, Guardianship, Household, Name, Organization, Student
from gateway.demo.data.schools.schools import ZIPS, Zone, street, telephone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from random import Random

GRADE_WEIGHTS = tuple(accumulate((30, 95, 99, 100, 100, 101, 101, 100, 99, 100, 108, 103, 98, 97)))
CHILDREN = (1, 2, 3, 4)
CHILDREN_WEIGHTS = (56, 88, 97, 100)
STRUCTURES = ("together", "apart", "single", "kin", "guardian")
STRUCTURE_WEIGHTS = (54, 80, 93, 98, 100)
MAIL = ("homemail.example", "postbox.example", "inbox.example")
CHANCE_TWINS = 0.012
CHANCE_UNIT = 0.3
CHANCE_OWN_SURNAME = 0.35
CHANCE_SAME_SEX = 0.04
CHANCE_EXTRA = 0.1
CHANCE_NO_EMAIL = 0.06
KIN = ("Grandmother", "Grandfather", "Aunt", "Uncle")
GUARDIANS = ("Foster parent", "CourtAppointedGuardian")
WOMEN = frozenset({"Mother", "Grandmother", "Aunt"})
SPOTLIGHT_GRADES = ("04", "01")
SPOTLIGHT_GUARDIANS = 2
TWO_HOMES = "apart"


@dataclass(frozen=True, slots=True)
class Role:
    """The role of an adult in a family before the person is generated."""

    relation: str
    kind: str
    at_home: bool
    legal: bool = True


@dataclass(slots=True)
class Village:
    """All families of a district while they are generated."""

    name: str
    school_year: int
    zones: Sequence[Zone]
    rng: Random
    seed: int
    students: list[Student] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    guardians: list[Guardian] = field(default_factory=list)
    guardianships: list[Guardianship] = field(default_factory=list)

    def settle(self, count: int) -> None:
        """Generate families until the district has *count* students."""
        registrar = Registrar(f"{self.name}.example", self.school_year, self.rng)
        weights = tuple(accumulate(self.rng.uniform(0.85, 1.15) for _ in self.zones))
        while len(self.students) < count:
            zone = self.zones[0] if not self.students else self.rng.choices(self.zones, cum_weights=weights)[0]
            self._move_in(zone, registrar, count - len(self.students))

    def _move_in(self, zone: Zone, registrar: Registrar, most: int) -> None:
        first = not self.students
        home = self._home(zone.elementary)
        relatives = family(home.id, home.phone, self.rng)
        if first:
            relatives = replace(relatives, surname=SPOTLIGHTS[self.seed % len(SPOTLIGHTS)][2])
        children = [
            registrar.enroll(relatives, grade, zone.school(grade).id, born) for grade, born in self._ages(first)[:most]
        ]
        if first:
            children[0] = spotlight(children[0], f"{self.name}.example", self.seed)
        self.students += children
        structure = TWO_HOMES if first else self.rng.choices(STRUCTURES, cum_weights=STRUCTURE_WEIGHTS)[0]
        for priority, role in enumerate(self._roles(structure), start=1):
            self._answer_for(children, role, priority, relatives, home)

    def _home(self, school: Organization) -> Household:
        rng, place = self.rng, school.address
        unit = f"Apt {rng.randrange(1, 40)}{rng.choice('ABCD')}" if rng.random() < CHANCE_UNIT else ""
        postal_code = place.postal_code if self.rng.random() < 1 - CHANCE_EXTRA else rng.choice(ZIPS)
        address = Address(street(rng), unit, place.city, "WA", postal_code)
        home = Household(str(len(self.households) + 1), address, telephone(rng))
        self.households.append(home)
        return home

    def _ages(self, first: bool) -> list[tuple[str, date]]:
        """Return grade and birthday of each child; siblings share a grade only when they are twins."""
        rng = self.rng
        number = 0 if first else rng.choices(CHILDREN, cum_weights=CHILDREN_WEIGHTS)[0]
        grades: list[str] = list(SPOTLIGHT_GRADES) if first else []
        while len(grades) < number:
            grade = rng.choices(GRADES, cum_weights=GRADE_WEIGHTS)[0]
            if grade not in grades:
                grades.append(grade)
        ages = [(grade, birth_date(grade, self.school_year, rng)) for grade in grades]
        return [*ages, ages[0]] if not first and rng.random() < CHANCE_TWINS else ages

    def _roles(self, structure: str) -> list[Role]:
        rng = self.rng
        mother, father = Role("Mother", "parent", at_home=True), Role("Father", "parent", at_home=True)
        if structure == "together":
            parents = [mother, father] if rng.random() < 1 - CHANCE_SAME_SEX else [rng.choice((mother, father))] * 2
        elif structure == TWO_HOMES:
            parents = [mother, Role("Father", "parent", at_home=False)]
        elif structure == "single":
            parents = [rng.choice((mother, mother, mother, father))]
        elif structure == "kin":
            parents = [Role(rng.choice(KIN), "relative", at_home=True)]
        else:
            parents = [Role(rng.choice(GUARDIANS), "guardian", at_home=True)]
        if rng.random() < CHANCE_EXTRA:
            return [*parents, Role(rng.choice(KIN), "relative", at_home=False, legal=False)]
        return parents

    def _answer_for(
        self, children: list[Student], role: Role, priority: int, relatives: Family, home: Household
    ) -> None:
        household = home if role.at_home else self._home_nearby(home)
        adult = self._guardian(role, relatives, household, children[0].name.family)
        self.guardians.append(adult)
        for child in children:
            self.guardianships.append(
                Guardianship(
                    child.id,
                    adult.id,
                    role.relation,
                    role.kind,
                    primary=priority == 1,
                    lives_with=role.at_home,
                    emergency=role.legal or role.kind == "relative",
                    legal=role.legal,
                    priority=priority,
                )
            )

    def _home_nearby(self, home: Household) -> Household:
        rng = self.rng
        address = Address(street(rng), "", home.address.city, "WA", rng.choice(ZIPS))
        other = Household(str(len(self.households) + 1), address, telephone(rng))
        self.households.append(other)
        return other

    def _guardian(self, role: Role, relatives: Family, household: Household, surname: str) -> Guardian:
        rng = self.rng
        sex = "female" if role.relation in WOMEN else "male"
        if role.kind == "guardian":
            sex = rng.choice(("female", "male"))
        roots = heritage(rng) if role.kind == "guardian" else relatives.heritage
        own = role.kind == "guardian" or rng.random() < CHANCE_OWN_SURNAME
        last = rng.choice(roots.family) if own else surname
        given = given_name(roots, sex, rng)
        number = len(self.guardians) + 1
        email = f"{slug(given)}.{slug(last)[:16]}{number}@{rng.choice(MAIL)}".lstrip(".")
        return Guardian(
            id=str(7_000_000 + number),
            name=Name(given, "", last),
            sex=sex,
            household=household.id,
            email="" if rng.random() < CHANCE_NO_EMAIL and number > SPOTLIGHT_GUARDIANS else email,
            phone=telephone(rng),
            language=relatives.language,
        )
