"""Addresses, methods, headers and bodies that no honest client sends."""

from __future__ import annotations

import base64
import json
import stat

import pytest

from gateway.config.settings import load
from gateway.storage.registry import open_store
from gateway.storage.shared_memory import LocalMemory
from gateway.web.app import create_app
from tests.support.regions import EDFI, ROSTER, small_district

FORM = {"grant_type": "client_credentials"}
LONE = "\\ud800"


@pytest.mark.parametrize(
    "address",
    [
        f"//{ROSTER[1:]}students", f"/maple/{ROSTER}students", f"{ROSTER}/students", f"{ROSTER}students//",
        f"{ROSTER}../v1p2/students", f"{ROSTER}%2e%2e/v1p2/students", f"{ROSTER}Students", f"/MAPLE{ROSTER}students",
        f"/map{ROSTER}students", f"/maple/maple{ROSTER}students", f"{ROSTER}students;x=1", f"{ROSTER}students%00",
        f"{ROSTER}students/%2f", f"{EDFI}students//", f"{EDFI}/students", f"{EDFI}students/a/b", f"/DATA{EDFI[5:]}students%20",
        f"{EDFI}students%20", "/ims/oneroster/resources/v1p2/students", "/static/x", "/metrics",
    ],
)  # fmt: skip
def test_an_address_that_is_almost_right_does_not_exist(tutor, address):
    answer = tutor.web.get("http://localhost" + address, headers=tutor.bearer)
    assert answer.status_code == 404
    assert answer.is_json


def test_a_district_without_an_agreement_refuses_under_every_address(analyst):
    for address in (f"/cedar{ROSTER}students", f"/cedar{EDFI}students", f"/cedar{ROSTER}students/x"):
        assert analyst.ask(address).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "FOO"])
def test_no_method_but_reading_does_anything(tutor, method):
    for address in (f"{ROSTER}students", f"{EDFI}students", f"{EDFI}students/x"):
        assert tutor.ask(address, method=method).status_code == 405


def test_a_header_cannot_change_the_method(tutor):
    headers = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PUT"}
    assert tutor.ask(f"{ROSTER}students", headers=headers).status_code == 200


def test_a_question_by_head_tells_what_get_tells_and_sends_no_body(tutor):
    told, asked = (tutor.ask(f"{ROSTER}students", method=method) for method in ("GET", "HEAD"))
    assert asked.data == b""
    assert [asked.headers[name] for name in ("ETag", "X-Total-Count", "Link")] == [
        told.headers[name] for name in ("ETag", "X-Total-Count", "Link")
    ]


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "X-Forwarded-Port",
        "X_Forwarded_Host",
        "Forwarded",
    ],
)
def test_a_stranger_cannot_change_links_by_forwarded_headers(tutor, name):
    plain = tutor.ask(f"{ROSTER}students")
    forged = tutor.ask(f"{ROSTER}students", headers={name: "evil.example"})
    assert (forged.headers["Link"], forged.data) == (plain.headers["Link"], plain.data)


@pytest.mark.parametrize("host", ["evil.example/x?y", "ev il", '"><b>', "a,b", "[::1", "evil:99999"])
def test_a_host_that_links_cannot_begin_with_is_refused(tutor, host):
    for address in (f"{ROSTER}students", f"{EDFI}students", "/.well-known/oauth-authorization-server"):
        assert tutor.ask(address, headers={"Host": host}).status_code == 400


def test_a_public_address_leaves_no_say_to_the_host_header(region, tutor):
    settings = load(region.folder / "gateway.toml")
    place = region.folder / "public.toml"
    place.write_text(
        '[server]\npublic_url = "https://data.example.org/gate"\n' + settings.file.read_text("utf-8"), "utf-8"
    )
    store = open_store(settings.store_url, region.clock)
    app = create_app(region.gateway, load(place), store, LocalMemory(), region.clock)
    answer = app.test_client().get(f"{ROSTER}students", headers={**tutor.bearer, "Host": "evil.example"})
    assert answer.status_code == 200
    assert "evil" not in answer.text + answer.headers["Link"]
    assert answer.headers["Link"].startswith("<https://data.example.org/gate/ims/")
    store.close()


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer x y", "bearer cg_at_x", "Token x", "Bearer \u00e9"]
)
def test_no_token_and_a_wrong_token_get_nothing(region, header):
    for address in (f"{ROSTER}students", f"{EDFI}students", f"/nowhere{ROSTER}students"):
        answer = region.app.test_client().get(address, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_address_or_in_a_form_counts_for_nothing(region, tutor):
    answer = region.app.test_client().get(
        f"{ROSTER}students?access_token={tutor.token}", data={"access_token": tutor.token}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        f'{{"grant_type":"client_credentials","client_id":"tutor","client_secret":"{LONE}"}}',
        f'{{"grant_type":"client_credentials","client_id":"{LONE}","client_secret":"x"}}',
        '{"a":' * 3000, "[" * 15_000, '{"a":%s}' % ("9" * 5000), '{"a":NaN}', '{"grant_type":"x","grant_type":"y"}', "[]", '"x"', "",
        "\x00", '{"client_id":["a"]}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_honest_json_is_refused_by_the_token_endpoint(region, body):
    answer = region.app.test_client().post("/oauth/token", data=body, content_type="application/json")
    assert answer.status_code in {400, 401}
    assert answer.json["error"] in {"invalid_request", "invalid_client"}


def test_half_a_character_in_any_member_is_no_string(region, tutor):
    for member in ("client_secret", "scope", "grant_type", "token"):
        body = json.dumps({"client_id": "tutor", "client_secret": tutor.secret, **FORM, member: "\ud800"})
        for address in ("/oauth/token", "/oauth/introspect", "/oauth/revoke"):
            answer = region.app.test_client().post(address, data=body, content_type="application/json")
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("raw", [b"\xff\xfe:\xff", b"a\0b:c", b":", b"tutor", b"tutor:", b":x"])
def test_credentials_that_are_no_text_are_refused(region, raw):
    header = {"Authorization": "Basic " + base64.b64encode(raw).decode()}
    assert region.app.test_client().post("/oauth/token", data=FORM, headers=header).status_code in {400, 401}


def test_no_scope_is_reached_by_asking_oddly(region, tutor):
    narrow = region.consumer("analyst", ["edfi:read"])
    for scope in ("edfi:create", "EDFI:READ", "edfi:rea", "*", "edfi:read,edfi:create"):
        answer = region.app.test_client().post(
            "/oauth/token", data={**FORM, "scope": scope}, auth=("tutor", tutor.secret)
        )
        assert set(answer.json.get("scope", "").split()) <= {scope}
    assert narrow.token


def test_wrong_secrets_are_soon_refused_unread(region):
    web, region.consumers["guessed"] = region.app.test_client(), None
    secret = region.register("guessed", ["edfi:read"])
    answers = [
        web.post("/oauth/token", data=FORM, auth=("guessed", f"wrong{number}")).status_code for number in range(7)
    ]
    assert answers == [401] * 5 + [429] * 2
    assert web.post("/oauth/token", data=FORM, auth=("guessed", secret)).status_code == 429


def test_errors_name_no_pupil_and_show_no_code(tutor, owner):
    one = next(iter(small_district().students))
    name = owner.users("students")[0]["familyName"]
    assert one
    for address in (
        f"{ROSTER}students?filter=familyName='{name}", f"{ROSTER}students?filter=birthDate='{name}'", f"{ROSTER}students/{name}",
        f"{EDFI}students?lastSurname=x&birthDate={name}", f"{ROSTER}students?sort=x", f"{ROSTER}students?limit={name}",
    ):  # fmt: skip
        text = tutor.ask(address).text
        assert name not in text
        assert "Traceback" not in text
        assert ".py" not in text


def test_an_invented_name_is_logged_nowhere_whatever_the_method(region, tutor, lines):
    for method in ("GET", "OPTIONS", "POST", "HEAD"):
        for address in (
            f"/JohnSmith{ROSTER}JaneDoe",
            f"{ROSTER}JaneDoe",
            f"{EDFI}JaneDoe/JohnSmith",
            f"/maple{EDFI}JaneDoe",
        ):
            region.app.test_client().open(address, method=method)
            tutor.ask(address, method=method)
    tutor.ask(f"{ROSTER}students/JohnSmith?filter=JaneDoe")
    tutor.ask(f"{ROSTER}students", filter="givenName='JaneDoe'")
    assert lines()
    assert "JohnSmith" not in lines()
    assert "JaneDoe" not in lines()
    assert tutor.token not in lines()


def test_what_the_gateway_writes_is_its_owners_alone(region, tutor):
    tutor.roster("students")
    made = list((region.folder / "state").rglob("*"))
    assert made
    assert not [path for path in [region.folder / "state", *made] if stat.S_IMODE(path.stat().st_mode) & 0o077]
