"""The roster in OneRoster's bulk files, in the words of the vocabulary; 1.1 has the columns that it knows of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from standards.lenses.lens import Lens, coded, converted, joined, opened, same
from standards.lenses.types import WRONG
from standards.oneroster.csv import specification
from standards.oneroster.csv.gradebook_lenses import GRADEBOOK
from standards.oneroster.csv.words import braced, own, ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standards.lenses.lens import Pair

DIALECTS = {"1.1": "oneroster11.csv", "1.2": "oneroster.csv"}
PROFILE = "urn:oneroster:userProfile:"
KEY = (specification.ID,)


def _account(cell: str) -> str:
    """Return the address of a user profile as OneRoster's API wants it; a cell with a colon is an address already."""
    return cell if ":" in cell else PROFILE + cell


def _account_cell(account: str) -> Any:
    return account.removeprefix(PROFILE) if account.startswith(PROFILE) else WRONG


def _primacy(cell: str) -> Any:
    return {"primary": True, "secondary": False}.get(cell, WRONG)


def _primacy_cell(primary: bool) -> str:
    return "primary" if primary else "secondary"


def _role(
    person: str, organization: str, begin: str, end: str, prefix: str = "", kind: str = "role"
) -> tuple[Pair, ...]:
    """Return the pairs of a row of roles.csv; *prefix* where the vocabulary keeps roles with the person."""
    return (
        *((ref("user", person),) if person else ()),
        converted("roleType", f"{prefix}primary", _primacy, _primacy_cell),
        coded("role", f"{prefix}{kind}", "role"),
        same("beginDate", f"{prefix}{begin}", "date"),
        same("endDate", f"{prefix}{end}", "until"),
        ref("org", f"{prefix}{organization}"),
        converted("userProfileSourcedId", f"{prefix}account", _account, _account_cell),
    )


def _enrollment(person: str) -> tuple[Pair, ...]:
    return (
        *own("enrollments"),
        ref("user", person),
        ref("class", "section"),
        coded("role", "role", "enrollmentRole"),
        same("primary", "primary", "truth"),
        same("beginDate", "begin", "date"),
        same("endDate", "end", "until"),
    )


TAUGHT = (
    joined("grades", "grades", codes="gradeLevel"),
    joined("subjects", "subjects", codes="subject"),
    joined("subjectCodes", "subjectCodes"),
)
USER = (
    *own("users"),
    same("enabledUser", "enabled", "truth"),
    same("username", "username"),
    braced("userIds", "identifiers", "type", "value"),
    same("givenName", "name.given"),
    same("familyName", "name.family"),
    same("middleName", "name.middle"),
    same("identifier", "identifier"),
    same("email", "email"),
    same("sms", "sms"),
    same("phone", "phone"),
    joined("grades", "grades", codes="gradeLevel"),
    same("userMasterIdentifier", "masterIdentifier"),
    same("preferredGivenName", "name.preferredGiven"),
    same("preferredMiddleName", "name.preferredMiddle"),
    same("preferredFamilyName", "name.preferredFamily"),
    ref("primaryOrg", "primaryOrganization"),
    same("pronouns", "pronouns"),
)
AGENTS = (joined("agentSourcedIds", "agents", kind="ref"),)
DEMOGRAPHICS = (
    same("birthDate", "birthDate", "date"),
    coded("sex", "sex", "sex"),
    *(
        same(race, f"race.{race}", "truth")
        for race in (
            "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
            "nativeHawaiianOrOtherPacificIslander", "white",
        )
    ),
    same("demographicRaceTwoOrMoreRaces", "race.twoOrMore", "truth"),
    same("hispanicOrLatinoEthnicity", "ethnicity.hispanicOrLatino", "truth"),
    coded("countryOfBirthCode", "birthCountry", "country"),
    coded("stateOfBirthAbbreviation", "birthState", "state"),
    same("cityOfBirth", "birthCity"),
    same("publicSchoolResidenceStatus", "residenceStatus"),
)  # fmt: skip
ACCOUNT = (
    converted(specification.ID, "accounts.id", _account, _account_cell),
    same("profileType", "accounts.type"),
    same("vendorId", "accounts.vendor"),
    same("applicationId", "accounts.application"),
    same("description", "accounts.description"),
    same("credentialType", "accounts.credentialType"),
    same("username", "accounts.username"),
)
ROSTER: dict[tuple[str, str], tuple[Pair, ...]] = {
    ("orgs", "organization"): (
        *own("orgs"),
        same("name", "name"),
        coded("type", "kind", "organizationKind"),
        same("identifier", "identifier"),
        ref("parent", "parent"),
    ),
    ("academicSessions", "session"): (
        *own("academicSessions"),
        same("title", "name"),
        coded("type", "kind", "sessionKind"),
        same("startDate", "begin", "date"),
        same("endDate", "end", "until"),
        ref("parent", "parent"),
        same("schoolYear", "schoolYear", "integer"),
    ),
    ("courses", "course"): (
        *own("courses"),
        ref("schoolYear", "schoolYear"),
        same("title", "title"),
        same("courseCode", "code"),
        ref("org", "organization"),
        *TAUGHT,
    ),
    ("classes", "offering"): (ref("course", "course"), ref("school", "school")),
    ("classes", "section"): (
        *own("classes"),
        same("title", "title"),
        same("classCode", "code"),
        coded("classType", "kind", "classType"),
        same("location", "location"),
        ref("school", "school"),
        joined("termSourcedIds", "terms", kind="ref"),
        joined("periods", "periods"),
        *TAUGHT,
    ),
    ("users", "student"): USER,
    ("users", "staff"): USER + AGENTS,
    ("users", "contact"): USER + AGENTS,
    ("demographics", "student"): (*DEMOGRAPHICS, opened(specification.METADATA, "oneroster.demographics.metadata")),
    ("demographics", "staff"): DEMOGRAPHICS,
    ("demographics", "contact"): DEMOGRAPHICS,
    ("userProfiles", "student"): ACCOUNT,
    ("userProfiles", "staff"): ACCOUNT,
    ("userProfiles", "contact"): ACCOUNT,
    ("roles", "enrollment"): _role("student", "school", "entry", "exit"),
    ("roles", "employment"): _role("staff", "organization", "begin", "end"),
    **{
        ("roles", person): _role("", "organization", "begin", "end", "roles.", "kind")
        for person in ("student", "staff", "contact")
    },
    ("enrollments", "placement"): _enrollment("student"),
    ("enrollments", "teaching"): _enrollment("staff"),
    **{("enrollments", f"{person}Involvement"): _enrollment(person) for person in ("student", "staff", "contact")},
    ("resources", "resource"): (
        *own("resources"),
        same("vendorResourceId", "vendorResourceId"),
        same("title", "title"),
        joined("roles", "roles", codes="resourceRole"),
        coded("importance", "importance", "importance"),
        same("vendorId", "vendor"),
        same("applicationId", "application"),
    ),
} | GRADEBOOK  # fmt: skip
KEYS = {("classes", "offering"): ("courseSourcedId", "schoolSourcedId")}


def _lenses() -> Iterator[Lens]:
    for version, dialect in DIALECTS.items():
        known = specification.files(version)
        for place, pairs in ROSTER.items():
            file, entity = f"{place[0]}.csv", place[1]
            if file in known:
                columns = {*known[file].columns, f"{specification.METADATA}*"}
                kept = tuple(pair for pair in pairs if columns.issuperset(pair.local_paths))
                yield Lens(dialect, file, entity, kept, KEYS.get(place, KEY))


LENSES = tuple(_lenses())
BY_PLACE = {(lens.dialect, lens.local, lens.entity): lens for lens in LENSES}


def lens(version: str, file: str, entity: str) -> Lens:
    """Return the lens from a *file* of OneRoster *version* to an *entity*."""
    return BY_PLACE[DIALECTS[version], file, entity]
