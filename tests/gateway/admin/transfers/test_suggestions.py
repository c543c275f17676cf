"""What the own record says of where students came from is suggested, once, and for nobody with a restriction."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from gateway.admin.transfers import suggestions
from gateway.admin.transfers.asking import TransferAsking
from gateway.admin.transfers.own_children import enrollments
from gateway.admin.transfers.suggestions import TransferSuggestions, came_from, spelt
from gateway.people.actor import NotPermitted
from gateway.transfers.machine.words import AskedPart
from standards.errors import Conflict, NotFound
from tests.gateway.admin.transfers.offices import ROLES, SENDER, offices
from tests.support.regions import small_sites

CAME = (2, 5, 8, 11, 14, 17, 23)
"""The students of Maple's files who have been at a school of Cedar's before."""


def rows(text):
    return text.rstrip("\n").split("\n")


def with_former_schools(path):
    """Write into Maple's own files that some of its students were at a school of Cedar before."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    files["orgs.csv"] += (
        "far-1,,,Cedar School District,district,99001,\nfar-2,,,Cedar Heights Elementary,school,99002,far-1\n"
        "far-3,,,Elm Academy,school,99003,\n"
    )
    roles = rows(files["roles.csv"])
    students = [line.split(",")[3] for line in roles if ",student," in line]
    for number in CAME:
        files["roles.csv"] += f"far-r-{number},,,{students[number]},secondary,student,2024-09-01,2026-06-20,far-2,\n"
    files["roles.csv"] += f"far-r-x,,,{students[20]},secondary,student,2024-09-01,2026-06-20,far-3,\n"
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    path.write_bytes(found.getvalue())
    return [students[number] for number in CAME]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suggested")
    sites = small_sites(folder / "data")
    came = with_former_schools(folder / "data" / "maple.zip")
    with offices(folder, sites=sites) as found:
        yield found, came


def requests(office):
    """The requests that Maple has made."""
    return [one.id for one in TransferAsking(office.administration, office.actor("mona"), SENDER).sent().items]


def service(office, name="mona"):
    return TransferSuggestions(office.administration, office.actor(name), SENDER)


def test_who_came_from_a_district_of_the_region_is_suggested_with_nothing_of_that_district(region):
    office, came = region
    found = service(office).listed()
    assert len(found) == len(CAME)
    assert {one.sender for one in found} == {"cedar"}
    roll = office.roll()
    names = {roll.candidates[own].family for own in came}
    assert all(any(family in one.child.name for family in names) for one in found)
    assert not any(own in one.handle for one in found for own in came)
    (act,) = office.acts("transfer suggestions shown")
    assert (act.actor, act.content) == ("mona@example.org", {"shown": len(CAME)})
    assert service(office).count() == len(CAME)
    assert len(office.acts("transfer suggestions shown")) == 1


def test_one_click_makes_a_request_and_a_suggestion_no_more(region):
    office, _ = region
    first = service(office).listed()[0]
    begun = service(office).ask(first.handle)
    assert (begun.sender, begun.state) == ("cedar", "asked")
    stated = office.ledger.asked_values(begun.id)
    assert AskedPart.NAME in stated
    assert first.handle not in {one.handle for one in service(office).listed()}
    for again in (False, True):
        assert service(office).ask(first.handle, again=again) == begun
    with pytest.raises(Conflict):
        service(office, "mia").ask(first.handle)
    office.later(days=3)
    office.ledger.forget_keys()
    with pytest.raises(Conflict):
        service(office).ask(first.handle)
    assert requests(office) == [begun.id]


@pytest.mark.parametrize("names", [("mona", "mona"), ("mona", "mia"), ("mona", "mona", "mia", "mia")])
def test_clicks_at_the_same_moment_make_one_request(region, names, monkeypatch):
    office, _ = region
    first, before = service(office).listed()[0], requests(office)
    ready, plain = Barrier(len(names)), TransferAsking.ask

    def ask(self, *args):
        ready.wait(10)  # all have seen by now that the suggestion is there
        return plain(self, *args)

    monkeypatch.setattr(TransferAsking, "ask", ask)
    with ThreadPoolExecutor(len(names)) as threads:
        clicks = [threads.submit(service(office, name).ask, first.handle) for name in names]
        found = [click.exception() or click.result().id for click in clicks]
    monkeypatch.undo()
    made = set(requests(office)) - set(before)
    assert len(made) == 1
    assert {one for one in found if isinstance(one, str)} == made
    assert all(isinstance(one, (str, Conflict)) for one in found)


def test_what_is_dismissed_stays_so(region):
    office, _ = region
    first = service(office).listed()[0]
    service(office).dismiss(first.handle)
    assert first.handle not in {one.handle for one in service(office).listed()}
    before = requests(office)
    with pytest.raises(Conflict):
        service(office).ask(first.handle)
    assert requests(office) == before


def test_nobody_with_a_restriction_is_suggested(region):
    office, came = region
    left = service(office).listed()
    roll = office.roll()
    for own in came:
        number = next(place for place, one in enumerate(roll.index.rows) if one.id == own)
        office.restrict(number, "parent-objection", elements=("student.email",))
    assert left
    assert service(office).listed() == ()
    with pytest.raises(NotFound):
        service(office).ask(left[0].handle)


def test_a_handle_of_another_kind_is_none(region):
    office, _ = region
    with pytest.raises(NotFound):
        service(office).dismiss("nothing")


@pytest.mark.parametrize("name", sorted(set(ROLES) - {"mona", "mia", "rita", "vic", "olga"}))
def test_only_registrars_are_shown_suggestions(region, name):
    office, _ = region
    with pytest.raises((NotPermitted, NotFound)):
        service(office, name).listed()


def test_who_came_is_looked_for_once_for_a_state_of_the_data_and_a_day(region, monkeypatch):
    office, _ = region
    roll, looked = office.roll(), list[int]()

    def counted(roll, row):
        looked.append(row)
        return enrollments(roll, row)

    monkeypatch.setattr(suggestions, "enrollments", counted)
    names = {"cedar": frozenset({"cedar"})}
    assert len(came_from(roll, names, "2026-11-20")) == len(CAME)
    first = len(looked)
    assert first
    assert came_from(office.roll(), names, "2026-11-20") == came_from(roll, names, "2026-11-20")
    assert len(looked) == first
    assert came_from(roll, {}, "2026-11-20") == ()
    assert len(came_from(roll, names, "2026-11-21")) == len(CAME)
    assert len(looked) > first


@pytest.mark.parametrize(
    ("name", "plain"), [("Cedar School District", "cedar"), ("CEDAR S.D. No. 9", "cedar s d 9"), ("", "")]
)
def test_names_of_districts_are_compared_without_what_all_have(name, plain):
    assert spelt(name) == plain
