"""OneRoster over HTTP by the letter: repeated parameters, links, addresses, methods, bodies, and what may be deleted."""

from __future__ import annotations

import json
import re

import pytest

from standards.oneroster.api import model
from standards.oneroster.api.routes import routes
from tests.conformance.oneroster.test_writes import BOOK, GRADER, OLD, item, send  # noqa: F401  fixtures
from tests.conformance.table import FLAT, address, name, records
from tests.support.regions import ROSTER, agreement, links, running


@pytest.mark.parametrize("root", [ROSTER.rstrip("/"), OLD])
@pytest.mark.parametrize(
    "asked",
    ["fields=givenName&fields=familyName", "fields=givenName,familyName&fields=givenName", "fields=givenName,%20familyName",
     "fields=familyName&limit=7&fields=givenName"],
)  # fmt: skip
def test_fields_given_one_by_one_are_one_list(client, root, asked):
    answer = client.ask(f"{root}/users?{asked}")
    assert {frozenset(one) for one in records(answer)} == {frozenset({"givenName", "familyName"})}
    following = client.ask(links(answer.headers["Link"])["next"])
    assert {frozenset(one) for one in records(following)} == {frozenset({"givenName", "familyName"})}


def test_fields_given_one_by_one_are_one_list_for_one_record_and_hold_no_unknown_name(client):
    first = client.users("users", limit=1)[0]["sourcedId"]
    answer = client.ask(f"{ROSTER}users/{first}?fields=sourcedId&fields=givenName")
    assert set(answer.json["user"]) == {"sourcedId", "givenName"}
    assert client.ask(f"{ROSTER}users?fields=givenName&fields=shoeSize").status_code == 400
    assert client.ask(f"{ROSTER}users?fields=givenName&fields=").status_code == 400


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_from_beyond_the_end_the_page_before_is_the_last_one(client, version, route):
    total = int(client.ask(address(route), limit=1).headers["X-Total-Count"])
    for limit in (1, 7, 100):
        last = links(client.ask(address(route), limit=limit).headers["Link"])["last"]
        for offset in (total, total + 1, total + 3 * limit):
            answer = client.ask(address(route), limit=limit, offset=offset)
            assert (records(answer), links(answer.headers["Link"])["prev"]) == ([], last)
        assert records(client.ask(last))


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_a_slash_at_the_end_makes_no_other_address(client, version, route):
    plain, slashed = (client.ask(address(route) + end, limit=3) for end in ("", "/"))
    assert (slashed.status_code, slashed.data) == (200, plain.data)
    assert slashed.headers["Link"] == plain.headers["Link"]
    one = records(plain)[0]["sourcedId"]
    assert client.ask(f"{address(route)}/{one}/").data == client.ask(f"{address(route)}/{one}").data
    assert client.ask(f"{address(route)}//").status_code == 404
    assert client.ask(f"{address(route)}/{one}%2F").status_code == 404  # which is a part of the id


def test_a_slash_at_the_end_makes_no_other_address_of_bulk_files_and_of_what_is_written(client, item):  # noqa: F811
    for version in ("v1p1", "v1p2"):
        assert client.ask(f"/ims/oneroster/bulk/{version}/csv/").status_code == 200
    answer = send(client, "PUT", f"{BOOK}/lineItems/slashed/", {"lineItem": item})
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith("/lineItems/slashed")
    assert send(client, "DELETE", f"{BOOK}/lineItems/slashed/").status_code == 204


ADDRESSES = {
    (version, route.operation.service, route.operation.path) for version in model.VERSIONS for route in routes(version)
}


@pytest.mark.parametrize(("version", "service", "path"), sorted(ADDRESSES))
def test_options_and_allow_say_which_methods_the_standard_has_at_an_address(birch, client, version, service, path):
    shape = re.sub(r"\{[^}]*\}", "x", path)
    known = {one.operation.method for one in routes(version) if re.sub(r"\{[^}]*\}", "x", one.operation.path) == shape}
    wanted = known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())
    place = model.edition(version).base_path(service) + shape
    asked = birch.app.test_client().open(place, method="OPTIONS")
    assert (asked.status_code, asked.data, set(asked.headers["Allow"].split(", "))) == (204, b"", wanted)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"} - known:
        answer = client.ask(place, method=method)
        assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, wanted), method


def test_options_of_no_address_is_not_found_and_head_is_get_without_a_body(client):
    assert client.ask(f"{ROSTER}nothing", method="OPTIONS").status_code == 404
    assert client.ask(f"/nowhere{ROSTER}orgs", method="OPTIONS").status_code == 204  # districts are not told to anybody
    plain, head = client.ask(f"{ROSTER}orgs"), client.ask(f"{ROSTER}orgs", method="HEAD")
    assert (head.status_code, head.data) == (200, b"")
    for header in ("X-Total-Count", "Link", "ETag", "Content-Type"):
        assert head.headers[header] == plain.headers[header]


def test_an_answer_without_a_body_has_no_type_of_one(client, item):  # noqa: F811
    place = f"{BOOK}/lineItems/untyped"
    made = send(client, "PUT", place, {"lineItem": item})
    tag = client.ask(place).headers["ETag"]
    answers = [
        made,
        client.ask(place, headers={"If-None-Match": tag}),
        client.ask(place, method="OPTIONS"),
        send(client, "DELETE", place),
    ]
    assert [one.status_code for one in answers] == [201, 304, 204, 204]
    for one in answers:
        assert (one.data, one.headers.get("Content-Type")) == (b"", None)


@pytest.mark.parametrize(
    "text",
    ['{"lineItem": %s, "lineItem": {}}', '{"lineItem": {"title": "a", "title": "b"}}',
     '{"lineItem": {"class": {"sourcedId": "a", "sourced\\u0049d": "b"}}}', '{"lineItem": {"metadata": {"a": [{"x": 1, "x": 1}]}}}'],
)  # fmt: skip
def test_a_body_that_says_one_thing_twice_is_refused(client, item, text):  # noqa: F811
    body = (text % json.dumps(item) if "%s" in text else text).encode()
    for method, place in (("PUT", f"{BOOK}/lineItems/twice"), ("PUT", f"{OLD}/lineItems/twice")):
        answer = client.web.open(
            place, method=method, data=body, headers=client.bearer, content_type="application/json"
        )
        assert (answer.status_code, "twice" in answer.text) == (422, True)
        assert client.ask(place).status_code == 404


def test_a_body_nested_deeper_than_can_be_read_is_refused(client):
    body = b'{"lineItem": {"metadata": {"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}}"
    answer = client.web.put(f"{BOOK}/lineItems/deep", data=body, headers=client.bearer, content_type="application/json")
    assert answer.status_code == 422


def test_a_line_item_is_of_the_school_of_its_class(client, item):  # noqa: F811
    classes = {one["sourcedId"]: one["school"]["sourcedId"] for one in client.users("classes")}
    section = item["class"]["sourcedId"]
    mine = classes[section]
    other, elsewhere = next((one, school) for one, school in classes.items() if school != mine)
    wrong = {"$.lineItem.school": "is not the school of the class"}
    for place, body in (
        (f"{BOOK}/lineItems/schooled", {"lineItem": item | {"school": {"sourcedId": elsewhere}}}),
        (f"{BOOK}/schools/{elsewhere}/lineItems", {"lineItems": [item]}),
    ):
        answer = send(client, "POST" if "schools" in place else "PUT", place, body)
        assert answer.status_code == 422
        assert "school" in answer.text
        assert next(iter(wrong.values())) in answer.text
    place = f"{BOOK}/lineItems/schooled"
    assert send(client, "PUT", place, {"lineItem": item | {"school": {"sourcedId": mine}}}).status_code == 201
    moved = item | {"school": {"sourcedId": mine}, "class": {"sourcedId": other}}
    assert send(client, "PUT", place, {"lineItem": moved}).status_code == 422
    assert send(client, "PUT", place, {"lineItem": item | {"class": {"sourcedId": other}}}).status_code == 201
    assert client.ask(place).json["lineItem"]["school"]["sourcedId"] == elsewhere
    assert send(client, "DELETE", place).status_code == 204


@pytest.mark.parametrize("root", [BOOK, OLD])
def test_a_category_in_use_is_not_deleted(client, system, root):
    used = records(client.ask(f"{root}/lineItems"))[0]
    category = used["category"]["sourcedId"]
    before = client.ask(f"{root}/lineItems").headers["X-Total-Count"]
    answer = send(client, "DELETE", f"{root}/categories/{category}")
    assert (answer.status_code, "deletefailure" in answer.text) == (422, True)
    assert category in system.sis.documents["categories"]
    assert client.ask(f"{root}/lineItems").headers["X-Total-Count"] == before
    assert send(client, "PUT", f"{BOOK}/categories/idle", {"category": {"title": "Idle"}}).status_code == 201
    assert send(client, "DELETE", f"{root}/categories/idle").status_code == 204


def test_a_score_scale_in_use_is_not_deleted(client, item, system):  # noqa: F811
    scale = {"title": "P/F", "type": "text", "class": item["class"], "scoreScaleValue": [{"itemValueLHS": "1", "itemValueRHS": "P"}]}  # fmt: skip
    assert send(client, "PUT", f"{BOOK}/scoreScales/pf", {"scoreScale": scale}).status_code == 201
    marked = {"lineItem": item | {"scoreScale": {"sourcedId": "pf"}}}
    assert send(client, "PUT", f"{BOOK}/lineItems/marked", marked).status_code == 201
    answer = send(client, "DELETE", f"{BOOK}/scoreScales/pf")
    assert (answer.status_code, "deletefailure" in answer.text) == (422, True)
    assert send(client, "DELETE", f"{BOOK}/lineItems/marked").status_code == 204
    assert send(client, "DELETE", f"{BOOK}/scoreScales/pf").status_code == 204
    assert "pf" not in system.sis.documents["scoreScales"]


def test_who_does_not_see_what_uses_a_category_is_told_what_the_districts_system_says(
    tmp_path, site, system, monkeypatch
):
    lines = [one for one in GRADER if not one[0].startswith(("lineItem", "result"))]
    terms = [agreement("birch", lines, operations="[read, search, create, update, delete]")]
    used = next(iter(system.sis.documents["lineItems"].values()))["category"]["sourcedId"]
    document, place = system.sis.documents["categories"][used], f"{BOOK}/categories/{used}"
    with running(tmp_path, {"birch": site}, terms) as region:
        consumer = region.consumer()
        with monkeypatch.context() as patch:
            plain = system.sis._done
            patch.setattr(
                system.sis, "_done", lambda asked: _in_use(asked) if asked.method == "DELETE" else plain(asked)
            )
            answer = send(consumer, "DELETE", place)
        assert (answer.status_code, "deletefailure" in answer.text) == (422, True)
        assert send(consumer, "DELETE", place).status_code == 204  # that system lets it go, so it has to
    system.sis.documents["categories"][used] = document


def _in_use(asked):
    from adapters.simulators.oneroster.system import error

    return error(409, "deletefailure", asked.version)


def test_line_items_without_a_category_are_refused_where_the_district_declares_none(client, item):  # noqa: F811
    plain = {key: value for key, value in item.items() if key != "category"}
    for root in (BOOK, OLD):
        answer = send(client, "PUT", f"{root}/lineItems/plain", {"lineItem": plain | {"resultValueMin": 0}})
        assert answer.status_code == 422
        assert "$.lineItem.category: is missing, and the district declares no category" in answer.text
