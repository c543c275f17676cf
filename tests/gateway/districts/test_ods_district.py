"""A district whose system is an Ed-Fi ODS, behind the gateway: held, followed by its change versions, and live."""

from __future__ import annotations

import pytest

from tests.adapters.edfi_ods.system import settings_for, system
from tests.support.regions import Consumer, Site, agreement, running


@pytest.fixture
def ods():
    """A running ODS that no other test has changed."""
    with system() as found:
        yield found


@pytest.fixture
def region(ods, tmp_path, monkeypatch):
    """A gateway with the ODS as its one district, which may be held for ten minutes."""
    monkeypatch.setenv("ODS_SECRET", "ods-secret")
    site = Site("edfi_ods", settings_for(ods, client_secret="env:ODS_SECRET", page_size=500), cache="10m")
    with running(tmp_path, {"willow": site}, [agreement("willow")]) as found:
        yield found


def renew(region):
    """Let the snapshot be as old as a snapshot may not be, and load the next."""
    region.clock.move(601)
    region.gateway.districts["willow"].cached_snapshot()


def test_what_changes_in_the_ods_is_seen_after_a_renewal_that_reads_nothing_else(ods, region):
    consumer = Consumer(region, "conformance", ["edfi:read"])
    before = consumer.edfi("students", limit=500, totalCount="true")
    assert (before.status_code, before.headers["Total-Count"]) == (200, "60")
    row = next(iter(ods.ods.state.rows["Student"].values()))
    ods.ods.state.change(row, {**row.document, "firstName": "Somebody"})
    placement = next(iter(ods.ods.state.rows["StudentSectionAssociation"].values()))
    ods.ods.state.remove(placement)
    asked = len(ods.log)
    renew(region)
    windows = [one for one in ods.log[asked:] if "/data/" in one.path]
    assert windows
    assert all({"minChangeVersion", "studentUniqueId"} & one.query.keys() for one in windows)
    found = consumer.edfi("students", studentUniqueId=row.document["studentUniqueId"]).json
    assert [(one["id"], one["firstName"]) for one in found] == [(row.id, "Somebody")]
    assert consumer.edfi(f"studentSectionAssociations/{placement.id}").status_code == 404


def test_what_may_not_be_held_is_read_of_the_ods_for_each_request(ods, region):
    consumer = Consumer(region, "conformance", ["edfi:read"])
    first = consumer.edfi("studentSchoolAttendanceEvents", limit=3, totalCount="true")
    there = len(ods.ods.state.rows["StudentSchoolAttendanceEvent"])
    assert (first.status_code, first.headers["Total-Count"]) == (200, str(there))
    assert len(first.json) == 3
    asked = len(ods.asked("studentSchoolAttendanceEvents"))
    consumer.edfi("studentSchoolAttendanceEvents", limit=3)
    assert len(ods.asked("studentSchoolAttendanceEvents")) > asked


def test_an_ods_that_fails_is_no_short_list(ods, region):
    consumer = Consumer(region, "conformance", ["edfi:read"])
    ods.ods.faults.add("truncated", "studentschoolattendanceevents", times=100)
    answer = consumer.edfi("studentSchoolAttendanceEvents")
    assert answer.status_code == 502
    assert answer.json["type"].startswith("urn:ed-fi:api:")
