"""Assignments are kept by the provider's people and by the recipient's, who learn nothing of the district's students."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from sqlalchemy import select

from gateway.admin.registers import assignments
from gateway.admin.registers.assignments import KeptAssignments
from gateway.people.actor import NotPermitted, machine
from gateway.registers.stating import WrongPart
from gateway.storage.database import transaction
from gateway.storage.tables import acts
from standards.errors import CallerError, Conflict, NotFound
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ASSIGNED = "{all: [{enrollment: active}], staffAssignment: required}"


def cbo(client, population=ASSIGNED):
    return agreement("maple", client=client, population=population).replace("kind: vendor", "kind: cbo")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assignments")
    sites = {name: site for name, site in small_sites(folder / "data").items() if name in {"maple", "cedar"}}
    terms = [cbo("mentors"), cbo("tutors"), cbo("whole", "{all: [{enrollment: active}]}")]
    with people_region(folder / "region", sites, terms) as region:
        for name, org, role in (
            ("sam", "mentors", "cbo-staff"), ("tess", "tutors", "cbo-staff"), ("wes", "whole", "cbo-admin"),
        ):  # fmt: skip
            region.person(name, (org, role))
        yield region


@pytest.fixture(scope="module")
def children(region):
    source = region.administered.settings().districts["maple"].settings["source"]
    with zipfile.ZipFile(source) as archive:
        born = {row["sourcedId"]: row["birthDate"] for row in rows(archive, "demographics.csv")}
        return [
            row | {"birthDate": born[row["sourcedId"]]}
            for row in rows(archive, "users.csv")
            if row["sourcedId"] in born
        ]


def rows(archive, name):
    with archive.open(name) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8-sig")))


@pytest.fixture
def service(region):
    return KeptAssignments(region.administered)


@pytest.fixture
def ada(region):
    return region.actor("ada", ("maple", "privacy-officer"))


@pytest.fixture
def cleo(region):
    return region.actor("cleo", ("mentors", "cbo-admin"))


def to(person="sam", org="mentors", **more):
    return {"agreement": f"{org}-maple", "person": f"{person}@example.org", **more}


def named(child):
    return {"familyName": child["familyName"], "givenName": child["givenName"], "birthDate": child["birthDate"]}


OTHERS = [("cedar", "privacy-officer"), ("region", "region-operator"), ("whole", "cbo-admin"), ("mentors", "cbo-staff"),
          ("maple", "district-admin"), ("maple", "auditor")]  # fmt: skip


@pytest.mark.parametrize("who", OTHERS, ids="-".join)
def test_nobody_else_reads_or_writes_them(region, service, children, who):
    other = region.actor("-".join(who), who)
    for district in ("maple", "nowhere"):
        with pytest.raises(NotFound) as refused:
            service.entries(other, district)
        assert refused.value.message == "There is no such register here."
        with pytest.raises(NotFound):
            service.add(other, district, named(children[0]), to())


def test_the_provider_assigns_by_id_and_what_is_kept_names_nobody(service, ada, children):
    child = children[0]
    (name,) = service.add(ada, "maple", {"studentId": child["sourcedId"]}, to(), "spring group").made
    kept = str(service.entry(ada, "maple", name))
    for text in ("sourcedId", "familyName", "birthDate"):
        assert child[text] not in kept
    assert service.add(ada, "maple", {"studentId": child["sourcedId"]}, to()).the_same == (name,)
    assert [one.entry for one in service.of_student(ada, "maple", named(child)).own] == [name]
    with pytest.raises(Conflict):
        service.add(ada, "maple", {"studentId": "nobody"}, to())


@pytest.mark.parametrize(
    ("given", "part"),
    [(to("tess"), "person"), (to("nobody"), "person"), (to("wes", "whole"), "agreement"),
     (to(until="2020-01-01"), "until"), (to(**{"from": "tomorrow"}), "from")],
    ids=["of-another-organisation", "unknown", "no-assignment-there", "over-before", "no-day"],
)  # fmt: skip
def test_a_part_that_cannot_be_is_named(service, ada, cleo, children, given, part):
    for who in (ada, cleo):
        with pytest.raises(WrongPart) as wrong:
            service.add(who, "maple", named(children[1]), given)
        assert wrong.value.part == part


def test_a_recipient_is_answered_alike_whoever_is_meant(service, cleo, children, monkeypatch):
    """No oracle: the district's system is not even read."""

    def read(*_arguments, **_more):
        raise AssertionError("the students of the district were read")

    monkeypatch.setattr(assignments, "known_students", read)
    real, nobody = named(children[2]), {"familyName": "Nobody", "givenName": "Such", "birthDate": "2015-02-03"}
    found = [service.add(cleo, "maple", who, to()) for who in (real, nobody)]
    assert [(len(one.made), len(one.changed), len(one.the_same)) for one in found] == [(1, 0, 0), (1, 0, 0)]
    data = "familyName,givenName,birthDate\r\n" + "".join(f"{','.join(who.values())}\r\n" for who in (real, nobody))
    said = service.run_import(cleo, "maple", "list.csv", data.encode(), to(), dry=True)
    assert (said.says.mistakes, said.says.unmatched, len(said.written.the_same)) == ((), 0, 2)
    for who in (real, nobody):
        assert len(service.of_student(cleo, "maple", who).own) == 1


def test_what_the_provider_wrote_is_not_found_by_typing_a_name(service, ada, cleo, children):
    """Who is assigned by the district is not told apart from who is nobody's."""
    child = children[3]
    service.add(ada, "maple", {"studentId": child["sourcedId"]}, to())
    assert service.of_student(cleo, "maple", named(child)).own == ()
    assert len(service.add(cleo, "maple", named(child), to()).made) == 1


def test_a_recipient_must_say_more_than_an_id(service, cleo, children):
    with pytest.raises(WrongPart) as wrong:
        service.add(cleo, "maple", {"studentId": children[4]["sourcedId"]}, to())
    assert wrong.value.part == "stateId"


def test_a_recipient_sees_and_ends_its_own_alone(region, service, ada, cleo, children):
    (theirs,) = service.add(ada, "maple", {"studentId": children[5]["sourcedId"]}, to("tess", "tutors")).made
    assert theirs not in [one.entry for one in service.entries(cleo, "maple")]
    with pytest.raises(NotFound):
        service.end(cleo, "maple", theirs, "not mine")
    (mine,) = service.add(ada, "maple", {"studentId": children[5]["sourcedId"]}, to()).made
    with pytest.raises(CallerError):
        service.end(cleo, "maple", mine, " ")
    assert service.end(cleo, "maple", mine, "left the group").changed == (mine,)
    assert set(service.agreements(cleo, "maple")) == {"mentors-maple"}
    assert {"sam@example.org", "cleo@example.org"} <= set(service.people(cleo, "maple").values())
    assert "tess@example.org" not in service.people(cleo, "maple").values()
    with transaction(region.administered.store.engine) as connection:
        found = connection.execute(select(acts).order_by(acts.c.number.desc())).first()
    assert (found.actor, found.action, found.district) == ("cleo@example.org", "assignments ended", "maple")
    assert found.content["entries"] == [mine]
    assert found.content["agreements"] == ["mentors-maple"]


@pytest.mark.parametrize("who", ["ada", "cleo"])
def test_a_file_names_each_mistake_by_line_and_column_and_repeats_nothing(region, service, ada, cleo, children, who):
    actor = {"ada": ada, "cleo": cleo}[who]
    good = ",".join(named(children[6]).values())
    data = (
        "familyName,givenName,birthDate,person,until\r\n"
        f"{good},sam@example.org,\r\n{good},somebody-secret@example.org,\r\n{good},sam@example.org,never\r\n"
        "Only-Family,,,sam@example.org,\r\n"
    )
    before = len(service.entries(ada, "maple"))
    found = service.run_import(actor, "maple", "l.csv", data.encode(), {"agreement": "mentors-maple"}, dry=False)
    assert [(one.line, one.column) for one in found.says.mistakes] == [(3, 4), (4, 5), (5, 2)]
    assert "secret" not in str(found.says.mistakes)
    assert found.written is None
    assert len(service.entries(ada, "maple")) == before


def test_an_unknown_student_in_a_file_is_a_mistake_for_the_provider_alone(service, ada, cleo):
    data = b"stateId,person\r\n999999999999,sam@example.org\r\n"
    told = [
        service.run_import(who, "maple", "l.csv", data, {"agreement": "mentors-maple"}, dry=True) for who in (ada, cleo)
    ]
    assert [[(one.line, one.column) for one in each.says.mistakes] for each in told] == [[(2, 1)], []]


def test_no_machine_and_no_role_without_it_writes(region, service):
    for role in ("cbo-admin", "privacy-officer"):
        with pytest.raises((NotFound, NotPermitted)):
            service.add(machine("m", "maple", [role]), "maple", {"stateId": "1"}, to())
