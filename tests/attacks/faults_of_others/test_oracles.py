"""Faults of other products by which hidden values can be guessed; each test also fails where the fault is planted."""

from __future__ import annotations

import copy
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from hashlib import blake2b

import orjson
import pytest

from gateway import telemetry
from gateway.engine import view_rows
from gateway.engine.row_index import RowIndex
from gateway.paging.page_tokens import VERSION, Cursors, _packed
from gateway.reads import pipeline
from gateway.web import edfi, oneroster
from policies.grant import Grant, Rule
from standards.oneroster.api import request as choosing
from standards.query import Condition
from tests.attacks.faults_of_others.planting import noticed
from tests.policies import documents
from tests.support.consumers import Consumer
from tests.support.regions import EDFI, ROSTER, links, small_district

SAID = {"correlation-id": "asked by a test"}
HIDDEN = ("email", "middleName", "username", "phone", "userIds.identifier", "metadata.ssn")
HIDDEN_PARAMETERS = ("middleName", "personId", "birthCity", "birthSexDescriptor")


def told(answer):
    return answer.status_code, answer.data, answer.headers.get("X-Total-Count"), answer.headers.get("Total-Count")


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(telemetry, "observe", lambda response: response)


@pytest.fixture
def consumer(tmp_path, quiet):
    """A tutoring organisation over a district of nine rooms, whose records can be exchanged."""
    made = Consumer(tmp_path / "consumer", "tutoring organisation", documents.district())
    yield made
    made.close()


def judged_on_everything(patch):
    """Read the query on all that the district has, and cut only what the answer shows."""

    def read_query(authorization, request):
        return replace(request.read((request.view,)), filter=None, sort="", fields=())

    patch.setattr(pipeline, "read_query", read_query)


@pytest.mark.parametrize("asked", ["filter={}='x'", "filter={}~''", "sort={}", "sort={}&orderBy=desc", "fields={}"])
def test_what_is_hidden_cannot_be_asked_about_any_more_than_what_does_not_exist(region, tutor, asked):
    """Platformatic #5119 (where, orderBy), Elide #3415 (sort), Frappe #40515 (order_by, group_by), Ed-Fi profiles.

    In each the fields of a rule bind what is shown, and not what is asked.
    """

    def check():
        def ask(name):
            answer = tutor.ask(f"{ROSTER}students?{asked.format(name)}&limit=3", headers=SAID)
            return answer.status_code, answer.text.replace(name, "?")

        unknown = ask("shoeSize")
        for name in HIDDEN:
            assert ask(name) == unknown, f"{name} is known"
        assert unknown[0] == 400, "a question about what does not exist has an answer"

    noticed(check, judged_on_everything, "is known|does not exist has an answer", region.gateway)


def test_a_parameter_about_a_hidden_member_is_one_that_does_not_exist(region, tutor):
    """Ed-Fi profiles govern the body; nothing restricts the query's parameters to a profile's members."""

    def check():
        for name in HIDDEN_PARAMETERS:
            for value in ("x", "Ann"):
                answer = tutor.ask(f"{EDFI}students", headers=SAID, **{name: value})
                assert answer.status_code == 400, f"{name} selects"

    def over_everything(patch):
        plain = edfi.read
        patch.setattr(edfi, "read", lambda _views, arguments: plain((edfi.view_of("ed-fi", "students"),), arguments))

    noticed(check, over_everything, "selects", region.gateway)


UNKNOWN_KEYS = (
    "where[email][$startsWith]",
    "filters[email][$eq]",
    "where.givenName",
    "$filter",
    "populate",
    "_q",
    "givenName",
)


def test_a_key_that_no_standard_knows_never_reaches_the_query(region, tutor):
    """Strapi CVE-2026-27886: unknown query keys survive into the query layer, and select by hidden columns."""

    def check():
        plain = told(tutor.roster("students", limit=5))
        for key in UNKNOWN_KEYS:
            for value in ("Q", "zz"):
                assert told(tutor.roster("students", limit=5, **{key: value})) == plain, f"{key} selects"
                assert tutor.edfi("students", **{key: value}).status_code == 400

    def surviving(patch):
        read = oneroster.read

        def with_all_keys(views, arguments, known=(), *, lenient=False):
            query = read(views, arguments, known, lenient=lenient)
            found = [value for name, value in arguments if name.startswith("where")]
            return replace(query, filter=Condition("givenName", "~", found[0], "filter")) if found else query

        patch.setattr(oneroster, "read", with_all_keys)

    noticed(check, surviving, "selects", region.gateway)


def test_a_page_token_carries_nothing_of_a_record(region, tutor):
    """Data API builder #3553: the cursor carries, in base64, the value that the rows are sorted by."""

    def check():
        answer = tutor.edfi("students", limit=2)
        token = answer.headers["Next-Page-Token"]
        shown = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for record in answer.json:
            for value in (
                bytes.fromhex(record["id"]),
                record["studentUniqueId"].encode(),
                record["firstName"].encode(),
            ):
                assert value not in shown, "the token carries it"
        following = links(tutor.roster("students", limit=2, sort="givenName").headers["Link"])["next"]
        assert all(one["givenName"] not in following for one in tutor.users("students"))

    def in_base64(patch):
        def seal(_self, _caller, _request, _query, cursor):
            plain = VERSION + cursor.state + _packed(cursor.after) + bytes([cursor.met]) + _packed(cursor.until)
            return urlsafe_b64encode(plain).rstrip(b"=").decode()

        patch.setattr(Cursors, "seal", seal)

    noticed(check, in_base64, "the token carries it", region.gateway)


@pytest.mark.parametrize("query", [{}, {"fields": "sourcedId,givenName"}])
def test_leaving_out_the_fields_shows_what_is_released_and_no_more(region, tutor, query):
    """WaveHouse #223: without ``fields`` every column is selected, those that the role may not have among them."""
    released = {"sourcedId", "status", "dateLastModified", "givenName", "familyName", "enabledUser", "roles", "primaryOrg",
                "agents", "grades", "identifier"}  # fmt: skip

    def check():
        for record in tutor.users("students", **query):
            assert set(record) <= released, "hidden fields are shown"

    def everything(patch):
        patch.setattr(Grant, "rule", lambda self, name: self.rules.get(name) or Rule("allow"))

    if query:
        check()
    else:
        noticed(check, everything, "hidden fields are shown", region.gateway)


def test_a_count_is_of_the_records_that_the_caller_sees(region, tutor):
    """HAPI FHIR #1507, #2020, #3418 (totals and ``_summary=count``), pg_graphql #653 (aggregates): counted unseen."""

    def check():
        seen = {one["sourcedId"] for one in tutor.users("students")}
        assert 0 < len(seen) < len(small_district().students)
        assert tutor.roster("students", limit=1).headers["X-Total-Count"] == str(len(seen)), (
            "the count is of others too"
        )
        for prefix in ("/maple", "/cedar"):
            mine = len(tutor.resources("students", district=prefix[1:]))
            for limit in (0, 1):
                counted = tutor.ask(f"{prefix}{EDFI}students", limit=limit, totalCount="true").headers["Total-Count"]
                assert counted == str(mine), "the count is of others too"

    def of_every_row(patch):
        def total(self):
            return sum(part.visibility.snapshot.table(part.branch.entity).size for part in self.shown)

        patch.setattr(RowIndex, "total", property(total))

    noticed(check, of_every_row, "the count is of others too", region.gateway)


def test_a_filter_sees_a_masked_value_as_the_caller_does(region, tutor, owner):
    """Ranger (Trino #22152) has it right, and is complained of: a predicate must see the masked value."""
    mine = {one["sourcedId"] for one in tutor.users("students")}
    names = {
        one["familyName"] for one in owner.users("students") if one["sourcedId"] in mine and len(one["familyName"]) > 2
    }

    def check():
        assert names
        for name in sorted(names)[:5]:
            found = tutor.roster("students", filter="familyName='{}'".format(name.replace("'", "''")))
            assert found.headers["X-Total-Count"] == "0", "the filter sees behind the mask"

    def behind_the_mask(patch):
        plain = view_rows.compile_value

        def compile_value(branch, visibility, api, chain):
            bare = copy.copy(visibility)
            bare.transform = lambda _field: None
            return plain(branch, bare, api, chain)

        patch.setattr(view_rows, "compile_value", compile_value)

    noticed(check, behind_the_mask, "the filter sees behind the mask", region.gateway)


QUESTIONS = (
    f"{ROSTER}students", f"{ROSTER}students?limit=1", f"{ROSTER}users?filter=givenName~%27Given%27", f"{ROSTER}enrollments",
    f"{EDFI}students?totalCount=true", f"{EDFI}studentSchoolAssociations",
)  # fmt: skip


def altered(records):
    """The same district, where nothing has changed but values and children that the consumer does not see."""
    other = copy.deepcopy(records)
    for number, child in enumerate(other["student"]):
        child["name.middle"], child["email"] = f"Middle{number}", f"hidden{number}@example.org"
    extra = {**other["student"][0], "key": ("s99",), "uniqueId": "s99", "id": "source-s99"}
    other["student"].append(extra)
    return other


def the_tag_covers_the_source(patch, consumer):
    def over(module):
        plain = module.conditional

        def conditional(body, *media):
            response = plain(body, *media)
            response.set_etag(blake2b(repr(consumer.adapter.records).encode()).hexdigest())
            return response

        patch.setattr(module, "conditional", conditional)

    over(oneroster)
    over(edfi)


def the_count_is_the_sources(patch, consumer):
    patch.setattr(RowIndex, "total", property(lambda _self: len(consumer.adapter.records)))


def the_order_is_the_sources(patch, _consumer):
    plain = RowIndex.slice

    def cut(self, offset, limit, base):
        hidden = sum(part.visibility.snapshot.table(part.branch.entity).size for part in self.shown) % 2
        return plain(self, offset, limit, base)[:: -1 if hidden else 1]

    patch.setattr(RowIndex, "slice", cut)


@pytest.mark.parametrize("fault", [the_tag_covers_the_source, the_count_is_the_sources, the_order_is_the_sources])
def test_what_is_hidden_moves_no_tag_no_count_no_link_and_no_time(consumer, fault):
    """KrakenD, Kong and Tyk cut the body; the query, the count and the ETag are still the source's own."""

    def check():
        consumer.forget()
        consumer.load(documents.district())
        before = {one: consumer.ask(one) for one in QUESTIONS}
        assert {answer[0] for answer in before.values()} == {200}
        consumer.load(altered(documents.district()))
        for question, answer in before.items():
            assert consumer.ask(question) == answer, f"{question} tells of it"

    noticed(check, lambda patch: fault(patch, consumer), "tells of it", consumer.gateway)


def test_no_answer_tells_how_many_hidden_things_there_are_by_what_is_empty(consumer):
    """Cutting by recursion leaves ``[{}]`` of a hidden collection, and so tells how many members it has."""

    def check():
        consumer.load(documents.district())
        for question in QUESTIONS:
            body = consumer.ask(question)[-1]
            assert orjson.loads(body)
            for empty in (b"{}", b"[]", b"null"):
                assert empty not in body.replace(b'"users":[]', b""), f"{question} has empty containers"

    def by_recursion(patch):
        plain = RowIndex.slice

        def naive(self, offset, limit, base):
            return [{**record, "addresses": [{}, {}]} for record in plain(self, offset, limit, base)]

        patch.setattr(RowIndex, "slice", naive)

    noticed(check, by_recursion, "has empty containers", consumer.gateway)


def test_a_choice_of_fields_leaves_nothing_empty_behind(region, tutor):
    """The same by ``fields``: of a list whose members have none of the chosen fields, one ``{}`` for each would stay."""

    def check():
        for member in ("roles.userProfile", "roles.endDate"):
            text = tutor.roster("students", fields=f"sourcedId,{member}", limit=1000).text
            assert "sourcedId" in text
            assert "{}" not in text, "its members can be counted"

    def by_recursion(patch):
        patch.setattr(choosing, "_within", lambda value, fields: [choosing.select(one, fields) for one in value])

    noticed(check, by_recursion, "its members can be counted", region.gateway)
