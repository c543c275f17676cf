"""The record of one student over a gateway: what the Ed-Fi API shows of it, of nobody else, whole or refused."""

from __future__ import annotations

import pytest

from adapters.simulators.edfi import Ods, run
from gateway.demo.data.edfi.server import ods_documents
from gateway.receiving.filing.own_system import state_ids_of
from gateway.transfers.package.assembly import assemble, pack
from gateway.transfers.package.contents import reader
from gateway.transfers.package.contents.record import OtherStudentFound, StudentNotCovered, WantedContents
from gateway.transfers.package.contents.references import students_named, without_links
from gateway.transfers.package.sections import sections
from standards.edfi.model.model import by_collection, natural_key
from standards.errors import SourceUnavailable
from tests.gateway.transfers.package.worlds import (
    HEADER,
    SECRET,
    connected,
    documents,
    files,
    parse,
    plan,
    record_of,
    section,
    students,
)
from tests.support.regions import Site, agreement, running, small_district

pytest_plugins = ["tests.support.region_fixtures"]

OWN = tuple(dict.fromkeys(one for rule in sections().values() for one in rule.own))
REFERRED = tuple(dict.fromkeys(one for rule in sections().values() for one in rule.referred))
RICH = ("6733680081", "6735273024", "6735321295")
"""The students of whom the ODS has every kind of record."""

QUICK = ("students", "studentSectionAssociations", "studentHealths", "studentSchoolAttendanceEvents")
"""The resources of the large district that are compared: each of its files takes a while."""


@pytest.fixture(scope="module")
def system():
    """An ODS that has something of every resource."""
    with run(Ods(ods_documents(small_district()), secret=SECRET)) as running_system:
        yield running_system


@pytest.fixture(scope="module")
def fir(system, tmp_path_factory):
    """A district with that ODS, whose attendance and the like are live."""
    place = tmp_path_factory.mktemp("fir")
    given = connected(system, place)
    terms = [agreement("fir"), agreement("fir", client="school", population="{all: [{school: {in: ['none']}}]}"),
             agreement("fir", [("student.*", "allow"), ("enrollment.*", "allow")], client="few")]  # fmt: skip
    with running(place / "region", {"fir": Site("edfi_ods", given)}, terms) as region:
        yield region


DISTRICTS = {"maple": "small", "cedar": "small", "gb": "grand_bend", "fir": "fir"}
EACH = pytest.mark.parametrize("district", DISTRICTS)


@pytest.fixture
def region(request, district):
    """The region of a district."""
    return request.getfixturevalue(DISTRICTS[district])


@pytest.fixture(scope="module")
def known():
    """What has been read of each district."""
    return {}


@pytest.fixture
def contents(region, district, known):
    """All that is released of some students of a district, by their unique ids, read once."""
    if district not in known:
        every = students(region, district)
        rich = [one for one in every if one[1] in RICH and district == "fir"]
        some = rich or every[:: len(every) // 2][: 1 if district == "gb" else 2]
        asked = WantedContents(OWN, REFERRED, places=True)
        known[district] = {unique: record_of(region, district, own).read(asked) for own, unique in some}
    return known[district]


@EACH
def test_a_students_documents_are_those_that_the_api_shows(region, district, contents):
    for resource in QUICK if district == "gb" else OWN:
        page = region.consumer().resources(resource, district=district) if resource != "contacts" else []
        for unique, found in contents.items():
            mine = [without_links(one) for one in page if unique in set(students_named(one))]
            mine.sort(key=lambda one: [str(part) for part in natural_key(by_collection(resource), one)])
            assert resource == "contacts" or list(found.documents[resource]) == mine, resource


@EACH
def test_a_package_parses_and_names_no_other_student(region, district, contents):
    others = {unique for _, unique in students(region, district)}
    for unique, found in contents.items():
        for track in ("info", "full"):
            package = assemble(HEADER, plan(track), found)
            parse(package)
            text = "\n".join(content.decode("utf-8", "replace") for path, content in files(package).items())
            assert unique in text
            assert [other for other in others - {unique} if other in text] == []


def test_an_ods_has_a_document_in_every_section(fir):
    own = next(own for own, unique in students(fir, "fir") if unique == RICH[1])
    package = pack(HEADER, plan(), record_of(fir, "fir", own))
    states = {one["name"]: one["state"] for one in package.manifest["sections"]}
    assert {name for name, state in states.items() if state != "whole"} == {
        "attendance", "restrictions", "documents",
    }  # fmt: skip
    assert section(package, "transcript")["check"] == {"creditsEarned": "3.00", "gpa": "3.00"}


def test_an_ods_is_asked_for_the_live_records_of_the_one_student_alone(fir, system):
    own, unique = students(fir, "fir")[3]
    for collection in ("studentSchoolAttendanceEvents", "courseTranscripts", "disciplineActions", "studentHealths"):
        before = len(system.asked(collection))
        record_of(fir, "fir", own).read(WantedContents((collection,)))
        asked = system.asked(collection)[before:]
        assert asked
        assert all(f"studentUniqueId={unique}" in str(one) or unique in str(one) for one in asked), collection


def test_oneroster_files_fill_five_sections_and_say_what_they_do_not_keep(small):
    package = pack(HEADER, plan(), record_of(small, "maple", students(small, "maple")[3][0]))
    states = {one["name"]: one["state"] for one in package.manifest["sections"]}
    assert [name for name, state in states.items() if state == "whole"] == [
        "identity", "contacts", "enrollment", "schedule",
    ]  # fmt: skip
    assert states["transcript"] == states["attendance"] == states["health"] == "not-in-source"


@pytest.mark.parametrize("track", ["info", "full"])
def test_a_package_of_oneroster_files_states_the_states_id_where_agents_look_for_it(small, track):
    own, _ = students(small, "maple")[3]
    stated = next(one.state_id for one in small_district().students if own.endswith(one.id))
    package = pack(HEADER, plan(track), record_of(small, "maple", own))
    found = documents(package, "studentEducationOrganizationAssociations")
    assert found
    assert all(state_ids_of([one]) == {stated} for one in found)


def test_the_first_track_has_the_roster_files_of_the_one_student(small):
    own, _ = students(small, "maple")[3]
    found = files(pack(HEADER, plan("info"), record_of(small, "maple", own)))
    assert found["oneroster/users.csv"].count(b"\r\n") == 2
    assert own.encode() in found["oneroster/enrollments.csv"]
    assert b"@" not in found["oneroster/users.csv"]
    assert {name for name in found if name.startswith("oneroster/")} == {
        f"oneroster/{name}.csv"
        for name in ("manifest", "users", "roles", "demographics", "orgs", "enrollments", "classes", "courses",
                     "academicSessions")
    }  # fmt: skip


@pytest.mark.parametrize("district", ["maple", "cedar"])
def test_the_first_track_has_the_documents_of_ed_fi_beside_the_roster_files(small, district):
    for own, unique in students(small, district)[3:6]:
        package = pack(HEADER, plan("info"), record_of(small, district, own))
        parse(package)
        titles = [one["courseTitle"] for one in documents(package, "courses")]
        rows = files(package)["oneroster/courses.csv"].decode()
        assert titles
        assert all(title in rows.replace('"', "") for title in titles)
        others = {other for _, other in students(small, district)} - {unique}
        text = "".join(content.decode("utf-8", "replace") for content in files(package).values())
        assert [other for other in others if other in text] == []
        assert [name for name in names_of_others(small, district, unique) if name in text] == []


def names_of_others(region, district, unique):
    """The names of all other students, as pages and roster files write them, but for namesakes."""
    every = {one["studentUniqueId"]: one for one in region.consumer().resources("students", district=district)}
    written = {key: (f"{one['firstName']} {one['lastSurname']}", f"{one['firstName']},{one['lastSurname']},")
               for key, one in every.items()}  # fmt: skip
    return {name for key, names in written.items() if key != unique for name in names} - set(written[unique])


def test_a_package_is_the_same_whenever_it_is_made(small):
    own, _ = students(small, "cedar")[5]
    one, other = (files(pack(HEADER, plan(), record_of(small, "cedar", own))) for _ in range(2))
    assert one == other


def test_a_student_whom_the_district_has_not_makes_no_package(small):
    with pytest.raises(StudentNotCovered):
        pack(HEADER, plan(), record_of(small, "maple", "nobody"))


def test_a_student_outside_the_population_makes_no_package(fir):
    own, _ = students(fir, "fir")[0]
    with pytest.raises(StudentNotCovered):
        pack(HEADER, plan(), record_of(fir, "fir", own, "school"))


def test_what_the_agreement_does_not_release_is_in_no_file(fir):
    package = pack(HEADER, plan(), record_of(fir, "fir", students(fir, "fir")[0][0], "few"))
    assert {path for path in files(package) if path.startswith("ed-fi/")} <= {
        "ed-fi/students.json", "ed-fi/studentSchoolAssociations.json", "ed-fi/studentEducationOrganizationAssociations.json",
    }  # fmt: skip
    assert section(package, "transcript")["state"] == "none"


def test_a_source_that_fails_midway_fails_the_package(fir, monkeypatch):
    district = fir.gateway.districts["fir"]
    read = district.adapter.read

    def failing(self, wanted, hints=()):
        for number, record in enumerate(read(wanted, hints)):
            if number == 3:
                raise SourceUnavailable("the source has gone away")
            yield record

    own, _ = students(fir, "fir")[0]
    monkeypatch.setattr(type(district.adapter), "read", failing)
    with pytest.raises(SourceUnavailable):
        pack(HEADER, plan(), record_of(fir, "fir", own))


def test_a_document_that_names_another_student_fails_the_package(small, monkeypatch):
    own, _ = students(small, "cedar")[0]
    monkeypatch.setattr(reader, "without_links", lambda one: one, raising=False)
    monkeypatch.setattr(reader.references, "without_links", lambda one: {**one, "studentUniqueId": "somebody else"})
    with pytest.raises(OtherStudentFound):
        pack(HEADER, plan(), record_of(small, "cedar", own))


def test_a_mutant_that_keeps_everybody_in_the_population_is_found(small, monkeypatch):
    own, _ = students(small, "cedar")[0]
    monkeypatch.setattr(reader, "of_one_student", lambda grant, _key: grant)
    monkeypatch.setattr(reader, "_belongs", lambda *_: True)
    with pytest.raises(OtherStudentFound):
        pack(HEADER, plan(), record_of(small, "cedar", own))


def test_nothing_of_a_package_is_kept_for_later_requests(small):
    views = small.gateway.views
    before = len(views._visibilities), len(views._shown)
    own, _ = students(small, "cedar")[7]
    pack(HEADER, plan(), record_of(small, "cedar", own))
    assert (len(views._visibilities), len(views._shown)) == before
