"""Filters, sorts, fields and pages as questions about what is hidden: none of them gets an answer."""

from __future__ import annotations

import re
from random import Random
from urllib.parse import quote, urlencode

import pytest

from standards import registry
from standards.edfi.api.request import names
from standards.view import paths
from tests.support.regions import EDFI, ROSTER

HIDDEN = ("birthDate", "middleName", "username", "email", "primaryOrg.sourcedId", "metadata.ssn",
          "userProfiles.credentials.password", "userIds.identifier", "FAMILYNAME", "familyname", "familyName.x",
          "roles.org.name", "password")  # fmt: skip
ODD = ("", "x", "'", "%", "\0", "\u00df", "\u0130", "\uff11", "nan", "-inf", "1e400", "0001-01-01T00:00:00+23:59",
       "9999-12-31T23:59:59-23:59", "2020-W01-1", "true", "{}", "-1", "9" * 30, "a" * 2000, "\u202e", "\n\r")  # fmt: skip


def without(text: str, name: str) -> str:
    return text.replace(name, "?")


@pytest.mark.parametrize("parameter", ["filter", "sort", "fields"])
def test_a_hidden_name_in_any_spelling_answers_like_one_that_does_not_exist(tutor, parameter):
    def ask(name):
        answer = tutor.roster("users", **{parameter: f"{name}='Lee'" if parameter == "filter" else name})
        return answer.status_code, without(answer.text, name)

    unknown = ask("shoeSize")
    assert unknown[0] == 400
    assert {name: ask(name) for name in HIDDEN} == dict.fromkeys(HIDDEN, unknown)


@pytest.mark.parametrize("name", ["personId", "birthCity", "BIRTHCITY", "middleName", "birthSexDescriptor", "_etag"])
def test_a_hidden_ed_fi_parameter_in_any_spelling_answers_like_one_that_does_not_exist(tutor, name):
    said = {"correlation-id": "asked by a test"}
    answers = [tutor.ask(f"{EDFI}students", headers=said, **{asked: "x"}) for asked in (name, "shoeColour")]
    assert answers[0].status_code == 400
    guesses = [re.search(r" \(did you mean (\w+)\?\)", one.text) for one in answers]
    shown = tutor.edfi("students", limit=1).json[0].keys() | {"limit", "offset", "totalCount", "pageToken", "pageSize"}
    assert {guess[1] for guess in guesses if guess} <= shown
    texts = [one.text.replace(guess[0] if guess else "", "") for one, guess in zip(answers, guesses, strict=True)]
    assert without(texts[0], name) == without(texts[1], "shoeColour")


def test_a_transformed_value_is_found_by_what_it_became_only(tutor, owner):
    mine = tutor.users("students")
    known = {one["sourcedId"]: one for one in owner.users("students")}
    one = next(one for one in mine if len(known[one["sourcedId"]]["familyName"]) > 1)
    full = known[one["sourcedId"]]["familyName"].replace("'", "''")
    assert tutor.roster("students", filter=f"familyName='{full}'").headers["X-Total-Count"] == "0"
    found = tutor.roster("students", filter=f"familyName='{one['familyName']}'", limit=1000).json["users"]
    assert one["sourcedId"] in {each["sourcedId"] for each in found}


def test_ids_of_hidden_rows_find_nothing_in_any_place(tutor, owner):
    mine = {one["sourcedId"] for one in tutor.users("students")}
    hidden = next(one["sourcedId"] for one in owner.users("students") if one["sourcedId"] not in mine)
    questions = [
        ("students", {"filter": f"sourcedId='{hidden}'"}),
        ("enrollments", {"filter": f"user.sourcedId='{hidden}'"}),
        ("enrollments", {"filter": f"user.sourcedId~'{hidden}'"}),
        ("enrollments", {"filter": f"user.href~'{hidden}'"}),
        ("users", {"filter": f"agents.sourcedId='{hidden}'"}),
    ]
    for collection, query in questions:
        answer, nothing = (
            tutor.roster(collection, **query),
            tutor.roster(collection, filter=query["filter"].replace(hidden, "nobody")),
        )
        assert (answer.status_code, answer.headers["X-Total-Count"], answer.data) == (200, "0", nothing.data)
    answers = [tutor.roster(f"users/{one}") for one in (hidden, "nobody")]
    assert answers[0].status_code == 404
    assert answers[0].data == answers[1].data


def test_nothing_shown_names_a_hidden_pupil_school_or_class(tutor, owner):
    collections = ("students", "users", "classes", "orgs", "enrollments", "demographics")
    shown = "".join(tutor.ask(ROSTER + name, limit=10000).text for name in collections)
    shown += "".join(
        tutor.edfi(name, limit=500).text for name in ("students", "contacts", "studentContactAssociations")
    )
    for collection in ("students", "classes", "schools"):
        mine = (
            {one["sourcedId"] for one in tutor.users(collection)}
            if collection != "schools"
            else {one["sourcedId"] for one in tutor.users("orgs")}
        )
        hidden = {one["sourcedId"] for one in owner.users(collection)} - mine
        assert hidden
        assert not [one for one in hidden if f'"{one}"' in shown]


def test_case_folding_brings_no_two_ids_together(owner):
    for spelled in ("\u00df", "\u0130", "\u017f", "\ufb01"):
        assert owner.roster("users", filter=f"sourcedId='{spelled}'").headers["X-Total-Count"] == "0"


@pytest.mark.parametrize("offset", [10_000, 2**31 - 1])
def test_a_page_beyond_the_end_is_empty_and_counts_the_same(tutor, offset):
    first, beyond = tutor.roster("students"), tutor.roster("students", offset=offset)
    assert (beyond.status_code, beyond.json) == (200, {"users": []})
    assert beyond.headers["X-Total-Count"] == first.headers["X-Total-Count"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=0",
        "offset=-1",
        "offset=1e3",
        "offset=%EF%BC%91",
        "limit=1&limit=2",
        f"offset={2**31}",
        "limit=%ff",
    ],
)
def test_a_page_that_cannot_be_is_refused(tutor, query):
    assert tutor.ask(f"{ROSTER}students?{query}").status_code == 400


def test_pages_kept_for_one_client_are_not_given_to_another(tutor, owner, analyst):
    query = {"limit": 3, "filter": "givenName~'a'"}
    for offset in (0, 3):
        counts = [
            one.roster("students", **query, offset=offset).headers["X-Total-Count"] for one in (owner, tutor, owner)
        ]
        assert counts[0] == counts[2] != counts[1]
    assert {one["sourcedId"] for one in analyst.users("students")}.isdisjoint(
        one["sourcedId"] for one in owner.users("students")
    )


def test_a_token_for_less_does_not_inherit_the_pages_of_a_token_for_more(region, tutor):
    assert tutor.edfi("students").status_code == 200
    answer = region.app.test_client().post(
        "/oauth/token", json={"grant_type": "client_credentials", "client_id": "tutor", "client_secret": tutor.secret,
                              "scope": "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"},
    )  # fmt: skip
    less = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert tutor.ask(f"{EDFI}students", headers=less).status_code == 403
    assert tutor.ask(f"{ROSTER}demographics", headers=less).status_code == 403


def test_agreements_for_different_purposes_never_meet(region):
    torn = region.consumer("torn")
    for address in (f"{ROSTER}students", f"/maple{ROSTER}students", f"{EDFI}students", f"/cedar{EDFI}students"):
        assert torn.ask(address).status_code == 403


def test_two_consumers_cannot_join_their_pseudonyms(region, analyst):
    rival = region.consumer("rival")
    for collection in ("students", "enrollments", "demographics"):
        ours, theirs = analyst.users(collection), rival.users(collection)
        assert len(ours) == len(theirs) > 0
        assert {one["sourcedId"] for one in ours}.isdisjoint(one["sourcedId"] for one in theirs)
        told = [[one.get("givenName") for one in some] for some in (ours, theirs)]
        assert collection != "students" or told[0] != told[1]
    ours, theirs = analyst.resources("students"), rival.resources("students")
    assert {one["_etag"] for one in ours}.isdisjoint(one["_etag"] for one in theirs)
    assert {one["studentUniqueId"] for one in ours}.isdisjoint(one["studentUniqueId"] for one in theirs)


def test_a_pseudonym_of_one_consumer_is_nobody_to_another(region, analyst):
    one = analyst.users("students")[0]["sourcedId"]
    assert region.consumer("rival").roster(f"students/{one}").status_code == 404
    assert region.consumer("rival").edfi(f"students/{one}").status_code == 404


def test_no_question_makes_the_gateway_fail(owner, tutor):
    """A few hundred odd requests, the same in every run."""
    draw = Random(20261102)
    rosters = {name: [path for branch in view.branches for path, _ in paths(branch.nodes)]
               for name, view in registry.views("oneroster").items() if name != "resources"}  # fmt: skip
    resources = list(registry.views("edfi"))
    for _ in range(400):
        consumer = draw.choice((owner, tutor))
        prefix = draw.choice(("", "/maple", "/cedar"))
        if draw.random() < 0.5:
            name = draw.choice(list(rosters))
            path, value = draw.choice(rosters[name]), draw.choice(ODD).replace("'", "''")
            operator = draw.choice(("=", "!=", ">", "<", ">=", "<=", "~"))
            query = {"filter": f"{path}{operator}'{value}'", "sort": draw.choice(rosters[name])}
            address = f"{prefix}{ROSTER}{name}"
        else:
            name = draw.choice(resources)
            query = {draw.choice(list(names(name))): draw.choice(ODD), "totalCount": "true"}
            address = f"{prefix}{EDFI}{name}"
        if draw.random() < 0.15:
            address += "/" + quote(draw.choice(ODD) or "x", safe="")
        asked = f"{address}?{urlencode(query)}"
        assert consumer.ask(asked).status_code < 500, asked
