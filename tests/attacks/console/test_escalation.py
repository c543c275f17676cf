"""Whoever has a role gets no further one by itself, and a form takes nothing that its page does not show."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.clients.clients import Clients
from gateway.admin.organisations import Organisations
from gateway.people.actor import operator
from gateway.storage.database import transaction
from gateway.storage.people.tables import invitations, memberships, people, written_districts
from gateway.storage.tables import clients
from tests.support.people.api import in_session
from tests.support.people.districts import UPLOADED
from tests.support.people.joining import PASSWORD, SETTINGS, code, follow, invite, secret_in
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ROOT = operator("root")
EVERY_KIND = {
    "district": ("maple", "district-admin"),
    "vendor": ("gradeware", "vendor-contact"),
    "community organisation": ("tutors", "cbo-admin"),
}
PROMOTED = ("region-operator", "district-admin", "privacy-officer", "approver", "auditor")


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data", 20)
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS) as found:
        Organisations(found.administered).add(ROOT, "gradeware", "vendor", "Gradeware", "maple")
        Organisations(found.administered).add(ROOT, "tutors", "cbo", "The Tutors")
        yield found


def rows(region, table):
    with transaction(region.administered.store.engine) as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def roles_of(region):
    return sorted((one["person"], one["org"], one["role"]) for one in rows(region, memberships) if one["ends"] is None)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_nobody_gets_a_role_by_changing_ones_own_membership(region, kind):
    org, role = EVERY_KIND[kind]
    eve = region.browser("eve", (org, role))
    me, before = region.known["eve"], roles_of(region)
    script = in_session(region, "eve")
    eve.get(f"/console/people?org={org}")
    for wanted in PROMOTED:
        for where in (org, "region", "cedar"):
            for step in ("give", "take", "recover"):
                answer = eve.post(
                    f"/console/people/person/{me}/{step}", {"org": where, "role": wanted, "reason": "because"}
                )
                assert answer.status_code in {403, 404}, (where, wanted, step)
    for step in ("suspend", "resume", "end"):
        form = {"org": org, "step": step, "reason": "because"}
        assert eve.post(f"/console/people/person/{me}/status", form).status_code in {403, 404}
        body = {"step": step, "reason": "because"}
        assert script.put(f"/organisations/{org}/people/{me}/status", body).status_code in {403, 404}
    assert roles_of(region) == before


@pytest.mark.parametrize("kind", EVERY_KIND)
@pytest.mark.parametrize("mail", ["eve@example.org", " EVE@Example.org ", "eve@example.org\t"])
def test_nobody_invites_oneself_to_another_role(region, kind, mail):
    org, role = EVERY_KIND[kind]
    eve, script = region.browser("eve", (org, role)), in_session(region, "eve")
    for wanted in (*PROMOTED, role):
        eve.get(f"/console/people/invite?org={org}")
        shown = eve.post("/console/people/invite", {"org": org, "mail": mail, "role": wanted})
        assert "/console/join/" not in shown.text, wanted
        assert script.post(f"/organisations/{org}/invitations", {"mail": mail, "role": wanted}).status_code >= 400
    assert rows(region, invitations) == []


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_nobody_invites_into_another_organisation_or_to_a_role_that_the_page_does_not_offer(region, kind):
    org, role = EVERY_KIND[kind]
    region.person("vic", ("gradeware", "vendor-contact"))  # it has somebody, so its steward invites nobody
    eve, script = region.browser("eve", (org, role)), in_session(region, "eve")
    for where in {"region", "maple", "cedar", "gradeware", "tutors", "nowhere"} - {org}:
        for wanted in (*PROMOTED, "vendor-contact", "cbo-admin", "cbo-staff"):
            eve.get("/console/people")
            answer = eve.post("/console/people/invite", {"org": where, "mail": "mallory@example.org", "role": wanted})
            assert "/console/join/" not in answer.text, (where, wanted)
            body = {"mail": "mallory@example.org", "role": wanted}
            assert script.post(f"/organisations/{where}/invitations", body).status_code in {403, 404}
    for wanted in ("region-operator", "nothing", "", *(["cbo-staff"] if kind == "vendor" else [])):
        answer = eve.post("/console/people/invite", {"org": org, "mail": "mallory@example.org", "role": wanted})
        assert "/console/join/" not in answer.text, wanted
    assert rows(region, invitations) == []


def test_an_invitation_takes_nothing_that_its_page_does_not_show(region):
    eve = region.browser("eve", ("maple", "district-admin"))
    eve.get("/console/people/invite?org=maple")
    more = {"kind": "bootstrap", "org_kind": "region", "inviter": "", "expires": "2099-01-01", "made_by": "root"}
    answer = eve.post(
        "/console/people/invite", {"org": "maple", "mail": "new@example.org", "role": "auditor", "name": "New", **more}
    )
    assert "/console/join/" in answer.text
    (made,) = rows(region, invitations)
    told = {name: made[name] for name in ("kind", "org", "role", "org_kind", "inviter", "made_by")}
    assert told == {
        "kind": "invitation", "org": "maple", "role": "auditor", "org_kind": "district",
        "inviter": region.known["eve"], "made_by": "eve@example.org",
    }  # fmt: skip
    body = {"mail": "other@example.org", "role": "auditor", "kind": "bootstrap"}
    assert in_session(region, "eve").post("/organisations/maple/invitations", body).status_code == 400


def test_who_joins_takes_no_other_role_address_or_state_than_the_links(region):
    browser, shown = follow(region, invite(region, "new@example.org", "maple", "auditor"))
    form = {
        "name": "New", "password": PASSWORD, "code": code(region, secret_in(shown)), "role": "region-operator",
        "org": "region", "mail": "root@example.org", "id": "f" * 32, "status": "active", "kind": "region",
        "person": "f" * 32, "created_by": "root",
    }  # fmt: skip
    assert browser.post("/console/join/password", form).status_code == 200
    (one,) = rows(region, people)
    assert (one["mail"], one["created_by"], one["id"] != "f" * 32) == ("new@example.org", "root", True)
    assert [(row["org"], row["role"], row["kind"]) for row in rows(region, memberships)] == [
        ("maple", "auditor", "district")
    ]


def test_a_client_takes_nothing_that_the_page_of_registering_does_not_show(region):
    eve = region.browser("eve", ("maple", "district-admin"))
    more = {
        "status": "enabled", "state": "enabled", "epoch": "7", "secret": "x" * 43, "secret_hash_1": "x" * 64,
        "created_by": "root", "isApproved": "1", "unknown_members": "refuse", "client_id": "other", "kind": "region",
    }  # fmt: skip
    form = {"org": "gradeware", "scopes": ["edfi:read"]}
    eve.get("/console/clients/register")
    for wrong in ({"steward": "cedar"}, {"steward": ""}, {"scopes": ["admin:region-operator"]}):
        shown = eve.post("/console/clients/register", {"name": "reader", "steward": "maple", **form, **more, **wrong})
        assert shown.status_code != 303, wrong
    assert rows(region, clients) == []
    assert (
        eve.post("/console/clients/register", {"name": "reader", "steward": "maple", **form, **more}).status_code == 303
    )
    (made,) = rows(region, clients)
    assert (made["client_id"], made["status"], made["epoch"], made["steward"]) == ("reader", "draft", 1, "maple")
    assert (made["secret_hash_1"], made["created_by"], made["kind"]) == ("", "eve@example.org", "vendor")
    before = made
    eve.get("/console/clients/reader/scopes")
    change = {"scopes": ["edfi:read"], "steward": "cedar", "org": "tutors", "name": "other", **more}
    eve.post("/console/clients/reader/scopes", change)
    assert rows(region, clients) == [before]
    body = {"name": "two", "vendorId": "gradeware", "kind": "vendor", "scopes": ["edfi:read"], "steward": "maple"}
    script = in_session(region, "eve")
    for name, value in (("state", "enabled"), ("secret", "x"), ("created", "2020-01-01"), ("createdBy", "root")):
        assert script.post("/apiclients", {**body, name: value}).status_code == 400, name
    assert script.post("/apiclients", {**body, "steward": "cedar"}).status_code == 403
    assert script.put("/apiclients/reader", {"steward": "cedar"}, If_Match="*").status_code == 400
    assert [one.client.client_id for one in Clients(region.administered).list(ROOT)] == ["reader"]


def test_an_agreement_keeps_its_parties_version_and_state_whatever_its_forms_are_sent(region):
    eve = region.browser("eve", ("maple", "district-admin"))
    eve.get("/console/agreements/new")
    form = {"recipient": "gradeware", "kind": "vendor", "purpose": "tutoring", "template": "blank"}
    more = {"state": "published", "version": "9", "approvals": "signed", "actor": "root", "id": "conformance-cedar"}
    assert eve.post("/console/agreements/new", {**form, **more, "district": "cedar"}).status_code == 400
    begun = eve.post("/console/agreements/new", {**form, **more, "district": "maple"})
    assert begun.status_code == 303, begun.text
    known = KnownAgreements(region.administered)
    (draft,) = [one for one in known.every() if one.written]
    assert (draft.district, draft.recipient, draft.version) == ("maple", "gradeware", 1)
    assert (draft.id, draft.written.state, draft.written.actor) == ("gradeware-maple", "draft", "eve@example.org")
    place = f"/console/agreements/{draft.id}/1/edit/parties"
    shown = eve.get(place)
    assert shown.status_code == 200
    eve.post(
        place,
        {
            "number": str(draft.number), "kind": "vendor", "purpose": "tutoring", "ferpa": "99.31(a)(1)",
            "begin": "2026-09-01", "end": "2027-08-31", "timezone": "America/Los_Angeles", "interest": "reading",
            "clients": "reader", "operations": ["read"], "district": "cedar", "recipient": "tutors", **more,
        },
    )  # fmt: skip
    (after,) = [one for one in known.every() if one.written]
    assert (after.id, after.district, after.recipient, after.version) == (draft.id, "maple", "gradeware", 1)
    assert after.written.state == "draft"
    assert "cedar" not in after.text
    assert "approvals" not in after.text


def test_a_district_takes_nothing_that_the_page_of_its_connection_does_not_show(region):
    eve = region.browser("eve", ("oak", "district-admin"))
    eve.get("/console/districts/oak/connection?adapter=oneroster_csv")
    form = {"timezone": "America/Los_Angeles", "cache": "1h", "settings.source": UPLOADED["settings"]["source"]}
    more = {
        "connected": "1", "removed": "", "sealed": "x", "actor": "root", "name": "cedar", "secrets": "x",
        "settings.allow_private": "1", "adapter": "edfi_ods", "settings.url": "http://127.0.0.1/", "facts": "x",
    }  # fmt: skip
    answers = [eve.post("/console/districts/oak/connection?adapter=oneroster_csv", {**form, **more})]
    answers.append(eve.post("/console/districts/cedar/connection?adapter=oneroster_csv", {**form, **more}))
    assert answers[1].status_code in {403, 404}
    for row in rows(region, written_districts):
        assert (row["name"], row["actor"], row["removed"]) == ("oak", "eve@example.org", False)
        assert not row["content"].get("connected")
        assert row["content"]["adapter"] == "oneroster_csv"
        assert set(row["content"]["settings"]) <= {"source"}
    assert "oak" not in region.running.settings.districts


def test_settings_of_another_organisation_are_not_changed_by_a_hidden_field(region):
    eve = region.browser("eve", ("gradeware", "vendor-contact"))
    eve.get("/console/settings?org=gradeware")
    for org in ("maple", "region", "tutors", "nowhere"):
        answer = eve.post("/console/settings", {"org": org, "version": "0", "webhook": "https://evil.example/"})
        assert answer.status_code in {403, 404}, org
        assert eve.post("/console/settings/secret", {"org": org}).status_code in {403, 404}, org
