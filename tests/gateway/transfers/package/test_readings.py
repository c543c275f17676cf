"""What a package asks of a system that is not in memory: its files once, and of an ODS no other student."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from adapters.simulators.edfi import Ods, run
from gateway.demo.data.edfi.server import ods_documents
from gateway.transfers.districts.children import READINGS, DistrictChildren, row_of_subject, subject_tag
from gateway.transfers.package.assembly import pack
from gateway.transfers.package.contents.reader import GatewayRecord
from tests.gateway.transfers.package.worlds import HEADER, SECRET, connected, files, grant_of, plan, students
from tests.gateway.transfers.work.world import SENDER, agreement_text, worlds
from tests.support.regions import Site, agreement, running, small_district, small_sites


@pytest.fixture(scope="module")
def system():
    with run(Ods(ods_documents(small_district()), secret=SECRET)) as running_system:
        yield running_system


@pytest.fixture(scope="module")
def fir(system, tmp_path_factory):
    """One ODS as two districts: *fir* is in memory, of *elm* nothing is kept."""
    place = tmp_path_factory.mktemp("fir")
    given = connected(system, place)
    sites = {"fir": Site("edfi_ods", given), "elm": Site("edfi_ods", given, cache="0")}
    with running(place / "region", sites, [agreement("fir"), agreement("elm")]) as region:
        yield region


def test_a_transfer_from_files_that_are_not_in_memory_reads_them_once(tmp_path, monkeypatch):
    sites = {name: replace(one, cache="0") for name, one in small_sites(tmp_path / "data").items()}
    sites[SENDER] = sites["cedar"]
    with contextmanager(worlds)(tmp_path, [agreement_text()], sites=sites) as world:
        first, second = (world.ask(world.student(number)) for number in (3, 4))
        district, asked = world.region.gateway.districts[SENDER], []
        READINGS.forget(district)
        real = district.adapter.read
        monkeypatch.setattr(district.adapter, "read", lambda *given: asked.append(given) or real(*given))
        assert [world.work(one).state for one in (first, second)] == ["packed", "packed"]
    search, *records = asked
    assert len(records) == 2
    assert search[0].keys() == {"student", "profile", "enrollment", "organization"}
    for _, hints in records:
        assert {"enrollment", "placement", "profile", "edfi.grades"} <= hints.keys()


def test_an_ods_that_is_not_in_memory_is_asked_for_no_other_student(fir, system):
    own, unique = students(fir, "fir")[3]
    record = GatewayRecord(fir.gateway, grant_of(fir, "elm"), own, unique)
    before = len(system.log)
    found = pack(HEADER, plan(), record)
    asked = [one for one in system.log[before:] if "/ed-fi/" in one.path]
    assert len(asked) > 10
    whole = {
        one.path.rpartition("/ed-fi/")[2] for one in asked
        if not {"studentUniqueId", "contactUniqueId"} & one.query.keys() and own not in one.path
    }  # fmt: skip
    assert not [one for one in whole if one.startswith(("student", "contact", "grades", "report", "discipline"))]
    held = pack(HEADER, plan(), GatewayRecord(fir.gateway, grant_of(fir, "fir"), own, unique))
    assert files(found).keys() == files(held).keys()


def test_a_student_who_was_found_before_is_looked_up_alone(fir, system):
    district, keys = fir.gateway.districts["elm"], fir.running.transfers().desk.register_keys
    children, own = DistrictChildren(), students(fir, "fir")[5][0]
    READINGS.forget(district)
    whole = children.roll(district)
    subject = subject_tag(keys, "elm", whole.own_id(whole.rows[own]))
    assert children.roll_about(district, keys, subject).rows.keys() == whole.rows.keys()
    READINGS.forget(district)
    before = len(system.asked("students"))
    alone = children.roll_about(district, keys, subject)
    assert alone.rows.keys() == {own}
    assert row_of_subject(alone, keys, "elm", subject) == 0
    assert alone.candidates[own] == whole.candidates[own]
    assert all(own in one.path for one in system.asked("students")[before:])
    assert children.present(district) is None
