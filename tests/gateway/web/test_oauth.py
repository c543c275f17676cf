"""The token endpoints answer every client that OneRoster and Ed-Fi have bred, and nobody else."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import replace
from datetime import timedelta
from statistics import median

import pytest
from argon2 import PasswordHasher, extract_parameters

from gateway.auth import client_secrets
from gateway.auth.client_secrets import new_secret
from gateway.auth.scopes import known_scopes, transfer_scopes
from gateway.storage.shared_memory import RedisMemory
from tests.gateway.small_region import Region, make_settings
from tests.policies import documents

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def region(tmp_path):
    opened = Region(tmp_path)
    yield opened
    opened.close()


def error(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]


def test_a_client_receives_a_token_by_basic(region):
    answer = region.ask()
    assert answer.status_code == 200
    assert answer.json.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert re.fullmatch(r"cg_at_[A-Za-z0-9_-]{43}", answer.json["access_token"])
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("bearer", 1800)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_client_receives_a_token_by_form(region):
    answer = region.ask(basic=None, client_id="tutor", client_secret=region.secret, **GRANT)
    assert answer.status_code == 200


def test_a_client_receives_a_token_by_json(region):
    answer = region.ask(basic=None, json={"client_id": "tutor", "client_secret": region.secret, **GRANT, "scope": None})
    assert answer.status_code == 200


def test_a_client_may_send_basic_with_a_json_body(region):
    assert region.ask(json=GRANT).status_code == 200


def test_a_client_may_repeat_its_id_in_the_body(region):
    assert region.ask(client_id="tutor", **GRANT).status_code == 200


def test_credentials_may_be_percent_encoded_in_the_header(region):
    encoded = base64.b64encode(f"%74utor:{region.secret}".encode()).decode()
    assert region.ask(basic=None, headers={"Authorization": f"basic {encoded}"}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, "edfi:read edfi:readchanges"),
        (" ", "edfi:read edfi:readchanges"),
        ("edfi:readchanges", "edfi:readchanges"),
        ("edfi:readchanges edfi:delete edfi:read", "edfi:read edfi:readchanges"),
        ("nonsense edfi:read https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly", "edfi:read"),
        ("edfi:read edfi:read", "edfi:read"),
        ("  edfi:read\t\n edfi:readchanges ", "edfi:read edfi:readchanges"),
        ("255901", "edfi:read edfi:readchanges"),
        ("255901 19255901", "edfi:read edfi:readchanges"),
        ("255901 edfi:read", "edfi:read"),
    ],
)
def test_a_token_has_what_is_asked_and_allowed(region, asked, granted):
    body = GRANT if asked is None else {**GRANT, "scope": asked}
    answer = region.ask(**body)
    assert answer.json["scope"] == granted
    assert region.callers.authenticate(f"Bearer {answer.json['access_token']}").scopes == set(granted.split())


@pytest.mark.parametrize(
    "scope", ["edfi:delete", "nonsense", "255901 nonsense", "EDFI:READ", "edfi:read,edfi:readchanges"]
)
def test_asking_for_nothing_allowed_gets_no_token(region, scope):
    assert error(region.ask(scope=scope, **GRANT)) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("request_of", "expected"),
    [
        (lambda r: r.ask(client_secret=r.secret, client_id="tutor", **GRANT), (400, "invalid_client")),
        (lambda r: r.ask(client_secret=r.secret, **GRANT), (400, "invalid_client")),
        (lambda r: r.ask(client_id="other", **GRANT), (400, "invalid_client")),
        (lambda r: r.ask(client_assertion="x.y.z", **GRANT), (400, "invalid_client")),
        (lambda r: r.ask(basic=None, headers={"Authorization": "Bearer abc"}), (401, "invalid_client")),
        (lambda r: r.ask(basic=None, headers={"Authorization": "Basic !!!"}), (400, "invalid_request")),
        (lambda r: r.ask(basic=None, headers={"Authorization": "Basic"}), (400, "invalid_request")),
        (lambda r: r.ask(basic=None, headers={"Authorization": "Basic /////w=="}), (400, "invalid_request")),
        (lambda r: r.ask(basic=("tutor", "")), (400, "invalid_request")),
        (lambda r: r.ask(basic=("", "secret")), (400, "invalid_request")),
        (lambda r: r.ask(basic=None), (401, "invalid_request")),
        (lambda r: r.ask(basic=None, client_id="tutor", **GRANT), (400, "invalid_request")),
        (lambda r: r.ask(basic=("tutor", "wrong")), (401, "invalid_client")),
        (lambda r: r.ask(basic=("nobody", "wrong")), (401, "invalid_client")),
        (lambda r: r.ask(basic=("no\x00body", "wrong")), (401, "invalid_client")),
        (lambda r: r.ask(grant_type="password"), (400, "unsupported_grant_type")),
        (lambda r: r.ask(json={"grant_type": "authorization_code"}), (400, "unsupported_grant_type")),
        (lambda r: r.ask(scope="edfi:read"), (400, "unsupported_grant_type")),
        (lambda r: r.ask(query="?grant_type=client_credentials"), (400, "invalid_request")),
        (lambda r: r.ask(query="?client_secret=x"), (400, "invalid_request")),
        (lambda r: r.ask(scope=["edfi:read", "edfi:readchanges"], **GRANT), (400, "invalid_request")),
        (lambda r: r.ask(json=[1]), (400, "invalid_request")),
        (lambda r: r.ask(json={**GRANT, "scope": ["edfi:read"]}), (400, "invalid_request")),
    ],
)
def test_a_request_that_is_wrong_is_refused_as_the_standards_say(region, request_of, expected):
    answer = request_of(region)
    assert error(answer) == expected
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"grant_type": "client_credentials", "grant_type": "client_credentials"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff", "application/json"),
        (b"grant_type=client_credentials", "text/plain"),
        (b"grant_type=client_credentials&x=" + b"y" * 20_000, "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(region, body, kind):
    answer = region.web.post("/oauth/token", auth=("tutor", region.secret), data=body, content_type=kind)
    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    "asked",
    [
        {"Grant_type": "client_credentials"},
        {"GRANT_TYPE": "Client_Credentials"},
        {"grant_type": "client_credentials", "audience": "anything", "Audience": "another"},
        {"json": {"Grant_type": "client_credentials", "audience": ["a", 7], "nested": {"scope": 1}}},
        {"grant_type": "client_credentials", "query": "?correlationId=abc&audience=x"},
    ],
)
def test_names_are_read_in_any_case_and_unknown_parameters_are_ignored(region, asked):
    assert region.ask(**asked).status_code == 200


def test_credentials_are_read_from_the_body_in_any_case(region):
    body = {"Client_id": "tutor", "Client_Secret": region.secret, "Grant_Type": "client_credentials"}
    assert region.ask(basic=None, **body).status_code == 200
    assert region.ask(basic=None, json=body).status_code == 200


@pytest.mark.parametrize("body", [{"grant_type": "client_credentials", "Grant_type": "client_credentials"}])
def test_one_parameter_under_two_spellings_is_given_twice(region, body):
    assert error(region.ask(**body)) == (400, "invalid_request")
    assert error(region.ask(json=body)) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["client_id", "Client_Secret", "token", "client_assertion", "%63lient_secret"])
def test_credentials_in_the_address_are_refused_and_never_repeated(region, name):
    answer = region.ask(query=f"?{name}=planted-word", **GRANT)
    assert error(answer) == (400, "invalid_request")
    assert "planted-word" not in answer.text


def test_no_refusal_repeats_what_was_sent(region):
    for asked in ({"scope": "planted-word", **GRANT}, {"grant_type": "planted-word"}, {"planted-word": ["a", "b"]}):
        assert "planted-word" not in region.ask(**asked).text


def test_an_unknown_client_and_a_wrong_secret_answer_alike(region):
    wrong, unknown = region.ask(basic=("tutor", "wrong")), region.ask(basic=("nobody", "wrong"))
    assert wrong.data == unknown.data
    told, other = ({**answer.headers, "correlation-id": ""} for answer in (wrong, unknown))  # another in every answer
    assert told == other


def test_an_unknown_client_and_a_wrong_secret_take_the_same_time(tmp_path, slow_hashes, monkeypatch):
    for name, real in zip(("_HASHER", "_NOBODY"), slow_hashes, strict=True):
        monkeypatch.setattr(client_secrets, name, real)
    settings = make_settings(tmp_path)
    region = Region(
        tmp_path, settings=replace(settings, limits=replace(settings.limits, failures="", address_failures=""))
    )
    times: dict[str, list[float]] = {"tutor": [], "nobody": []}
    for _ in range(9):
        for client, taken in times.items():
            start = time.process_time()
            region.ask(basic=(client, "wrong"))
            taken.append(time.process_time() - start)
    region.close()
    known, unknown = median(times["tutor"]), median(times["nobody"])
    assert min(known, unknown) > 0.5 * max(known, unknown)


def test_a_disabled_client_is_refused_like_an_unknown_one(region):
    region.store.change_status("tutor", "end", "ana")
    assert region.ask().data == region.ask(basic=("nobody", "wrong")).data


def test_both_secrets_work_while_one_replaces_the_other(region):
    secret, trace = new_secret()
    region.store.rotate_secret("tutor", trace, region.clock() + timedelta(days=1), "ana")
    assert region.ask().status_code == 200
    assert region.ask(basic=("tutor", secret)).status_code == 200
    region.clock.move(86_400)
    assert error(region.ask()) == (401, "invalid_client")
    assert region.ask(basic=("tutor", secret)).status_code == 200


def test_plain_http_from_elsewhere_is_refused_before_the_secret_is_looked_at(region):
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert error(region.ask(environ=elsewhere)) == (400, "invalid_request")
    assert region.ask(environ={**elsewhere, "wsgi.url_scheme": "https"}).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_plain_http_from_the_same_machine_is_allowed(region, address):
    assert region.ask(environ={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize("kind", ["local", "redis"])
def test_a_client_has_at_most_fifteen_living_tokens(tmp_path, kind, request):
    memory = None if kind == "local" else RedisMemory(request.getfixturevalue("redis_url"), prefix=f"{tmp_path}:")
    region = Region(tmp_path, **({"memory": memory} if memory else {}))
    given = [region.token() for _ in range(15)]
    refused = region.ask()
    assert refused.status_code == 429
    assert refused.json["type"] == "urn:ed-fi:api:security:authentication:too-many-tokens"
    assert 1 <= int(refused.headers["Retry-After"]) <= 1800
    region.add("other", ("edfi:read",))
    region.ask("/oauth/revoke", token=given[3])
    assert region.ask().status_code == 200
    assert region.ask().status_code == 429
    region.close()


def test_ten_failures_make_client_and_address_wait_but_nobody_else(region):
    elsewhere = {"REMOTE_ADDR": "127.0.0.2"}
    for _ in range(10):
        assert region.ask(basic=("tutor", "wrong"), environ=elsewhere).status_code == 401
    refused = region.ask(environ=elsewhere)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert region.ask().status_code == 200


class Hasher(PasswordHasher):
    """The hasher of secrets, which counts what it is asked."""

    asked = 0

    def verify(self, *given):
        self.asked += 1
        return super().verify(*given)


@pytest.fixture
def hasher(monkeypatch):
    kept = client_secrets._HASHER
    counting = Hasher(time_cost=kept.time_cost, memory_cost=kept.memory_cost, parallelism=kept.parallelism)
    monkeypatch.setattr(client_secrets, "_HASHER", counting)
    return counting


@pytest.mark.parametrize(
    "name", ["tutor", "nobody", "no\x00body", "x" * 300, "tired"], ids=["wrong", "unknown", "odd", "long", "old"]
)
def test_every_refusal_costs_the_one_hash_that_a_client_costs(region, hasher, name):
    """The same hash with the same parameters: who is unknown, or has no secret any more, is not refused sooner."""
    region.add("tired", ("edfi:read",))
    region.store.rotate_secret("tired", new_secret()[1], region.clock() + timedelta(days=1), "ana")
    region.clock.move(172_800)
    assert region.ask(basic=(name, "wrong")).status_code == 401
    assert hasher.asked == 1
    assert region.ask().status_code == 200
    assert hasher.asked == 2
    kept = region.store.find_client("tutor").secrets[0].hash[client_secrets.HINT_CHARACTERS :]
    assert extract_parameters(client_secrets._NOBODY) == extract_parameters(kept)


def test_nobodys_hash_takes_the_work_of_a_clients(slow_hashes):
    hasher, nobody = slow_hashes
    assert extract_parameters(nobody) == extract_parameters(hasher.hash("anything"))


def test_names_that_somebody_makes_up_keep_nobody_waiting_and_are_not_hashed_without_end(tmp_path, hasher):
    settings = make_settings(tmp_path)
    region = Region(tmp_path, settings=replace(settings, limits=replace(settings.limits, address_failures="20/minute")))
    neighbour = ("other", region.add("other", ("edfi:read",)))
    answers = {region.ask(basic=(f"client-{n}", "wrong")).data for n in range(60)}
    assert len(answers) == 1
    assert hasher.asked == 20
    assert [region.ask().status_code, region.ask(basic=neighbour).status_code] == [200, 200]
    known = [region.ask(basic=("tutor", "wrong")) for _ in range(30)]
    assert {one.data for one in known} == answers
    assert hasher.asked == 22  # a wrong secret of a client that exists is no dearer than one that does not
    assert region.ask().status_code == 200
    region.close()


def test_a_guess_that_begins_rightly_is_hashed_and_counted_however_crowded_it_is(tmp_path, hasher):
    settings = make_settings(tmp_path)
    region = Region(tmp_path, settings=replace(settings, limits=replace(settings.limits, address_failures="1/minute")))
    region.ask(basic=("nobody", "wrong"))
    guesses = [region.ask(basic=("tutor", f"{region.secret[:4]}{n}")).status_code for n in range(11)]
    region.close()
    assert guesses == [401] * 10 + [429]
    assert hasher.asked == 11


def test_a_revoked_token_is_unknown(region):
    token = region.token()
    assert region.ask("/oauth/introspect", token=token).json["active"] is True
    assert region.ask("/oauth/revoke", token=token).status_code == 200
    assert region.ask("/oauth/introspect", token=token).json == {"active": False}
    assert region.ask("/oauth/revoke", token=token).status_code == 200


def test_another_clients_token_does_not_exist(region):
    other = ("other", region.add("other", ("edfi:read",)))
    token = region.token()
    assert region.ask("/oauth/introspect", basic=other, token=token).json == {"active": False}
    assert region.ask("/oauth/revoke", basic=other, token=token).data == region.ask("/oauth/revoke", token="x").data
    assert region.ask("/oauth/introspect", token=token).json == {
        "active": True,
        "client_id": "tutor",
        "token_type": "bearer",
        "scope": "edfi:read edfi:readchanges",
        "iat": int(region.clock().timestamp()),
        "exp": int(region.clock().timestamp()) + 1800,
    }


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
def test_the_other_endpoints_ask_for_credentials_and_a_token(region, path):
    assert error(region.ask(path, basic=None, token="x")) == (401, "invalid_request")
    assert error(region.ask(path, basic=("tutor", "wrong"), token="x")) == (401, "invalid_client")
    assert error(region.ask(path, **GRANT)) == (400, "invalid_request")


def test_without_the_memory_no_token_is_given(tmp_path):
    region = Region(tmp_path, memory=RedisMemory("redis://127.0.0.1:1/0"))
    assert error(region.ask()) == (503, "temporarily_unavailable")
    region.close()


def test_the_last_use_of_a_client_is_noted(region):
    assert region.store.find_client("tutor").last_used is None
    region.token()
    assert region.store.find_client("tutor").last_used == region.clock()


def test_the_description_names_addresses_that_exist(region):
    described = region.web.get("/.well-known/oauth-authorization-server").json
    assert described["issuer"] == "http://localhost"
    paths = {rule.rule for rule in region.app.url_map.iter_rules()}
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert described[name].removeprefix("http://localhost") in paths
    assert described["scopes_supported"] == sorted(known_scopes() | transfer_scopes())


def test_the_description_uses_the_public_address(tmp_path):
    settings = make_settings(tmp_path)
    public = replace(settings, server=replace(settings.server, public_url="https://gateway.example.org/region"))
    region = Region(tmp_path, settings=public)
    described = region.web.get("/.well-known/oauth-authorization-server").json
    region.close()
    assert described["token_endpoint"] == "https://gateway.example.org/region/oauth/token"


@pytest.mark.parametrize(
    ("agreed", "given"),
    [
        ([{}], 200),
        ([{"district": "cedar"}], 200),
        ([{"org": "another"}], 400),
        ([{}, {"org": "another", "district": "cedar"}], 400),
        ([{"org": "another", "begin": "2027-09-01", "end": "2028-08-31"}], 200),
        ([{"org": "another", "clients": ("other",)}], 200),
    ],
)
def test_a_client_of_another_organisation_than_the_recipient_is_given_no_token(tmp_path, agreed, given):
    usual = {"org": "Reading Partners", "clients": ("tutor",)}
    terms = []
    for number, one in enumerate(agreed):
        dated = {name: one[name] for name in ("district", "begin", "end") if name in one}
        changed = usual | {name: one[name] for name in ("org", "clients") if name in one}
        terms.append(replace(documents.load("student.id allow", id=f"n{number}", **dated), **changed))
    opened = Region(tmp_path, agreements=tuple(terms))
    try:
        answer = opened.ask()
        assert answer.status_code == given
        if given != 200:
            assert answer.json["error"] == "unauthorized_client"
            assert "operator" in answer.json["error_description"]
        stranger = opened.ask(basic=("tutor", "a wrong secret"))
        assert error(stranger) == (401, "invalid_client")
    finally:
        opened.close()
