"""Sign-in at a real OpenID provider: who comes back is who the provider says, for this browser and this sign-in alone."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.admin.people import Persons
from gateway.people.actor import operator
from tests.support.people import provider as openid
from tests.support.people.region import BASE, people_region
from tests.support.regions import Clock, agreement, small_sites

MAIL = "diana@maple.example.org"
BACK = f"{BASE}/console/sign-in/with/school/back"
CLAIMS = {"email": MAIL, "email_verified": True}


def table(issuer, name="school", domains=""):
    return f"""
[[sign_in.providers]]
name = "{name}"
issuer = "{issuer}"
client_id = "{openid.CLIENT}"
client_secret = "env:OPENID_SECRET"
allow_private = true
{f"domains = {domains}" if domains else ""}
"""


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("OPENID_SECRET", openid.SECRET)


@contextmanager
def opened(folder, *tables):
    sites = small_sites(folder / "data")
    settings = f'[server]\npublic_url = "{BASE}"\n' + "".join(tables)
    clock = Clock(datetime.now(UTC))
    with people_region(folder / "region", sites, [agreement(name) for name in sites], settings, clock) as region:
        yield region


@pytest.fixture
def provider():
    with openid.openid_provider(BACK, **CLAIMS) as running:
        yield running


@pytest.fixture
def region(tmp_path, provider):
    with opened(tmp_path, table(provider.issuer)) as region:
        yield region


def invited(region, mail=MAIL, org="maple", role="approver"):
    token = Persons(region.administered).invite(operator("root"), org, mail, role)
    browser = region.stranger()
    browser.get(f"/console/join/{token}")
    browser.post(f"/console/join/{token}")
    browser.get("/console/join")
    return browser


def to_provider(browser, name="school"):
    shown = browser.post(f"/console/join/with/{name}").text
    return shown.partition('<a class="btn btn-primary" href="')[2].partition('"')[0].replace("&amp;", "&")


def join(region, **more):
    browser = invited(region, **more)
    return browser, browser.get(openid.visit(to_provider(browser)))


def sign_in(region, name="school"):
    browser = region.stranger()
    address = browser.get(f"/console/sign-in/with/{name}").location
    return browser, address


def is_in(browser):
    return browser.get("/console/account").status_code == 200


def test_somebody_joins_by_a_verified_address_and_then_signs_in_as_the_same_identity(region):
    joined, answer = join(region)
    assert answer.location == "/console"
    assert is_in(joined)
    browser, address = sign_in(region)
    assert browser.get(openid.visit(address)).location == "/console"
    assert is_in(browser)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_gateway_shows_who_it_is_as_the_provider_asks(region, provider, method):
    provider.methods = (method,)
    joined, _ = join(region)
    assert is_in(joined)


def test_the_request_to_the_provider_has_state_nonce_and_a_hashed_verifier(region):
    _, address = sign_in(region)
    asked = parse_qs(urlsplit(address).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BACK]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    _, other = sign_in(region)
    assert all(asked[name] != parse_qs(urlsplit(other).query)[name] for name in ("state", "nonce", "code_challenge"))


def test_a_stranger_whom_the_provider_knows_does_not_come_in(region):
    browser, address = sign_in(region)
    assert browser.get(openid.visit(address)).location == "/console/sign-in"
    assert not is_in(browser)


@pytest.mark.parametrize(
    "claims", [{"email": MAIL}, CLAIMS | {"email_verified": False}, CLAIMS | {"email_verified": "true"}]
)
def test_an_address_that_is_not_verified_joins_nobody(tmp_path, claims):
    with openid.openid_provider(BACK, **claims) as provider, opened(tmp_path, table(provider.issuer)) as region:
        browser, answer = join(region)
        assert answer.location == "/console/sign-in"
        assert not is_in(browser)


def test_an_invitation_of_another_address_is_not_accepted(region):
    browser, _ = join(region, mail="eve@maple.example.org")
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("domains", "comes_in"),
    [
        ('{"maple.example.org" = "maple"}', True),
        ('{"maple.example.org" = ""}', True),
        ('{"maple.example.org" = "cedar"}', False),
        ('{"example.org" = ""}', False),
    ],
)
def test_a_provider_is_believed_for_its_domains_and_their_organisations_alone(tmp_path, provider, domains, comes_in):
    with opened(tmp_path, table(provider.issuer, domains=domains)) as region:
        browser, _ = join(region)
        assert is_in(browser) is comes_in


LIES = {
    "another nonce": lambda claims: claims | {"nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "another audience": lambda claims: claims | {"aud": ["somebody-else"]},
    "one more audience": lambda claims: claims | {"aud": [openid.CLIENT, "somebody-else"]},
    "another authorized party": lambda claims: claims | {"azp": "somebody-else"},
    "another issuer": lambda claims: claims | {"iss": "https://evil.example.org"},
    "expired": lambda claims: claims | {"exp": int(time.time()) - 3600},
    "no expiry": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "from the future": lambda claims: claims | {"iat": int(time.time()) + 3600, "nbf": int(time.time()) + 3600},
    "no subject": lambda claims: claims | {"sub": ""},
    "a subject of another type": lambda claims: claims | {"sub": 7},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_id_token_that_does_not_hold_lets_nobody_in(region, provider, lie):
    join(region)
    provider.forge = LIES[lie]
    browser, address = sign_in(region)
    assert browser.get(openid.visit(address)).location == "/console/sign-in"
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("algorithm", "comes_in"), [("RS256", True), ("ES256", True), ("none", False), ("HS256", False), ("RS512", False)]
)
def test_only_the_pinned_algorithms_count(region, provider, algorithm, comes_in):
    join(region)
    provider.forge, provider.algorithm = dict, algorithm
    browser, address = sign_in(region)
    browser.get(openid.visit(address))
    assert is_in(browser) is comes_in


def test_a_token_signed_by_another_key_does_not_count(region, provider):
    join(region)
    with openid.openid_provider(BACK, **CLAIMS) as other:
        other.forge = lambda claims: claims
        provider._forged = other._forged  # signs with keys that are not the provider's
        browser, address = sign_in(region)
        browser.get(openid.visit(address))
        assert not is_in(browser)


def test_the_answer_belongs_to_the_browser_that_was_sent(region):
    join(region)
    _, address = sign_in(region)
    back = openid.visit(address)
    victim, _ = sign_in(region)
    assert victim.get(back).location == "/console/sign-in"
    assert not is_in(victim)
    assert not is_in(region.stranger())


def test_an_answer_counts_once(region):
    join(region)
    browser, address = sign_in(region)
    back = openid.visit(address)
    browser.get(back)
    browser.get("/console/account")
    browser.post("/console/sign-out")
    assert browser.get(back).location == "/console/sign-in"
    assert not is_in(browser)


@pytest.mark.parametrize("change", ["state=x", "", "iss=https%3A%2F%2Fevil.example.org", "error=access_denied"])
def test_a_changed_answer_does_not_count(region, change):
    join(region)
    browser, address = sign_in(region)
    path, _, query = openid.visit(address).partition("?")
    name = change.partition("=")[0] or "state"
    kept = [one for one in query.split("&") if not one.startswith(f"{name}=")]
    browser.get(f"{path}?{'&'.join([*kept, change] if change else kept)}")
    assert not is_in(browser)


def test_the_answer_of_one_provider_is_not_one_of_another(tmp_path, provider):
    """Mix-up: the code of an honest provider is never redeemed at, nor taken for one of, the attacker's."""
    other_back = BACK.replace("/school/", "/evil/")
    with (
        openid.openid_provider(other_back, **CLAIMS) as evil,
        opened(tmp_path, table(provider.issuer), table(evil.issuer, "evil")) as region,
    ):
        join(region)
        browser, address = sign_in(region)
        back = openid.visit(address)
        evil.asked.clear()
        browser.get(back.replace("/school/", "/evil/"))
        assert evil.asked == []
        assert not is_in(browser)


def test_the_same_subject_at_another_provider_is_somebody_else(tmp_path, provider):
    other_back = BACK.replace("/school/", "/evil/")
    with (
        openid.openid_provider(other_back, **CLAIMS) as evil,
        opened(tmp_path, table(provider.issuer), table(evil.issuer, "evil")) as region,
    ):
        subjects = []
        provider.forge = lambda claims: subjects.append(claims["sub"]) or claims
        join(region)
        evil.forge = lambda claims: claims | {"sub": subjects[0]}
        browser, address = sign_in(region, "evil")
        browser.get(openid.visit(address))
        assert not is_in(browser)


def test_a_suspended_person_does_not_come_in(region):
    joined, _ = join(region)
    people = Persons(region.administered)
    person, org = people.find(operator("root"), MAIL)
    people.change_status(operator("root"), org, person.id, "suspend", "leave")
    assert not is_in(joined)
    browser, address = sign_in(region)
    browser.get(openid.visit(address))
    assert not is_in(browser)


def test_a_provider_that_does_not_answer_is_said_and_nothing_breaks(tmp_path):
    with opened(tmp_path, table("http://127.0.0.1:9")) as region:
        answer = region.stranger().get("/console/sign-in/with/school")
        assert answer.status_code < 500
        assert "provider cannot be reached" in answer.text


def test_an_address_inside_the_house_needs_leave(tmp_path, provider):
    settings = table(provider.issuer).replace("allow_private = true", "")
    with opened(tmp_path, settings) as region:
        provider.asked.clear()
        assert "provider cannot be reached" in region.stranger().get("/console/sign-in/with/school").text
        assert provider.asked == []


def test_local_accounts_can_be_turned_off(tmp_path, provider):
    settings = "[sign_in]\nlocal_accounts = false\n" + table(provider.issuer)
    with opened(tmp_path, settings) as region:
        stranger = region.stranger()
        shown = stranger.get("/console/sign-in").text
        assert 'name="password"' not in shown
        assert stranger.post("/console/sign-in", {"mail": MAIL, "password": "x", "code": "1"}).status_code == 404
        assert stranger.post("/console/sign-in/passkey/ask").status_code == 404
        browser, _ = join(region)
        assert is_in(browser)


def test_proving_anew_asks_the_provider_to_ask_the_person(region, provider):
    browser, _ = join(region)
    address = browser.get("/console/sign-in/with/school?next=/console/account/password").location
    asked = parse_qs(urlsplit(address).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    provider.forge = lambda claims: claims | {"auth_time": int(time.time()) - 7200}
    assert browser.get(openid.visit(address.replace("prompt=login&", ""))).location == "/console/sign-in"
