"""A OneRoster server says what its files would say; what nobody wants is not asked for; the gradebook is written."""

from __future__ import annotations

import pytest

from adapters.contract import Hint
from adapters.oneroster_csv.adapter import OneRosterCsv
from adapters.oneroster_rest.adapter import OneRosterRest
from adapters.testing import AdapterContract
from gateway.demo.data import write_oneroster_12
from standards.edfi.model.links import FIELD as LINKS
from standards.errors import (
    InvalidBody,
    NotFound,
    SettingsError,
    SourceBroken,
    SourceUnavailable,
    Unsupported,
)
from standards.view import fields_of
from tests.adapters.oneroster_rest.system import comparable, everything, settings_for, source, system
from tests.support.regions import small_district

VERSIONS = pytest.mark.parametrize("version", ["1.1", "1.2"])
GRADEBOOK = {"gradebookCategory", "lineItem", "result", "scoreScale", "assessment", "assessmentResult"}


class OverHttp(AdapterContract):
    """The contract over a running system."""

    adapter = OneRosterRest
    version = "1.2"

    @pytest.fixture(autouse=True)
    def _running(self):
        with system() as self.running, system() as self.failing:
            self.failing.sis.faults.add("truncated", times=1000)
            self.failing.sis.faults.add("truncated", "token", times=0)
            yield

    def good(self, folder):
        return settings_for(self.running, version=self.version, trust_modified=True)

    def broken(self, folder):
        return settings_for(self.failing, version=self.version)


class TestOneRoster12(OverHttp):
    """1.2."""


class TestOneRoster11(OverHttp):
    """1.1."""

    version = "1.1"


def of(adapter, entity, *, keyed=True):
    records = (record for found, record in adapter.read({entity: None}) if found == entity)
    return sorted(
        comparable({k: v for k, v in record.items() if k != LINKS and (keyed or k != "key")}) for record in records
    )


@pytest.fixture
def files(tmp_path):
    """The same district's files."""
    write_oneroster_12(small_district(), tmp_path / "maple.zip")
    return OneRosterCsv("maple", {"source": str(tmp_path / "maple.zip")})


def test_the_same_district_says_the_same_by_api_and_by_files(files):
    with system() as running, source(running) as adapter:
        for entity in sorted(files.manifest.entities - GRADEBOOK):
            keyed = entity not in {"enrollment", "employment"}  # roles have ids of their own in files only
            assert of(adapter, entity, keyed=keyed) == of(files, entity, keyed=keyed), entity
            assert of(adapter, entity) or entity.endswith("Involvement")  # nobody in this district has one


def test_what_both_versions_can_say_they_say_alike():
    with system() as running, source(running) as new, source(running, version="1.1") as old:
        for entity in (
            "organization",
            "session",
            "course",
            "offering",
            "section",
            "placement",
            "teaching",
            "guardianship",
            "resource",
        ):
            assert of(new, entity) == of(old, entity), entity
        for entity in ("student", "staff", "contact", "enrollment", "employment"):
            assert len(of(new, entity)) == len(of(old, entity))


@VERSIONS
@pytest.mark.parametrize("size", [2, 7, 60, 1000])
def test_the_size_of_the_pages_changes_nothing(version, size):
    with system() as running:
        for total in (True, False):
            running.sis.total = total
            with source(running, version=version, page_size=size) as adapter:
                found = [
                    record["key"] for _, record in adapter.read({"organization": None, "session": None, "result": None})
                ]
                assert len(found) == len(set(found)) == 5 + 13 + 30


def test_a_server_that_gives_less_than_is_asked_for_is_read_whole():
    with system(ceiling=9) as running, source(running, page_size=50) as adapter:
        assert len(list(adapter.read({"session": None, "result": None}))) == 43
        running.sis.total = False
        assert len(list(adapter.read({"session": None, "result": None}))) == 43


def test_only_what_is_wanted_goes_over_the_wire():
    wanted = {"student": frozenset({"name.given", "grades"}), "placement": frozenset({"student", "section"})}
    with system() as running, source(running) as adapter:
        assert list(adapter.read(wanted))
        asked = {one.collection: set(one.query["fields"].split(",")) for one in running.sis.log}
    assert "demographics" not in asked
    assert asked["users"] == {"sourcedId", "status", "roles", "givenName", "grades"}
    assert asked["enrollments"] == {"sourcedId", "status", "user", "class", "school", "role"}


@pytest.mark.parametrize("name", sorted(fields_of("student")))
def test_every_field_of_a_student_can_be_read_alone(name):
    with system() as running, source(running) as adapter:
        whole = {record["id"]: record for _, record in adapter.read({"student": None})}
        group = {one for one in fields_of("student") if one == name or one.startswith(f"{name}.")}
        for _, record in adapter.read({"student": frozenset(group)}):
            assert record.get(name) == whole[record["id"]].get(name)


def test_a_hint_is_asked_of_the_server():
    with system() as running, source(running) as adapter:
        item = next(record["id"] for _, record in adapter.read({"lineItem": None}))
        found = [record for _, record in adapter.read({"result": None}, {"result": (Hint("lineItem", "=", item),)})]
        assert found
        assert {record["lineItem"] for record in found} == {(item,)}
        assert running.sis.log[-1].query["filter"] == f"lineItem.sourcedId='{item}'"


@VERSIONS
def test_a_record_of_the_gradebook_is_found_by_its_id(version):
    with system() as running, source(running, version=version) as adapter:
        item = next(record for _, record in adapter.read({"lineItem": None}))
        assert adapter.find("lineItem", item["id"]) == item
        assert running.sis.log[-1].identifier == item["id"]
        assert adapter.find("lineItem", "nobody") is None
        assert adapter.find("organization", "nobody") is None


@VERSIONS
@pytest.mark.parametrize("entity", ["organization", "session", "course", "section", "resource", "lineItem", "result"])
def test_what_is_found_is_what_is_read_and_one_document_is_asked_for(version, entity):
    with system() as running, source(running, version=version) as adapter:
        every = [record for _, record in adapter.read({entity: None})]
        before = len(running.sis.log)
        for record in every[:5]:
            assert adapter.find(entity, record["id"]) == record
        assert len(running.sis.log) - before == len(every[:5])


@pytest.mark.parametrize("entity", ["student", "placement"])
def test_what_several_documents_tell_is_found_among_all(entity):
    with system() as running, source(running) as adapter:
        record = next(record for _, record in adapter.read({entity: None}))
        assert adapter.find(entity, record["id"]) == record


@VERSIONS
def test_the_gradebook_is_written(version):
    with system() as running, source(running, version=version) as adapter:
        item = next(record for _, record in adapter.read({"lineItem": None}))
        mine = {name: value for name, value in item.items() if name not in {"id", "key"}}
        given = adapter.save("lineItem", mine, new=True)
        assert adapter.find("lineItem", given) == {**item, "id": given, "key": (given,)}
        changed = {**mine, "id": given, "title": "A longer title"}
        del changed["description"]
        assert adapter.save("lineItem", changed, new=False) == given
        found = adapter.find("lineItem", given)
        assert found["title"] == "A longer title"
        assert "description" not in found
        assert adapter.save("lineItem", changed, new=False) == given
        assert sum(record["title"] == "A longer title" for _, record in adapter.read({"lineItem": None})) == 1
        adapter.delete("lineItem", given)
        assert adapter.find("lineItem", given) is None
        with pytest.raises(NotFound):
            adapter.delete("lineItem", given)


def test_a_score_above_the_maximum_and_a_state_are_written():
    with system() as running, source(running) as adapter:
        seen = next(record for _, record in adapter.read({"result": None}))
        changed = seen | {"score": 300, "status": "exempt", "late": True, "comment": "done"}
        adapter.save("result", changed, new=False)
        assert adapter.find("result", seen["id"]) == changed
        assert running.sis.documents["results"][seen["id"]]["late"] == "true"


def test_what_the_server_refuses_is_refused():
    with system() as running, source(running) as adapter:
        with pytest.raises(InvalidBody, match="does not accept"):
            adapter.save("result", {"lineItem": ("nowhere",)}, new=True)
        for act in (lambda: adapter.save("student", {}, new=True), lambda: adapter.delete("student", "1")):
            with pytest.raises(Unsupported):
                act()


def test_a_change_is_sent_once_even_where_the_server_is_busy():
    with system() as running, source(running) as adapter:
        running.sis.faults.add("unavailable", "lineItems", value=1)
        item = {"id": "x1", "title": "t"}
        with pytest.raises(SourceUnavailable):
            adapter.save("lineItem", item, new=True)
        assert [one.method for one in running.sis.log] == []


def test_where_changes_are_off_nothing_is_written():
    with system() as running:
        with source(running, writable=False) as adapter:
            assert adapter.manifest.writes == frozenset()
            with pytest.raises(Unsupported):
                adapter.save("lineItem", {"title": "t"}, new=True)
        with source(running) as adapter:
            assert adapter.manifest.writes == GRADEBOOK
        with source(running, version="1.1") as adapter:
            assert adapter.manifest.writes == {"gradebookCategory", "lineItem", "result"}
        with source(running, absent=["results"]) as adapter:
            assert "result" not in adapter.manifest.entities | adapter.manifest.writes


WILD = {
    "truths": lambda user: user.update(enabledUser=user["enabledUser"] == "true"),
    "a grade as a text": lambda user: user.update(grades=",".join(user.get("grades", ()))),
    "nulls": lambda user: [user.setdefault(name, None) for name in ("middleName", "sms", "userIds", "grades", "agents")],
    "strangers": lambda user: user.update(favouriteColour="blue"),
    "a bare reference": lambda user: user.update(primaryOrg={"sourcedId": user["primaryOrg"]["sourcedId"]}) if "primaryOrg" in user else None,
    "an address only": lambda user: user.update(primaryOrg={"href": user["primaryOrg"]["href"]}) if "primaryOrg" in user else None,
    "days with hours": lambda user: [role.update(beginDate=role["beginDate"] + "T00:00:00Z") for role in user["roles"] if "beginDate" in role],
}  # fmt: skip


@pytest.mark.parametrize("wild", WILD)
def test_what_servers_do_in_the_wild_is_put_up_with(wild):
    with system() as running, source(running) as adapter:
        before = everything(adapter)
        for user in running.sis.documents["users"].values():
            WILD[wild](user)
        assert everything(adapter) == before
        if wild in {"strangers", "nulls"}:
            assert (
                "users: unknown member favouriteColour" in adapter.notes.counts
                or "users: sms is null" in adapter.notes.counts
            )


def test_a_1_2_server_with_the_roles_of_1_1_is_understood():
    with system(selecting=False) as running, source(running) as adapter:
        before = {entity: len(of(adapter, entity)) for entity in ("student", "staff", "contact", "placement")}
        for user in running.sis.documents["users"].values():
            roles = user.pop("roles")
            user["role"], user["orgs"] = roles[0]["role"], [role["org"] for role in roles]
        assert {entity: len(of(adapter, entity)) for entity in before} == before


@VERSIONS
def test_deleted_documents_are_left_out_and_counted(version):
    with system() as running, source(running, version=version) as adapter:
        users = running.sis.documents["users"]
        gone = next(name for name, user in users.items() if user["roles"][0]["role"] == "student")
        users[gone]["status"] = "tobedeleted"
        next(iter(running.sis.documents["results"].values()))["status"] = "tobedeleted"
        assert gone not in {record["id"] for _, record in adapter.read({"student": None})}
        assert adapter.notes.counts["users: deleted document"] == 1
        assert len(list(adapter.read({"result": None}))) == 29


NAMELESS = {
    "no id": ("orgs", lambda one: one.update(sourcedId=""), "orgs[0].sourcedId"),
    "an id with a comma": ("orgs", lambda one: one.update(sourcedId="a,b"), "orgs[0].sourcedId"),
}
SPOILT = {
    "a text for an object": ("users", lambda one: one.update(roles="x"), "users[0].roles[0]"),
    "no class": ("enrollments", lambda one: one.pop("class"), "enrollments[0].class"),
    "no truth": ("enrollments", lambda one: one.update(primary="perhaps"), "enrollments[0].primary"),
    "a list for a text": ("classes", lambda one: one.update(title=["x"]), "classes[0].title"),
    "no date": ("enrollments", lambda one: one.update(beginDate="5/07/2026"), "enrollments[0].beginDate"),
    "no year": ("academicSessions", lambda one: one.update(schoolYear="5/07"), "academicSessions[0].schoolYear"),
    "no number": ("results", lambda one: one.update(score="many"), "results[0].score"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_document_that_cannot_be_understood_is_set_aside_with_its_place_and_without_its_value(spoilt):
    collection, spoil, place = SPOILT[spoilt]
    with system(sorting=False) as running, source(running) as adapter:
        whole = len(everything(adapter))
        assert not adapter.notes.page.aside
        one = next(iter(running.sis.documents[collection].values()))
        spoil(one)
        found = everything(adapter)
        assert len(found) < whole
        row = adapter.notes.page.aside[0]
        assert (row.place, row.key) == (place, (one["sourcedId"],))
        for word in ("a,b", "perhaps", "many", "5/07"):
            assert word not in row.told


USUAL = [
    ("enrollments", {"beginDate": "20260907", "primary": "N"}, {"beginDate": "2026-09-07", "primary": "false"}),
    ("academicSessions", {"schoolYear": "2026-2027"}, {"schoolYear": "2027"}),
    ("users", {"enabledUser": 1}, {"enabledUser": "true"}),
    ("demographics", {"sex": "F", "asian": "y"}, {"sex": "female", "asian": "true"}),
]


@pytest.mark.parametrize(("collection", "usual", "right"), USUAL)
def test_what_is_written_in_another_usual_way_is_read_as_the_standard_writes_it(collection, usual, right):
    found = []
    for said in (right, usual):
        with system(sorting=False) as running, source(running) as adapter:
            next(iter(running.sis.documents[collection].values())).update(said)
            found.append(everything(adapter))
            assert not adapter.notes.page.aside
    assert found[0] == found[1]


@pytest.mark.parametrize("spoilt", NAMELESS)
def test_a_document_without_an_id_is_refused_with_its_place_and_without_its_value(spoilt):
    collection, spoil, place = NAMELESS[spoilt]
    with system(sorting=False) as running, source(running) as adapter:
        spoil(next(iter(running.sis.documents[collection].values())))
        with pytest.raises(SourceBroken) as caught:
            everything(adapter)
        assert caught.value.place == place
        for word in ("a,b", "perhaps", "many"):
            assert word not in caught.value.message


def test_a_stamp_tells_of_a_change_where_the_server_can_be_trusted():
    with system() as running, source(running, trust_modified=True) as trusting, source(running) as wary:
        before = trusting.stamp()
        assert trusting.stamp() == before
        next(iter(running.sis.documents["users"].values()))["dateLastModified"] = "2026-11-11T00:00:00.000Z"
        assert trusting.stamp() != before
        assert wary.stamp() != wary.stamp()


def test_a_check_tells_what_is_wrong():
    with system() as running:
        for more, message in (
            ({"client_secret": "wrong"}, "token: the source answers 401 (invalid_client)"),
            ({"allow_private": False}, "plain http needs allow_private"),
            ({"absent": []}, ""),
        ):
            with source(running, **more) as adapter:
                found = " ".join(map(str, adapter.check()))
                assert message in found
                assert bool(found) is bool(message)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"auth": "bearer"}, "token: auth bearer needs it"),
        ({"client_secret": ""}, "client_secret: auth oauth2 needs it"),
        ({"profile": "classlink"}, "version: ClassLink Roster Server is known to serve 1.1 only"),
        ({"profile": "powerscool"}, "profile: Must be one of"),
        ({"version": "1.3"}, "version: Must be one of"),
    ],
)
def test_settings_that_do_not_fit_are_refused(more, message):
    with system() as running, pytest.raises(SettingsError, match=message), source(running, **more):
        pass


def test_a_token_that_does_not_end_and_signed_requests_are_understood_too():
    with system(token="for-ever") as running:
        with source(running, auth="bearer", token="for-ever") as adapter:
            assert adapter.check() == []
        for signature in ("HMAC-SHA1", "HMAC-SHA256"):
            with source(running, version="1.1", auth="oauth1", signature=signature) as adapter:
                assert len(list(adapter.read({"result": frozenset({"score", "student"})}))) == 30
            with source(running, version="1.1", auth="oauth1", signature=signature, client_secret="no") as adapter:
                assert adapter.check()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_what_is_told_of_nobody_is_counted(version):
    with system() as running, source(running, version=version) as adapter:
        everything(adapter)
        assert "demographics.csv: dangling user" not in adapter.notes.counts
        demographics = running.sis.documents["demographics"]
        demographics["nobody"] = next(iter(demographics.values())) | {"sourcedId": "nobody"}
        everything(adapter)
        assert adapter.notes.counts["demographics.csv: dangling user"] == 1
