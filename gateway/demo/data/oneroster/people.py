"""People as rows of OneRoster 1.2 files: users, their roles, accounts, demographics and class enrollments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standards.days import day_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.demo.data.oneroster.ids import Ids
    from gateway.demo.data.records import (
        Assignment,
        Enrollment,
        FictionalDistrict,
        Guardian,
        Guardianship,
        Name,
        Staff,
        Student,
    )

Row = dict[str, str]
STAFF_ROLES = {
    "teacher": "teacher",
    "principal": "principal",
    "counselor": "counselor",
    "aide": "aide",
    "office": "siteAdministrator",
    "superintendent": "districtAdministrator",
    "district": "districtAdministrator",
    "system": "systemAdministrator",
}
RACES = {
    "native": "americanIndianOrAlaskaNative",
    "asian": "asian",
    "black": "blackOrAfricanAmerican",
    "pacific": "nativeHawaiianOrOtherPacificIslander",
    "white": "white",
}
BUS = "metadata.crossing.bus"
LANGUAGE = "metadata.crossing.homeLanguage"
RESIDENT = "01652"
ACCOUNT_EVERY = 50
TRUTH = {True: "true", False: "false"}


@dataclass(slots=True)
class PeopleRows:
    """The people of one district, joined once and read by several files."""

    district: FictionalDistrict
    ids: Ids
    memberships: dict[str, list[Enrollment]] = field(default_factory=dict)
    adults: dict[str, list[Guardianship]] = field(default_factory=dict)
    children: dict[str, list[Guardianship]] = field(default_factory=dict)
    posts: dict[str, list[Assignment]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for member in self.district.enrollments:
            self.memberships.setdefault(member.student, []).append(member)
        for tie in self.district.guardianships:
            self.adults.setdefault(tie.student, []).append(tie)
            self.children.setdefault(tie.guardian, []).append(tie)
        for post in self.district.assignments:
            self.posts.setdefault(post.staff, []).append(post)

    def users(self) -> Iterator[Row]:
        """Yield every student, member of staff, and guardian."""
        yield from map(self._student, self.district.students)
        yield from map(self._employee, self.district.staff)
        yield from map(self._guardian, self.district.guardians)

    def _student(self, one: Student) -> Row:
        here = any(member.exit is None for member in self.memberships[one.id])
        return _name(one.name) | {
            "sourcedId": self.ids.student(one.id),
            "enabledUser": TRUTH[here],
            "username": one.username,
            "userIds": f"{{local:{one.id}}},{{state:{one.state_id}}}",
            "identifier": one.id,
            "email": one.email,
            "phone": one.phone,
            "agentSourcedIds": ",".join(self.ids.guardian(tie.guardian) for tie in self.adults.get(one.id, ())),
            "grades": one.grade,
            "userMasterIdentifier": one.state_id,
            "primaryOrgSourcedId": self.ids.org(one.school),
            "pronouns": one.pronouns,
            BUS: one.bus,
            LANGUAGE: one.language,
        }

    def _employee(self, one: Staff) -> Row:
        return _name(one.name) | {
            "sourcedId": self.ids.staff(one.id),
            "enabledUser": "true",
            "username": one.username,
            "userIds": f"{{local:{one.id}}}",
            "identifier": one.id,
            "email": one.email,
            "phone": one.phone,
            "primaryOrgSourcedId": self.ids.org(self.posts[one.id][0].organization),
        }

    def _guardian(self, one: Guardian) -> Row:
        ties = self.children[one.id]
        return _name(one.name) | {
            "sourcedId": self.ids.guardian(one.id),
            "enabledUser": "true",
            "username": one.email or f"guardian{one.id}",
            "identifier": one.id,
            "email": one.email,
            "sms": one.phone,
            "phone": self.district.homes[one.household].phone,
            "agentSourcedIds": ",".join(self.ids.student(tie.student) for tie in ties),
            LANGUAGE: one.language,
        }

    def roles(self) -> Iterator[Row]:
        """Yield the roles of each user at each organization; the first role at each is the primary one there."""
        known: set[tuple[str, str]] = set()
        for role in self._roles():
            place = (role["userSourcedId"], role["orgSourcedId"])
            yield role | {"roleType": "secondary" if place in known else "primary"}
            known.add(place)

    def _roles(self) -> Iterator[Row]:
        schools = {one.id: one.school for one in self.district.students}
        accounts = {row["userSourcedId"]: row["sourcedId"] for row in self.accounts()}
        for student in self.district.students:
            user = self.ids.student(student.id)
            yield from self._student_roles(user, student, accounts.get(user, ""))
        for staff, posts in self.posts.items():
            user = self.ids.staff(staff)
            for number, post in enumerate(posts):
                role = STAFF_ROLES[post.role]
                yield _role(user, number, role, self.ids.org(post.organization), begin=post.begin.isoformat())
        for guardian, ties in self.children.items():
            user = self.ids.guardian(guardian)
            for number, school in enumerate(dict.fromkeys(schools[tie.student] for tie in ties)):
                yield _role(user, number, ties[0].kind, self.ids.org(school))

    def _student_roles(self, user: str, student: Student, account: str) -> Iterator[Row]:
        members = sorted(self.memberships[student.id], key=lambda one: one.school != student.school)
        for number, member in enumerate(members):
            end = day_after(member.exit.isoformat()) if member.exit else ""
            yield _role(
                user, number, "student", self.ids.org(member.school), begin=member.entry.isoformat(), end=end
            ) | {"userProfileSourcedId": "" if number else account}

    def accounts(self) -> Iterator[Row]:
        """Yield the account of a few students in a learning management system."""
        for student in self.district.students[::ACCOUNT_EVERY]:
            user = self.ids.student(student.id)
            yield {
                "sourcedId": f"{user}-lms",
                "userSourcedId": user,
                "profileType": "LMS",
                "vendorId": "tidepool",
                "applicationId": "tidepool-classroom",
                "description": "Classroom account",
                "credentialType": "username",
                "username": student.username,
            }

    def demographics(self) -> Iterator[Row]:
        """Yield the demographics of every student."""
        for one in self.district.students:
            yield {
                "sourcedId": self.ids.student(one.id),
                "birthDate": one.birth_date.isoformat(),
                "sex": one.sex,
                **{column: TRUTH[race in one.races] for race, column in RACES.items()},
                "demographicRaceTwoOrMoreRaces": TRUTH[len(one.races) > 1],
                "hispanicOrLatinoEthnicity": TRUTH[one.hispanic],
                "countryOfBirthCode": one.birthplace.country,
                "stateOfBirthAbbreviation": one.birthplace.state,
                "cityOfBirth": one.birthplace.city,
                "publicSchoolResidenceStatus": RESIDENT,
            }

    def enrollments(self) -> Iterator[Row]:
        """Yield the enrollments of students and teachers in every class."""
        schools = {section.id: self.ids.org(section.school) for section in self.district.sections}
        for seat in self.district.placements:
            yield {
                "sourcedId": self.ids.other(f"e-{seat.section}.{seat.student}"),
                "classSourcedId": self.ids.section(seat.section),
                "schoolSourcedId": schools[seat.section],
                "userSourcedId": self.ids.student(seat.student),
                "role": "student",
                "primary": "false",
                "beginDate": seat.begin.isoformat(),
                "endDate": day_after(seat.end.isoformat()),
            }
        for lesson in self.district.teachings:
            yield {
                "sourcedId": self.ids.other(f"e-{lesson.section}.t{lesson.staff}"),
                "classSourcedId": self.ids.section(lesson.section),
                "schoolSourcedId": schools[lesson.section],
                "userSourcedId": self.ids.staff(lesson.staff),
                "role": "teacher",
                "primary": TRUTH[lesson.lead],
                "beginDate": lesson.begin.isoformat(),
                "endDate": day_after(lesson.end.isoformat()),
            }


def _name(name: Name) -> Row:
    return {
        "givenName": name.given,
        "middleName": name.middle,
        "familyName": f"{name.family} {name.suffix}".rstrip(),
        "preferredGivenName": name.preferred_given,
        "preferredFamilyName": name.preferred_family,
    }


def _role(user: str, number: int, role: str, org: str, *, begin: str = "", end: str = "") -> Row:
    return {
        "sourcedId": f"{user}-r{number}",
        "userSourcedId": user,
        "role": role,
        "beginDate": begin,
        "endDate": end,
        "orgSourcedId": org,
    }
