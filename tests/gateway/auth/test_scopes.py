"""A token carries what is both asked and allowed: never more, never nothing, and in the standards' own words."""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from authlib.oauth2 import OAuth2Error
from hypothesis import given
from hypothesis import strategies as st

from gateway.auth.scopes import EDFI, ONEROSTER_1_1, ONEROSTER_1_2, known_scopes
from gateway.storage.registry import Client, Secret
from gateway.web.oauth import RegisteredClient
from standards.oneroster.api.model import edition, operations
from tests.gateway.small_region import START, Region, make_settings

GRANT = {"grant_type": "client_credentials"}
SCOPES = sorted(known_scopes())
ROSTER = f"{ONEROSTER_1_1}roster.readonly"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scopes")
    settings = make_settings(folder)
    opened = Region(folder, settings=replace(settings, tokens=replace(settings.tokens, per_client=200)))
    opened.all = ("everything", opened.add("everything", tuple(SCOPES)))
    opened.lms = ("lms", opened.add("lms", (ROSTER, f"{ONEROSTER_1_2}roster-core.readonly")))
    opened.nothing = ("nothing", opened.add("nothing", ()))
    yield opened
    opened.close()


def given_scopes(region, answer) -> set[str]:
    assert answer.status_code == 200, answer.text
    told = answer.json["scope"].split(" ")
    assert len(told) == len(set(told))
    assert region.callers.authenticate(f"Bearer {answer.json['access_token']}").scopes == set(told)
    return set(told)


def refused(answer) -> bool:
    return (answer.status_code, answer.json["error"]) == (400, "invalid_scope") and "access_token" not in answer.json


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_can_be_had_alone_and_is_told(region, scope):
    assert given_scopes(region, region.ask(basic=region.all, scope=scope, **GRANT)) == {scope}


@pytest.mark.parametrize("scope", [one for one in SCOPES if one != ROSTER and "roster-core" not in one])
def test_no_scope_stands_for_another(region, scope):
    assert refused(region.ask(basic=region.lms, scope=scope, **GRANT))


@given(st.lists(st.sampled_from(SCOPES)), st.lists(st.sampled_from([*SCOPES, "x", "roster.readonly"])))
def test_a_token_has_the_intersection_or_there_is_none(allowed, asked):
    client = RegisteredClient(Client("c", "o", "cbo", tuple(allowed), (Secret("h"),), START, "ana"))
    expected = set(allowed) & set(asked) if asked else set(allowed)
    if not expected:
        with pytest.raises(OAuth2Error, match="invalid_scope"):
            client.get_allowed_scope(" ".join(asked))
        return
    told = client.get_allowed_scope(" ".join(asked)).split()
    assert set(told) == expected
    assert len(told) == len(expected)


@pytest.mark.parametrize("asked", [{}, {"scope": ""}, {"scope": "  "}, {"scope": SCOPES[0]}, {"scope": "255901"}])
def test_a_client_without_scopes_never_receives_a_token(region, asked):
    assert refused(region.ask(basic=region.nothing, **GRANT, **asked))


def test_a_client_that_asks_for_nothing_receives_all_it_may_have(region):
    assert given_scopes(region, region.ask(basic=region.all, **GRANT)) == set(SCOPES)
    assert given_scopes(region, region.ask(basic=region.lms, json={**GRANT, "scope": ""})) == {
        ROSTER,
        f"{ONEROSTER_1_2}roster-core.readonly",
    }


def test_moodle_asks_for_the_roster_alone_and_google_for_the_gradebook_too(region):
    google = [ROSTER, *(f"{ONEROSTER_1_1}gradebook.{one}" for one in ("readonly", "createput", "delete"))]
    for wanted in ([ROSTER], google):
        assert given_scopes(region, region.ask(basic=region.all, scope=" ".join(wanted), **GRANT)) == set(wanted)
    assert given_scopes(region, region.ask(basic=region.lms, scope=" ".join(google), **GRANT)) == {ROSTER}


def test_scopes_are_asked_for_by_json_too(region):
    body = {**GRANT, "scope": f"{ROSTER} nonsense"}
    assert given_scopes(region, region.ask(basic=region.lms, json=body)) == {ROSTER}
    assert refused(region.ask(basic=region.lms, json={**GRANT, "scope": "nonsense"}))


def test_the_number_of_an_education_organization_asks_for_what_ed_fi_has(region):
    assert given_scopes(region, region.ask(basic=region.all, scope="255901", **GRANT)) == set(EDFI)
    assert refused(region.ask(basic=region.lms, scope="255901", **GRANT))


@pytest.mark.parametrize("encode", [quote_plus, lambda text: "".join(f"%{ord(letter):02x}" for letter in text)])
def test_id_and_secret_may_be_form_encoded_as_moodle_does(region, encode):
    words = ":".join(map(encode, region.lms))
    headers = {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
    assert given_scopes(region, region.ask(basic=None, headers=headers, scope=ROSTER, **GRANT)) == {ROSTER}


def test_a_plus_in_the_header_is_a_space_as_in_a_form(region):
    headers = {"Authorization": f"Basic {base64.b64encode(b'l+ms:x').decode()}"}
    assert region.ask(basic=None, headers=headers, **GRANT).status_code == 401


@pytest.mark.parametrize(("version", "prefix"), [("1.1", ONEROSTER_1_1), ("1.2", ONEROSTER_1_2)])
def test_the_scopes_are_those_of_the_operations_of_each_version(version, prefix):
    known = {scope for scope in known_scopes() if scope.startswith(prefix)}
    assert known == {prefix + scope for scope in edition(version).scopes}
    assert {prefix + scope for operation in operations(version) for scope in operation.scopes} <= known
