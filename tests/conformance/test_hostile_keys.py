"""Ed-Fi keys of a OneRoster source whose codes, titles, numbers and enrollments repeat, as the standard lets them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from adapters.oneroster_csv.adapter import OneRosterCsv
from gateway.cache.snapshot import build_snapshot
from gateway.commands.cli import main
from gateway.demo.data import write_edfi_xml
from gateway.districts.key_check import doubled
from standards.edfi.from_oneroster.key_texts import MAX_CHARACTERS, key_text, number_text
from standards.edfi.model.model import by_collection, natural_key, resources, validate
from standards.edfi.model.references import organization_id
from standards.keys import Keyring
from tests.adapters.oneroster import packages as files
from tests.conformance.conftest import MANY
from tests.conformance.test_across import DEFAULTS, ORGANIZATIONS, ROWS, key_of, references
from tests.support.regions import Site, agreement, running, small_district, write

LONG = "The same long title of a course, a session or a class, of which only the very end tells it apart"
SESSIONS = [
    {"sourcedId": "y", "title": "2026-2027", "type": "schoolYear", "startDate": "2026-08-20", "endDate": "2027-06-20", "schoolYear": "2027"},
    *(
        {"sourcedId": one, "title": title, "type": "term", "startDate": "2026-08-20", "endDate": "2027-01-20", "parentSourcedId": "y", "schoolYear": "2027"}
        for one, title in (("t", "Fall"), ("t2", "Fall"), ("t3", "FALL"), ("t4", f"{LONG} 1"), ("t5", f"{LONG} 2"))
    ),
    *(
        {"sourcedId": one, "title": title, "type": "gradingPeriod", "startDate": "2026-08-20", "endDate": "2026-10-01", "parentSourcedId": "t", "schoolYear": "2027"}
        for one, title in (("g", "Quarter 1"), ("g2", "Quarter 1"), ("g3", "quarter 1"), ("G3", "Q1"))
    ),
]  # fmt: skip
CODES = {"c": "A1", "c2": "A1", "c3": "a1", "C3": "", "c5": f"{LONG} 1", "c6": f"{LONG} 2"}


def hostile(version):
    """A district in which nothing but the ids tells records apart."""
    rows = files.rows(version)
    rows["orgs.csv"] = [
        {"sourcedId": "d", "name": "Maple", "type": "district"},
        {"sourcedId": "s1", "name": "North", "type": "school"},
        {"sourcedId": "s2", "name": "North", "type": "school"},
        {"sourcedId": "101", "name": "By number", "type": "school"},
        {"sourcedId": "s4", "name": "With that number", "type": "school", "identifier": "101"},
        {"sourcedId": "s5", "name": "With a number of ours", "type": "school", "identifier": str(organization_id(number_text("here", "s1")))},
        {"sourcedId": "s6", "name": "With letters", "type": "school", "identifier": "No. 101"},
    ]  # fmt: skip
    rows["academicSessions.csv"] = SESSIONS
    (course,), (section,) = rows["courses.csv"], rows["classes.csv"]
    rows["courses.csv"] = [course | {"sourcedId": one, "courseCode": code} for one, code in CODES.items()]
    terms = [one["sourcedId"] for one in SESSIONS if one["type"] == "term"]
    schools = ("s1", "s2", "101", "s4", "s5", "s6")
    rows["classes.csv"] = [section] + [
        section | {"sourcedId": f"k-{at}-{one}-{term}", "courseSourcedId": one, "schoolSourcedId": at, "termSourcedIds": term}
        for at in schools for one in CODES for term in terms
    ]  # fmt: skip
    student, teacher = rows["enrollments.csv"]
    rows["enrollments.csv"] = [
        student | {"sourcedId": "e0", "endDate": "2026-10-01"}, student | {"endDate": ""}, teacher,
        student | {"sourcedId": "e4", "beginDate": "2026-11-01", "endDate": ""},
        teacher | {"sourcedId": "e3", "primary": "false"},
    ]  # fmt: skip
    if version == "1.2":
        member = rows["roles.csv"][0]
        rows["roles.csv"] += [
            member | {"sourcedId": "r4", "endDate": "2026-09-15"},
            member | {"sourcedId": "r5", "beginDate": "2026-10-10"},
            rows["roles.csv"][1] | {"sourcedId": "r6"},
        ]
    return rows


def place(folder, rows, version):
    headings = {name: list(one.columns) for name, one in files.facts.files(version).items()}
    made = {name: files.text(headings[name], some).encode() for name, some in rows.items()}
    return files.folder(folder, {"manifest.csv": files.manifest(version, made).encode()} | made)


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    source = str(place(folder / "files", hostile(request.param), request.param))
    site = Site("oneroster_csv", {"source": source}, defaults=DEFAULTS)
    north = agreement("here", client="north", population="{all: [{school: {in: [s1]}}]}")
    with running(folder / "region", {"here": site}, [agreement("here"), north], MANY) as region:
        both = region.consumer(), region.consumer("north")
        yield [{name: client.resources(name) for name in ROWS} for client in both] + [both[0]]


def keys(collection, records):
    return [tuple(str(part).casefold() for part in natural_key(by_collection(collection), one)) for one in records]


@pytest.mark.parametrize("collection", ROWS)
def test_every_record_has_a_key_that_no_other_has_in_any_case(told, collection):
    records = told[0][collection]
    assert all(None not in natural_key(by_collection(collection), record) for record in records)
    assert [key for key, times in Counter(keys(collection, records)).items() if times > 1] == []


@pytest.mark.parametrize("collection", ROWS)
def test_every_reference_leads_to_the_one_record_with_its_key(told, collection):
    found = told[0]
    known = {by_collection(one).name: {natural_key(by_collection(one), row) for row in found[one]} for one in ROWS}
    known["EducationOrganization"] = set().union(*(known[by_collection(one).name] for one in ORGANIZATIONS))
    for record in found[collection]:
        for path, target, value in references(by_collection(collection).properties, record):
            key = key_of(target, value) if target in resources() else (value["educationOrganizationId"],)
            assert key in known[target], path


@pytest.mark.parametrize(
    "collection", ["schools", "sessions", "gradingPeriods", "courses", "courseOfferings", "sections"]
)
def test_the_keys_obey_the_model(told, collection):
    properties = {path.partition(".")[0] for path in by_collection(collection).identity}
    problems = [one for record in told[0][collection] for one in validate(by_collection(collection), record)]
    assert [one for one in problems if one.partition(":")[0].removeprefix("$.").partition(".")[0] in properties] == []


def test_there_is_a_record_for_each_row(told):
    found = {name: len(records) for name, records in told[0].items()}
    assert (found["schools"], found["courses"], found["sessions"], found["sections"]) == (6, 6, 30, 181)
    assert found["courseOfferings"] == 180


def test_hidden_records_change_no_key_of_a_visible_one(told):
    everything, north = told[:2]
    for collection, records in north.items():
        wide = {
            one["id"]: key
            for one, key in zip(everything[collection], keys(collection, everything[collection]), strict=True)
        }
        for record, key in zip(records, keys(collection, records), strict=True):
            assert wide[record["id"]] == key, collection
    assert 0 < len(north["sections"]) < len(everything["sections"])


def test_a_repeated_enrollment_is_one_association_with_the_last_end(told):
    found, client = told[0], told[2]
    seats = sorted((one["beginDate"], one.get("endDate")) for one in found["studentSectionAssociations"])
    assert seats == [("2026-08-20", None), ("2026-11-01", None)]
    assert len(found["staffSectionAssociations"]) == 1
    assert len(client.users("enrollments")) == 5  # each of them, as the source says


def test_a_user_has_one_primary_role_at_each_organization(told):
    for user in told[2].users("users"):
        places = Counter(role["org"]["sourcedId"] for role in user["roles"])
        primary = Counter(role["org"]["sourcedId"] for role in user["roles"] if role["roleType"] == "primary")
        assert primary == dict.fromkeys(places, 1)
        if places["s1"] > 1 and len(user["roles"]) == 3:  # the one that has not ended, of those the latest
            assert [role["beginDate"] for role in user["roles"] if role["roleType"] == "primary"] == ["2026-10-10"]


def test_demographics_are_of_users(told):
    users = {one["sourcedId"] for one in told[2].users("users")}
    assert {one["sourcedId"] for one in told[2].users("demographics")} <= users


def test_demographics_of_a_student_of_no_school_are_those_of_no_user_and_not_told(tmp_path):
    write_edfi_xml(small_district(), tmp_path / "xml")
    for file in (tmp_path / "xml").rglob("*.xml"):
        text = file.read_text("utf-8")
        if "<StudentSchoolAssociation>" in text:
            file.write_text(
                re.sub(r"<StudentSchoolAssociation>.*?</StudentSchoolAssociation>", "", text, count=1, flags=re.DOTALL),
                "utf-8",
            )
    with running(
        tmp_path / "region", {"here": Site("edfi_xml", {"source": str(tmp_path / "xml")})}, [agreement("here")]
    ) as region:
        client = region.consumer()
        users = {one["sourcedId"] for one in client.users("students")}
        assert len(client.resources("students")) == len(users) + 1
        assert {one["sourcedId"] for one in client.users("demographics")} == users
        old = client.ask("/ims/oneroster/v1p1/demographics", limit=1000).json["demographics"]
        assert {one["sourcedId"] for one in old} == users


LABELS = st.text(max_size=90) | st.sampled_from(["", "Fall", "FALL", "fall ", LONG, f"{LONG}!"])
IDS = st.text(min_size=1, max_size=40) | st.sampled_from(["a", "A", "ß", "SS", "ss", "1", "01"])


@given(LABELS, LABELS, IDS, IDS)
def test_records_of_different_ids_never_have_one_key_text(label, other, one, two):
    first, second = key_text(label, one), key_text(other, two)
    assert max(map(len, (first, second))) <= MAX_CHARACTERS
    assert first == first.strip()
    assert (first.casefold() == second.casefold()) <= (one == two)


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20), st.integers(-(2**63), 2**63 - 1))
def test_a_number_made_of_an_id_is_no_other_organizations(one, two, stated):
    made = organization_id(number_text("here", one))
    assert (made == organization_id(number_text("here", two))) == (one == two)
    assert made != organization_id(str(stated))
    assert organization_id(str(made)) != made


KEYED = {
    "organization": "derivedIdentifier",
    "session": "derivedName",
    "course": "derivedCode",
    "offering": "derivedCode",
}


def read(rows, folder):
    adapter = OneRosterCsv("here", {"source": str(place(folder, rows, "1.2"))})
    return {
        (entity, record["key"]): record[KEYED[entity]]
        for entity, record in adapter.read(dict.fromkeys(KEYED))
        if entity in KEYED
    }


def test_another_record_changes_no_key(tmp_path):
    rows = hostile("1.2")
    less = {**rows, "courses.csv": rows["courses.csv"][:2], "academicSessions.csv": rows["academicSessions.csv"][:4]}
    less["classes.csv"] = [
        one for one in rows["classes.csv"]
        if one["courseSourcedId"] in {"c", "c2"} and one["termSourcedIds"] in {"t", "t2", "t3"}
    ]  # fmt: skip
    few, many = read(less, tmp_path / "few"), read(rows, tmp_path / "many")
    assert few.items() <= many.items()
    assert 0 < len(few) < len(many)


def test_check_names_organizations_with_one_number_and_ids_that_differ_in_case(tmp_path):
    rows = files.rows("1.2")
    rows["orgs.csv"][2]["identifier"] = "0101"
    rows["users.csv"].append(rows["users.csv"][0] | {"sourcedId": "U1", "agentSourcedIds": ""})
    rows["roles.csv"].append(rows["roles.csv"][0] | {"sourcedId": "r9", "userSourcedId": "U1"})
    site = Site("oneroster_csv", {"source": str(place(tmp_path / "files", rows, "1.2"))})
    told = CliRunner().invoke(main, ["check", str(write(tmp_path / "region", {"here": site}, [agreement("here")]))])
    lines = [line for line in told.stderr.splitlines() if "another one" in line]
    assert lines == [
        "warning: districts.here: organization.identifier: 1 organizations have the number of another one in Ed-Fi",
        "warning: districts.here: student.id: 1 ids differ from another one in case only, which an ODS does not tell apart",
    ]


def test_check_names_what_has_no_whole_key_in_ed_fi(tmp_path):
    rows = files.rows("1.2")
    rows["roles.csv"][0]["orgSourcedId"] = "d"
    rows["classes.csv"].append(
        rows["classes.csv"][0] | {"sourcedId": "k2", "schoolSourcedId": "d", "termSourcedIds": "nowhere"}
    )
    site = Site("oneroster_csv", {"source": str(place(tmp_path / "files", rows, "1.2"))})
    told = CliRunner().invoke(main, ["check", str(write(tmp_path / "region", {"here": site}, [agreement("here")]))])
    lines = [line for line in told.stderr.splitlines() if "Ed-Fi" in line and "requires" not in line]
    assert lines == [
        "warning: districts.here: enrollment.school: 1 are of an organization that is no school, which Ed-Fi does not know",
        "warning: districts.here: section.school: 1 are of an organization that is no school, which Ed-Fi does not know",
        "warning: districts.here: offering.session: 1 name no session, and have no whole key in Ed-Fi",
    ]


KEYRING = Keyring(b"a key for tests, of thirty-two b")


def test_check_names_ids_that_a_list_of_several_kinds_would_show_twice():
    records = [
        ("organization", {"key": ("101",), "id": "101", "identifier": "101", "kind": "school"}),
        ("student", {"key": ("s",), "id": "one"}),
        ("staff", {"key": ("t",), "id": "one"}),
        ("enrollment", {"key": ("e",), "student": ("s",), "school": ("101",), "entry": "2026-09-01"}),
        ("employment", {"key": ("w",), "staff": ("t",), "organization": ("101",), "begin": "2026-09-01"}),
    ]
    snapshot = build_snapshot(iter(records), "maple", KEYRING)
    assert dict(doubled(snapshot)) == {"users": "1 ids are those of records of different kinds, and twice in the list"}


SERVES = """<StaffSchoolAssociation><StaffReference><StaffIdentity><StaffUniqueId>{staff}</StaffUniqueId></StaffIdentity></StaffReference>
<SchoolReference><SchoolIdentity><SchoolId>{school}</SchoolId></SchoolIdentity></SchoolReference>
<ProgramAssignment>uri://ed-fi.org/ProgramAssignmentDescriptor#Regular Education</ProgramAssignment></StaffSchoolAssociation>"""


def test_staff_have_a_role_at_a_school_that_only_a_staff_school_association_tells(tmp_path):
    write_edfi_xml(small_district(), tmp_path / "xml")
    xml = {file: file.read_text("utf-8") for file in (tmp_path / "xml").rglob("*.xml")}
    (file, text), *_ = [one for one in xml.items() if "<StaffEducationOrganizationAssignmentAssociation>" in one[1]]
    schools = sorted(set(re.findall(r"<School>.*?<SchoolId>(\d+)</SchoolId>", "".join(xml.values()), re.DOTALL)))
    assigned = re.search(
        r"<StaffEducationOrganizationAssignmentAssociation>.*?</StaffEducationOrganizationAssignmentAssociation>",
        text,
        re.DOTALL,
    )[0]
    staff, own = (
        re.search(r"<StaffUniqueId>(.*?)<", assigned)[1],
        re.search(r"Id>(\d+)</EducationOrganizationId>", assigned)[1],
    )
    other = next(one for one in schools if one != own)
    more = "".join(SERVES.format(staff=staff, school=one) for one in (own, other))
    file.write_text(text.replace("</Interchange", f"{more}</Interchange"), "utf-8")
    with running(
        tmp_path / "region", {"here": Site("edfi_xml", {"source": str(tmp_path / "xml")})}, [agreement("here")]
    ) as region:
        client = region.consumer()
        ids = {str(one["schoolId"]): one["id"] for one in client.resources("schools")}
        orgs = {one["identifier"]: one["sourcedId"] for one in client.users("orgs")}
        assert set(ids) <= set(orgs)
        (user,) = client.users("users", filter=f"identifier='{staff}'")
        roles = [(role["role"], role["org"]["sourcedId"], role["roleType"]) for role in user["roles"]]
        assert ("teacher", orgs[other], "primary") in roles
        assert [kind for _, org, kind in roles if org == orgs[own]] == ["primary"]
        old = client.ask("/ims/oneroster/v1p1/users", filter=f"identifier='{staff}'").json["users"][0]
        assert orgs[other] in {one["sourcedId"] for one in old["orgs"]}
