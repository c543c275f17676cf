"""OneRoster users, students and teachers: one user per student, staff or contact record, a role per organization."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from standards.codes import outward
from standards.lenses.formats import code_value, trimmed, truth
from standards.oneroster.resources.parts import HEAD, guid, metadata, reference, references, until
from standards.view import Branch, Children, Const, Follow, Items, Links, List, Node, Object, View, value

ROLE = outward("role", "oneroster")
GRADE = outward("gradeLevel", "oneroster")


def _primacy(value: object) -> str:
    return "primary" if value else "secondary"


def one_primary(roles: list[Any]) -> list[Any]:
    """Return the *roles* with one primary role at each organization: of several, or of none, the longest."""
    places: dict[str, list[int]] = {}
    for number, role in enumerate(roles):
        if "org" in role and "roleType" in role:
            places.setdefault(role["org"].get("sourcedId", ""), []).append(number)
    chosen = {numbers[0] if len(numbers) == 1 else _lasting(roles, numbers) for numbers in places.values()}
    settled = {number for numbers in places.values() for number in numbers}
    return [
        {**role, "roleType": _primacy(number in chosen)} if number in settled else role
        for number, role in enumerate(roles)
    ]


def _lasting(roles: list[Any], numbers: list[int]) -> int:
    """Return the index of the role that lasts longest, among the primary ones where there are any."""

    def rank(number: int) -> tuple[Any, ...]:
        role = roles[number]
        days = ("endDate" not in role, role.get("endDate", ""), role.get("beginDate", ""))
        return role["roleType"] == _primacy(True), *days, orjson.dumps(role), number

    return max(numbers, key=rank)


def _user(
    roles: tuple[Node, ...],
    agents: tuple[Node, ...],
    *,
    codes: tuple[Node, ...] = (),
    reached: tuple[Node, ...] = (value("email"), value("sms"), value("phone")),
    enrolled: tuple[Node, ...] = (),
) -> tuple[Node, ...]:
    """Show the members of a user; those that differ between students, staff and contacts are given."""
    return (
        *HEAD,
        metadata("users"),
        value("userMasterIdentifier", "masterIdentifier"),
        value("username"),
        _ids((Items("identifiers"),), value("type", form=trimmed), value("identifier", "value", form=trimmed)),
        *codes,
        value("enabledUser", "enabled", form=truth),
        Const("enabledUser", "true"),
        value("givenName", "name.given"),
        value("familyName", "name.family"),
        value("middleName", "name.middle"),
        value("preferredFirstName", "name.preferredGiven"),
        value("preferredMiddleName", "name.preferredMiddle"),
        value("preferredLastName", "name.preferredFamily"),
        value("pronouns"),
        *roles,
        _PROFILES,
        reference("primaryOrg", "primaryOrganization", "orgs", "org"),
        value("identifier", "identifier", "uniqueId"),
        *reached,
        *agents,
        value("grades", form=GRADE),
        *enrolled,
        references("resources", (Links("resources"),), "resources", "resource"),
    )


def _roles(step: Children | Items, organization: str, begin: str, end: str, *role: Node) -> List:
    """Show a role at each organization that *step* leads to."""
    members = (
        value("roleType", "primary", form=_primacy),
        Const("roleType", "primary"),
        *role,
        reference("org", organization, "orgs", "org"),
        value("userProfile", "account"),
        value("beginDate", begin, type="date"),
        until(end),
    )
    return List("roles", (step,), members, order=("roleType", "beginDate"), settle=one_primary)


# What somebody is to schools beside what makes a student's enrollment or an employment.
_BESIDE = replace(
    _roles(Items("roles", owners=("organization",)), "organization", "begin", "end", value("role", "kind", form=ROLE)),
    adds=True,
)


def _codes(*steps: Children | Items) -> List:
    """Show identification codes of an Ed-Fi source as userIds."""
    return _ids(steps, value("type", "system", form=code_value), value("identifier", "code", form=trimmed))


def _ids(steps: tuple[Children | Items, ...], kind: Node, identifier: Node) -> List:
    """Show the ids of a user elsewhere, each with a type: where the source names none, a placeholder."""
    return List("userIds", steps, (kind, Const("type", "Other"), identifier), needs=("identifier",))


def _of_profiles(name: str) -> tuple[Node, ...]:
    """Show the student's record, or else the student's profiles at organizations."""
    return value(name), List(name, (Children("profile", "student"),), (value(name),), bare=True, single="least")


_PROFILES = List(
    "userProfiles",
    (Items("accounts"),),
    (
        value("profileId", "id"),
        value("profileType", "type"),
        value("vendorId", "vendor"),
        value("applicationId", "application"),
        value("description"),
        List("credentials", (), (value("type", "credentialType"), value("username"))),
    ),
)
# Where a staff member teaches, as Ed-Fi says of schools for which it tells no assignment.
SERVICES = "edfi.staffSchoolAssociations"
# What makes a student a user: a role at a school.
ENROLLED = (
    _roles(
        Children("enrollment", "student"), "school", "entry", "exit", value("role", form=ROLE), Const("role", "student")
    ),
)
STUDENT = Branch(
    "student",
    _user(
        roles=(
            *ENROLLED,
            _BESIDE,
        ),
        agents=(references("agents", (Children("guardianship", "student"), Follow("contact")), "users", "user"),),
        codes=(_codes(Children("profile", "student"), Items("identificationCodes")),),
        reached=(*_of_profiles("email"), *_of_profiles("sms"), *_of_profiles("phone")),
        enrolled=(
            List(
                "grades", (Children("enrollment", "student"),), (value("grade", form=GRADE),), bare=True, distinct=True
            ),
        ),
    ),
    needs=("roles",),
)
STAFF = Branch(
    "staff",
    _user(
        roles=(
            _roles(
                Children("employment", "staff"), "organization", "begin", "end",
                value("role", form=ROLE),
                value("role", "classification", form=outward("staffClassification", "oneroster")),
            ),
            List(
                "roles",
                (Children("teaching", "staff"), Follow("section")),
                (Const("roleType", "primary"), Const("role", "teacher"), reference("org", "school", "orgs", "org")),
                distinct=True,
                settle=one_primary,
            ),
            _BESIDE,
            List(
                "roles",
                (Children(SERVICES, "staffReference.staffUniqueId"), Follow("schoolReference@")),
                (Const("roleType", "primary"), Const("role", "teacher"), Object("org", guid("orgs", "org"))),
                distinct=True,
                adds=True,
                beside="org",
                settle=one_primary,
            ),
        ),
        agents=(references("agents", (Links("agents"),), "users", "user"),),
        codes=(_codes(Items("identificationCodes")),),
    ),
    needs=("roles",),
)  # fmt: skip
CONTACT = Branch(
    "contact",
    _user(
        roles=(
            _BESIDE,
            List(
                "roles",
                (Children("guardianship", "contact"), Follow("student"), Children("enrollment", "student")),
                (reference("org", "school", "orgs", "org"),),
                early=(
                    Const("roleType", "primary"),
                    value("role", form=ROLE),
                    value("role", "relation", form=outward("relation", "oneroster")),
                    Const("role", "guardian"),
                ),
                distinct=True,
                settle=one_primary,
            ),
        ),
        agents=(
            references("agents", (Links("agents"),), "users", "user"),
            references("agents", (Children("guardianship", "contact"), Follow("student")), "users", "user"),
        ),
    ),
    needs=("roles",),
)
# A person who teaches a class is a teacher, whatever the person's own role is.
TEACHER = replace(STAFF, only=(("roles.role", "teacher"),), also=(Children("teaching", "staff"),))

VIEWS = (
    View("users", "oneroster", "user", (STUDENT, STAFF, CONTACT)),
    View("students", "oneroster", "user", (STUDENT,)),
    View("teachers", "oneroster", "user", (TEACHER,)),
)
