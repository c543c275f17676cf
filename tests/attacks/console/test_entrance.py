"""Whoever tries to come into the console as somebody else stays outside, and learns nothing of who is inside."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from gateway.admin.districts.uploading import UploadGate
from gateway.console.app import create_console
from gateway.people.sessions import COOKIE
from standards.errors import Unauthenticated
from tests.support.people.api import in_session
from tests.support.people.authenticator import PRESENT, Authenticator
from tests.support.people.joining import (
    OPERATOR,
    PASSWORD,
    SETTINGS,
    ask_passkey,
    code,
    follow,
    invite,
    is_in,
    join,
    join_by_passkey,
    persons,
    secret_in,
    sign_in,
)
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites

WRONG = "wrong kettle seventeen"
OWN_TOKEN = {"once.follow"}
"""Checks the token of its form itself, and has tests of its own: its page sends no Referer, which the check of all asks for."""


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites], SETTINGS) as region:
        yield region


def cookie_of(browser):
    return browser.wsgi.get_cookie(COOKIE, domain="crossing.example.org", path="/").value


def plant(browser, name, value):
    browser.wsgi.set_cookie(name, value, domain="crossing.example.org", secure=True, path="/")


def posts(region):
    for rule in create_console(region.administered).url_map.iter_rules():
        if "POST" in rule.methods and rule.endpoint not in OWN_TOKEN:
            path = re.sub(r"<any\(([\w-]+)[^>]*>", r"\1", rule.rule)
            yield rule.rule, re.sub(r"<[^>]*>", "x", re.sub(r"<int[^>]*>", "1", path))


def test_no_form_is_taken_without_the_token_of_this_browser(region):
    somebody = region.browser(
        "eve", ("region", "region-operator"), ("maple", "district-admin"), ("maple", "privacy-officer")
    )
    other = region.browser("mallory", ("maple", "district-admin"))
    other.get("/console/account")
    somebody.get("/console/account")
    walked = dict(posts(region))
    assert len(walked) > 20
    for rule, path in walked.items():
        for token in ("", "forged", other.token):
            answer = somebody.post(path, {"csrf_token": token})
            assert answer.status_code == 400, (rule, token)
            assert "made here" in answer.text, rule
        answer = somebody.post(path, headers={"Referer": "https://evil.example/", "Origin": "https://evil.example"})
        assert answer.status_code == 400, rule
    assert is_in(somebody)


def test_a_session_that_was_planted_is_not_the_one_somebody_signs_in_to(region):
    ana = join(region, "ana@maple.example.org")
    mallory = join(region, "mallory@maple.example.org")
    region.clock.move(60)
    for planted in ("x" * 43, cookie_of(mallory.browser)):
        browser = region.stranger()
        browser.get("/console/sign-in")
        plant(browser, COOKIE, planted)
        form = {"mail": ana.mail, "password": PASSWORD, "code": code(region, ana.secret)}
        answer = browser.post("/console/sign-in", form)
        assert answer.status_code == 303
        assert cookie_of(browser) != planted
        attacker = region.stranger()
        plant(attacker, COOKIE, planted)
        assert not is_in(attacker)
        region.clock.move(60)


def test_a_cookie_that_a_subdomain_could_set_is_no_session(region):
    session = region.administered.sessions().begin(region.person("ana", ("maple", "approver")), "totp")
    for name in ("crossing", "__Secure-crossing", "session"):
        browser = region.stranger()
        plant(browser, name, session)
        assert not is_in(browser)
    browser = region.stranger()
    plant(browser, COOKIE, session)
    assert is_in(browser)


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console/..//evil.example",
        "/console/%2e%2e/docs",
        "/console/x/%2E./.%2e/docs",
        "/once/x",
        "javascript:x",
    ],
)
def test_signing_in_leads_nowhere_else(region, way):
    ana = join(region, "ana@maple.example.org")
    region.clock.move(60)
    browser = region.stranger()
    shown = browser.get("/console/sign-in", query_string={"next": way}).text
    assert set(re.findall(r'name="next"[^>]*value="([^"]*)"', shown)) == {"/console"}
    _, answer = sign_in(region, ana.mail, PASSWORD, code(region, ana.secret), next=way, browser=browser)
    assert answer.location == "/console"


def test_a_wrong_sign_in_looks_the_same_whoever_it_is_about(region):
    ana, ben = join(region, "ana@maple.example.org"), join_by_passkey(region, "ben@maple.example.org")
    cleo = join(region, "cleo@maple.example.org")
    person, org = persons(region).find(OPERATOR, cleo.mail)
    persons(region).change_status(OPERATOR, org, person.id, "suspend", "leave")
    region.clock.move(60)
    tries = {
        "unknown": ("nobody@maple.example.org", PASSWORD, "123456"),
        "no address": ("x", PASSWORD, "123456"),
        "wrong password": (ana.mail, WRONG, code(region, ana.secret)),
        "wrong code": (ana.mail, PASSWORD, "000000"),
        "without a password": (ben.mail, PASSWORD, "123456"),
        "suspended": (cleo.mail, PASSWORD, code(region, cleo.secret)),
        "empty": ("", "", ""),
    }
    answers = set()
    for mail, password, shown in tries.values():
        _, answer = sign_in(region, mail, password, shown)
        text = re.sub(r'value="[^"]*"|mail" name="mail"', "", answer.text)
        answers.add((answer.status_code, text, tuple(sorted(answer.headers.keys()))))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401


@pytest.mark.parametrize("mail", ["ana@maple.example.org", "nobody@maple.example.org"])
def test_guessing_is_slowed_down_alike_for_known_and_unknown_people(region, mail):
    ana = join(region, "ana@maple.example.org")
    region.clock.move(60)
    statuses = [sign_in(region, mail, WRONG, "123456")[1].status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    if mail == ana.mail:
        assert sign_in(region, mail, PASSWORD, code(region, ana.secret))[1].status_code == 429


def test_guessing_one_persons_password_shuts_nobody_else_out(region):
    join(region, "ana@maple.example.org")
    ben = join(region, "ben@maple.example.org")
    region.clock.move(60)
    for _ in range(12):
        sign_in(region, "ana@maple.example.org", WRONG, "123456")
    assert sign_in(region, ben.mail, PASSWORD, code(region, ben.secret))[1].status_code == 303


def test_guessing_a_persons_password_keeps_it_not_from_proving_who_it_is(region):
    ana = join(region, "ana@maple.example.org")
    region.clock.move(60)
    for _ in range(11):
        _, answer = sign_in(region, ana.mail, WRONG, "000000")
    assert answer.status_code == 429
    right = {"password": PASSWORD, "code": code(region, ana.secret)}
    ana.browser.get("/console/prove")
    assert ana.browser.post("/console/prove", right).status_code == 303
    ana.browser.get("/console/prove")
    guesses = [ana.browser.post("/console/prove", {"password": WRONG, "code": "000000"}).status_code for _ in range(11)]
    assert guesses == [401] * 10 + [429]


def test_a_code_counts_once_and_so_does_one_before_it(region):
    ana = join(region, "ana@maple.example.org")
    region.clock.move(90)
    shown, before, after = (code(region, ana.secret, later) for later in (0, -30, 60))
    assert sign_in(region, ana.mail, PASSWORD, shown)[1].status_code == 303
    assert sign_in(region, ana.mail, PASSWORD, shown)[1].status_code == 401
    assert sign_in(region, ana.mail, PASSWORD, before)[1].status_code == 401
    assert sign_in(region, ana.mail, PASSWORD, after)[1].status_code == 401


def test_the_code_of_the_setting_up_does_not_sign_in(region):
    ana = join(region, "ana@maple.example.org")
    assert sign_in(region, ana.mail, PASSWORD, code(region, ana.secret))[1].status_code == 401


def test_a_recovery_code_counts_once_and_for_its_person_alone(region):
    ana, ben = join(region, "ana@maple.example.org"), join(region, "ben@maple.example.org")
    region.clock.move(60)
    assert sign_in(region, ben.mail, PASSWORD, ana.codes[0])[1].status_code == 401
    assert sign_in(region, ana.mail, WRONG, ana.codes[0])[1].status_code == 401
    assert sign_in(region, ana.mail, PASSWORD, ana.codes[0].upper())[1].status_code == 303
    assert sign_in(region, ana.mail, PASSWORD, ana.codes[0])[1].status_code == 401


def test_a_link_is_used_by_no_scanner_and_by_one_person_once(region):
    token = invite(region, "ana@maple.example.org", "maple", "approver")
    for _ in range(3):
        scanner = region.stranger()
        assert scanner.get(f"/console/join/{token}").status_code == 200
        assert scanner.wsgi.head(f"/console/join/{token}", base_url=BASE).status_code == 200
        assert scanner.get("/console/join").status_code == 404
    assert "maple" not in region.stranger().get(f"/console/join/{token}").text
    browser, shown = follow(region, token)
    late, _ = follow(region, token)
    form = {"name": "Ana", "password": PASSWORD, "code": code(region, secret_in(shown))}
    assert browser.post("/console/join/password", form).status_code == 200
    assert late.post("/console/join/password", form).status_code == 404
    assert late.get("/console/join").status_code == 404
    assert region.stranger().get(f"/console/join/{token}").status_code == 404


def test_a_link_ends_and_a_newer_one_takes_its_place(region):
    first = invite(region, "ana@maple.example.org", "maple", "approver")
    second = invite(region, "ana@maple.example.org", "maple", "approver")
    assert region.stranger().get(f"/console/join/{first}").status_code == 404
    assert region.stranger().get(f"/console/join/{second}").status_code == 200
    browser, _ = follow(region, second)
    region.clock.now += timedelta(days=7)
    assert region.stranger().get(f"/console/join/{second}").status_code == 404
    assert browser.get("/console/join").status_code == 404


def test_whoever_joins_chooses_neither_role_nor_organisation_nor_address(region):
    browser, shown = follow(region, invite(region, "ana@maple.example.org", "maple", "approver"))
    form = {
        "name": "Ana", "password": PASSWORD, "code": code(region, secret_in(shown)), "mail": "root@example.org",
        "role": "region-operator", "org": "region", "kind": "bootstrap",
    }  # fmt: skip
    assert browser.post("/console/join/password", form).status_code == 200
    found, org = persons(region).find(OPERATOR, "ana@maple.example.org")
    assert (org, persons(region).member(OPERATOR, "maple", found.id).roles) == ("maple", ("approver",))
    assert browser.get("/console/people?org=region").status_code in {403, 404}


def test_a_link_for_somebody_who_is_here_sets_up_no_other_way_in(region):
    """Whoever invites somebody else's person to its organisation cannot take that person over."""
    ana = join(region, "ana@maple.example.org")
    browser, shown = follow(region, invite(region, ana.mail, "cedar", "approver"))
    assert "Sign in with the address" in shown.text
    form = {"name": "Ana", "password": "another kettle nineteen", "code": "123456"}
    browser.post("/console/join/password", form)
    assert browser.post("/console/join/passkey/ask", {"name": "Ana"}).status_code == 400
    assert not is_in(browser)
    mallory = join(region, "mallory@maple.example.org")
    follow(region, invite(region, ana.mail, "cedar", "district-admin"), mallory.browser)
    assert mallory.browser.post("/console/join/role").status_code == 400
    follow(region, invite(region, ana.mail, "cedar", "approver"), ana.browser)
    assert ana.browser.post("/console/join/role").status_code == 303
    found, _ = persons(region).find(OPERATOR, ana.mail)
    assert persons(region).member(OPERATOR, "cedar", found.id).roles == ("approver",)


def test_a_passkey_signs_in_its_owner_once_for_one_challenge(region):
    ana = join_by_passkey(region, "ana@maple.example.org")
    browser = region.stranger()
    answer = ana.authenticator.use(ask_passkey(browser))
    thief = region.stranger()
    ask_passkey(thief)
    assert thief.post("/console/sign-in/passkey", {"answer": answer}).location.startswith("/console/sign-in")
    assert not is_in(thief)
    assert browser.post("/console/sign-in/passkey", {"answer": answer}).location == "/console"
    assert is_in(browser)
    browser.get("/console/account")
    browser.post("/console/sign-out")
    browser.get("/console/sign-in")
    browser.post("/console/sign-in/passkey", {"answer": answer})
    assert not is_in(browser)


def changed(answer, **parts):
    read = json.loads(answer)
    read["response"] |= parts
    return json.dumps(read)


@pytest.mark.parametrize(
    "attack",
    [
        "another origin",
        "not verified",
        "another site",
        "copied",
        "somebody else's name",
        "nothing",
        "no JSON",
        "a list",
    ],
)
def test_a_passkey_that_does_not_hold_lets_nobody_in(region, attack):
    ana, ben = join_by_passkey(region, "ana@maple.example.org"), join_by_passkey(region, "ben@maple.example.org")
    browser = region.stranger()
    mine = ana.authenticator
    if attack == "another origin":
        mine.origin = "https://evil.example"
    if attack == "not verified":
        mine.flags = PRESENT
    if attack == "another site":
        mine.keys[-1].domain = "evil.example"
    if attack == "copied":
        assert browser.post("/console/sign-in/passkey", {"answer": mine.use(ask_passkey(browser))}).status_code == 303
        browser = region.stranger()
        mine.keys[-1].count -= 1
    answer = mine.use(ask_passkey(browser))
    if attack == "somebody else's name":
        answer = changed(
            answer, userHandle=json.loads(ben.authenticator.use({"challenge": "AAAA"}))["response"]["userHandle"]
        )
    answer = {"nothing": "", "no JSON": "{", "a list": "[]"}.get(attack, answer)
    browser.post("/console/sign-in/passkey", {"answer": answer})
    assert not is_in(browser)


def test_somebody_else_who_proves_does_not_go_on_in_a_session(region):
    """A passkey of another person, at the open browser of somebody, neither proves nor signs in."""
    ana, ben = join_by_passkey(region, "ana@maple.example.org"), join_by_passkey(region, "ben@maple.example.org")
    region.clock.move(700)
    assert ana.browser.get("/console/account/password").location.startswith("/console/prove")
    ana.browser.get("/console/prove")
    options = json.loads(ana.browser.post("/console/sign-in/passkey/ask").text)
    before = cookie_of(ana.browser)
    ana.browser.post("/console/sign-in/passkey", {"answer": ben.authenticator.use(options)})
    assert cookie_of(ana.browser) == before
    assert ana.browser.get("/console/account/password").location.startswith("/console/prove")
    options = json.loads(ana.browser.post("/console/sign-in/passkey/ask").text)
    ana.browser.post("/console/sign-in/passkey", {"answer": ana.authenticator.use(options)})
    assert ana.browser.get("/console/account/password").status_code == 200


def test_a_passkey_that_was_made_for_somebody_else_is_not_kept(region):
    ana = join(region, "ana@maple.example.org")
    ana.browser.get("/console/account")
    options = json.loads(ana.browser.post("/console/account/passkeys/ask").text)
    evil = Authenticator("https://evil.example").make(options)
    assert ana.browser.post("/console/account/passkeys", {"answer": evil}).status_code == 400
    assert (
        ana.browser.post("/console/account/passkeys", {"answer": Authenticator(BASE).make(options)}).status_code == 400
    )


def test_a_change_of_how_one_signs_in_ends_every_other_session(region):
    ana = join(region, "ana@maple.example.org")
    region.clock.move(60)
    elsewhere, _ = sign_in(region, ana.mail, PASSWORD, code(region, ana.secret))
    assert is_in(elsewhere)
    before = cookie_of(ana.browser)
    ana.browser.get("/console/account")
    options = json.loads(ana.browser.post("/console/account/passkeys/ask").text)
    ana.browser.post("/console/account/passkeys", {"answer": ana.authenticator.make(options), "label": "my telephone"})
    assert "my telephone" in ana.browser.get("/console/account").text
    assert cookie_of(ana.browser) != before
    assert not is_in(elsewhere)


@pytest.mark.parametrize("step", ["suspend", "end"])
def test_whoever_is_suspended_or_ended_is_out_at_the_next_request(region, step):
    ana = join(region, "ana@maple.example.org")
    assert is_in(ana.browser)
    person, org = persons(region).find(OPERATOR, ana.mail)
    persons(region).change_status(OPERATOR, org, person.id, step, "left")
    assert not is_in(ana.browser)
    region.clock.move(60)
    assert sign_in(region, ana.mail, PASSWORD, code(region, ana.secret))[1].status_code == 401
    if step == "suspend":
        persons(region).change_status(OPERATOR, org, person.id, "resume", "back")
        assert not is_in(ana.browser)
        region.clock.move(60)
        assert sign_in(region, ana.mail, PASSWORD, code(region, ana.secret))[1].status_code == 303


def test_a_session_ends_when_idle_and_at_last_whatever_is_asked(region):
    ana = join(region, "ana@maple.example.org")
    for _ in range(29):
        region.clock.now += timedelta(minutes=20)
        assert is_in(ana.browser)
    region.clock.now += timedelta(minutes=25)
    assert not is_in(ana.browser)
    ben = join(region, "ben@maple.example.org")
    region.clock.now += timedelta(minutes=31)
    assert not is_in(ben.browser)


@pytest.mark.parametrize("ends", ["idle", "longest"])
def test_a_session_ends_when_the_settings_say_by_whatever_door(tmp_path, ends):
    settings = f'{SETTINGS}[sign_in]\n{ends} = "5m"\n'
    with people_region(tmp_path / "region", small_sites(tmp_path / "data"), [], settings) as region:
        script = in_session(region, "ana", ("maple", "district-admin"))
        gate = UploadGate(region.administered)
        session = script.wsgi.get_cookie(COOKIE, domain="crossing.example.org", path="/").value
        upload = {
            "REQUEST_METHOD": "PUT", "PATH_INFO": "/admin/v1/districts/maple/upload", "HTTP_COOKIE": f"{COOKIE}={session}"
        }  # fmt: skip
        with gate.inside(upload):
            region.clock.now += timedelta(minutes=6)
        assert script.get("/session").status_code == 401
        with pytest.raises(Unauthenticated):
            gate.admit(upload)
        assert script.wsgi.get("/console/account", base_url=BASE).status_code == 302


def test_getting_back_in_leaves_nothing_of_before(region):
    ana = join(region, "ana@maple.example.org")
    person, org = persons(region).find(OPERATOR, ana.mail)
    token = persons(region).recover(OPERATOR, org, person.id, "lost telephone")
    assert is_in(ana.browser)
    region.clock.move(60)
    browser, shown = follow(region, token)
    new = secret_in(shown)
    form = {"password": "another kettle nineteen", "code": code(region, new)}
    assert browser.post("/console/join/password", form).status_code == 200
    assert is_in(browser)
    assert not is_in(ana.browser)
    region.clock.move(60)
    assert sign_in(region, ana.mail, PASSWORD, code(region, ana.secret))[1].status_code == 401
    assert sign_in(region, ana.mail, PASSWORD, ana.codes[0])[1].status_code == 401
    assert sign_in(region, ana.mail, "another kettle nineteen", code(region, new))[1].status_code == 303


def test_a_link_to_get_back_in_ends_with_the_role_of_whoever_made_it(region):
    ana = join(region, "ana@maple.example.org")
    boss, other = (region.actor(name, ("region", "region-operator")) for name in ("bo", "olga"))
    person = next(
        one.person.id for one in persons(region).overview(OPERATOR, "maple").members if one.person.mail == ana.mail
    )
    token = persons(region).recover(boss, "maple", person, "lost telephone")
    assert region.stranger().get(f"/console/join/{token}").status_code == 200
    persons(region).end_role(other, "region", boss.person, "region-operator", "left")
    assert region.stranger().get(f"/console/join/{token}").status_code == 404


def test_a_link_to_get_back_in_leads_to_no_role_that_its_maker_has_no_say_in(region):
    ana = join(region, "ana@maple.example.org")
    eve = region.actor("eve", ("maple", "district-admin"))
    person = next(
        one.person.id for one in persons(region).overview(OPERATOR, "maple").members if one.person.mail == ana.mail
    )
    token = persons(region).recover(eve, "maple", person, "lost telephone")
    browser, _ = follow(region, token)
    taken = persons(region).invite(OPERATOR, "region", ana.mail, "region-operator")
    follow(region, taken, ana.browser)
    ana.browser.post("/console/join/role")
    assert browser.get("/console/join").status_code == 404
    assert region.stranger().get(f"/console/join/{token}").status_code == 404
    assert is_in(ana.browser)


def test_signing_out_ends_the_session_and_not_only_the_cookie(region):
    ana = join(region, "ana@maple.example.org")
    kept = cookie_of(ana.browser)
    ana.browser.get("/console/account")
    assert ana.browser.post("/console/sign-out").location == "/console/sign-in"
    thief = region.stranger()
    plant(thief, COOKIE, kept)
    assert not is_in(thief)
