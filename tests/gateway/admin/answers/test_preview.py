"""Preview: one student as a client gets it, through the pipeline, written down first, for the district's own people."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from gateway.admin.answers.preview import NOTHING, PREVIEW, Previews
from gateway.auth.scopes import known_scopes
from gateway.storage.acts import Acts
from gateway.storage.database import transaction
from gateway.storage.registry import Client, Secret
from policies.compiler import compile as compiled
from standards.errors import NotFound, StoreUnavailable
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, quick_secret, small_sites

ROSTER = "/ims/oneroster/rostering/v1p2"
TERMS = (*TUTORING, ("student.birthDate", "year"), ("student.sex", "deny"))
TUTORED = '{all: [{grade: {in: ["03"]}}, {enrollment: active}]}'


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preview")
    sites = small_sites(folder / "data")
    terms = [agreement(one, TERMS, client="tutor", operations="[read, bulk]", population=TUTORED) for one in sites]
    with people_region(folder / "region", sites, [*terms, agreement("maple", client="whole")]) as region:
        yield region


@pytest.fixture(scope="module")
def token(region):
    secret, kept = quick_secret()
    store = region.administered.store
    every = tuple(sorted(known_scopes()))
    store.add_client(Client("tutor", "tutor", "vendor", every, (Secret(kept),), region.clock(), "ana"))
    got = region.stranger().wsgi.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=("tutor", secret), base_url="https://localhost"
    )
    return got.json["access_token"]


@pytest.fixture
def ana(region):
    return region.actor("ana", ("maple", "privacy-officer"))


def students(region, district="maple"):
    """Return a student who exists for the client, and one who does not, by the ids of the district's system."""
    grant = next(one for one in region.running.gateway.grants.of("tutor") if one.district == district)
    visibility = region.running.gateway.views.held(grant)
    mask, own = visibility.visible("student"), visibility.snapshot.table("student").ids
    return own[mask.index(1)], own[mask.index(0)]


@pytest.mark.parametrize("district", ["maple", "cedar"])
def test_what_is_shown_is_what_the_client_gets(region, token, district):
    seen, _ = students(region, district)
    pia = region.actor(f"pia-{district}", (district, "district-admin"))
    shown = Previews(region.administered).of_student(pia, district, "tutor", seen)
    assert shown.visible
    assert 0 < shown.shown < shown.every == 60
    mine = next(json.loads(one.text) for one in shown.records if (one.api, one.view) == ("OneRoster", "students"))
    web, bearer = region.stranger().wsgi, {"Authorization": f"Bearer {token}"}
    sent = web.get(f"/{district}{ROSTER}/students/{mine['sourcedId']}", headers=bearer).json["user"]
    assert {name: one for name, one in sent.items() if name not in {"dateLastModified", "roles"}} == {
        name: one for name, one in mine.items() if name != "roles"
    }
    edfi = next(json.loads(one.text) for one in shown.records if (one.api, one.view) == ("Ed-Fi", "students"))
    sent = web.get(f"/{district}/data/v3/ed-fi/students/{edfi['id']}", headers=bearer).json
    assert {name: one for name, one in sent.items() if name not in {"_etag", "_lastModifiedDate"}} == edfi
    assert any(one.api == "OneRoster CSV" and mine["givenName"] in one.text for one in shown.records)


def test_each_fact_has_its_source_what_leaves_and_the_line(region, token, ana):
    seen, _ = students(region)
    shown = Previews(region.administered).of_student(ana, "maple", "tutor", seen)
    facts = {one.name: one for one in shown.facts}
    birth = facts["student.birthDate"]
    (source,) = birth.source
    assert {one.api for one in birth.gets} == {"OneRoster", "Ed-Fi"}
    assert {value for one in birth.gets for value in one.values} == {f"{source[:4]}-01-01"}
    assert any("student.birthDate: year" in one.text and ".yaml:" in one.place for one in birth.lines)
    email = facts["student.email"]
    assert email.source
    assert not email.gets
    assert email.action == "no line"


def test_a_student_who_does_not_exist_for_the_client_is_told_with_the_clause(region, token, ana):
    _, hidden = students(region)
    shown = Previews(region.administered).of_student(ana, "maple", "tutor", hidden)
    assert not shown.visible
    assert not shown.records
    assert not any(one.gets for one in shown.facts)
    assert any("enrollment.grade is 03" in one.text and not one.passed for one in shown.steps)


def test_a_draft_is_previewed_before_it_is_published(region, token, ana):
    seen, hidden = students(region)
    served = next(one for one in region.running.standing.agreements if one.id == "whole-maple")
    shown = Previews(region.administered).of_agreement(ana, served, "whole", hidden)
    assert shown.visible
    assert next(one for one in shown.facts if one.name == "student.name.family").gets
    del seen


def test_it_is_written_down_first_with_the_students_tag_and_no_value(region, token, ana):
    seen, _ = students(region)
    Previews(region.administered).of_student(ana, "maple", "tutor", seen)
    with transaction(region.administered.store.engine) as connection:
        rows = connection.execute(text("SELECT actor, action, district, content FROM acts ORDER BY number DESC")).all()
    row = next(one for one in rows if one.action == PREVIEW)
    assert (row.actor, row.district) == ("ana@example.org", "maple")
    content = json.loads(row.content)
    grant = compiled(next(one for one in region.running.standing.agreements if one.id == "tutor-maple"), "tutor")
    tag = region.running.gateway.logs.tagger(region.running.gateway.views.held(grant))(seen)
    assert content["student"] == tag.hex()
    assert content["agreement"] == ["tutor-maple@1"]
    assert seen not in row.content


def test_nothing_is_shown_where_it_cannot_be_written_down(region, token, ana):
    seen, _ = students(region)
    engine = region.administered.store.engine
    with transaction(engine, write=True) as connection:
        connection.execute(text("ALTER TABLE acts RENAME TO acts_elsewhere"))
    try:
        with pytest.raises(StoreUnavailable):
            Previews(region.administered).of_student(ana, "maple", "tutor", seen)
    finally:
        with transaction(engine, write=True) as connection:
            connection.execute(text("ALTER TABLE acts_elsewhere RENAME TO acts"))


def test_the_client_is_told_nothing_new_by_a_preview(region, token, ana):
    web, bearer = region.stranger().wsgi, {"Authorization": f"Bearer {token}"}
    before = web.get(f"/maple{ROSTER}/students?limit=100", headers=bearer)
    region.clock.move(60)
    for one in students(region):
        Previews(region.administered).of_student(ana, "maple", "tutor", one)
    after = web.get(f"/maple{ROSTER}/students?limit=100", headers=bearer)
    assert (before.data, before.headers["ETag"]) == (after.data, after.headers["ETag"])
    assert not [one for one in Acts(region.administered.store).waiting() if one.action == "read"]


OTHERS = [
    ("auditor", ("maple", "auditor")), ("registrar", ("maple", "registrar")), ("other district", ("cedar", "district-admin")),
    ("vendor", ("tutor", "vendor-contact")), ("operator", ("region", "region-operator")), ("educator", ("maple", "educator")),
]  # fmt: skip


@pytest.mark.parametrize(("who", "role"), OTHERS, ids=[one[0] for one in OTHERS])
def test_nobody_else_is_shown_a_student_whether_there_is_one_or_not(region, token, who, role):
    seen, _ = students(region)
    actor = region.actor(who.replace(" ", "-"), role)
    texts = set()
    for district, client, student in (("maple", "tutor", seen), ("maple", "tutor", "nobody"), ("nowhere", "none", "x")):
        with pytest.raises(NotFound) as refused:
            Previews(region.administered).of_student(actor, district, client, student)
        texts.add(str(refused.value))
    assert len(texts) == 1
    assert Previews(region.administered).clients(actor) == () or role == ("cedar", "district-admin")


@pytest.mark.parametrize("client", ["elsewhere", "nowhere"])
@pytest.mark.parametrize("mail", ["", "hanna@example.org", "nobody@example.org"])
def test_nobody_learns_by_a_preview_who_works_for_a_recipient_of_other_districts(region, ana, client, mail):
    store = region.administered.store
    if store.find_client("elsewhere") is None:
        store.add_client(Client("elsewhere", "helpers", "cbo", ("edfi:read",), (), region.clock(), "ana"))
    region.person("hanna", ("helpers", "cbo-staff"))
    with pytest.raises(NotFound) as refused:
        Previews(region.administered).of_student(ana, "maple", client, students(region)[0], mail=mail)
    assert refused.value.message == NOTHING
