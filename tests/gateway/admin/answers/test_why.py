"""Why a request is refused: the step that refused it in truth, told to custodians in full, to recipients without facts."""

from __future__ import annotations

import re

import pytest

from gateway.admin.answers.reasons import ASKED, NOT_IN_AGREEMENT, REASONS, reason
from gateway.admin.answers.why import Why
from gateway.auth import request_steps as steps
from gateway.auth.scopes import known_scopes
from gateway.storage.registry import Client, Secret
from standards.errors import CallerError, NotFound
from tests.support.needs import ROOT
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, quick_secret, small_sites

ROSTER = "/ims/oneroster/rostering/v1p2"
EDFI = "/data/v3/ed-fi"
TUTORED = '{all: [{grade: {in: ["03"]}}, {enrollment: active}]}'


class Applicants:
    """The clients of a region, each asking by the very routes of the data APIs."""

    def __init__(self, region):
        self.region, self.tokens = region, {}
        self.why = Why(region.administered)
        self.ana = region.actor("ana", ("maple", "district-admin"))
        self.vic = region.actor("vic", ("vic", "vendor-contact"))

    def add(self, name, scopes=None, steward=""):
        secret, kept = quick_secret()
        every = tuple(sorted(known_scopes() if scopes is None else scopes))
        self.region.administered.store.add_client(
            Client(name, name, "vendor", every, (Secret(kept),), self.region.clock(), "ana", steward=steward)
        )
        got = self.region.stranger().wsgi.post(
            "/oauth/token", data={"grant_type": "client_credentials"}, auth=(name, secret), base_url="https://localhost"
        )
        assert got.status_code == 200, got.text
        self.tokens[name] = got.json["access_token"]

    def ask(self, client, address, method="GET", **headers):
        more = {"json": {}} if method in {"POST", "PUT"} else {}
        return self.region.stranger().wsgi.open(
            address, method=method, headers={"Authorization": f"Bearer {self.tokens[client]}"} | headers, **more
        )

    def refused(self, client, address, method="GET", **headers):
        """Ask, and return how the gateway kept the refusal."""
        answer = self.ask(client, address, method, **headers)
        assert answer.status_code >= 400
        return answer, self.region.running.gateway.last_refusals.of(client)[0]


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("why")
    sites = small_sites(folder / "data")
    agreements = [
        *(agreement(name, TUTORING, client="tutor", operations="[read]", population=TUTORED) for name in sites),
        agreement("maple", client="whole", operations="[read, search, create, update, delete]"),
        agreement("maple", client="scopeless"),
        agreement("maple", client="finder", operations="[search]"),
        agreement("maple", client="ended", begin="2025-09-01", end="2026-06-30"),
        agreement("maple", client="torn", purpose="one"),
        agreement("cedar", client="torn", purpose="other"),
        agreement("maple", client="shut"),
        agreement("cedar", client="elsewhere"),
    ]
    with people_region(folder / "region", sites, agreements) as region:
        found = Applicants(region)
        for name in ("tutor", "whole", "finder", "ended", "torn", "shut", "elsewhere"):
            found.add(name)
        found.add("nobody", steward="maple")
        found.add("scopeless", {"edfi:delete", "https://purl.imsglobal.org/spec/or/v1p2/scope/resource.readonly"})
        region.administered.store.change_status("shut", "suspend", "ana")
        yield found


CASES = [
    (steps.ADDRESS, "not-found", "whole", f"/nowhere{ROSTER}/students", f"/nowhere{EDFI}/students"),
    (steps.CLIENT, "unauthenticated", "shut", f"{ROSTER}/students", f"{EDFI}/students"),
    (steps.PURPOSE, "forbidden", "torn", f"{ROSTER}/students", f"{EDFI}/students"),
    (steps.RESOURCE, "not-found", "whole", f"{ROSTER}/nothing", f"{EDFI}/nothing"),
    (steps.RESOURCE, "method-not-allowed", "whole", f"DELETE {ROSTER}/students", f"DELETE {EDFI}/students"),
    (steps.SCOPE, "action-forbidden", "scopeless", f"{ROSTER}/students", f"{EDFI}/students"),
    (steps.AGREEMENT, "forbidden", "ended", f"{ROSTER}/students", f"{EDFI}/students"),
    (steps.AGREEMENT, "forbidden", "nobody", f"{ROSTER}/students", f"{EDFI}/students"),
    (steps.AGREEMENT, "forbidden", "elsewhere", f"/maple{ROSTER}/students", f"/maple{EDFI}/students"),
    (steps.OPERATION, "operation-missing", "finder", f"{ROSTER}/students", f"{EDFI}/students"),
    (steps.OPERATION, "operation-missing", "tutor", f"{ROSTER}/students?filter=givenName='Ada'", f"{EDFI}/students?firstName=Ada"),
    (steps.FACTS, "forbidden", "tutor", f"{ROSTER}/teachers", f"{EDFI}/staffs"),
    (steps.SYSTEM, "method-not-allowed", "whole", None, f"POST {EDFI}/students"),
    (steps.SYSTEM, "unsupported", "elsewhere", "/ims/oneroster/resources/v1p2/resources", None),
    (steps.QUERY, "malformed-query", "whole", f"{ROSTER}/students?limit=x", f"{EDFI}/students?limit=x"),
    (steps.QUERY, "unknown-name", "tutor", f"{ROSTER}/students?sort=email", f"{EDFI}/students?birthDate=2011-01-01"),
    (steps.QUERY, "unknown-name", "whole", f"{ROSTER}/students?sort=nothing", f"{EDFI}/students?nothing=1"),
    (steps.ROWS, "record-not-found", "whole", f"{ROSTER}/students/nobody", f"{EDFI}/students/{'0' * 32}"),
]  # fmt: skip
ASKED_OF_BOTH = [
    pytest.param(step, code, client, address, id=f"{step} {code} {client} {address.partition('?')[0]}")
    for step, code, client, *addresses in CASES
    for address in addresses
    if address
]


CUSTODIANS = (("maple", "district-admin"), ("cedar", "privacy-officer"))


@pytest.mark.parametrize(("step", "code", "client", "asked"), ASKED_OF_BOTH)
def test_why_names_the_very_step_and_code_of_the_refusal(region, step, code, client, asked):
    method, _, address = asked.rpartition(" ")
    _, kept = region.refused(client, address, method or "GET")
    assert (kept.step, kept.code) == (step, code)
    answer = region.why.of_address(region.region.actor("cus", *CUSTODIANS), client, "custodian", asked)
    assert answer.refused == step
    assert answer.code in {code, ""}  # whether a record exists is looked up, not asked
    assert [one.passed for one in answer.steps] == [True] * (len(answer.steps) - 1) + [False]
    assert answer.mends


@pytest.mark.parametrize(("step", "code", "client", "asked"), ASKED_OF_BOTH)
def test_a_kept_refusal_is_answered_by_its_trace_id(region, step, code, client, asked):
    method, _, address = asked.rpartition(" ")
    answer, kept = region.refused(client, address, method or "GET")
    assert answer.headers["correlation-id"] == kept.trace
    found = region.why.of_refusal(region.region.actor("cus", *CUSTODIANS), client, "custodian", kept.trace)
    assert (found.refused, found.code) == (step, code)


def test_every_code_of_the_apis_of_data_has_an_answer():
    page = (ROOT / "docs" / "errors.md").read_text().partition("## Errors of transfers")[0]
    codes = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    oauth = ("invalid_client", "invalid_request", "invalid_scope", "unsupported_grant_type", "temporarily_unavailable")
    assert len(codes) > 40
    assert REASONS.keys() >= {*codes, *oauth}
    assert all(reason(step, code).text for step in steps.STEPS for code in codes)
    assert ASKED.keys() == set(steps.STEPS)


def test_a_refusal_for_its_headers_is_answered_by_the_callers_own_correlation_id(region):
    mine = "6d1f0a8e-0000-4000-8000-000000000001"
    _, kept = region.refused(
        "whole", f"{EDFI}/students", Accept="application/vnd.ed-fi.student.x.readable+json", **{"correlation-id": mine}
    )
    assert kept.step == steps.FORMAT
    answer = region.why.of_refusal(region.ana, "whole", "custodian", mine)
    assert answer.refused == steps.FORMAT


def test_a_correlation_id_that_could_be_a_name_is_kept_as_a_hash_only(region):
    _, kept = region.refused("whole", f"{EDFI}/nothing", **{"correlation-id": "Zanzibar Quill"})
    assert "Zanzibar" not in repr(kept)
    assert region.why.of_refusal(region.ana, "whole", "custodian", "Zanzibar Quill").refused == steps.RESOURCE


def test_a_custodian_is_told_the_line_that_denies_a_fact(region):
    answer = region.why.of_address(region.ana, "tutor", "custodian", f"{EDFI}/students?birthDate=2011-01-01")
    told = [one for one in answer.steps[-1].details if "student.birthDate" in one.text]
    assert told
    assert re.fullmatch(r"\d+\.yaml:\d+:\d+", told[0].place)


def test_a_custodian_is_told_the_clause_that_leaves_a_student_out(region):
    students = region.ask("whole", f"/maple{ROSTER}/students?limit=1000").json["users"]
    shown = {one["sourcedId"] for one in region.ask("tutor", f"/maple{ROSTER}/students?limit=1000").json["users"]}
    grants = region.region.running.gateway.grants.of("tutor")
    maple = next(one for one in grants if one.district == "maple")
    visibility = region.region.running.gateway.views.held(maple)
    every = visibility.ids("student")
    assert len(every) == len(students) > len(shown)
    hidden = next(one for one in every if one not in shown)
    answer = region.why.of_address(region.ana, "tutor", "custodian", f"/maple{ROSTER}/students/{hidden}")
    assert answer.refused == steps.ROWS
    assert any("enrollment.grade is 03" in one.text and not one.passed for one in answer.steps[-1].details)
    assert hidden not in repr(answer)
    seen = region.why.of_address(region.ana, "tutor", "custodian", f"/maple{ROSTER}/students/{min(shown)}")
    assert not seen.refused


def test_hidden_and_nonexistent_are_one_answer_to_a_recipient(region):
    tor = region.region.actor("tor", ("tutor", "vendor-contact"))
    every = region.region.running.gateway.views.held(region.region.running.gateway.grants.of("tutor")[0])
    shown = region.ask("tutor", f"{ROSTER}/students").json["users"][0]["sourcedId"]
    hidden = next(one for row, one in enumerate(every.ids("student")) if not every.visible("student")[row])
    groups = [
        [f"{ROSTER}/students/{one}" for one in (hidden, shown, "nobody", "0" * 32)],
        [f"{ROSTER}/students/{one}/classes" for one in (hidden, shown, "nobody")],
        [f"{ROSTER}/students?sort={one}" for one in ("email", "phone", "noSuchThing")],
        [f"{EDFI}/students?{one}=1" for one in ("birthDate", "lastSurnamez", "noSuchThing")],
    ]
    for group in groups:
        assert len({repr(region.why.of_address(tor, "tutor", "recipient", one)) for one in group}) == 1
    told = region.why.of_address(tor, "tutor", "recipient", f"{EDFI}/students?birthDate=1")
    assert told.steps[-1].text == NOT_IN_AGREEMENT
    assert not told.code
    assert not any(one.details for one in told.steps)


def test_nothing_is_counted_recorded_or_logged_for_an_answer(region, capsys):
    gateway = region.region.running.gateway
    before = len(gateway.last_refusals.of("tutor"))
    capsys.readouterr()
    region.why.of_address(
        region.ana, "tutor", "custodian", f"{ROSTER}/students/Zanzibar-Quill?filter=givenName='Zanzi'"
    )
    assert capsys.readouterr().out == ""
    assert len(gateway.last_refusals.of("tutor")) == before


def test_what_is_pasted_is_nowhere_on_disk_and_in_no_act(region):
    for told, actor in (
        ("custodian", region.ana),
        ("recipient", region.region.actor("tor", ("tutor", "vendor-contact"))),
    ):
        region.why.of_address(actor, "tutor", told, f"/maple{EDFI}/students?lastSurname=Xylocanary")
        region.why.of_address(actor, "tutor", told, f"/maple{ROSTER}/students/Xylocanary")
        with pytest.raises(CallerError) as refused:
            region.why.of_address(actor, "tutor", told, "ftp://Xylocanary/")
        assert "Xylocanary" not in str(refused.value)
    files = [one for one in region.region.folder.rglob("*") if one.is_file()]
    assert files
    assert not [one for one in files if b"xylocanary" in one.read_bytes().lower()]


NOBODY = [
    ("district-admin of another district", ("cedar", "district-admin"), "custodian"),
    ("auditor", ("maple", "auditor"), "custodian"),
    ("vendor as a custodian", ("whole", "vendor-contact"), "custodian"),
    ("region operator as a custodian", ("region", "region-operator"), "custodian"),
    ("another vendor", ("tutor", "vendor-contact"), "recipient"),
    ("custodian as a recipient", ("maple", "district-admin"), "recipient"),
]


@pytest.mark.parametrize(("who", "role", "told"), NOBODY, ids=[one[0] for one in NOBODY])
def test_a_client_of_somebody_else_is_one_that_does_not_exist(region, who, role, told):
    actor = region.region.actor(who.replace(" ", "-"), role)
    for ask in (
        lambda client: region.why.of_address(actor, client, told, f"{EDFI}/students"),
        lambda client: region.why.refusals(actor, client, told),
        lambda client: region.why.of_refusal(actor, client, told, "0" * 32),
    ):
        texts = set()
        for client in ("whole", "no-such-client"):
            with pytest.raises(NotFound) as refused:
                ask(client)
            texts.add(str(refused.value))
        assert len(texts) == 1


def test_the_region_operator_is_told_as_a_recipient_of_every_client(region):
    operator = region.region.actor("rex", ("region", "region-operator"))
    answer = region.why.of_address(operator, "whole", "recipient", f"{EDFI}/students?nothing=1")
    assert answer.steps[-1].text == NOT_IN_AGREEMENT


HOSTILE = [
    "", " ", "x" * 4_000_000, "/" + "a" * 9000, "\0", "/ims\0/x", "javascript:alert(1)", "file:///etc/passwd", "ftp://a/b",
    "http://[::1/x", "//", "http://", "http://host:99999/x", "/%ff%fe", "/%00", "/a\nb", "PATCH /ims", "GET", "\ud800/x",
    "/%0d%0aSet-Cookie:x",
]  # fmt: skip


@pytest.mark.parametrize("pasted", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_address_is_refused_without_being_repeated(region, pasted):
    with pytest.raises(CallerError) as refused:
        region.why.of_address(region.ana, "tutor", "custodian", pasted)
    assert len(str(refused.value)) < 200


STRANGE = [
    "https://any.example.org/ims/oneroster/rostering/v1p2/students", "any.example.org/data/v3/ed-fi/students",
    "GET /DATA/V3/ED-FI/Students HTTP/1.1", f"{ROSTER}/students?filter=givenName='Théo Ó' AND grade='03'",
    f"{ROSTER}/students/..%2f..%2fetc%2fpasswd", f"{ROSTER}/%2e%2e/students", "/metrics", "/health", "/docs", "/console",
    f"{ROSTER}/students?limit=1&limit=2", f"{ROSTER}/students?" + "&".join(["a=1"] * 300), f"{EDFI}/students?pageToken=%00",
    f"{EDFI}/students/%25%32%65", "/maple/2027/data/v3/ed-fi/students", "/maple/1999/data/v3/ed-fi/students",
    "/oauth/token", "POST /oauth/token", "POST /oauth/token_info", f"DELETE {ROSTER}/students/1",
    "/data/v3/ed-fi/students/deletes", "/changeQueries/v1/availableChangeVersions",
    "/ims/oneroster/bulk/v1p2/csv", f"{EDFI}/students?minChangeVersion=1", f"{EDFI}/students/partitions",
]  # fmt: skip


@pytest.mark.parametrize("pasted", STRANGE, ids=range(len(STRANGE)))
def test_any_address_has_an_answer_for_both(region, pasted):
    for told, actor in (
        ("custodian", region.ana),
        ("recipient", region.region.actor("tor", ("tutor", "vendor-contact"))),
    ):
        answer = region.why.of_address(actor, "tutor", told, pasted)
        assert answer.steps
        assert not (answer.refused and answer.steps[-1].passed)


def test_that_somebody_asked_is_an_act_without_the_address(region):
    from gateway.storage.acts import Acts

    region.why.of_address(region.ana, "tutor", "custodian", f"/maple{EDFI}/students?birthDate=2011-02-03")
    acts = [one for one in Acts(region.region.administered.store).waiting() if one.action == "why.custodian"]
    if acts:  # else they are in the record already
        assert acts[-1].actor == "ana@example.org"
        assert acts[-1].content == {"client": "tutor", "view": "students", "step": steps.QUERY}


def test_two_worlds_with_other_students_give_a_recipient_the_same_answers(region, tmp_path):
    """Rows are not looked at for a recipient: no answer changes with who is there, nor with whom it may see."""
    terms = [agreement(name, TUTORING, client="tutor", operations="[read]", population=TUTORED) for name in ("maple",)]
    addresses = [*STRANGE, *(one for _, _, _, *several in CASES for one in several if one)]
    ids = region.region.running.gateway.views.held(region.region.running.gateway.grants.of("tutor")[0]).ids("student")
    addresses += [f"/maple{ROSTER}/students/{one}" for one in ids[:5]]
    told = []
    for number in (60, 12):
        folder = tmp_path / str(number)
        sites = {"maple": small_sites(folder / "data", number)["maple"]}
        with people_region(folder / "region", sites, terms) as other:
            world = Applicants(other)
            world.add("tutor")
            tor = other.actor("tor", ("tutor", "vendor-contact"))
            told.append([repr(world.why.of_address(tor, "tutor", "recipient", one)) for one in addresses])
    assert told[0] == told[1]
