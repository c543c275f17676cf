"""The console shows clients and does about them what the service allows; the page behind a link gives a secret once."""

from __future__ import annotations

import re
from html import unescape

import pytest

from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.auth.client_secrets import proves
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites

POOL = [f"tutor-{number}" for number in range(40)]
FREE = iter(POOL)
MAPLE = ("maple", "district-admin")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    sites = small_sites(folder / "data")
    tutoring = agreement("maple", client="tutor", purpose="tutoring")
    named = tutoring.replace("clients: [tutor]", f"clients: [{', '.join(POOL)}]")
    with people_region(folder / "region", sites, [*(agreement(name) for name in sites), named]) as region:
        yield region


@pytest.fixture
def mia(region):
    return region.browser("mia", MAPLE)


@pytest.fixture
def maple(region):
    return region.actor("mia", MAPLE)


@pytest.fixture
def name(region, maple):
    found = Clients(region.administered).register(maple, NewClient(next(FREE), "tutor", "vendor", ("edfi:read",)))
    return found.client.client_id


@pytest.fixture
def link(region, maple, name):
    return f"/once/{ClientSecrets(region.administered).link(maple, name).token}"


def body(answer):
    return unescape(answer.get_data(as_text=True))


def shown_secret(answer):
    (found,) = re.findall(r"client_secret</dt><dd><code>([^<]+)", body(answer))
    return found


def test_clients_are_listed_with_their_states_and_as_csv(mia, name):
    page = mia.get("/console/clients")
    assert page.status_code == 200
    assert name in body(page)
    table = mia.get("/console/clients?clients-csv=1")
    assert table.mimetype == "text/csv"
    assert f'"{name}","tutor"' in body(table)


def test_a_client_is_shown_with_its_state_drawn_and_what_it_needs(mia, name):
    page = body(mia.get(f"/console/clients/{name}"))
    assert '<svg class="states"' in page
    assert "Its agreements need, of Ed-Fi:" in page
    assert "Make a one-time link" in page


def test_a_client_is_registered_in_a_form(mia, region):
    one = next(FREE)
    mia.get("/console/clients/register")
    sent = {"name": one, "org": "tutor", "kind": "vendor", "steward": "maple", "scopes": ["edfi:read"]}
    answer = mia.post("/console/clients/register", sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/clients/{one}")
    assert region.administered.store.find_client(one).status == "draft"


def test_a_secret_is_made_and_shown_once(mia, region, name):
    mia.get(f"/console/clients/{name}/rotate")
    answer = mia.post(f"/console/clients/{name}/rotate", {"days": "0"})
    secret = shown_secret(answer)
    assert proves(secret, region.administered.store.find_client(name), region.clock())
    assert secret not in body(mia.get(f"/console/clients/{name}"))


def test_a_client_is_suspended_resumed_and_ended_with_a_reason(mia, region, name):
    ClientSecrets(region.administered).rotate(region.actor("mia", MAPLE), name)
    for step, state in (("suspend", "suspended"), ("resume", "enabled"), ("end", "ended")):
        path = f"/console/clients/{name}/{step}"
        assert mia.get(path).status_code == 200
        assert mia.post(path, {"reason": ""}).status_code == 200
        assert mia.post(path, {"reason": "a test"}).status_code == 303
        assert region.administered.store.find_client(name).status == state


def test_a_refusal_is_shown_in_its_form(mia, name):
    mia.get(f"/console/clients/{name}/resume")
    answer = mia.post(f"/console/clients/{name}/resume", {"reason": "a test"})
    assert answer.status_code == 409
    assert "there is nothing to resume" in body(answer)


def test_a_page_of_others_is_the_page_of_what_does_not_exist(region, name):
    cleo = region.browser("cleo", ("cedar", "district-admin"))
    for path in ("", "/rotate", "/link", "/suspend", "/copy", "/scopes", "/end"):
        theirs, nowhere = (cleo.get(f"/console/clients/{one}{path}") for one in (name, "nobody"))
        assert theirs.status_code == nowhere.status_code == 404
        told = [
            re.sub(r"[0-9a-f]{32}", "", body(one)).replace(who, "")
            for one, who in ((theirs, name), (nowhere, "nobody"))
        ]
        assert told[0] == told[1]
    assert name not in body(cleo.get("/console/clients"))


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_speaks_both_languages(mia, region, maple, name, language):
    secrets = ClientSecrets(region.administered)
    secrets.rotate(maple, name)
    secrets.rotate(maple, name, 7)
    token = secrets.link(maple, name).token
    headers = {"Accept-Language": language}
    mia.wsgi.set_cookie("__Host-crossing-language", language, domain="crossing.example.org", secure=True, path="/")
    for path in (
        "",
        "/register",
        f"/{name}",
        *(f"/{name}/{one}" for one in ("copy", "scopes", "rotate", "link", "suspend", "end")),
    ):
        assert mia.get(f"/console/clients{path}").status_code == 200, path
    page = body(region.stranger().get(f"/once/{token}", headers=headers))
    assert ("Crear el secreto" in page) == (language == "es")


def test_opening_a_link_uses_nothing_and_pressing_its_button_gives_the_secret_once(region, link, name):
    scanner = region.stranger()
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        scanner.wsgi.open(link, method=method, base_url=BASE)
    someone = region.stranger()
    page = someone.get(link)
    assert page.status_code == 200
    assert name not in body(page)
    given = someone.post(link)
    assert given.headers["Cache-Control"] == "no-store"
    assert given.headers["Referrer-Policy"] == page.headers["Referrer-Policy"] == "no-referrer"
    assert proves(shown_secret(given), region.administered.store.find_client(name), region.clock())
    assert someone.post(link).status_code == 410


def test_the_button_works_in_a_browser_that_sends_no_referer(region, link):
    """The page asks for none, and the check of all forms would want one."""
    someone = region.stranger()
    someone.get(link)
    answer = someone.wsgi.post(link, base_url=BASE, data={"csrf_token": someone.token}, headers={"Origin": "null"})
    assert shown_secret(answer)


@pytest.mark.parametrize("sent", [{}, {"csrf_token": "x"}])
def test_a_button_pressed_elsewhere_gives_nothing(region, link, sent):
    """A scanner that sends forms without their token gets no secret, and the link stays good."""
    answer = region.stranger().wsgi.post(link, base_url=BASE, data=sent)
    assert answer.status_code == 400
    assert "client_secret" not in body(answer)
    someone = region.stranger()
    someone.get(link)
    assert shown_secret(someone.post(link))


def test_links_that_give_nothing_have_one_page(region, maple, name, link):
    secrets = ClientSecrets(region.administered)
    taken = f"/once/{secrets.link(maple, name).token}"
    secrets.take_back(maple, name)
    used = f"/once/{secrets.link(maple, name).token}"
    someone = region.stranger()
    someone.get(used)
    someone.post(used)
    pages = set()
    for path in (link, taken, used, "/once/nothing", f"/once/{'x' * 43}"):
        answer = region.stranger().get(path)
        assert answer.status_code == 410
        pages.add(re.sub(r'value="[^"]*"', "", body(answer).replace(path, "")))
    assert len(pages) == 1


def test_no_token_of_a_link_is_in_the_log(region, link, capsys):
    someone = region.stranger()
    someone.get(link)
    someone.post(link)
    someone.get(link)
    logged = capsys.readouterr()
    assert "/once/<token>" in logged.out + logged.err
    assert link.rpartition("/")[2] not in logged.out + logged.err
