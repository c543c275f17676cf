"""A grant narrowed to one student: its own rules hold, nobody else exists, and addresses can be taken from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.transfers.package.contents.narrowing import of_one_student, places, without_places
from gateway.transfers.package.contents.reader import GatewayRecord
from gateway.transfers.package.contents.record import StudentNotCovered, WantedContents
from policies.population import All, In
from tests.gateway.transfers.package.worlds import grant_of, record_of, students
from tests.policies import documents
from tests.support.regions import agreement, running, small_sites

ADDRESSED = "studentEducationOrganizationAssociations"
ASKED = WantedContents(("students", ADDRESSED, "contacts", "studentSectionAssociations"))
ACTIVE = "{all: [{school: {in: ['101']}}]}"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two districts: one keeps nothing in memory, of the other a school alone is covered."""
    folder = tmp_path_factory.mktemp("narrow")
    sites = small_sites(folder / "data")
    sites["maple"].cache = "0"
    with running(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


def test_the_rules_of_the_agreement_stay_and_one_student_is_left():
    grant = documents.grant("* allow", ACTIVE)
    narrowed = of_one_student(grant, "s1")
    assert narrowed.rows["student"] == All((grant.rows["student"], In("key", frozenset({"s1"}))))
    assert narrowed.rows["enrollment"] == grant.rows["enrollment"]
    assert (narrowed.epoch, narrowed.rules) == (grant.epoch, grant.rules)


def test_every_part_of_a_combined_grant_is_narrowed():
    grant = documents.grant("* allow")
    narrowed = of_one_student(replace(grant, parts=(grant, grant)), "s1")
    assert all("s1" in one.rows["student"].values for one in narrowed.parts)
    assert all(one.rule("student.address.street") is None for one in without_places(narrowed).parts)


def test_a_grant_without_places_releases_no_name_that_tells_one():
    grant = without_places(documents.grant("* allow"))
    assert {"student.address", "student.address.street", "student.phone", "contact.address"} <= places()
    assert [name for name in places() if grant.releases(name)] == []
    assert not grant.releases("student.address.street.more")
    assert grant.releases("student.name.given")
    assert grant.epoch != documents.grant("* allow").epoch


@pytest.mark.parametrize("district", ["maple", "cedar"])
def test_addresses_and_telephones_are_read_only_where_they_are_asked_for(small, district):
    cedar = students(small, "cedar") if district == "cedar" else None
    own = cedar[3][0] if cedar else "maple-s-172572"
    record = record_of(small, district, own)
    found, whole = record.read(ASKED), record.read(replace(ASKED, places=True))
    hidden = ("addresses", "telephones", "internationalAddresses")
    assert [one for name in (ADDRESSED, "contacts") for one in found.documents[name] if set(one) & set(hidden)] == []
    assert [one for name in (ADDRESSED, "contacts") for one in whole.documents[name] if set(one) & set(hidden)] != []
    assert found.documents["studentSectionAssociations"] == whole.documents["studentSectionAssociations"]


def test_a_district_that_keeps_nothing_in_memory_is_read_for_the_one_student(small):
    found = record_of(small, "maple", "maple-s-172567").read(ASKED)
    assert found.unique == "maple-s-172567"
    assert len(found.documents["contacts"]) == 3
    with pytest.raises(StudentNotCovered):
        record_of(small, "maple", "nobody").read(ASKED)


def test_agreements_that_are_combined_show_what_either_does(small):
    whole = grant_of(small, "cedar")
    own, _ = students(small, "cedar")[3]
    combined = replace(whole, parts=(whole, whole), epoch="combined")
    asked = WantedContents(("students", "studentSectionAssociations"))
    one, other = (GatewayRecord(small.gateway, grant, own).read(asked) for grant in (whole, combined))
    assert one.documents == other.documents


def test_the_record_of_disclosures_can_name_the_student_and_the_fields(small):
    own, _ = students(small, "cedar")[3]
    found = record_of(small, "cedar", own).read(WantedContents(("students", "studentHealths")))
    assert len(found.subject) >= 8
    assert any("student.birthDate" in line for lines in found.facts for line in lines)
    assert not any("studentHealths" in line for lines in found.facts for line in lines)  # there is none
    assert "Abad" not in repr(found)
