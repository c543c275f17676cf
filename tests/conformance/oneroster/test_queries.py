"""Filter, sort and fields on every member of every collection, against a plain reading of the records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from standards.collation import sort_key
from standards.oneroster.api import model
from tests.conformance.table import FLAT, address, flat, name, records
from tests.gateway.web.answers import leaves

PREDICATES = ("=", "!=", ">", ">=", "<", "<=", "~")
LIVE = {"categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults"}
"""The collections that are read from the district's system on each request: what is gone is known since that was."""
SINCE_NO_MOMENT = {"!=", "<", "<=", "~"}


@pytest.fixture(scope="module")
def known(client):
    """The flat collections of both versions."""
    return {version: flat(client, version) for version in ("1.1", "1.2")}


def members(found):
    """Every path with a value in some record, and one of its values."""
    paths = {}
    for one in found:
        for path, value in leaves(one):
            paths.setdefault(path, value)
    return paths


def plain(value):
    return ("true" if value else "false") if isinstance(value, bool) else str(value).casefold()


def ordered(value):
    """A value as it compares: numbers as numbers, moments as moments, all else as text without case."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value)
    try:
        moment = datetime.fromisoformat(text) if len(text) >= 10 and text[4:5] == text[7:8] == "-" else None
    except ValueError:
        moment = None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() if moment else plain(value)


def holds(value, predicate, wanted):
    if predicate == "~":
        return plain(wanted) in plain(value)
    one, other = ordered(value), ordered(wanted)
    return {
        "=": one == other, "!=": one != other, ">": one > other, ">=": one >= other, "<": one < other, "<=": one <= other,
    }[predicate]  # fmt: skip


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_every_filter_finds_what_a_plain_reading_finds(client, known, version, route, record_property):
    found, asked = known[version][route.collection].values(), 0
    for path, value in members(found).items():
        text = "true" if value is True else "false" if value is False else str(value)
        for predicate in PREDICATES:
            answer = client.ask(
                address(route), filter=f"{path}{predicate}'{text.replace(chr(39), chr(39) * 2)}'", limit=10_000
            )
            if path == "dateLastModified" and route.collection in LIVE and predicate in SINCE_NO_MOMENT:
                assert answer.status_code == 400, (path, predicate)
                assert "an answer to what has changed would not be whole" in answer.text
                asked += 1
                continue
            head = model.classes(version)[route.model].get(path.partition(".")[0])
            opposite = predicate == "!=" and head is not None and head.many
            test = "=" if opposite else predicate
            wanted = [
                one["sourcedId"]
                for one in found
                if any(holds(have, test, value) for place, have in leaves(one) if place == path) is not opposite
            ]
            assert [one["sourcedId"] for one in records(answer)] == wanted, (path, predicate)
            assert answer.headers["X-Total-Count"] == str(len(wanted))
            asked += 1
    record_property("filters", asked)
    print(f"{version} {route.collection}: {asked} filters")
    assert asked >= 7 * 4


@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_every_sort_is_total_and_puts_the_absent_last(client, known, version, route, way):
    found = list(known[version][route.collection].values())
    for path in [path for path, _ in members(found).items() if "." not in path]:
        if any(isinstance(one.get(path), list | dict) for one in found):
            continue
        got = records(client.ask(address(route), sort=path, orderBy=way, limit=10_000))
        present = sorted((one for one in found if path in one), key=lambda one: one["sourcedId"])
        present.sort(key=lambda one: _key(one[path]), reverse=way == "desc")
        absent = sorted((one for one in found if path not in one), key=lambda one: one["sourcedId"])
        assert [one["sourcedId"] for one in got] == [one["sourcedId"] for one in (*present, *absent)], path


def _key(value):
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return sort_key(("true" if value else "false") if isinstance(value, bool) else value)


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_fields_give_these_members_on_collections_and_on_single_records(client, known, version, route):
    found = known[version][route.collection].values()
    first = next(iter(found))
    for member in {member for one in found for member in one}:
        got = records(client.ask(address(route), fields=member, limit=10_000))
        assert got == [{member: one[member]} if member in one else {} for one in found]
        if member in first:
            single = client.ask(f"{address(route)}/{first['sourcedId']}", fields=f"sourcedId,{member}")
            assert single.json == {route.model: {key: first[key] for key in first if key in {"sourcedId", member}}}


@pytest.mark.parametrize(("version", "route"), FLAT, ids=name)
def test_what_a_query_cannot_mean_is_answered_in_the_words_of_the_version(client, version, route):
    place, old = address(route), version == "1.1"
    for asked, status, minor in (
        ({"filter": "shoeSize='38'"}, 400, "invalid_filter_field"),
        ({"filter": "status=active"}, 400, "invalid_filter_field"),
        ({"filter": "status='active' AND"}, 400, "invalid_filter_field"),
        ({"fields": ""}, 400, "invalid_selection_field"),
        ({"limit": "0"}, 400, "invalid data" if old else "invaliddata"),
        ({"limit": "ten"}, 400, "invalid data" if old else "invaliddata"),
        ({"offset": "-1"}, 400, "invalid data" if old else "invaliddata"),
        ({"orderBy": "up"}, 400, "invalid data" if old else "invaliddata"),
    ):
        answer = client.ask(place, **asked)
        assert answer.status_code == status, asked
        info = answer.json["statusInfoSet"][0] if old else answer.json
        assert (info["imsx_codeMajor"], info["imsx_severity"]) == ("failure", "error")
        said = info["imsx_codeMinor"] if old else info["imsx_CodeMinor"]["imsx_codeMinorField"][0]
        assert said == minor if old else said["imsx_codeMinorFieldValue"] == minor
    for asked, minor in (
        ({"sort": "shoeSize"}, "invalid_sort_field"),
        ({"fields": "shoeSize"}, "invalid_selection_field"),
    ):
        answer = client.ask(place, limit=3, **asked)
        if not old:
            assert answer.status_code == 400
            continue
        (warning,) = answer.json["statusInfoSet"]
        assert (warning["imsx_severity"], warning["imsx_codeMinor"]) == ("warning", minor)
        assert records(answer) == records(client.ask(place, limit=3))


@pytest.mark.parametrize(
    "text",
    ["(" * 20_000, "a='" + "x" * 20_000, " AND ".join(["status='active'"] * 1_000), "'" * 19_999, "a" * 20_000 + "='x'",
     "status='active'" + " " * 20_000 + "AND", "status=" + "'" * 10_001, "é" * 10_000, "\x00" * 100],
    ids=range(9),
)  # fmt: skip
def test_a_hostile_filter_is_refused_in_words(client, text):
    answer = client.ask("/ims/oneroster/rostering/v1p2/orgs", filter=text)
    assert answer.status_code == 400
    assert "invalid_filter_field" in answer.text
