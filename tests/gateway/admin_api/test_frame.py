"""The administration API lets in machines with an admin scope and signed-in people, and answers every error alike."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.admin_api.frame.bodies import AdminBody, Count, Flag, TextLine
from gateway.admin_api.frame.idempotency import read_key
from gateway.admin_api.frame.openapi import schema_of
from gateway.auth.scopes import admin_scopes, known_scopes
from standards.errors import CallerError
from tests.support.people.api import ApiCaller, in_session, machine, registered, token
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

OPERATOR = ("region", "region-operator")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture(scope="module")
def person(region):
    return in_session(region, "ada", OPERATOR)


@pytest.fixture(scope="module")
def robot(region):
    return machine(region, "robot", "region", "region-operator")


@pytest.fixture(scope="module")
def nobody(region):
    return ApiCaller(region.stranger().wsgi)


def is_problem(answer, status, code):
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == f"urn:crossing-guard:problem:{code}"
    assert answer.json["status"] == status
    assert answer.json["correlationId"] == answer.headers["correlation-id"]
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


@pytest.mark.parametrize("path", ["/information", "/openapi.json", "", "/"])
def test_anybody_may_read_what_this_is(nobody, path):
    answer = nobody.get(path)
    assert answer.status_code == 200
    assert "version" in answer.json or answer.json["openapi"].startswith("3.1")


def test_nobody_else_gets_in_without_a_credential(nobody):
    answer = nobody.get("/events")
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_person_acts_in_a_session_and_a_machine_by_its_token(person, robot):
    assert person.get("/session").json["kind"] == "person"
    told = robot.get("/session").json
    assert (told["name"], told["kind"], told["csrfToken"]) == ("client robot", "machine", None)
    assert told["memberships"] == [{"org": "region", "role": "region-operator"}]
    assert person.post("/reload").json["ok"]
    assert robot.post("/reload").json["ok"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_CSRF_Token": ""},
        {"X_CSRF_Token": "0" * 64},
        {"X_CSRF_Token": "é"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_write_in_a_session_needs_the_token_that_only_our_pages_can_read(region, person, headers):
    caller = ApiCaller(person.wsgi, person.headers if "Sec_Fetch_Site" in headers else {})
    is_problem(caller.post("/reload", **headers), 403, "csrf-token")


def test_the_token_of_another_session_is_none_of_this_one(region, person):
    other = in_session(region, "eve", OPERATOR)
    is_problem(ApiCaller(other.wsgi, person.headers).post("/reload"), 403, "csrf-token")


def test_a_request_with_a_bearer_token_is_nobody_elses_whatever_cookies_it_has(person):
    is_problem(ApiCaller(person.wsgi, {"Authorization": "Bearer x"}).get("/session"), 401, "unauthenticated")
    is_problem(ApiCaller(person.wsgi, {"Authorization": ""}).get("/session"), 401, "unauthenticated")


def test_a_role_that_may_not_is_refused_by_name(region):
    vendor = in_session(region, "vera", ("acme", "vendor-contact"))
    detail = is_problem(vendor.post("/reload"), 403, "not-permitted")["detail"]
    assert "let the running gateway read its files again" in detail


def test_no_data_scope_is_one_of_administration():
    assert admin_scopes() & known_scopes() == set()


def test_a_data_token_opens_no_administration_and_an_admin_token_no_data(region, robot, nobody):
    secret = registered(region, "reader", "conformance", ["edfi:read"])
    data = {"Authorization": f"Bearer {token(region, 'reader', secret).json['access_token']}"}
    is_problem(nobody.get("/session", **data), 401, "unauthenticated")
    for path in ("/data/v3/ed-fi/students", "/ims/oneroster/rostering/v1p2/users", "/maple/data/v3/ed-fi/students"):
        assert robot.wsgi.get(path, headers=robot.headers).status_code == 401
    answer = robot.wsgi.post(
        "/oauth/token_info", headers=robot.headers, data={"token": robot.headers["Authorization"][7:]}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("asked", [{}, {"scope": "edfi:read"}, {"scope": "admin:auditor"}, {"scope": "1"}])
def test_a_client_with_scopes_of_both_kinds_gets_no_token(region, asked):
    """The registry is written by hand: no command and no page registers such a client."""
    name = f"both{len(asked)}{asked.get('scope', '')[:3].replace(':', '')}"
    secret = registered(region, name, "region", ["admin:auditor", "edfi:read"])
    answer = token(region, name, secret, **asked)
    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")


def test_a_token_from_before_a_client_had_scopes_of_both_kinds_opens_nothing(region):
    late = machine(region, "late", "maple", "auditor")
    assert late.get("/session").status_code == 200
    store = region.administered.store
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            """UPDATE clients SET scopes = '["admin:auditor", "edfi:read"]' WHERE client_id = 'late'"""
        )
    is_problem(late.get("/session"), 401, "unauthenticated")
    region.clock.move(2)
    assert late.wsgi.get("/data/v3/ed-fi/students", headers=late.headers).status_code == 401


def test_a_suspended_machine_is_out_at_once(region):
    gone = machine(region, "gone", "region", "auditor")
    region.administered.store.change_status("gone", "suspend", "tests")
    is_problem(gone.get("/session"), 401, "unauthenticated")


def test_a_machine_never_does_what_needs_a_person(region):
    robot = machine(region, "priv", "maple", "privacy-officer")
    told = robot.get("/session").json["memberships"]
    assert told == [{"org": "maple", "role": "privacy-officer"}]
    assert robot.get("/events").status_code == 200


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("limt=2", "limt"),
        ("limit=2&limit=3", "twice"),
        ("limit=0", "limit"),
        ("limit=1_0", "limit"),
        ("offset=-1", "offset"),
    ],
)
def test_a_wrong_parameter_is_named(person, query, place):
    assert place in is_problem(person.get(f"/events?{query}"), 400, "malformed-query")["detail"]


@pytest.mark.parametrize(
    ("sent", "media", "status", "code"),
    [
        (b'{"x": 1}', "application/json", 400, "invalid-body"),
        (b'{"x": 1, "x": 2}', "application/json", 400, "invalid-body"),
        (b"[]", "application/json", 400, "invalid-body"),
        (b"{", "application/json", 400, "invalid-body"),
        (b"\xff", "application/json", 400, "invalid-body"),
        (b'{"x": NaN}', "application/json", 400, "invalid-body"),
        (b'{"\\ud800": 1}', "application/json", 400, "invalid-body"),
        (b"[" * 100_000, "application/json", 400, "invalid-body"),
        (b"x=1", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b" " * (1 << 19), "application/json", 413, "body-too-large"),
    ],
)
def test_a_body_that_is_not_as_it_must_be_is_a_problem_and_no_fault(person, sent, media, status, code):
    answer = person.wsgi.post(
        "/admin/v1/reload",
        base_url="https://crossing.example.org",
        data=sent,
        content_type=media,
        headers=person.headers,
    )
    is_problem(answer, status, code)


def test_a_mistake_in_a_body_has_the_json_pointer_of_its_place(person):
    told = is_problem(person.post("/reload", {"a/b": 1}), 400, "invalid-body")
    assert told["errors"] == [{"pointer": "#/a~1b", "detail": "Unknown field."}]


def test_an_address_or_a_method_that_is_not_there_is_a_problem(person):
    is_problem(person.get("/nowhere"), 404, "not-found")
    answer = person.ask("DELETE", "/reload")
    is_problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_write_with_the_same_key_is_done_once_and_answered_again(region, person):
    before = region.running.reloaded
    first = person.post("/reload", Idempotency_Key='"one"')
    done = region.running.reloaded
    assert done is not before
    again = person.post("/reload", Idempotency_Key="one")
    assert region.running.reloaded is done
    assert (again.status_code, again.data, again.mimetype) == (first.status_code, first.data, first.mimetype)


def test_the_keys_of_one_are_none_of_another(region, person, robot):
    person.post("/reload", Idempotency_Key='"mine"')
    before = region.running.reloaded
    assert robot.post("/reload", Idempotency_Key='"mine"').status_code == 200
    assert region.running.reloaded is not before


def test_a_key_with_another_request_is_refused(person):
    person.post("/reload", Idempotency_Key='"same"')
    is_problem(person.post("/reload", {}, Idempotency_Key='"same"'), 422, "idempotency-key-reused")


def test_a_key_is_free_again_after_a_day(region, person):
    person.post("/reload", Idempotency_Key='"day"')
    before = region.running.reloaded
    region.clock.move(24 * 3600 + 1)
    fresh = in_session(region, "ada")
    assert fresh.post("/reload", Idempotency_Key='"day"').status_code == 200
    assert region.running.reloaded is not before


def test_of_concurrent_writes_with_one_key_one_is_done(region):
    caller = in_session(region, "amy", OPERATOR)

    def ask(_number):
        alone = ApiCaller(region.stranger().wsgi, caller.headers)
        alone.wsgi._cookies = caller.wsgi._cookies
        return alone.post("/reload", Idempotency_Key='"together"')

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    codes = [one.status_code for one in answers]
    assert set(codes) <= {200, 409}
    assert len({one.data for one in answers if one.status_code == 200}) == 1
    for one in answers:
        if one.status_code == 409:
            is_problem(one, 409, "idempotency-key-in-use")


@pytest.mark.parametrize("header", ['"', '""', '"a"b', "a, b", "é", '"a"; p=1', "", '"' + "x" * 300 + '"'])
def test_what_is_no_key_is_refused(header):
    with pytest.raises(CallerError):
        read_key(header)


def test_a_key_means_the_same_with_quotes_and_without():
    assert read_key('"a-1"') == read_key(" a-1 ") == "a-1"
    assert read_key(r'"a\"b\\"') == 'a"b\\'


class SampleSchema(AdminBody):
    """A body with one member of each kind."""

    line = TextLine(5)
    flag = Flag()
    count = Count(1, 9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"line": "a\nb"},
        {"line": ""},
        {"line": "123456"},
        {"line": 1},
        {"flag": "true"},
        {"flag": 1},
        {"count": "1"},
        {"count": True},
        {"count": 10},
        {"count": 1.5},
        {"line": None},
    ],
)
def test_no_value_is_taken_for_another(wrong):
    assert SampleSchema().validate(wrong).keys() == wrong.keys()


def test_a_schema_is_told_as_json_schema():
    known = {name: schema_of(field) for name, field in SampleSchema().fields.items()}
    assert known["count"] == {"type": "integer", "minimum": 1, "maximum": 9}
    assert known["flag"] == {"type": "boolean"}
    assert (known["line"]["minLength"], known["line"]["maxLength"]) == (1, 5)


def test_every_operation_is_described(nobody):
    described = nobody.get("/openapi.json").json
    text = json.dumps(described)
    for reference in text.split('"$ref": "#/components/schemas/')[1:]:
        assert reference.partition('"')[0] in described["components"]["schemas"]
    ids = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))
