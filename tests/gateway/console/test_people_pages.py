"""Pages of signing in and of people answer in both languages, as CSV where they have tables, and change what they say."""

from __future__ import annotations

import re

import pytest

from gateway.admin.organisations import Organisations
from gateway.console.wording import COOKIE
from tests.support.people.joining import OPERATOR, PASSWORD, SETTINGS, code, follow, invite, join, persons, secret_in
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    sites = small_sites(folder / "data")
    with people_region(folder / "region", sites, [agreement(name) for name in sites], SETTINGS) as region:
        region.browser("ana", ("maple", "district-admin"), ("region", "region-operator"))
        region.browser("ben", ("maple", "approver"))
        Organisations(region.administered).add(OPERATOR, "tutors", "cbo", "The Tutors")
        invite(region, "cleo@example.org", "maple", "auditor")
        yield region


PAGES = [
    "/console/sign-in", "/console/prove?again=True", "/console/account", "/console/account/password",
    "/console/people", "/console/people?org=maple", "/console/people?org=tutors", "/console/people/invite?org=maple",
    "/console/people/person/{ben}?org=maple", "/console/people/person/{ana}?org=maple", "/console/people/organisations",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_in_both_languages_with_ids_of_its_own(region, path, language):
    browser = region.stranger() if path == "/console/sign-in" else region.browser("ana")
    browser.wsgi.set_cookie(COOKIE, language, domain="crossing.example.org", secure=True, path="/")
    answer = browser.get(path.format(**{name: region.person(name) for name in ("ana", "ben")}))
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert sorted(ids) == sorted(set(ids))
    assert "style=" not in answer.text
    assert "onclick" not in answer.text


@pytest.mark.parametrize("language", ["en", "es"])
def test_joining_speaks_both_languages_from_the_link_to_the_codes(region, language):
    browser = region.stranger()
    browser.wsgi.set_cookie(COOKIE, language, domain="crossing.example.org", secure=True, path="/")
    token = invite(region, f"new-{language}@example.org", "maple", "auditor")
    _, shown = follow(region, token, browser)
    ids = re.findall(r'\sid="([^"]+)"', shown.text)
    assert sorted(ids) == sorted(set(ids))
    assert "style=" not in shown.text
    form = {"name": "New", "password": "short", "code": code(region, secret_in(shown))}
    refused = browser.post("/console/join/password", form)
    assert refused.status_code == 400
    assert ("12 characters" in refused.text) == (language == "en")
    done = browser.post("/console/join/password", form | {"password": PASSWORD})
    assert done.status_code == 200
    found, _ = persons(region).find(OPERATOR, f"new-{language}@example.org")
    assert found.language == language


@pytest.mark.parametrize(
    ("path", "table", "title"),
    [
        ("/console/people?org=maple", "people", '"Mail address"'),
        ("/console/people/organisations", "organisations", '"Kind"'),
    ],
)
def test_a_table_is_there_as_csv(region, path, table, title):
    mark = "&" if "?" in path else "?"
    answer = region.browser("ana").get(f"{path}{mark}{table}-csv=1")
    assert answer.mimetype == "text/csv"
    assert title in answer.text


def test_the_pages_do_what_they_say(region):
    ana, dora = region.browser("ana"), join(region, "dora@example.org")
    found, _ = persons(region).find(OPERATOR, dora.mail)
    page = f"/console/people/person/{found.id}"
    ana.get(f"{page}?org=maple")
    assert ana.post(f"{page}/give", {"org": "maple", "role": "auditor", "reason": "audit"}).status_code == 303
    assert ana.post(f"{page}/take", {"org": "maple", "role": "approver", "reason": "audit"}).status_code == 303
    assert persons(region).member(OPERATOR, "maple", found.id).roles == ("auditor",)
    assert ana.post(f"{page}/status", {"org": "maple", "step": "suspend", "reason": ""}).status_code == 400
    assert ana.post(f"{page}/status", {"org": "maple", "step": "delete", "reason": "x"}).status_code == 404
    assert ana.post(f"{page}/status", {"org": "maple", "step": "suspend", "reason": "leave"}).status_code == 303
    assert ana.post(f"{page}/status", {"org": "maple", "step": "resume", "reason": "back"}).status_code == 303
    shown = ana.post(f"{page}/recover", {"org": "maple", "reason": "lost"})
    assert re.search(r"<code>https://crossing.example.org/console/join/[\w-]{43}</code>", shown.text)
    shown = ana.post("/console/people/invite", {"org": "maple", "mail": "eve@example.org", "role": "auditor"})
    assert re.search(r"<code>https://crossing.example.org/console/join/[\w-]{43}</code>", shown.text)
    (open_one,) = (
        one for one in persons(region).overview(OPERATOR, "maple").invitations if one.mail == "eve@example.org"
    )
    assert ana.post("/console/people/withdraw", {"org": "maple", "invitation": open_one.id}).status_code == 303
    assert ana.post(f"{page}/status", {"org": "maple", "step": "end", "reason": "left"}).location.endswith("?org=maple")


def test_somebody_turns_the_own_mail_off_and_on_again(region):
    ana = region.browser("ana")
    for choice, said in (("off", "No mail comes any more"), ("on", "Mail comes again"), ("?", "No mail comes")):
        ana.get("/console/account")
        assert ana.post("/console/account/mail", {"mail": choice}).status_code == 303
        assert said in ana.get("/console/account").text
    assert "Send me mail" in ana.get("/console/account").text


def test_an_address_longer_than_a_name_on_record_is_refused(region):
    ana = region.browser("ana")
    ana.get("/console/people/invite?org=maple")
    long = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example.org"
    for mail, status in ((long, 400), (long[-200:], 200)):
        answer = ana.post("/console/people/invite", {"org": "maple", "mail": mail, "role": "auditor"})
        assert answer.status_code == status, mail


def test_hostile_names_stay_text(region):
    name = '<script>alert("x")</script>'
    token = persons(region).invite(OPERATOR, "maple", "h@example.org", "auditor", name)
    browser, shown = follow(region, token)
    assert "<script>alert" not in shown.text
    form = {"name": name, "password": PASSWORD, "code": code(region, secret_in(shown))}
    browser.post("/console/join/password", form)
    for path in ("/console/people?org=maple", "/console/account"):
        seen = (region.browser("ana") if "people" in path else browser).get(path)
        assert "<script>alert" not in seen.text
        assert "&lt;script&gt;" in seen.text
