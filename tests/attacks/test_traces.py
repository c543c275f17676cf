"""What stays behind a request: the record of disclosures, the memory of walks, the rows of other people."""

from __future__ import annotations

import pytest

from gateway.audit.log import PURPOSE, verify
from gateway.config.settings import load
from gateway.paging.walks import MAX_WALKS, TTL_SECONDS
from policies.population import UNNAMED, Population
from policies.testing.reference_visibility import visible
from standards.edfi import catalogue
from standards.errors import StoreUnavailable
from standards.fields import fields_of
from tests.gateway.disclosures import read_disclosures
from tests.policies import documents
from tests.support import regions
from tests.support.regions import EDFI, ROSTER


def events(region):
    return list(read_disclosures(region.folder / "state" / "audit"))


def told(region, event):
    """The tags of the students an event tells of."""
    name, first, last = event["set"], event["from"], event["to"]
    if not name:
        return frozenset()
    tags = region.gateway.record._subjects.read(name)
    return frozenset(tags[8 * at : 8 * at + 8] for at in range(first, last))


def tags_of(region, district, ids):
    return frozenset(regions.tags_of(region.gateway, district, one)[-1] for one in ids)


@pytest.mark.parametrize("address", [f"{ROSTER}students", f"{ROSTER}users", f"{ROSTER}enrollments", f"{ROSTER}demographics",
                                     f"{EDFI}students", f"{EDFI}contacts", f"{EDFI}studentSchoolAssociations"])  # fmt: skip
def test_every_answer_is_in_the_record_with_the_pupils_who_were_in_it(region, tutor, address):
    before = len(events(region))
    answer = tutor.ask(f"/maple{address}", limit=5)
    assert answer.status_code == 200
    (event,) = events(region)[before:]
    records = answer.json if isinstance(answer.json, list) else next(iter(answer.json.values()))
    assert (event["client"], event["rows"], event["status"]) == ("tutor", len(records), 200)
    mine = {one["sourcedId"] for one in tutor.ask(f"/maple{ROSTER}students", limit=1000).json["users"]}
    assert told(region, event) <= tags_of(region, "maple", mine)
    if address.endswith("/students"):
        ids = {one.get("sourcedId") or one["studentUniqueId"] for one in records}
        assert len(told(region, event)) == len(ids)


def test_a_page_tells_of_its_own_pupils_and_of_no_others(region, owner):
    before = len(events(region))
    for offset in (0, 3, 6):
        pupils = owner.ask(f"/maple{ROSTER}students", limit=3, offset=offset).json["users"]
        event = events(region)[before + offset // 3]
        assert told(region, event) == tags_of(region, "maple", [one["sourcedId"] for one in pupils])


def test_a_parent_with_a_hidden_child_is_no_event_about_that_child(region, tutor, owner):
    pupils = {one["sourcedId"] for one in tutor.ask(f"/maple{ROSTER}students", limit=1000).json["users"]}
    before = len(events(region))
    assert tutor.ask(f"/maple{ROSTER}users", limit=1000).status_code == 200
    assert told(region, events(region)[before]) == tags_of(region, "maple", pupils)


def test_the_record_holds_no_value_of_a_question_or_an_answer(region, tutor):
    pupil = tutor.users("students")[0]
    tutor.roster("students", filter="givenName='Canary' AND familyName='Bird'")
    tutor.roster(f"students/{pupil['sourcedId']}")
    text = b"".join(
        path.read_bytes() for path in (region.folder / "state" / "audit").rglob("*") if path.is_file()
    ).decode("latin-1")
    for value in ("Canary", "Bird", pupil["sourcedId"], tutor.token):
        assert value not in text


@pytest.mark.parametrize("address", [f"{ROSTER}students", f"{EDFI}students", f"{ROSTER}students/x"])
def test_nothing_is_sent_when_the_record_cannot_be_written(region, tutor, address, monkeypatch):
    def refuse(_event):
        raise StoreUnavailable("The record of disclosures cannot be written; nothing is sent.")

    monkeypatch.setattr(region.gateway.record, "append", refuse)
    answer = tutor.ask(address)
    assert answer.status_code == 503
    assert "givenName" not in answer.text
    assert "firstName" not in answer.text


@pytest.mark.parametrize("fault", [RuntimeError, KeyError, TypeError, MemoryError])
def test_nothing_is_sent_when_writing_the_event_fails_in_any_other_way(region, tutor, fault, monkeypatch):
    def fail(_event):
        raise fault("Canary")

    monkeypatch.setattr(region.gateway.record, "append", fail)
    answer = tutor.ask(f"{ROSTER}students")
    assert answer.status_code == 500
    assert "givenName" not in answer.text
    assert "Canary" not in answer.text


def test_a_changed_a_missing_and_an_exchanged_line_are_found(region, tutor, tmp_path):
    for _ in range(3):
        tutor.roster("students", limit=2)
    source = region.folder / "state" / "audit"
    key = _key(region)
    for number, change in enumerate((_edit, _drop, _swap)):
        folder = tmp_path / str(number)
        (folder / "subjects").mkdir(parents=True)
        for path in source.rglob("*"):
            if path.is_file():
                (folder / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
                (folder / path.relative_to(source)).write_bytes(path.read_bytes())
        assert verify(folder, key) == []
        place = min(folder.glob("record-*.jsonl"))
        place.write_bytes(b"".join(change(place.read_bytes().splitlines(keepends=True))))
        assert verify(folder, key)


def _key(region):
    return load(region.folder / "gateway.toml").open_keys().derive(PURPOSE)


def _edit(lines):
    at = next(number for number, line in enumerate(lines) if b'"rows":' in line)
    return [*lines[:at], lines[at].replace(b'"rows":', b'"rows":1'), *lines[at + 1 :]]


def _drop(lines):
    return lines[:1] + lines[2:]


def _swap(lines):
    return [lines[1], lines[0], *lines[2:]]


def test_questions_without_an_answer_do_not_pile_up_in_memory(region, tutor):
    walks = region.gateway.walks
    for number in range(60):
        tutor.roster("students", filter=f"givenName='nobody{number}'")
    assert len(walks._kept) <= MAX_WALKS
    region.clock.move(TTL_SECONDS + 1)
    tutor.token = tutor.web.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=("tutor", tutor.secret)
    ).json["access_token"]
    tutor.roster("students")
    assert len(walks._kept) == 1


def test_every_row_that_belongs_to_a_pupil_it_does_not_name_is_outside_every_population():
    """Of the whole Ed-Fi model: what refers to a row of a pupil's without naming the pupil itself."""
    native = {one.name: f"edfi.{one.collection}" for one in catalogue.native().values()}

    def belongs(entity, seen=()):
        owners = {field.to for field in fields_of(entity).values() if field.owner} - {*seen, entity}
        return entity == "student" or any(belongs(one, (*seen, entity)) for one in owners)

    named = {name for name, entity in native.items() if belongs(entity)}
    unnamed: set[str] = set()
    while True:
        more = {
            one.name
            for one in catalogue.native().values()
            if one.name not in named | unnamed
            and any(known.reference in named | unnamed for known in one.properties.values())
        }
        if not more:
            break
        unnamed |= more
    assert {native[name] for name in unnamed} <= set(UNNAMED)
    assert set(UNNAMED) <= set(native.values())
    assert UNNAMED[0] not in Population().rows()


@pytest.mark.parametrize("entity", UNNAMED)
def test_a_population_hides_rows_about_nobody_in_particular(entity):
    records = documents.district() | {entity: [{"key": ("one",)}]}
    bound = documents.grant(f"{entity} allow", '{all: [{grade: {in: ["03"]}}]}')
    assert not visible(records, bound, documents.TODAY)[entity]
