"""Who is in a class as what: by the role that the enrollment states, in every list of both standards."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.adapters.oneroster import packages as made
from tests.support.regions import Site, agreement, running

# user: what it is at which school; a user of 1.1 is the first of them
PEOPLE = {
    "anna": [("student", "s1"), ("aide", "s2")],
    "bela": [("student", "s2")],
    "cora": [("teacher", "s1"), ("parent", "s2")],
    "dirk": [("siteAdministrator", "s1")],
    "emil": [("teacher", "s1")],
    "fritz": [("aide", "s1")],
    "gerd": [("guardian", "s1")],
}
# enrollment: whom, in which class, as what
ENROLLMENTS = {
    "e1": ("anna", "k", "student"), "e2": ("anna", "k", "aide"), "e3": ("anna", "k2", "teacher"),
    "e4": ("bela", "k2", "student"), "e5": ("cora", "k", "teacher"), "e6": ("dirk", "k", "teacher"),
    "e7": ("emil", "k", "student"), "e8": ("emil", "k2", "teacher"), "e9": ("fritz", "k", "proctor"),
    "e10": ("gerd", "k", "guardian"),
}  # fmt: skip
OLD = {"siteAdministrator": "administrator"}
ROSTER = [
    (f"{entity}.*", "allow")
    for entity in ("organization", "session", "course", "offering", "section", "student", "staff", "contact",
                   "enrollment", "employment", "placement", "teaching", "guardianship")
]  # fmt: skip
AT_SOUTH = '{all: [{school: {in: ["102"]}}, {enrollment: active}]}'
CONSUMERS = {
    "all": {},
    "south": {"population": AT_SOUTH},
    "roster": {"lines": ROSTER},
    "unnamed": {"lines": [*ROSTER, ("staffInvolvement.*", "allow"), ("staffInvolvement.role", "deny")]},
}
ROOTS = {"1.1": "/ims/oneroster/v1p1/", "1.2": "/ims/oneroster/rostering/v1p2/"}


def rows(version):
    found = made.rows(version)
    found["users.csv"] = [
        {"sourcedId": name, "enabledUser": "true", "username": name, "givenName": name, "familyName": "Ash"}
        for name in PEOPLE
    ]
    found["demographics.csv"] = [{"sourcedId": "anna", "birthDate": "2011-05-07"}]
    found["classes.csv"].append(found["classes.csv"][0] | {"sourcedId": "k2", "schoolSourcedId": "s2"})
    found["enrollments.csv"] = [
        {"sourcedId": one, "userSourcedId": user, "classSourcedId": place, "role": role,
         "schoolSourcedId": "s1" if place == "k" else "s2", "beginDate": "2026-08-20"}
        for one, (user, place, role) in ENROLLMENTS.items()
    ]  # fmt: skip
    if version == "1.2":
        found["roles.csv"] = [
            {"sourcedId": f"{user}-{number}", "userSourcedId": user, "role": role, "orgSourcedId": school,
             "roleType": "secondary" if number else "primary", "beginDate": "2026-08-20"}
            for user, roles in PEOPLE.items()
            for number, (role, school) in enumerate(roles)
        ]  # fmt: skip
    else:
        for user in found["users.csv"]:
            role, school = PEOPLE[user["sourcedId"]][0]
            user |= {"role": OLD.get(role, role), "orgSourcedIds": school}
    return found


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def region(request, tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("classes"), rows(request.param)
    headings = {name: list(file.columns) for name, file in made.facts.files(request.param).items()}
    files = {name: made.text(headings[name], some).encode() for name, some in found.items()}
    files["manifest.csv"] = made.manifest(request.param, files).encode()
    site = Site("oneroster_csv", {"source": str(made.archive(folder / "maple.zip", files))})
    agreements = [agreement("maple", client=name, purpose=name, **more) for name, more in CONSUMERS.items()]
    with running(folder / "region", {"maple": site}, agreements) as region:
        region.source = request.param
        yield region


def listed(region, path, name="all", version=""):
    """The records of a collection in the source's own version, by id."""
    answer = region.consumer(name).ask(ROOTS[version or region.source] + path, limit=1000)
    assert answer.status_code == 200, answer.text
    ((_, records),) = answer.json.items()
    return {record["sourcedId"]: record for record in records}


@pytest.mark.parametrize("version", ROOTS)
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("classes/k/students", {"anna"}),
        ("classes/k2/students", {"bela"}),
        ("classes/k/teachers", {"cora", "dirk"}),
        ("classes/k2/teachers", {"emil"}),
        ("schools/s1/classes/k/students", {"anna"}),
        ("schools/s1/classes/k/teachers", {"cora", "dirk"}),
        ("schools/s1/classes/k/enrollments", {"e1", "e2", "e5", "e6", "e7", "e9", "e10"}),
        ("schools/s2/enrollments", {"e3", "e4", "e8"}),
        ("schools/s2/students", {"bela"}),
        ("students/anna/classes", {"k"}),
        ("teachers/dirk/classes", {"k"}),
        ("teachers/emil/classes", {"k2"}),
        ("teachers", {"cora", "dirk", "emil"}),
        ("students", {"anna", "bela"}),
    ],
)
def test_a_list_goes_by_what_the_enrollment_says(region, version, path, expected):
    assert listed(region, path, version=version).keys() == expected


def test_every_enrollment_comes_back_with_its_own_role(region):
    found = listed(region, "enrollments")
    assert {one: (record["user"]["sourcedId"], record["class"]["sourcedId"], record["role"]) for one, record in found.items()} == ENROLLMENTS  # fmt: skip
    for one, record in found.items():
        alone = region.consumer("all").ask(f"{ROOTS[region.source]}enrollments/{one}")
        assert alone.json == {"enrollment": record}
    by_role = region.consumer("all").ask(f"{ROOTS[region.source]}enrollments", filter="role='teacher'", limit=100)
    assert [record["sourcedId"] for record in by_role.json["enrollments"]] == ["e3", "e5", "e6", "e8"]


def test_every_role_of_a_user_comes_back(region):
    found = listed(region, "users", version="1.2")
    told = {
        user: {(role["role"], role["org"]["sourcedId"]) for role in record["roles"]} for user, record in found.items()
    }
    assert told == {user: set(roles if region.source == "1.2" else roles[:1]) for user, roles in PEOPLE.items()}


def test_ed_fi_places_students_and_lets_teachers_teach_and_nobody_else(region):
    consumer = region.consumer("all")

    def keys(resource, person):
        found = Counter(
            (
                record[f"{person}Reference"][f"{person}UniqueId"],
                record["sectionReference"]["schoolId"],
                record["beginDate"],
            )
            for record in consumer.resources(resource)
        )
        assert set(found.values()) == {1}
        return {key[:2] for key in found}

    assert keys("studentSectionAssociations", "student") == {("anna", 101), ("bela", 102)}
    assert keys("staffSectionAssociations", "staff") == {("cora", 101), ("dirk", 101), ("emil", 102)}
    schools = consumer.resources("studentSchoolAssociations")
    assert {(one["studentReference"]["studentUniqueId"], one["schoolReference"]["schoolId"]) for one in schools} == {
        ("anna", 101), ("bela", 102)
    }  # fmt: skip
    profiles = consumer.resources("studentEducationOrganizationAssociations")
    assert {one["educationOrganizationReference"]["educationOrganizationId"] for one in profiles} == {101, 102}
    assert len(profiles) == 2
    jobs = consumer.resources("staffEducationOrganizationAssignmentAssociations")
    assert {one["educationOrganizationReference"]["educationOrganizationId"] for one in jobs} == {101}


def test_helping_at_a_school_puts_nobody_into_its_population(region):
    assert listed(region, "students", "south").keys() == {"bela"}
    assert listed(region, "users", "south").keys() == {"bela", "emil"}
    assert listed(region, "demographics", "south").keys() == {"bela"}
    assert listed(region, "enrollments", "south").keys() == {"e4", "e8"}
    for resource, person in (("students", "student"), ("staffs", "staff")):
        found = {one[f"{person}UniqueId"] for one in region.consumer("south").resources(resource)}
        assert found == ({"bela"} if person == "student" else {"emil"})
    schools = region.consumer("south").resources("studentSchoolAssociations")
    assert [one["studentReference"]["studentUniqueId"] for one in schools] == ["bela"]


def test_an_agreement_that_does_not_name_such_rows_does_not_show_them(region):
    assert listed(region, "enrollments", "roster").keys() == {"e1", "e4", "e5", "e6", "e8"}
    assert listed(region, "schools/s1/classes/k/enrollments", "roster").keys() == {"e1", "e5", "e6"}
    answer = region.consumer("roster").ask(f"{ROOTS[region.source]}enrollments/e2")
    assert answer.status_code == 404


def test_without_its_role_such_a_row_is_not_shown_at_all(region):
    assert listed(region, "enrollments", "unnamed").keys() == {"e1", "e4", "e5", "e6", "e8"}
