"""Faults of other products in telling who asks and what for; each test also fails where the fault is planted."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InsecureTransportError
from flask import request

from gateway.auth import client_secrets, token_request
from gateway.auth.authorization import Authorization
from gateway.auth.callers import Caller, Callers
from gateway.auth.scopes import known_scopes
from gateway.auth.token_request import TokenRefusal
from gateway.web import oauth, oneroster, responses
from gateway.web.oauth import RegisteredClient, TokenServer
from policies.compiler import Grants
from tests.attacks.faults_of_others.planting import noticed
from tests.support.regions import EDFI, ROSTER

CLAIMS = (
    "authorizedEntityId", "externalServiceId", "personnelId", "X-Client-Id", "X-Consumer-Username", "X-Forwarded-User",
    "client_id", "From",
)  # fmt: skip
FORM = {"grant_type": "client_credentials"}
CORE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"
PUBLIC = re.compile(
    r"/(health|ready|\.well-known).*|(/maple(/2027)?)?(/((docs|metadata|oauth)(/.*)?)?)?|.*/discovery/.*"
)
"""The addresses that say what the gateway is, or hand out tokens: nothing of a district's records."""


def told(answer):
    return answer.status_code, answer.data, answer.headers.get("X-Total-Count")


def post(region, address="/oauth/token", environ=None, **sent):
    return region.app.test_client().post(address, environ_overrides=environ, **sent)


def body_of(consumer, **more):
    return {**FORM, "client_id": consumer.name, "client_secret": consumer.secret, **more}


def test_a_caller_is_the_one_its_credential_names_whatever_its_headers_claim(region, tutor, owner):
    """PSESD SRX, EARS and PRS: the organisation is whatever the header ``authorizedEntityId`` says."""

    def check():
        plain = told(tutor.roster("users", limit=5))
        for name in CLAIMS:
            claimed = tutor.ask(f"{ROSTER}users?limit=5", headers={name: owner.name})
            assert told(claimed) == plain, f"{name} makes another caller"

    def believed(patch):
        authenticate = Callers.authenticate

        def by_header(self, authorization, signed=None):
            caller = authenticate(self, authorization, signed)
            return replace(caller, client=request.headers.get("authorizedEntityId", caller.client))

        patch.setattr(Callers, "authenticate", by_header)

    noticed(check, believed, "authorizedEntityId makes another caller", region.gateway)


def test_a_districts_records_go_to_those_it_has_an_agreement_with_whatever_zone_is_asked_for(region, analyst):
    """PSESD EARS: the zone (district) comes with the request and is not tied to the credential."""

    def check():
        plain = told(analyst.roster("students", limit=5))
        for way in ({"headers": {"zoneId": "cedar", "contextId": "CBO"}}, {"zoneId": "cedar", "contextId": "CBO"}):
            assert told(analyst.ask(f"{ROSTER}students", limit=5, **way)) == plain, "a zone was believed"
        for address in (f"/cedar{ROSTER}students", f"/cedar{EDFI}students"):
            assert analyst.ask(address).status_code == 403, "another district answers"
        assert analyst.ask(f"{ROSTER}students;zoneId=cedar").status_code == 404

    def untied(patch):
        def authorize(grants, caller, district):
            return Authorization(caller, grants.every(district or "maple"), district)

        patch.setattr(responses, "authorize", authorize)

    noticed(check, untied, "a zone was believed|another district answers", region.gateway)


def test_a_token_that_is_granted_less_than_was_asked_for_says_so(region):
    """SMART App Launch: a server may grant less than asked, and a client learns it from ``scope`` alone."""
    narrow = region.consumer("narrow", ["edfi:read", CORE])

    def check():
        answer = post(region, data=body_of(narrow, scope=f"edfi:read edfi:create {CORE}"))
        assert answer.status_code == 200
        assert set(answer.json["scope"].split()) == {"edfi:read", CORE}, "it says more than it grants"

    def unsaid(patch):
        save = TokenServer.save_token

        def as_asked(self, token, asked):
            save(self, token, asked)
            token["scope"] = asked.form.get("scope")

        patch.setattr(TokenServer, "save_token", as_asked)

    noticed(check, unsaid, "it says more than it grants")


def test_who_may_have_none_of_the_scopes_it_asks_for_gets_no_token(region):
    """Authlib: where the allowed scope is an intersection, nothing left is a token with an empty scope."""
    narrow = region.consumer("narrow", ["edfi:read", CORE])

    def check():
        answer = post(region, data=body_of(narrow, scope="edfi:create edfi:delete"))
        assert "access_token" not in answer.json, "a token for nothing"
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")

    def intersected(patch):
        def allowed(self, scope):
            return " ".join(one for one in (scope or "").split() if one in self.client.scopes)

        patch.setattr(RegisteredClient, "get_allowed_scope", allowed)

    noticed(check, intersected, "a token for nothing")


def addresses(app):
    """Every address of *app* that can be read, its variables filled in."""
    filled = {
        "district": "maple",
        "schema": "ed-fi",
        "name": "students",
        "identifier": "0" * 32,
        "rest": "students",
        "year": "2027",
    }
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods:
            yield re.sub(r"<(?:[^<>:]*:)?(\w+)>", lambda found: filled.get(found[1], "x"), rule.rule)


def test_every_address_of_data_needs_a_scope_of_its_own(region, tutor, monkeypatch):
    """Authlib: ``@require_oauth()`` without an argument lets a token with no scope in."""
    asked = [one for one in addresses(region.app) if not PUBLIC.fullmatch(one)]
    kept = Callers.authenticate

    def check():
        for address in asked:
            answer = tutor.ask(address)
            assert answer.status_code in {400, 403, 404, 405}, f"{address} answers without a scope"

    def scopeless(self, *given):
        return replace(kept(self, *given), scopes=frozenset())

    def not_asked_for(patch):
        patch.setattr(Authorization, "scopes", property(lambda _self: known_scopes()))

    assert len(asked) > 20
    monkeypatch.setattr(Callers, "authenticate", scopeless)
    noticed(check, not_asked_for, "answers without a scope", region.gateway)


def test_demographics_need_a_scope_of_their_own(region, tutor):
    """Ed-Fi OneRoster has it right: ``roster.readonly`` leaves demographics closed; SMART scopes explode instead."""
    core = {"Authorization": f"Bearer {post(region, data=body_of(tutor, scope=CORE)).json['access_token']}"}

    def check():
        assert tutor.ask(f"{ROSTER}users?limit=1", headers=core).status_code == 200
        assert tutor.ask(f"{ROSTER}demographics", headers=core).status_code == 403, "demographics are open"

    def one_for_all(patch):
        patch.setattr(Authorization, "scopes", property(lambda _self: known_scopes()))

    noticed(check, one_for_all, "demographics are open", region.gateway)


def test_an_unknown_client_and_a_wrong_secret_are_refused_alike_and_cost_the_same(region, tutor, monkeypatch):
    """Authlib: two descriptions, and 0.5 ms against 131 ms, so that clients can be enumerated."""
    hashed = []
    matches = client_secrets._matches
    monkeypatch.setattr(client_secrets, "_matches", lambda *given: hashed.append(given) or matches(*given))

    def check():
        seen = []
        for name, secret in ((tutor.name, tutor.secret[:-1] + "~"), ("nobody-at-all", tutor.secret)):
            hashed.clear()
            headers = {"correlation-id": "asked by a test"}
            answer = post(region, data={**FORM, "client_id": name, "client_secret": secret}, headers=headers)
            seen.append((answer.status_code, answer.data, len(hashed)))
        assert seen[0] == seen[1], "the two can be told apart"
        assert (seen[0][0], seen[0][2]) == (401, 1)

    def told_apart(patch):
        def proves(secret, client, now):
            if client is None:
                raise TokenRefusal("invalid_client", "The client does not exist.", 401)
            return matches(client.secrets[0].hash[4:], secret)

        patch.setattr(oauth, "proves", proves)

    noticed(check, told_apart, "the two can be told apart")


def test_credentials_come_in_one_way_only(region, tutor):
    """Authlib: a secret and an assertion in one request are accepted; RFC 6749, 2.3 forbids it."""
    twice = (
        {"data": body_of(tutor), "auth": (tutor.name, tutor.secret)},
        {"data": body_of(tutor, client_assertion="x.y.z", client_assertion_type="urn:x")},
        {"data": {**FORM, "client_assertion": "x.y.z"}, "auth": (tutor.name, tutor.secret)},
    )

    def check():
        for sent in twice:
            assert post(region, **sent).status_code in {400, 401}, "two ways at once"

    def either(patch):
        def credentials(header, parameters):
            if header is not None:
                return token_request._from_basic(header)
            return parameters.get("client_id", ""), parameters.get("client_secret", "")

        patch.setattr(token_request, "_credentials", credentials)

    noticed(check, either, "two ways at once")


def test_credentials_that_are_no_text_are_the_callers_mistake(region):
    """Authlib: an Authorization header of Basic with bytes that are not UTF-8 is a 500."""

    def check():
        answer = post(region, data=FORM, headers={"Authorization": "Basic /v8//jr//w=="})
        assert answer.status_code in {400, 401}, "it fails"

    def undecoded(patch):
        patch.setattr(token_request, "_from_basic", lambda header: b"\xff\xfe:\xff".decode("utf-8").split(":"))

    noticed(check, undecoded, "it fails")


def test_a_secret_means_the_same_in_a_header_and_in_a_form():
    """Authlib unquotes Basic credentials, so that a secret with ``%40``, or a form's ``+``, does not work."""

    def check():
        for _ in range(50):
            secret, _ = client_secrets.secret_text(), None
            assert unquote_plus(secret) == secret, "it means another thing when it is decoded"
            assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret), "it has odd characters"

    def printable(patch):
        patch.setattr(client_secrets, "secret_text", lambda: "p%40ss+word")

    noticed(check, printable, "it means another thing")


def test_a_parameter_given_twice_is_refused_in_every_spelling(region, tutor):
    """Authlib takes the first of two scopes without a word."""

    def check():
        for second in ("scope", "SCOPE"):
            sent = [*body_of(tutor, scope="edfi:read").items(), (second, "edfi:create")]
            text = "&".join(f"{name}={value}" for name, value in sent)
            answer = post(region, data=text, content_type=token_request.FORM)
            assert answer.status_code == 400, "one of the two was taken"

    def the_first(patch):
        patch.setattr(
            token_request, "_known", lambda given: {name.lower(): value for name, value in reversed([*given])}
        )

    noticed(check, the_first, "one of the two was taken")


def test_no_parameter_of_a_token_request_counts_in_the_address(region, tutor):
    """Authlib accepts ``grant_type`` from the query, where proxies log what stands beside it."""

    def check():
        for asked in ("grant_type=client_credentials", f"client_secret={tutor.secret}", "scope=edfi:read"):
            assert post(region, f"/oauth/token?{asked}", data=body_of(tutor)).status_code == 400, "the address was read"

    def unread(patch):
        patch.setattr(token_request, "_check_address", lambda _query: None)

    noticed(check, unread, "the address was read")


def test_nobody_learns_anything_of_the_token_of_another_client(region, tutor, owner):
    """Authlib: introspection is open to every client by default, and revoking another's token tells that it exists."""

    def check():
        asked = {"auth": (tutor.name, tutor.secret), "data": {"token": owner.token}}
        assert post(region, "/oauth/introspect", **asked).json == {"active": False}, "it is told of"
        revoked, nothing = (
            post(region, "/oauth/revoke", auth=asked["auth"], data={"token": one}) for one in (owner.token, "x")
        )
        assert told(revoked) == told(nothing), "revoking tells that it exists"

    def anyones(patch):
        def find(self, text, client):
            found = oauth.tokens.find(self.memory, text, self.clock())
            return oauth.LivingToken(text, found) if found else None

        patch.setattr(TokenServer, "find_token", find)

    noticed(check, anyones, "it is told of")


def test_plain_http_is_a_refusal_and_no_failure(region, tutor):
    """Authlib: ``InsecureTransportError`` is raised before errors are handled, and becomes a 500."""

    def check():
        answer = post(region, data=body_of(tutor), environ={"REMOTE_ADDR": "203.0.113.7"})
        assert (answer.status_code, answer.json.get("error")) == (400, "invalid_request"), "it fails"

    def escaping(patch):
        def transport(_request):
            raise RuntimeError(InsecureTransportError.error)

        patch.setattr(token_request, "_check_transport", transport)

    noticed(check, escaping, "it fails")


def test_a_token_is_had_by_json_as_by_a_form(region, tutor):
    """Authlib: a JSON body, which Ed-Fi's clients send, is an ``unsupported_grant_type``."""

    def check():
        assert post(region, json=body_of(tutor)).status_code == 200, "JSON is not understood"

    def forms_only(patch):
        patch.setattr(token_request, "_parameters", lambda asked: token_request._known(asked.form.items(multi=True)))

    noticed(check, forms_only, "JSON is not understood")


def test_nobody_reads_anything_until_an_agreement_names_it(region):
    """google/fhir-gateway: URLs on the list of ``AllowedQueries`` skip the checker; Hasura: ``run_sql`` is above all."""
    stranger = region.consumer("stranger")
    asked = [one for one in addresses(region.app) if not PUBLIC.fullmatch(one)]

    def check():
        for address in asked:
            answer = stranger.ask(address)
            assert answer.status_code in {400, 403, 404, 405}, f"{address} is open"

    def allowed_queries(patch):
        authenticate = oneroster.authenticate

        def listed(gateway, district):
            found = authenticate(gateway, district)
            return (
                replace(found, grants=gateway.grants.of("conformance")) if request.path.endswith("/students") else found
            )

        patch.setattr(oneroster, "authenticate", listed)

    noticed(check, allowed_queries, "students is open", region.gateway)


def test_a_disabled_or_forged_caller_is_nobody_in_particular(region, tutor):
    """Clever and ClassLink show an app nothing until it is enabled; here a token alone, of nobody, opens nothing."""

    def check():
        for token in ("", "cg_at_" + "A" * 43, tutor.token[:-1] + ("A" if tutor.token[-1] != "A" else "B")):
            answer = tutor.ask(f"{ROSTER}students", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, "somebody was recognised"

    def anybody(patch):
        def recognise(self, text, now):
            return Caller("tutor", "tutor", known_scopes(), 1)

        patch.setattr(Callers, "_recognise", recognise)

    noticed(check, anybody, "somebody was recognised", region.gateway)


def test_what_is_released_for_different_purposes_is_never_joined(region):
    """Ed-Fi profiles: of several that fit, the client makes the union itself; two agreements would become one."""
    torn = region.consumer("torn")

    def check():
        for address in (f"{ROSTER}students", f"/maple{ROSTER}students", f"{EDFI}students"):
            assert torn.ask(address).status_code == 403, "two purposes are joined"

    def united(patch):
        def of(self, client, *_):
            return tuple(one for name in ("maple", "cedar") for one in self.every(name) if one.client == client)

        patch.setattr(Grants, "of", of)

    noticed(check, united, "two purposes are joined", region.gateway)
