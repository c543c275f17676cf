"""What a deployment can do is told to anyone, under the standard's own names, and shown on pages of its own."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import jsonschema
import pytest

from gateway.web.metadata.oneroster import ASSETS, DISCOVERY, HEADERS, SECTIONS
from standards import registry
from standards.oneroster import model
from standards.oneroster.api.supported_operations import supported_operations
from tests.support.regions import agreement, running, small_sites

ROOTS = {service: model.edition("1.2").base_path(service) for service in DISCOVERY}
FILES = [(service, name) for service, names in DISCOVERY.items() for name in names]
PAGES = ["/docs", *(f"/docs/{name}" for name in SECTIONS)]
ADMINISTRATION = "/admin/v1/openapi.json"
"""An address of the region as a whole, which another application serves."""
ELSEWHERE = re.compile(rb"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """``maple`` from OneRoster files, ``cedar`` from Ed-Fi files; all of it released."""
    folder = tmp_path_factory.mktemp("described")
    sites = small_sites(folder / "data")
    with running(folder / "region", sites, [agreement(name) for name in sites]) as made:
        yield made


@pytest.fixture(scope="module")
def web(region):
    """Somebody without a token."""
    return region.app.test_client()


class Links(HTMLParser):
    """The addresses that a page loads or leads to."""

    def __init__(self, page):
        super().__init__()
        self.found, self.inline = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [given[name] for name in ("href", "src", "data-address") if name in given]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


@pytest.mark.parametrize("district", ["", "/maple", "/cedar"])
@pytest.mark.parametrize(("service", "name"), FILES)
def test_a_document_lies_under_both_names_with_its_own_server(web, district, service, name):
    answer = web.get(f"{district}{ROOTS[service]}/discovery/{name}")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.json["servers"][0]["url"] == f"http://localhost{district}{ROOTS[service]}"
    flows = answer.json["components"]["securitySchemes"]["OAuth2Security"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == "http://localhost/oauth/token"


@pytest.mark.parametrize("service", DISCOVERY)
def test_both_names_lead_to_the_same_document(web, service):
    first, second = (web.get(f"{ROOTS[service]}/discovery/{name}") for name in DISCOVERY[service])
    assert (first.data, first.headers["ETag"]) == (second.data, second.headers["ETag"])


@pytest.mark.parametrize("district", ["maple", "cedar"])
def test_a_district_tells_of_what_its_own_source_can_do(region, web, district):
    manifest = region.gateway.districts[district].adapter.manifest
    expected = {one.name for one in supported_operations("1.2", manifest.entities, manifest.writes)}
    told = set()
    for service, names in DISCOVERY.items():
        paths = web.get(f"/{district}{ROOTS[service]}/discovery/{names[0]}").json["paths"]
        told |= {body["operationId"] for item in paths.values() for word, body in item.items() if word != "parameters"}
    assert told == expected
    assert "getAllUsers" in told
    assert not any(name.startswith(("put", "post", "delete")) for name in told)


def test_a_document_is_known_by_a_strong_tag(web):
    address = f"{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][0]}"
    tag = web.get(address).headers["ETag"]
    assert not tag.startswith("W/")
    again = web.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert web.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
    assert web.get(f"/maple{address}").headers["ETag"] != tag


def test_a_question_by_head_tells_what_get_tells(web):
    for address in (f"{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][1]}", "/docs", "/docs/assets/docs.js"):
        got, asked = web.get(address), web.head(address)
        assert (asked.status_code, asked.data) == (200, b"")
        assert {name: asked.headers[name] for name in ("ETag", "Content-Length")} == {
            name: got.headers[name] for name in ("ETag", "Content-Length")
        }


@pytest.mark.parametrize(
    "address",
    [
        f"/oak{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][0]}",
        f"/oak{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][1]}",
        "/oak/docs",
        "/oak/docs/oneroster-1.1",
        "/oak/docs/documents/oneroster-1.1.json",
        "/oak/docs/assets/docs.js",
        "/docs/shoes",
        "/docs/assets/index.html",
        "/docs/assets/..%2fmetadata.py",
        "/docs/assets/%2e%2e/document.html",
    ],
)
def test_what_there_is_not_is_not_found(web, address):
    answer = web.get(address)
    assert answer.status_code == 404
    assert b"oak" not in answer.data
    assert b"shoes" not in answer.data


def test_a_file_of_another_service_needs_a_token_like_any_address(web):
    assert web.get(f"{ROOTS['resources']}/discovery/{DISCOVERY['rostering'][0]}").status_code == 401


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("district", ["", "/maple"])
def test_a_page_and_all_it_needs_come_from_here(web, district, page):
    answer = web.get(district + page)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    links = Links(answer.text)
    assert links.inline == []
    assert (ADMINISTRATION in links.found) == (page == "/docs" and not district)
    for link in set(links.found) - {ADMINISTRATION}:
        address = urljoin(f"http://localhost{district}{page}", link)
        assert address.startswith(f"http://localhost{district}/")
        assert web.get(address.removeprefix("http://localhost")).status_code == 200, address
    assert not ELSEWHERE.search(answer.data)


@pytest.mark.parametrize("address", [*PAGES, *(f"/docs/assets/{name}" for name in ASSETS)])
def test_a_page_lets_a_browser_do_only_what_it_needs(web, address):
    answer = web.get(address)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "Set-Cookie" not in answer.headers


def test_a_page_repeats_nothing_of_what_it_is_asked_with(web):
    plain = web.get("/docs/oneroster-1.1")
    asked = web.get(
        "/docs/oneroster-1.1?url=https://evil.example/x.json&configUrl=y", headers={"X-Forwarded-Host": "evil.example"}
    )
    assert asked.data == plain.data
    script = web.get("/docs/assets/docs.js").text
    assert "location" not in script
    assert "queryConfigEnabled" not in script


def test_the_index_has_a_section_for_each_document(web):
    page = web.get("/docs").text
    titles = [one.title for one in SECTIONS.values()]
    assert re.findall(r'<h2>(?:<a href="docs/[\w.-]+">)?([^<]+)', page) == [*titles, "Administration"]
    assert [one.title for one in SECTIONS.values()][-3:] == [
        "Ed-Fi Resources", "Ed-Fi Descriptors", "Ed-Fi Change Queries",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def bodies(region):
    """Every record of every collection of both districts, as each version answers with it."""
    consumer = region.consumer()

    def ask(root, district, name):
        return consumer.web.get(f"/{district}{root}/{name}?limit=10000", headers=consumer.bearer).json

    rostering = {
        ("1.2", district, name): ask(ROOTS["rostering"], district, name)
        for district in ("maple", "cedar")
        for name in sorted(registry.views("oneroster"))
        if model.collections().get(name) and f"/{name}" in web_paths("1.2", "rostering")
    }
    older = {
        ("1.1", district, name): ask(model.edition("1.1").base_path("all"), district, name)
        for district in ("maple", "cedar")
        for name in sorted(registry.views("oneroster11"))
        if f"/{name}" in web_paths("1.1", "rostering")
    }
    return rostering | older


def web_paths(version, service):
    return {one.path for one in model.operations(version) if one.service == service}


def test_every_body_of_both_versions_is_what_the_documents_say(web, bodies):
    documents = {
        "1.2": web.get(f"{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][0]}").json,
        "1.1": web.get("/docs/documents/oneroster-1.1.json").json,
    }
    wrong, records = [], 0
    for (version, district, name), body in bodies.items():
        told = documents[version]
        content = told["paths"][f"/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        judge = jsonschema.Draft202012Validator({**content, "components": told["components"]})
        records += len(next(iter(body.values())))
        wrong += [(version, district, name, error.json_path) for error in judge.iter_errors(body)]
    assert wrong == []
    assert len(bodies) == 48
    assert records > 1000


def test_documents_tell_nothing_of_what_a_district_holds(web, bodies):
    names = {user["familyName"] for user in bodies["1.2", "maple", "users"]["users"]}
    names |= {one["name"] for one in bodies["1.2", "maple", "schools"]["orgs"]}
    told = web.get(f"{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][0]}").text
    assert [name for name in names if re.search(rf"\b{re.escape(name)}\b", told)] == []


def test_a_client_gets_a_token_as_the_pages_ask_for_one(region, web):
    secret = region.register("tryer", sorted({f"{model.edition('1.2').scope_prefix}roster.readonly"}))
    told = web.get(f"{ROOTS['rostering']}/discovery/{DISCOVERY['rostering'][0]}").json
    flow = told["components"]["securitySchemes"]["OAuth2Security"]["flows"]["clientCredentials"]
    form = {"grant_type": "client_credentials", "scope": " ".join(flow["scopes"])}
    answer = web.post("/oauth/token", data=form, auth=("tryer", secret), headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 200
    assert answer.json["scope"].endswith("/roster.readonly")
    assert json.loads(answer.text)["token_type"].lower() == "bearer"
