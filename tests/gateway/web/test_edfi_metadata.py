"""The Ed-Fi API describes itself to anyone, as an ODS/API 7.3 does, under every prefix and behind proxies."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

import jsonschema
import pytest
from lxml import etree

from gateway.web.metadata.edfi import ADDRESSES, NEWER, _content
from gateway.web.metadata.oneroster import _document
from standards import registry
from standards.edfi.api.openapi.schemas import schema_name
from standards.edfi.model.model import resources
from tests.support.regions import agreement, running, small_sites

PREFIXES = ["", "/maple", "/cedar", "/maple/2027"]
KEYS = ["version", "applicationName", "informationalVersion", "suite", "build", "dataModels", "urls"]
URLS = {
    "dependencies": "/metadata/data/v3/dependencies",
    "openApiMetadata": "/metadata/",
    "oauth": "/oauth/token",
    "oauthTokenIntrospection": "/oauth/token_info",
    "dataManagementApi": "/data/v3/",
    "changeQueries": "/changeQueries/v1/",
    "identity": "/identity/v2/",
}
ROSTER = "/ims/oneroster/rostering/v1p2/"
GRAPH = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """``maple`` from OneRoster files, ``cedar`` from Ed-Fi files; all of it released."""
    folder = tmp_path_factory.mktemp("discovered")
    sites = small_sites(folder / "data")
    with running(folder / "region", sites, [agreement(name) for name in sites]) as made:
        yield made


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """The same behind a proxy of the operator's own."""
    folder = tmp_path_factory.mktemp("proxied")
    sites = small_sites(folder / "data")
    proxy = '[server]\ntrusted_proxies = ["127.0.0.1"]\n'
    with running(folder / "region", sites, [agreement(name) for name in sites], proxy) as made:
        yield made.app.test_client()


@pytest.fixture(scope="module")
def web(region):
    """Somebody without a token."""
    return region.app.test_client()


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_discovery_says_where_everything_is(web, prefix, slash):
    told = web.get(f"{prefix}{slash}" or "/").json
    assert list(told) == KEYS
    assert (told["version"], told["informationalVersion"], told["suite"]) == ("7.3", "7.3.2", "3")
    assert [(one["name"], one["version"]) for one in told["dataModels"]] == [("Ed-Fi", "5.2.0")]
    wanted = {name: f"http://localhost{prefix}{path}" for name, path in URLS.items()}
    assert told["urls"] == wanted | {"oneRoster": f"http://localhost{prefix.removesuffix('/2027')}{ROSTER}"}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_whatever_discovery_and_the_list_name_answers(region, web, prefix):
    urls = web.get(prefix or "/").json["urls"]
    for name in ("dependencies", "openApiMetadata"):
        assert web.get(urlsplit(urls[name]).path).status_code == 200
    asked = {"grant_type": "client_credentials"}
    consumer = region.consumer()
    given = web.post(urlsplit(urls["oauth"]).path, data=asked, auth=("conformance", consumer.secret))
    assert given.status_code == 200
    assert consumer.ask(f"{urls['dataManagementApi']}ed-fi/schools").status_code == 200
    assert consumer.ask(f"{urls['oneRoster']}schools").status_code == 200
    for one in web.get(urlsplit(urls["openApiMetadata"]).path).json:
        assert web.get(one["endpointUri"].removeprefix("http://localhost")).status_code == 200


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("address", ["/metadata", "/metadata/", "/Metadata/"])
def test_the_list_names_every_section(web, prefix, address):
    told = web.get(prefix + address).json
    assert [(one["name"], one["prefix"]) for one in told] == [
        ("Resources", ""), ("Descriptors", ""), ("Change-Queries", "Other"), ("Identity", "Other"),
        ("OneRoster", "Ed-Fi OneRoster"),
    ]  # fmt: skip
    assert [one["endpointUri"] for one in told[:4]] == [f"http://localhost{prefix}{one}" for one in ADDRESSES.values()]


def test_the_older_edition_is_told_to_who_asks_for_it(web):
    for one in web.get("/metadata?version=2").json[:4]:
        assert web.get(one["endpointUri"].removeprefix("http://localhost")).json["swagger"] == "2.0"
    for one in web.get("/metadata").json[:4]:
        assert web.get(one["endpointUri"].removeprefix("http://localhost")).json["openapi"] == "3.0.3"


@pytest.mark.parametrize("section", ADDRESSES)
def test_a_document_lies_where_either_version_of_the_api_has_it(web, section):
    assert web.get(NEWER[section]).data == web.get(ADDRESSES[section]).data
    assert {one["name"] for one in web.get("/metadata/specifications").json} >= {"Resources", "Descriptors"}
    assert web.get("/metadata/dependencies").data == web.get("/metadata/data/v3/dependencies").data


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_document_names_its_own_server(web, prefix):
    told = web.get(f"{prefix}{ADDRESSES['resources']}").json
    assert told["servers"] == [{"url": f"http://localhost{prefix}/data/v3"}]
    older = web.get(f"{prefix}{ADDRESSES['resources']}?version=2").json
    assert (older["host"], older["basePath"]) == ("localhost", f"{prefix}/data/v3")


@pytest.mark.parametrize("address", ["/", "/metadata", *ADDRESSES.values(), "/metadata/data/v3/dependencies"])
def test_a_document_is_known_by_the_hash_of_its_bytes(web, address):
    answer = web.get(address)
    assert answer.headers["ETag"] == f'"{sha256(answer.data).hexdigest()}"'
    again = web.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert web.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_forwarded_headers_of_the_operators_proxy_make_the_addresses(proxied):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.org", "X-Forwarded-Port": "8443"}
    base = "https://api.example.org:8443"
    for prefix in ("", "/maple"):
        told = proxied.get(prefix or "/", headers=headers).json["urls"]
        assert all(url.startswith(f"{base}{prefix}/") for url in told.values()), told
        for one in proxied.get(f"{prefix}/metadata/", headers=headers).json:
            assert one["endpointUri"].startswith(f"{base}{prefix}/")
        document = proxied.get(f"{prefix}{ADDRESSES['descriptors']}", headers=headers).json
        assert document["servers"] == [{"url": f"{base}{prefix}/data/v3"}]
        older = proxied.get(f"{prefix}{ADDRESSES['descriptors']}?version=2", headers=headers).json
        assert (older["schemes"], older["host"]) == (["https"], "api.example.org:8443")


def test_a_stranger_cannot_make_the_addresses(web):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    for address in ("/", "/metadata", *ADDRESSES.values()):
        assert web.get(address, headers=headers).data == web.get(address).data


@pytest.mark.parametrize(
    "address",
    ["/oak", "/oak/", "/oak/metadata", "/maple/2020/", "/2027/", "/oak/metadata/data/v3/dependencies",
     "/metadata/data/v3/profiles/swagger.json", "/metadata/xsd", "/maple/maple/"],
)  # fmt: skip
def test_what_there_is_not_is_not_found(web, address):
    answer = web.get(address)
    assert answer.status_code in {401, 404}
    assert b"oak" not in answer.data


def test_health_and_pages_stay_where_they_were(web):
    assert web.get("/health").json == {"status": "ok"}
    assert web.get("/docs").status_code == 200


def test_the_order_of_writing_is_told_as_a_list(web):
    told = web.get("/metadata/data/v3/dependencies?contextFilters=StudentAssessment").json
    assert told == web.get("/metadata/data/v3/dependencies").json
    assert {tuple(one) for one in told} == {("resource", "order", "operations")}
    assert [one["operations"] for one in told if one["resource"] == "/ed-fi/students"] == [["Create"], ["Update"]]


@pytest.mark.parametrize(
    ("accept", "media"),
    [("application/graphml", "application/graphml"), ("application/json", "application/json"),
     ("*/*", "application/json"), ("text/html", "application/json"), ("", "application/json"),
     ("application/graphml;q=0.4, application/json", "application/json")],
)  # fmt: skip
def test_the_order_of_writing_comes_in_the_form_asked_for(web, accept, media):
    answer = web.get("/metadata/data/v3/dependencies", headers={"Accept": accept})
    assert (answer.status_code, answer.content_type, answer.headers["Vary"]) == (200, media, "Accept")


def test_the_graph_names_every_resource_and_a_second_place_for_persons(web):
    graph = etree.fromstring(web.get("/metadata/dependencies", headers={"Accept": "application/graphml"}).data)
    nodes = [one.get("id") for one in graph.iter(f"{GRAPH}node")]
    persons = {"/ed-fi/students#Retry", "/ed-fi/staffs#Retry", "/ed-fi/contacts#Retry"}
    assert sorted(nodes) == sorted({one.endpoint for one in resources().values()} | persons)
    pairs = {(one.get("source"), one.get("target")) for one in graph.iter(f"{GRAPH}edge")}
    assert ("/ed-fi/schools", "/ed-fi/studentSchoolAssociations") in pairs
    assert ("/ed-fi/studentSchoolAssociations", "/ed-fi/students#Retry") in pairs
    assert {place for pair in pairs for place in pair} <= set(nodes)


@pytest.fixture(scope="module")
def bodies(region):
    """The first records of every resource of both districts."""
    consumer = region.consumer()
    return {
        (district, one.name): consumer.ask(f"/{district}/data/v3{one.endpoint}", limit=100).json
        for district in ("maple", "cedar")
        for one in resources().values()
    }


def test_every_body_is_what_the_documents_say(web, bodies, record_property):
    documents = {kind: web.get(ADDRESSES[kind]).json for kind in ("resources", "descriptors")}
    wrong, seen = [], 0
    for (district, name), records in bodies.items():
        one = resources()[name]
        document = documents["descriptors" if one.is_descriptor else "resources"]
        if schema_name(one) not in document["components"]["schemas"]:  # of no district's source
            assert records == []
            continue
        reference = {"$ref": f"#/components/schemas/{schema_name(one)}"}
        judge = jsonschema.Draft4Validator({**document, **reference})
        known = document["components"]["schemas"][schema_name(one)]["properties"]
        seen += len(records)
        errors = [error for record in records for error in judge.iter_errors(record)]
        # What the OneRoster files of maple cannot say is left out, also where Ed-Fi requires it.
        wrong += [(district, name, one.message) for one in errors if (district, one.validator) != ("maple", "required")]
        wrong += [(district, name, sorted(record.keys() - known)) for record in records if record.keys() - known]
    record_property("records", seen)
    assert seen > 1000
    assert wrong == []


def listed(web, address, edition=""):
    """The methods that a document names at each address."""
    return {path: set(item) for path, item in web.get(f"{address}{edition}").json["paths"].items()}


@pytest.mark.parametrize("edition", ["", "?version=2"])
@pytest.mark.parametrize("section", ["resources", "descriptors"])
def test_a_document_lists_what_the_districts_source_can_do_and_nothing_else(region, web, section, edition):
    for district in ("maple", "cedar"):
        one = region.gateway.districts[district]
        manifest, told = one.manifest(), listed(web, f"/{district}{ADDRESSES[section]}", edition)
        for resource in resources().values():
            if resource.is_descriptor is not (section == "descriptors"):
                continue
            entities = {branch.entity for branch in registry.views("edfi")[resource.collection].branches}
            root = resource.endpoint
            assert (root in told) is (f"{root}/{{id}}" in told) is bool(entities & manifest.entities), root
            assert (f"{root}/deletes" in told) is bool(entities & manifest.entities & one.cached_entities), root
        assert set().union(*told.values()) == {"get"}  # files cannot be written to
        assert told


def test_the_document_of_the_region_lists_what_any_district_can_do(web):
    whole = listed(web, ADDRESSES["resources"])
    parts = [listed(web, f"/{district}{ADDRESSES['resources']}") for district in ("maple", "cedar")]
    assert whole == parts[0] | parts[1]
    assert parts[0].keys() < whole.keys()


def test_what_is_listed_is_served_and_what_is_left_out_has_nothing(region, web):
    consumer = region.consumer()
    told = listed(web, f"/maple{ADDRESSES['resources']}")
    for path in told:
        if "{" not in path and not path.endswith(("/deletes", "/keyChanges")):  # which no agreement here opens
            assert consumer.ask(f"/maple/data/v3{path}").status_code == 200, path
    left_out = [one.endpoint for one in resources().values() if not one.is_descriptor and one.endpoint not in told]
    assert "/ed-fi/studentCohortAssociations" in left_out
    for path in left_out[::10]:
        assert consumer.ask(f"/maple/data/v3{path}").json == [], path


def test_many_hosts_do_not_make_the_gateway_keep_many_documents(web):
    before = _content.cache_info().currsize
    for port in range(40):
        answer = web.get(ADDRESSES["descriptors"], headers={"Host": f"localhost:{port + 1}"})
        assert answer.json["servers"] == [{"url": f"http://localhost:{port + 1}/data/v3"}]
        older = web.get("/docs/documents/oneroster-1.1.json", headers={"Host": f"localhost:{port + 1}"})
        assert older.json["servers"][0]["url"] == f"http://localhost:{port + 1}/ims/oneroster/v1p1"
    assert _content.cache_info().currsize <= before + 1
    assert _content.cache_info().maxsize == _document.cache_info().maxsize == 64


def test_documents_tell_nothing_of_what_a_district_holds(web, bodies):
    names = {one["lastSurname"] for one in bodies["maple", "Student"]} | {
        one["nameOfInstitution"] for one in bodies["maple", "School"]
    }
    told = "".join(web.get(address).text for address in ADDRESSES.values())
    assert [name for name in names if f'"{name}"' in told or f" {name} " in told] == []
