"""Packages: whole, the same bytes for the same record, and nothing in them that the plan does not let go along."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transfers.package import assembly, cuts
from gateway.transfers.package.assembly import Additions, assemble, pack, wanted
from gateway.transfers.package.notes import RegistrarNote
from gateway.transfers.package.sections import UnknownPackageWord, on_track, sections
from standards.errors import InvalidBody
from tests.gateway.transfers.package.worlds import (
    HEADER,
    STUDENT,
    MemoryRecord,
    descriptor,
    documents,
    entries,
    files,
    history,
    only,
    parse,
    plan,
    section,
)

GOLDEN = Path(__file__).parent / "golden" / "manifest.json"
PDF = b"%PDF-1.7 an IEP"


@cache
def record(years=2):
    return MemoryRecord(history(years))


@pytest.fixture(autouse=True)
def _quick_pages(monkeypatch):
    """Set no PDF but where a test is about it: it takes longer than all else."""
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )


@st.composite
def plans(draw):
    track = draw(st.sampled_from(["info", "full"]))
    withheld = draw(st.sets(st.sampled_from([one.name for one in on_track(track)])))
    told = [one for one in sorted(withheld) if sections()[one].told and draw(st.booleans())]
    return plan(track, withheld, told)


@settings(max_examples=25)
@given(plans())
def test_every_hash_and_count_of_a_manifest_holds(chosen):
    parse(pack(HEADER, chosen, record(1)))


@settings(max_examples=25)
@given(plans())
def test_a_section_that_is_withheld_has_no_file_and_looks_empty_unless_it_may_be_told(chosen):
    package = pack(HEADER, chosen, record(1))
    for one in package.manifest["sections"]:
        if one["name"] not in chosen.included:
            assert one == {
                "name": one["name"],
                "state": "withheld" if one["name"] in chosen.told else "none",
                "files": [],
            }


@settings(max_examples=25)
@given(plans())
def test_a_file_is_there_only_where_a_section_that_goes_along_holds_it(chosen):
    package = pack(HEADER, chosen, record(1))
    allowed = {
        f"ed-fi/{one}.json"
        for rule in chosen.rules
        if rule.name in chosen.included
        for one in rule.resources(chosen.track)
    }
    assert {path for path in files(package) if path.startswith("ed-fi/")} <= allowed


@settings(max_examples=15)
@given(plans(), st.randoms(use_true_random=False))
def test_the_same_record_gives_the_same_bytes_whatever_the_order_of_members(chosen, random):
    def shuffled(one):
        names = list(one)
        random.shuffle(names)
        return {name: one[name] for name in names}

    contents = record(1).contents
    mixed = {name: tuple(map(shuffled, some)) for name, some in reversed(contents.documents.items())}
    other = MemoryRecord(replace(contents, documents=mixed))
    assert files(pack(HEADER, chosen, record(1))) == files(pack(HEADER, chosen, other))


def thinned(value, random):
    """A document of which an agreement releases only some members, at any depth."""
    if isinstance(value, dict):
        return {name: thinned(one, random) for name, one in value.items() if random.random() < 0.7}
    return [thinned(one, random) for one in value] if isinstance(value, list) else value


@settings(max_examples=20)
@given(plans(), st.randoms(use_true_random=False))
def test_a_record_that_is_released_in_parts_is_packed_all_the_same(chosen, random):
    contents = record(1).contents
    some = {name: tuple(thinned(one, random) for one in found) for name, found in contents.documents.items()}
    package = pack(HEADER, chosen, MemoryRecord(replace(contents, documents=some)))
    for path, content in files(package).items():
        name = path.removeprefix("ed-fi/").removesuffix(".json")
        if path.startswith("ed-fi/") and not any(
            rule.but or rule.info_only for rule in chosen.rules if name in rule.own
        ):
            assert len(orjson.loads(content)) == len(contents.documents[name])


def test_what_is_asked_of_a_record_is_what_the_plan_includes():
    asked = wanted(only("identity", "transcript"))
    assert asked.own == (
        "students", "studentEducationOrganizationAssociations", "studentAcademicRecords", "courseTranscripts",
    )  # fmt: skip
    assert asked.referred == ("courses",)
    assert not asked.places
    assert asked.roster == frozenset()


def test_roster_files_are_for_the_first_track_and_never_without_identity():
    assert "users.csv" in wanted(plan("info")).roster
    assert wanted(only("identity", track="info")).roster == {"users.csv", "roles.csv", "demographics.csv", "orgs.csv"}
    assert wanted(only("schedule", track="info")).roster == frozenset()


def test_a_small_manifest_is_as_it_is_kept():
    made = pack(HEADER, only("identity", "transcript"), record(1)).manifest
    kept = {**made, "files": [one["path"] for one in made["files"]]}
    assert kept == orjson.loads(GOLDEN.read_bytes())


def test_the_manifest_comes_first_and_files_that_others_refer_to_before_those():
    paths = [one.path for one in pack(HEADER, plan(), record()).files]
    assert paths[0] == "manifest.json"
    assert paths.index("ed-fi/schools.json") < paths.index("ed-fi/studentSchoolAssociations.json")
    assert paths.index("ed-fi/courses.json") < paths.index("ed-fi/courseTranscripts.json")


def test_credits_and_average_are_exact_decimals_of_what_is_in_the_files():
    package = pack(HEADER, plan(), record(12))
    assert section(package, "transcript")["check"] == {"creditsEarned": "96.00", "gpa": "3.12"}


def test_an_address_leaves_only_with_contacts():
    name = "studentEducationOrganizationAssociations"
    assert "addresses" in documents(pack(HEADER, plan(), record(1)), name)[0]
    without = pack(HEADER, plan(withheld=["contacts"]), record(1))
    assert "addresses" not in documents(without, name)[0]
    assert "12 Larch Lane" not in text(without)
    assert "12 Larch Lane" not in text(pack(HEADER, plan("info"), record(1)))


def test_what_tells_of_special_education_leaves_only_with_it():
    marks = re.compile("Specific Learning|Special Education|iepPlacement")
    assert marks.search(text(pack(HEADER, plan(), record(1))))
    assert not marks.search(text(pack(HEADER, plan(withheld=["special-education"]), record(1))))


def test_of_programs_and_placements_the_first_track_tells_only_the_placement():
    contents = record(1).contents
    placed = {**contents.documents["studentSpecialEducationProgramAssociations"][0], "medicallyFragile": True}
    told = {**contents.documents, "studentSpecialEducationProgramAssociations": (placed,)}
    package = pack(HEADER, plan("info"), MemoryRecord(replace(contents, documents=told)))
    assert set(documents(package, "studentSpecialEducationProgramAssociations")[0]) == {
        "beginDate", "endDate", "educationOrganizationReference", "programReference", "studentReference",
    }  # fmt: skip


def test_the_first_track_tells_of_violence_and_weapons_and_of_no_other_behavior():
    reference = {"disciplineIncidentReference": {"incidentIdentifier": "1", "schoolId": 5}}

    def behavior(kind, **more):
        named = {"behaviorDescriptor": descriptor("Behavior", kind), "studentReference": {"studentUniqueId": STUDENT}}
        return {**named, **reference, **more}

    armed = behavior("Other", weapons=[{"weaponDescriptor": descriptor("Weapon", "Knife")}])
    some = (behavior("State Offense", behaviorDetailedDescription="words"), behavior("School Violation"), armed)
    contents = record(1).contents
    name = "studentDisciplineIncidentBehaviorAssociations"
    told = MemoryRecord(replace(contents, documents={**contents.documents, name: some}))
    found = documents(pack(HEADER, plan("info"), told), name)
    assert [one["behaviorDescriptor"].rpartition("#")[2] for one in found] == ["State Offense", "Other"]
    assert "behaviorDetailedDescription" not in found[0]
    assert len(documents(pack(HEADER, plan(), told), name)) == 3


def test_citizenship_and_web_sites_of_schools_are_in_no_package():
    found = text(pack(HEADER, plan(), record(1)))
    assert "citizenship" not in found
    assert "osprey.example" not in found
    assert "Osprey High School" in found


def test_what_the_source_does_not_keep_is_told_and_never_as_nothing():
    every = frozenset(one for rule in sections().values() for one in rule.own)
    lacking = every - {"students", "studentEducationOrganizationAssociations", "grades", "studentSectionAssociations"}
    contents = replace(
        record(1).contents, lacking=lacking, documents={"students": record(1).contents.documents["students"]}
    )
    package = pack(HEADER, plan(withheld=["discipline"]), MemoryRecord(contents))
    states = {one["name"]: one["state"] for one in package.manifest["sections"]}
    assert (states["identity"], states["schedule"], states["discipline"]) == ("whole", "none", "not-in-source")
    assert section(package, "schedule")["notInSource"] == ["reportCards"]
    assert "not kept in the system" in files(package)["summary.html"].decode()


def test_local_codes_are_listed_by_their_namespaces():
    contents = record(1).contents
    local = {**contents.documents["studentSchoolAssociations"][0], "entryGradeLevelDescriptor": "uri://maple/Grade#12"}
    told = {**contents.documents, "studentSchoolAssociations": (local,)}
    codes = pack(HEADER, plan(), MemoryRecord(replace(contents, documents=told))).manifest["codes"]
    assert codes["local"] == ["uri://maple/Grade"]
    assert codes["entryGradeLevelDescriptor"] == "local"
    assert codes["sexDescriptor"] == "standard"


def test_documents_of_people_are_named_by_their_hashes_and_come_once():
    package = pack(HEADER, plan(), record(1), Additions((PDF, PDF)))
    (one,) = section(package, "documents")["files"]
    assert one["path"] == f"documents/{one['sha256']}.pdf"
    assert section(pack(HEADER, plan(withheld=["documents"]), record(1), Additions((PDF,))), "documents")["files"] == []
    with pytest.raises(InvalidBody):
        pack(HEADER, plan(), record(1), Additions((b"MZ a program",)))


def test_notes_for_the_registrar_are_in_a_file_of_their_own_and_on_no_page():
    notes = (RegistrarNote("directory-opt-out"), RegistrarNote("contact-restricted", date(2027, 8, 31), "7001"))
    package = pack(HEADER, plan(), record(1), Additions(notes=notes))
    kept = orjson.loads(files(package)["restrictions.json"])
    assert kept["readableBy"] == "registrar"
    assert kept["restrictions"][0] == {"kind": "contact-restricted", "until": "2027-08-31", "contactUniqueId": "7001"}
    assert files(package)["summary.html"] == files(pack_with_state(notes))["summary.html"]
    assert "directory-opt-out" not in files(package)["summary.html"].decode()
    with pytest.raises(UnknownPackageWord):
        RegistrarNote("because")


def pack_with_state(notes):
    return pack(HEADER, plan(), record(1), Additions(notes=notes[:1]))


def test_nothing_of_a_record_is_in_a_representation():
    package = pack(HEADER, plan(), record(1), Additions((PDF,), (RegistrarNote("directory-opt-out"),)))
    said = repr(package) + repr(package.files) + repr(Additions((PDF,), (RegistrarNote("directory-opt-out"),)))
    assert "Ibarra" not in said
    assert "PDF-1.7" not in said


def test_a_mutant_that_skips_the_plan_is_found(monkeypatch):
    monkeypatch.setattr(assembly, "cut", lambda _plan, _rule, _resource, some: tuple(some))
    for law in (
        test_an_address_leaves_only_with_contacts,
        test_what_tells_of_special_education_leaves_only_with_it,
        test_citizenship_and_web_sites_of_schools_are_in_no_package,
        test_of_programs_and_placements_the_first_track_tells_only_the_placement,
    ):
        with pytest.raises(AssertionError):
            law()


def test_a_file_that_a_mutant_makes_of_a_section_that_stays_behind_is_left_out_all_the_same(monkeypatch):
    monkeypatch.setattr(assembly, "cut", lambda _plan, _rule, _resource, some: tuple(some))
    package = assemble(HEADER, only("identity"), record(1).contents)
    assert "ed-fi/courseTranscripts.json" not in files(package)
    assert "Course of study" not in text(package)


def test_a_mutant_that_forgets_what_belongs_to_other_sections_is_found(monkeypatch):
    monkeypatch.setattr(cuts, "_members", lambda *_: None)
    with pytest.raises(AssertionError):
        test_an_address_leaves_only_with_contacts()
    with pytest.raises(AssertionError):
        test_what_tells_of_special_education_leaves_only_with_it()


def test_a_file_that_two_sections_hold_is_listed_once_and_shared():
    course = {"sectionReference": {"localCourseCode": "C01"}, "studentReference": {"studentUniqueId": STUDENT}}
    contents = record(1).contents
    told = {**contents.documents, "studentSectionAssociations": (course,)}
    package = pack(HEADER, plan(), MemoryRecord(replace(contents, documents=told)))
    assert "ed-fi/courses.json" in [one["path"] for one in section(package, "schedule")["files"]]
    assert section(package, "transcript")["shares"] == ["ed-fi/courses.json"]
    without = pack(HEADER, plan(withheld=["schedule"]), MemoryRecord(contents))
    assert "ed-fi/courses.json" in [one["path"] for one in section(without, "transcript")["files"]]


def test_every_file_is_listed_once():
    for track in ("info", "full"):
        package = pack(HEADER, plan(track), record(2))
        paths = [one.path for one in package.files]
        assert len(paths) == len(set(paths))
        assert {one["path"] for one in entries(package.manifest)} == set(paths) - {"manifest.json"}


def text(package):
    return "\n".join(one.content.decode("utf-8", "replace") for one in package.files)
