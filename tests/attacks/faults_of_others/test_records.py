"""Faults of other products in what they keep of a request; each test also fails where the fault is planted."""

from __future__ import annotations

import orjson
import pytest
from flask import request

from gateway.audit import log
from gateway.audit.chain import read_events
from gateway.disclosure import write_down
from gateway.engine.row_index import RowIndex
from gateway.reads import modes, pipeline
from gateway.web import oneroster
from tests.attacks.conftest import TUTOR
from tests.attacks.faults_of_others.planting import noticed
from tests.support.regions import EDFI, ROSTER, agreement, running, small_sites

CANARY = "Kanariheader"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The files of a small district."""
    return {"maple": small_sites(tmp_path_factory.mktemp("recorded") / "data", students=12)["maple"]}


@pytest.fixture
def region(tmp_path, site):
    """A gateway of the test's own: a fault that is planted leaves its traces in the record."""
    with running(tmp_path, site, [agreement("maple", TUTOR, client="tutor")]) as started:
        yield started


@pytest.fixture
def tutor(region):
    return region.consumer("tutor")


def events(region):
    return list(read_events(region.folder / "state" / "audit"))


def kept(region):
    """Every byte that the gateway has written, and all that it shares between processes."""
    below = [path for path in (region.folder / "state").rglob("*") if path.is_file()]
    return b"\n".join([*(str(path).encode() for path in below), *(path.read_bytes() for path in below)])


@pytest.fixture
def cutting_fails():
    """A function that makes the cutting of answers fail while a question is asked."""

    def asked(ask):
        def fail(*_):
            raise ZeroDivisionError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RowIndex, "slice", fail)
            return ask()

    return asked


def test_a_disclosure_is_recorded_when_the_answer_has_been_cut_and_not_before(region, tutor, cutting_fails):
    """PSESD EARS: success is logged before the record is transformed, whatever becomes of it."""

    def check():
        before = len(events(region))
        answer = cutting_fails(lambda: tutor.roster("students", limit=3))
        assert answer.status_code == 500
        assert not [one for one in events(region)[before:] if one["status"] == 200], "a success is told that was none"
        assert tutor.roster("students", limit=3).status_code == 200
        assert [one["rows"] for one in events(region)[before:]] == [3], "a success is told that was none"

    def told_first(patch):
        fetch = modes.fetch

        def early(gateway, authorization, asked, query, *rest):
            event = pipeline.disclosure(gateway, authorization, asked, None, query, (0, 0))
            write_down(gateway, {**event, "status": 200})
            return fetch(gateway, authorization, asked, query, *rest)

        patch.setattr(modes, "fetch", early)

    noticed(check, told_first, "a success is told that was none", region.gateway)


def test_a_disclosure_names_every_field_that_left_and_no_other(region, tutor):
    """PSESD EARS: what is logged has no list of fields, so that nobody can say what of a child's was seen."""

    def check():
        for fields in ("sourcedId,givenName", ""):
            before = len(events(region))
            answer = tutor.ask(f"/maple{ROSTER}students", **({"fields": fields} if fields else {}))
            (event,) = events(region)[before:]
            told = region.gateway.record._fields.read(event["fields"]).decode()
            members = {line.split("\t")[1].partition(".")[0] for line in told.splitlines()}
            left = {name for one in answer.json["users"] for name in one} - {
                "status",
                "dateLastModified",
                "enabledUser",
            }
            assert left - {"roles", "agents", "primaryOrg"} <= members, "the fields are not on record"
            assert "email" not in members
        assert "\tstudent.name.family\tinitial" in told, "the fields are not on record"

    def without_fields(patch):
        plain = pipeline.disclosure

        def disclosure(gateway, authorization, *rest):
            return {**plain(gateway, authorization, *rest), "fields": gateway.record.fields("", authorization.client)}

        patch.setattr(pipeline, "disclosure", disclosure)

    noticed(check, without_fields, "the fields are not on record", region.gateway)


def test_no_event_holds_an_id_a_header_an_address_or_a_body(region, tutor):
    """PSESD's message log: the row holds headers, body and URI, with the ids of students in clear."""
    pupil = tutor.users("students")[0]

    def check():
        headers = {"X-Case": CANARY, "User-Agent": CANARY, "From": CANARY}
        before = len(events(region))
        tutor.ask(f"{ROSTER}students/{pupil['sourcedId']}", headers=headers)
        tutor.ask(f"{ROSTER}students?filter=sourcedId='{pupil['sourcedId']}' AND givenName='{CANARY}'", headers=headers)
        text = orjson.dumps(events(region)[before:])
        assert b'"view":"students"' in text
        for value in (pupil["sourcedId"], CANARY, "localhost", tutor.token):
            assert value.encode() not in text, "the record has it in clear"

    def whole_requests(patch):
        plain = pipeline.disclosure
        patch.setattr(
            pipeline, "disclosure", lambda *given: {**plain(*given), "shape": f"{request.url} {request.headers}"}
        )

    noticed(check, whole_requests, "the record has it in clear", region.gateway)


def test_no_record_of_a_student_is_kept_in_a_file_or_in_the_shared_memory(region, tutor, monkeypatch):
    """PSESD EARS and its portal: whole records lie in S3 and in Redis, against what was promised."""
    memory = region.gateway.callers._memory

    def check():
        pupils = tutor.users("students")
        students = tutor.resources("students", district="maple")
        tutor.ask(f"{ROSTER}students/{pupils[0]['sourcedId']}")
        tutor.ask(f"{EDFI}students/{students[0]['id']}")
        found = kept(region) + repr(memory._values).encode()
        for one in pupils:
            for value in (one["sourcedId"], f'"{one["givenName"]}"'):
                assert value.encode() not in found, "a record is kept"

    def cached(patch):
        serve = oneroster.serve_one

        def kept_too(gateway, authorization, asked, identifier):
            page = serve(gateway, authorization, asked, identifier)
            memory.put(f"record:{identifier}", orjson.dumps(page.records), 60)
            return page

        patch.setattr(oneroster, "serve_one", kept_too)

    try:
        noticed(check, cached, "a record is kept", region.gateway)
    finally:
        for name in [one for one in memory._values if one.startswith("record:")]:
            memory.delete(name)


def test_nothing_is_sent_while_it_cannot_be_recorded(region, tutor, monkeypatch):
    """PSESD and fhir-gateway: the log is beside the answer, and a log that fails keeps nothing back."""

    def unwritable(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log.Record, "append", unwritable)

    def check():
        answer = tutor.roster("students")
        assert "givenName" not in answer.text, "it is sent without a record"
        assert answer.status_code in {500, 503}

    def beside(patch):
        def as_far_as_it_goes(gateway, event):
            try:
                write_down(gateway, event)
            except OSError:
                return

        patch.setattr(pipeline, "write_down", as_far_as_it_goes)

    noticed(check, beside, "it is sent without a record", region.gateway)
