"""Faults of other products in one of several exits; each test also fails where the fault is planted."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from array import array

import pytest
from flask import request

from gateway import disclosure, telemetry
from gateway.engine import codegen, visibility
from gateway.engine.codegen import CodeWriter
from gateway.engine.renderer import Renderer
from gateway.engine.row_index import RowIndex
from gateway.engine.visibility import Visibility
from gateway.reads import export, modes, pipeline
from gateway.request import Page
from gateway.web import oneroster, responses
from policies.compiler import Grants
from standards.errors import Forbidden, SourceUnavailable
from standards.query import Query
from tests.attacks.conftest import TUTOR
from tests.attacks.faults_of_others.planting import noticed
from tests.policies import documents
from tests.support.consumers import Consumer
from tests.support.regions import EDFI, ROSTER, agreement, links, running, small_district, small_sites

BULK = "/ims/oneroster/bulk/v1p2/csv"
EVERYWHERE = (f"{ROSTER}students", f"{EDFI}students", f"{ROSTER}enrollments")


@pytest.fixture(scope="module")
def loading(tmp_path_factory):
    """One small district, and a client that may have files and changes of some pupils under masks."""
    folder = tmp_path_factory.mktemp("loading")
    school = json.dumps(small_district().spotlight_schools[0])
    some = f"{{all: [{{school: {{in: [{school}]}}}}, {{enrollment: active}}]}}"
    terms = agreement("maple", TUTOR, client="loader", population=some, operations="[read, search, bulk, changes]")
    sites = {"maple": small_sites(folder / "data")["maple"]}
    with running(folder / "region", sites, [terms, agreement("maple", operations="[read, bulk]")]) as started:
        yield started


@pytest.fixture
def consumer(tmp_path, monkeypatch):
    """A tutoring organisation over a district of nine rooms, whose records can be exchanged."""
    monkeypatch.setattr(telemetry, "observe", lambda response: response)
    made = Consumer(tmp_path / "consumer", "tutoring organisation", documents.district())
    yield made
    made.close()


def fails(*_given, **_named):
    raise ZeroDivisionError("Canary")


STEPS = {
    "the row rule": (Visibility, "_compute"), "the mask": (visibility, "change"), "the renderer": (RowIndex, "slice"),
    "the record of disclosures": (disclosure, "_who"), "the tag": (oneroster, "conditional"),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_in_any_step_sends_nothing(region, tutor, owner, monkeypatch, step):
    """google/fhir-gateway: when ``postProcess`` fails, it is logged and the source's own body is sent.

    Cedar: a ``forbid`` whose condition fails is skipped, so that what it forbids is allowed.
    """
    owner.roster("students", limit=1)
    names = {one["familyName"] for one in owner.users("students")}
    monkeypatch.setattr(*STEPS[step], fails)

    def check():
        answer = tutor.roster("students", limit=1000)
        assert not [name for name in names if name in answer.text], "the source's own body is sent"
        assert (answer.status_code, "Canary" in answer.text) == (500, False), "it did not fail"

    def open_to_all(patch):
        serve = oneroster.serve_page

        def unprocessed(gateway, authorization, asked):
            try:
                return serve(gateway, authorization, asked)
            except ZeroDivisionError:
                table = gateway.districts["maple"].cached_snapshot().table("student")
                rows = [{"familyName": one} for one in table.columns["name.family"]]
                return Page(rows, len(rows), Query())

        patch.setattr(oneroster, "serve_page", unprocessed)
        patch.setattr(oneroster, "conditional", responses_of)

    noticed(check, open_to_all, "the source's own body is sent|it did not fail", region.gateway)


def responses_of(body, *_media):
    return oneroster.Response(json.dumps(body, default=str), 200, content_type="application/json")


@pytest.mark.parametrize("way", ["link", "token"])
def test_every_page_is_authorized_as_the_first_is(region, tutor, way):
    """google/fhir-gateway: from page 2 on (``_getpages``) the checker is skipped; HAPI #2369: GET_PAGE is not asked."""

    def following():
        if way == "link":
            return links(tutor.roster("students", limit=2).headers["Link"])["next"]
        return f"{EDFI}students?pageToken={tutor.edfi('students', limit=2).headers['Next-Page-Token']}"

    def check():
        place, given = following(), region.gateway.grants
        assert tutor.ask(place).status_code == 200
        region.gateway.grants = Grants((), region.clock)
        try:
            assert tutor.ask(place).status_code == 403, "the second page is not checked"
        finally:
            region.gateway.grants = given

    def first_page_only(patch):
        plain, kept = responses.authorize, {}

        def authorize(grants, caller, district):
            if {"offset", "pageToken"} & request.args.keys() and caller.client in kept:
                return kept[caller.client]
            kept[caller.client] = plain(grants, caller, district)
            return kept[caller.client]

        patch.setattr(responses, "authorize", authorize)

    noticed(check, first_page_only, "the second page is not checked", region.gateway)


def test_no_line_of_the_log_holds_an_address_an_id_or_a_value(region, tutor, lines):
    """google/fhir-gateway logs whole URLs, with the ids of patients, at INFO."""
    pupil = tutor.users("students")[0]

    def check():
        tutor.roster(f"students/{pupil['sourcedId']}")
        tutor.roster("students", filter=f"givenName='{pupil['givenName']}'")
        tutor.roster(f"students/{pupil['givenName']}")
        assert '"event":"request"' in lines()
        for value in (pupil["sourcedId"], f"'{pupil['givenName']}", f"/{pupil['givenName']}", tutor.token):
            assert value not in lines(), "the log has it"

    noticed(check, lambda patch: patch.setattr(telemetry, "_route", lambda: request.path), "the log has it")


def sheets(answer):
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as files:
        return {name: list(csv.DictReader(io.TextIOWrapper(files.open(name), "utf-8"))) for name in files.namelist()}


def every_row(parts, query, base="", members=None):
    codes = [n << export.ROW_BITS | row for n, part in enumerate(parts) for row in range(len(part.ids))]
    codes.sort(key=lambda code: parts[code >> export.ROW_BITS].ids[code & export.ROW_MASK])
    return RowIndex(parts, array("Q", codes))


def test_files_pass_the_rules_of_a_page(loading):
    """HAPI FHIR #6854: consent had to be enforced for bulk export by itself."""
    loader = loading.consumer("loader")

    def check():
        found = sheets(loader.ask(BULK))
        seen = {one["sourcedId"]: one for one in loader.users("users")}
        for row in found["users.csv"]:
            assert row["sourcedId"] in seen, "the files have others too"
            assert row["familyName"] == seen[row["sourcedId"]].get("familyName", ""), "the files are not masked"
            assert (row["email"], row["username"]) == ("", row["sourcedId"])
        assert len(found["users.csv"]) == len(seen)
        mine = {one["sourcedId"] for one in loader.users("enrollments")}
        assert {one["sourcedId"] for one in found["enrollments.csv"]} == mine

    def unfiltered(patch):
        patch.setattr(export, "index", every_row)

    noticed(check, unfiltered, "the files have others too", loading.gateway)


@pytest.mark.parametrize("address", [f"{ROSTER}users?limit=1000", f"{EDFI}students?limit=500", BULK])
def test_a_mask_is_applied_before_anything_leaves_by_any_exit(loading, address):
    """OPA and Cerbos: the policy only says what to mask, and the client's library must do it."""
    loader, owner = loading.consumer("loader"), loading.consumer()
    full = {one["familyName"] for one in owner.users("students") if len(one["familyName"]) > 3}

    def check():
        answer = loader.ask(address)
        text = json.dumps(sheets(answer)) if address == BULK else answer.text
        assert answer.status_code == 200
        assert not [name for name in full if f'"{name}"' in text], "the whole name leaves"

    def left_to_the_client(patch):
        patch.setattr(Visibility, "transform_name", lambda _self, _name: None)

    noticed(check, left_to_the_client, "the whole name leaves", loading.gateway)


def test_deletions_tell_only_of_what_the_caller_was_shown(consumer):
    """HAPI FHIR: every exit is to pass the plan; the one that tells what is gone is the one forgotten."""

    def gone(child):
        consumer.forget()
        consumer.load(documents.district())
        assert consumer.ask(f"{EDFI}students/deletes")[0] == 200
        records = documents.district()
        for entity, rows in records.items():
            records[entity] = [one for one in rows if child not in one["key"] and one.get("student") != (child,)]
        consumer.load(records)
        return json.loads(consumer.ask(f"{EDFI}students/deletes")[-1])

    def check():
        assert len(gone("s1")) == 1
        assert gone("s5") == [], "a hidden child is told of"

    def without_rows(patch):
        patch.setattr(Visibility, "_test", lambda *_: lambda _row: True)

    noticed(check, without_rows, "a hidden child is told of", consumer.gateway)


def test_an_error_about_a_hidden_record_is_that_about_none(region, tutor, owner):
    """Ed-Fi and FHIR servers answer 403 for what exists and 404 for what does not."""
    mine = {one["sourcedId"] for one in tutor.users("students")}
    hidden = next(one["sourcedId"] for one in owner.users("students") if one["sourcedId"] not in mine)

    def check():
        answers = [tutor.ask(f"{ROSTER}students/{one}") for one in (hidden, "nobody")]
        assert answers[0].status_code == answers[1].status_code == 404, "it exists"
        assert answers[0].text.replace(hidden, "") == answers[1].text.replace("nobody", "")

    def forbidden(patch):
        plain = pipeline._find

        def find(shown, identifier):
            index = plain(shown, identifier)
            if index is None and any(identifier in part.ids for part in shown):
                raise Forbidden("This record is not for you.")
            return index

        patch.setattr(pipeline, "_find", find)

    noticed(check, forbidden, "it exists", region.gateway)


@pytest.mark.parametrize("address", [f"{ROSTER}users", f"{ROSTER}enrollments", f"{EDFI}studentContactAssociations"])
def test_a_record_inside_another_is_judged_as_it_is_by_itself(region, tutor, owner, address):
    """HAPI FHIR #6127: what lies in a bundle within a bundle is judged otherwise than what lies in one."""
    mine = {one["sourcedId"] for one in tutor.users("students")}
    hidden = {one["sourcedId"] for one in owner.users("students")} - mine

    def check():
        text = tutor.ask(address, limit=500).text
        assert hidden
        assert not [one for one in hidden if f'"{one}"' in text], "a hidden pupil lies within"

    def within(patch):
        def loop_children(self, step, here):
            kid, children = self.fresh("k"), self.visibility.snapshot.children(step.entity, step.via, here.entity)
            self.enter(f"for {kid} in {self.bind(children)}[{here.row}]:")
            return codegen.CodePosition(step.entity, kid)

        patch.setattr(Renderer, "loop_children", loop_children)
        patch.setattr(CodeWriter, "visible", lambda _self, _entity, row: f"{row} >= 0")
        patch.setattr(Visibility, "_test", lambda *_: lambda _row: True)

    noticed(check, within, "a hidden pupil lies within", region.gateway)


def test_pages_together_are_the_whole_and_none_says_less_than_there_is(region, owner):
    """OpenFGA: ListObjects stops after 1,000 objects or three seconds, and does not say that it is a part."""
    there = len(small_district().students)  # in each of two districts

    def check():
        for size in (7, 10_000):
            found = owner.users("students", limit=size)
            assert len({one["sourcedId"] for one in found}) == 2 * there, "a part is taken for the whole"
        assert len(owner.resources("students", district="maple")) == there, "a part is taken for the whole"

    def cut_short(patch):
        plain = modes.index

        def index(*given):
            made = plain(*given)
            made.codes = made.codes[:20]
            return made

        patch.setattr(modes, "index", index)

    noticed(check, cut_short, "a part is taken for the whole", region.gateway)


def test_a_source_that_stops_half_way_gives_no_half_answer(consumer):
    """OpenFGA again: what was found until a deadline is the answer."""
    whole = consumer.ask(f"{ROSTER}students")
    read = consumer.adapter.read

    def half(wanted, hints=()):
        for number, one in enumerate(read(wanted, hints)):
            if number == 20:
                raise SourceUnavailable("The deadline has passed.", 1)
            yield one

    consumer.adapter.read = half

    def check():
        consumer.forget()
        consumer.load(documents.district())
        answer = consumer.ask(f"{ROSTER}students")
        assert answer[0] in {502, 503} or answer == whole, "a part is taken for the whole"

    def swallowed(patch):
        def until_then(wanted, hints=()):
            try:
                yield from half(wanted, hints)
            except SourceUnavailable:
                return

        patch.setattr(consumer.adapter, "read", until_then)

    noticed(check, swallowed, "a part is taken for the whole", consumer.gateway)
