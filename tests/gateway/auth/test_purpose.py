"""A token names its purpose: what is for it is given, what is for another is not there, and nothing is shared."""

from __future__ import annotations

from typing import ClassVar

import pytest

from gateway.audit.chain import read_events
from tests.support.regions import EDFI, ROSTER, Clock, agreement, links, running, small_sites

NAMES = (("student.id", "allow"), ("student.name", "allow"), ("organization.*", "allow"))
MAIL = (("student.id", "allow"), ("student.email", "allow"), ("organization.*", "allow"))
CLIENT = "tutor"


def of(purpose: str, lines, **changes) -> str:
    """An agreement of the one client for a *purpose*."""
    text = agreement(
        "maple", lines, client=CLIENT, purpose=purpose, operations="[read, search, bulk, changes]", **changes
    )
    return text.replace(f"id: {CLIENT}-maple", f"id: {purpose}-maple")


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("purposes")
    sites = {"maple": small_sites(folder / "data", 30)["maple"]}
    with running(folder / "region", sites, [of("tutoring", NAMES), of("research", MAIL)], clock=Clock()) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(region):
    return region.consumer(CLIENT)


def ask(client, **form):
    body = {"grant_type": "client_credentials", **form}
    return client.web.post("/oauth/token", data=body, auth=(CLIENT, client.secret))


class As:
    """The client with a token for one purpose."""

    tokens: ClassVar[dict[str, str]] = {}

    def __init__(self, client, purpose: str) -> None:
        if purpose not in self.tokens:
            self.tokens[purpose] = ask(client, purpose=purpose).json["access_token"]
        self.client, self.token = client, self.tokens[purpose]

    def get(self, address: str, **query):
        return self.client.web.get(
            address, headers={"Authorization": f"Bearer {self.token}"}, query_string=query or None
        )


def test_a_token_is_given_for_the_purpose_it_names_and_says_so(client):
    answer = ask(client, purpose="research")
    assert (answer.status_code, answer.json["purpose"]) == (200, "research")


def test_a_token_may_be_asked_for_in_json_too(client):
    body = {"grant_type": "client_credentials", "Purpose": "tutoring"}
    answer = client.web.post("/oauth/token", json=body, auth=(CLIENT, client.secret))
    assert answer.json["purpose"] == "tutoring"


def test_a_token_that_names_no_purpose_is_given_as_before(client):
    for form in ({}, {"purpose": ""}):
        answer = ask(client, **form)
        assert answer.status_code == 200
        assert "purpose" not in answer.json


@pytest.mark.parametrize(
    ("purpose", "error"),
    [("marketing", "invalid_scope"), ("two words", "invalid_request"), ("x" * 101, "invalid_request")],
)
def test_a_purpose_of_no_agreement_in_force_is_refused(client, purpose, error):
    answer = ask(client, purpose=purpose)
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert "access_token" not in answer.json


def test_a_purpose_given_twice_is_refused(client):
    body = "grant_type=client_credentials&purpose=research&PURPOSE=tutoring"
    kind = "application/x-www-form-urlencoded"
    answer = client.web.post("/oauth/token", data=body, content_type=kind, auth=(CLIENT, client.secret))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_a_purpose_in_the_address_is_refused(client):
    answer = client.web.post(
        "/oauth/token?purpose=research", data={"grant_type": "client_credentials"}, auth=(CLIENT, client.secret)
    )
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_introspection_and_token_info_tell_the_purpose(client):
    one = As(client, "research")
    told = client.web.post("/oauth/introspect", data={"token": one.token}, auth=(CLIENT, client.secret))
    assert told.json["purpose"] == "research"
    info = client.web.post(
        "/oauth/token_info", data={"token": one.token}, headers={"Authorization": f"Bearer {one.token}"}
    )
    assert (info.json["purpose"], info.json["claim_set"]) == ("research", {"name": "research-maple"})


def test_what_is_for_one_purpose_is_not_there_for_another(client):
    (tutoring,), (research,) = (
        As(client, one).get(f"{EDFI}students", limit=1).json for one in ("tutoring", "research")
    )
    assert "firstName" in tutoring
    assert "firstName" not in research
    user = As(client, "research").get(f"{ROSTER}students", limit=1).json["users"][0]
    assert user.get("givenName") is None


def test_without_a_purpose_a_client_with_several_is_refused(client):
    answer = client.edfi("students")
    assert answer.status_code == 403
    assert "dsa_ambiguous" in answer.text
    assert client.roster("students").status_code == 403


def test_the_record_of_disclosures_names_the_one_agreement(region, client):
    As(client, "research").get(f"{EDFI}students", limit=1)
    *_, event = read_events(region.folder / "state" / "audit")
    assert (event["purpose"], event["agreements"]) == ("research", ["research-maple@1"])


def test_a_page_token_is_of_one_purpose(client):
    tutoring, research = As(client, "tutoring"), As(client, "research")
    following = tutoring.get(f"{EDFI}students", pageSize=5, pageToken=first_token(tutoring)).headers["Next-Page-Token"]
    assert tutoring.get(f"{EDFI}students", pageSize=5, pageToken=following).status_code == 200
    assert research.get(f"{EDFI}students", pageSize=5, pageToken=following).status_code == 400


def first_token(one: As) -> str:
    return one.get(f"{EDFI}students/partitions", number=1).json["pageTokens"][0]


def test_walks_for_two_purposes_do_not_end_each_other(client):
    tutoring, research = As(client, "tutoring"), As(client, "research")
    following = links(tutoring.get(f"{ROSTER}students", limit=10).headers["Link"])["next"]
    other = links(research.get(f"{ROSTER}students", limit=10).headers["Link"])["next"]
    assert tutoring.get(following).status_code == research.get(other).status_code == 200


def test_change_versions_of_one_purpose_tell_nothing_of_the_other(client):
    tutoring, research = As(client, "tutoring"), As(client, "research")
    for one in (tutoring, research):
        assert one.get("/maple/changeQueries/v1/availableChangeVersions").status_code == 200
        assert one.get(f"/maple{EDFI}students", minChangeVersion=0).status_code == 200
    for one in (tutoring, research):
        assert one.get(f"/maple{EDFI}students/deletes").json == []
