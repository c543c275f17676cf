"""A client that follows an ODS through the gateway ends equal to it, whether a resource is held or passed on."""

from __future__ import annotations

from collections import Counter

import pytest

from standards import registry
from tests.adapters import ods_worlds
from tests.following import FOLLOWING, VERSIONS, Follower
from tests.regions import EDFI, Site, agreement, running

MANY = '[tokens]\nlife = "1d"\n'
HELD = ("schools", "students", "studentSchoolAssociations", "classPeriods")
LIVE = ("studentSchoolAttendanceEvents", "reportCards", "studentSectionAttendanceEvents")


@pytest.fixture(scope="module")
def ods():
    with ods_worlds.asked() as client:
        yield client


@pytest.fixture(scope="module")
def region(ods, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ods")
    secret = folder / "secret"
    secret.write_text("ods-secret")
    given = {
        "url": ods.running.url, "client_id": "crossing", "client_secret": f"file:{secret}", "allow_private": "true",
    }  # fmt: skip
    agreements = [
        agreement("oak", operations=FOLLOWING),
        agreement(
            "oak", [("student.id", "allow"), ("edfi.reportCards.*", "allow")], client="narrow", operations=FOLLOWING
        ),
    ]
    with running(folder / "r", {"oak": Site("edfi_ods", given)}, agreements, MANY) as one:
        yield one


def changed(ods, name, **values):
    """Give the first document of a resource other values."""
    row = ods.rows(name, params={"limit": 1})[0]
    document = {key: value for key, value in (row | values).items() if not key.startswith("_") and key != "id"}
    answer = ods.ask(f"{name}/{row['id']}", "PUT", json=document)
    assert answer.status_code == 204, answer.text
    return row["id"]


def test_a_follower_of_held_and_of_live_resources_ends_equal_to_the_ods(ods, region):
    follower = Follower(region.consumer(), (*HELD, *LIVE))
    follower.sync()
    assert follower.copy() == follower.source()
    assert all(follower.copies.values())
    changed(ods, "students", firstName="Renamed")
    changed(ods, "reportCards", numberOfDaysTardy=99)
    assert ods.post("students", ods_worlds.STUDENT | {"studentUniqueId": "fresh"}).status_code == 201
    gone = {}
    for name in ("studentSchoolAttendanceEvents", "studentSectionAttendanceEvents"):
        rows = ods.rows(name)
        gone[name] = next(row["id"] for row in rows if ods.ask(f"{name}/{row['id']}", "DELETE").status_code == 204)
    changed(ods, "classPeriods", classPeriodName="Another period")
    region.clock.move(10)
    follower.sync()
    told = dict(follower.told)
    assert follower.copy() == follower.source()
    print(told)
    assert told["students"] == (0, 2, 0)
    assert told["reportCards"] == (0, 1, 0)
    for name, identifier in gone.items():
        assert told[name][2] == 1
        assert identifier not in follower.copies[name]
    assert told["classPeriods"] == (1, 1, 0)
    region.clock.move(10)
    follower.sync()
    assert not any(any(one) for one in follower.told.values())


def test_every_resource_of_an_ods_has_its_feeds(region):
    consumer = region.consumer()
    consumer.ask(VERSIONS)
    found = Counter()
    for name in list(registry.views("edfi"))[::3]:
        for rest in (f"{name}/deletes", f"{name}/keyChanges", f"{name}?minChangeVersion=1&limit=1"):
            found[consumer.ask(EDFI + rest).status_code] += 1
    print(dict(found))
    assert found.keys() <= {200, 404, 400}
    assert found[200] > 300


def test_who_sees_less_than_a_live_resource_whole_is_told_why_not(region):
    narrow = region.consumer("narrow")
    answer = narrow.edfi("reportCards/deletes")
    assert answer.status_code == 404
    assert answer.json["type"].endswith("feature-disabled")
    assert narrow.edfi("reportCards", minChangeVersion=1).status_code == 400
    assert narrow.edfi("students/deletes").status_code == 200
