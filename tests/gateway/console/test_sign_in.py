"""People come in by one-time links, set up how they sign in, sign in, and prove again who they are."""

from __future__ import annotations

import json
import re

import pyotp
import pytest

from gateway.admin.people import Persons
from gateway.people.actor import operator
from tests.support.people.authenticator import Authenticator
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites

SETTINGS = f'[server]\npublic_url = "{BASE}"\n'
PASSWORD = "tulip kettle seventeen"


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS) as region:
        yield region


def bootstrap(region, mail="ana@example.org", name="Ana"):
    return Persons(region.administered).bootstrap(operator("root"), mail, name, again=True)


def secret_in(answer):
    return re.search(r"<code>([A-Z2-7]{32})</code>", answer.text)[1]


def code(secret, region, later=0):
    return pyotp.TOTP(secret).at(int(region.clock().timestamp()) + later)


def follow(region, token):
    browser = region.stranger()
    browser.get(f"/console/join/{token}")
    assert browser.post(f"/console/join/{token}").location == "/console/join"
    return browser, browser.get("/console/join")


def join(region, token, **more):
    browser, shown = follow(region, token)
    secret = secret_in(shown)
    form = {"name": "Ana", "password": PASSWORD, "code": code(secret, region)} | more
    answer = browser.post("/console/join/password", form)
    return browser, secret, answer


def codes_in(answer):
    return re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", answer.text)


def sign_in(region, mail, password, shown, path="/console/sign-in"):
    browser = region.stranger()
    browser.get(path)
    return browser, browser.post("/console/sign-in", {"mail": mail, "password": password, "code": shown})


def test_the_first_operator_joins_by_password_and_authenticator_and_signs_in_again(region):
    browser, secret, answer = join(region, bootstrap(region))
    assert answer.status_code == 200
    assert len(codes_in(answer)) == 10
    assert browser.get("/console/prove").status_code == 200
    region.clock.move(60)
    _, again = sign_in(region, "Ana@Example.org ", PASSWORD, code(secret, region))
    assert again.status_code == 303
    assert again.location == "/console"
    assert "__Host-crossing=" in again.headers["Set-Cookie"]


def test_a_session_cookie_is_bound_to_the_host_and_closed_to_scripts(region):
    _, secret, _ = join(region, bootstrap(region))
    region.clock.move(60)
    _, again = sign_in(region, "ana@example.org", PASSWORD, code(secret, region))
    cookie = next(one for one in again.headers.getlist("Set-Cookie") if one.startswith("__Host-crossing="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def passkey(region, browser, shown, authenticator, **more):
    options = json.loads(browser.post("/console/join/passkey/ask", {"name": "Ana"} | more).text)
    return browser.post("/console/join/passkey", {"name": "Ana", "answer": authenticator.make(options)} | more)


def test_whoever_gives_no_mail_address_is_told_before_a_passkey_is_made(region):
    browser, _ = follow(region, bootstrap(region, mail=""))
    refused = browser.post("/console/join/passkey/ask", {"name": "Ana", "mail": " "})
    assert (refused.status_code, refused.json) == (400, {"told": "This is no mail address."})


def test_somebody_joins_by_a_passkey_and_signs_in_with_it(region):
    browser, shown = follow(region, bootstrap(region))
    authenticator = Authenticator(BASE)
    assert passkey(region, browser, shown, authenticator).location == "/console"
    stranger = region.stranger()
    stranger.get("/console/sign-in?next=/console/prove")
    options = json.loads(stranger.post("/console/sign-in/passkey/ask").text)
    assert options["userVerification"] == "required"
    answer = stranger.post("/console/sign-in/passkey", {"answer": authenticator.use(options), "next": "/console/prove"})
    assert answer.location == "/console/prove"
    assert stranger.get("/console/prove").status_code == 200
