"""OneRoster users, students and teachers: one user per student, staff or contact record, a role per organization."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from standards.codes import outward
from standards.lenses.formats import code_value, trimmed, truth
from standards.oneroster.resources.parts import HEAD, guid, metadata, reference, references, until
from standards.view import Branch, Const, Items, Kids, Links, Many, Node, Obj, To, View, v

ROLE = outward("role", "oneroster")
GRADE = outward("gradeLevel", "oneroster")


def _primacy(value: object) -> str:
    return "primary" if value else "secondary"


def one_primary(roles: list[Any]) -> list[Any]:
    """The *roles* with one primary role at each organization: of several, or of none, the one that lasts longest."""
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
    """Which of some roles lasts longest: of those that are said to be primary, where there are any."""

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
    reached: tuple[Node, ...] = (v("email"), v("sms"), v("phone")),
    enrolled: tuple[Node, ...] = (),
) -> tuple[Node, ...]:
    """The members of a user; what differs between students, staff and contacts is given."""
    return (
        *HEAD,
        metadata("users"),
        v("userMasterIdentifier", "masterIdentifier"),
        v("username"),
        _ids((Items("identifiers"),), v("type", form=trimmed), v("identifier", "value", form=trimmed)),
        *codes,
        v("enabledUser", "enabled", form=truth),
        Const("enabledUser", "true"),
        v("givenName", "name.given"),
        v("familyName", "name.family"),
        v("middleName", "name.middle"),
        v("preferredFirstName", "name.preferredGiven"),
        v("preferredMiddleName", "name.preferredMiddle"),
        v("preferredLastName", "name.preferredFamily"),
        v("pronouns"),
        *roles,
        _PROFILES,
        reference("primaryOrg", "primaryOrganization", "orgs", "org"),
        v("identifier", "identifier", "uniqueId"),
        *reached,
        *agents,
        v("grades", form=GRADE),
        *enrolled,
        references("resources", (Links("resources"),), "resources", "resource"),
    )


def _roles(step: Kids | Items, organization: str, begin: str, end: str, *role: Node) -> Many:
    """A role at each organization that *step* leads to."""
    members = (
        v("roleType", "primary", form=_primacy),
        Const("roleType", "primary"),
        *role,
        reference("org", organization, "orgs", "org"),
        v("userProfile", "account"),
        v("beginDate", begin, type="date"),
        until(end),
    )
    return Many("roles", (step,), members, order=("roleType", "beginDate"), settle=one_primary)


# What somebody is to schools beside what makes a student's enrollment or an employment.
_BESIDE = replace(
    _roles(Items("roles", owners=("organization",)), "organization", "begin", "end", v("role", "kind", form=ROLE)),
    adds=True,
)


def _codes(*steps: Kids | Items) -> Many:
    """Identification codes of an Ed-Fi source as userIds."""
    return _ids(steps, v("type", "system", form=code_value), v("identifier", "code", form=trimmed))


def _ids(steps: tuple[Kids | Items, ...], kind: Node, identifier: Node) -> Many:
    """The ids of a user elsewhere, each with a type: where the source names none, with the word for that."""
    return Many("userIds", steps, (kind, Const("type", "Other"), identifier), needs=("identifier",))


def _of_profiles(name: str) -> tuple[Node, ...]:
    """What the student's record says, or else what the student's profiles at organizations say."""
    return v(name), Many(name, (Kids("profile", "student"),), (v(name),), bare=True, single="least")


_PROFILES = Many(
    "userProfiles",
    (Items("accounts"),),
    (
        v("profileId", "id"),
        v("profileType", "type"),
        v("vendorId", "vendor"),
        v("applicationId", "application"),
        v("description"),
        Many("credentials", (), (v("type", "credentialType"), v("username"))),
    ),
)
# Where a staff member teaches, as Ed-Fi says of schools for which it tells no assignment.
SERVICES = "edfi.staffSchoolAssociations"
# What makes a student a user: a role at a school.
ENROLLED = (
    _roles(Kids("enrollment", "student"), "school", "entry", "exit", v("role", form=ROLE), Const("role", "student")),
)
STUDENT = Branch(
    "student",
    _user(
        roles=(
            *ENROLLED,
            _BESIDE,
        ),
        agents=(references("agents", (Kids("guardianship", "student"), To("contact")), "users", "user"),),
        codes=(_codes(Kids("profile", "student"), Items("identificationCodes")),),
        reached=(*_of_profiles("email"), *_of_profiles("sms"), *_of_profiles("phone")),
        enrolled=(
            Many("grades", (Kids("enrollment", "student"),), (v("grade", form=GRADE),), bare=True, distinct=True),
        ),
    ),
    needs=("roles",),
)
STAFF = Branch(
    "staff",
    _user(
        roles=(
            _roles(
                Kids("employment", "staff"), "organization", "begin", "end",
                v("role", form=ROLE),
                v("role", "classification", form=outward("staffClassification", "oneroster")),
            ),
            Many(
                "roles",
                (Kids("teaching", "staff"), To("section")),
                (Const("roleType", "primary"), Const("role", "teacher"), reference("org", "school", "orgs", "org")),
                distinct=True,
                settle=one_primary,
            ),
            _BESIDE,
            Many(
                "roles",
                (Kids(SERVICES, "staffReference.staffUniqueId"), To("schoolReference@")),
                (Const("roleType", "primary"), Const("role", "teacher"), Obj("org", guid("orgs", "org"))),
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
            Many(
                "roles",
                (Kids("guardianship", "contact"), To("student"), Kids("enrollment", "student")),
                (reference("org", "school", "orgs", "org"),),
                early=(
                    Const("roleType", "primary"),
                    v("role", form=ROLE),
                    v("role", "relation", form=outward("relation", "oneroster")),
                    Const("role", "guardian"),
                ),
                distinct=True,
                settle=one_primary,
            ),
        ),
        agents=(
            references("agents", (Links("agents"),), "users", "user"),
            references("agents", (Kids("guardianship", "contact"), To("student")), "users", "user"),
        ),
    ),
    needs=("roles",),
)
# Whoever teaches a class is a teacher, whatever the person's own role is.
TEACHER = replace(STAFF, only=(("roles.role", "teacher"),), also=(Kids("teaching", "staff"),))

VIEWS = (
    View("users", "oneroster", "user", (STUDENT, STAFF, CONTACT)),
    View("students", "oneroster", "user", (STUDENT,)),
    View("teachers", "oneroster", "user", (TEACHER,)),
)
