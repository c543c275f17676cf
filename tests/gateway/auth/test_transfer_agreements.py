"""A client whose only agreement is about transfers gets from every API what one without any agreement gets."""

from __future__ import annotations

import pytest

from gateway.auth.scopes import TRANSFERS
from tests.gateway.web.test_errors import imsx, problem
from tests.policies.transfers.written import text
from tests.support.regions import EDFI, ROSTER, agreement, running, small_sites

JSON = "application/json"
ADDRESSES = (
    f"{ROSTER}users", f"{ROSTER}orgs?limit=1", f"/maple{ROSTER}students", "/ims/oneroster/bulk/v1p2/csv",
    f"{EDFI}students", f"/maple{EDFI}students", f"{EDFI}students/deletes", f"{EDFI}students/{'0' * 32}",
    f"{EDFI}schools?nonsense=1", "/oauth/token_info",
)  # fmt: skip


def moving(client, sender="maple", receiver="cedar"):
    """An agreement about transfers to a district, with one client that is called so and is of that organisation."""
    names = (("clients: [fir-agent]", f"clients: [{client}]"), ("district: maple", f"district: {sender}"))
    return text(*names, ("org: fir", f"org: {receiver}"), ("id: maple-to-fir", f"id: {sender}-to-{receiver}"))


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfers")
    sites = small_sites(folder / "data")
    terms = [moving("cedar"), agreement("maple", client="reader"), moving("maple", "cedar", "maple")]
    terms.append(agreement("cedar", client="maple", purpose="rostering"))
    with running(folder / "region", sites, terms, "") as one:
        yield one


@pytest.fixture(scope="module")
def mover(region):
    """The client `cedar`, with every scope of data and nothing but an agreement about transfers."""
    return region.consumer("cedar")


@pytest.fixture(scope="module")
def stranger(region):
    """A client with every scope of data and no agreement."""
    return region.consumer("stranger")


def told(answer):
    """What an answer says, without what is new in each."""
    body = answer.get_json(silent=True)
    left = {name: one for name, one in (body or {}).items() if name not in {"correlationId", "client_id"}}
    return answer.status_code, left, answer.content_type


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_api_answers_as_to_a_client_without_an_agreement(mover, stranger, address):
    assert told(mover.ask(address)) == told(stranger.ask(address))


def test_that_answer_is_a_refusal_in_the_words_of_each_standard(mover):
    imsx(mover.roster("users"), 403, "forbidden")
    problem(mover.edfi("students"), 403, "security:authorization:access-denied:resource")


def test_nothing_is_written_or_deleted_by_it(mover, stranger):
    for method, address in (("POST", f"{EDFI}students"), ("DELETE", f"/maple{EDFI}students/{'0' * 32}")):
        answers = [one.ask(address, method=method, headers={"Content-Type": JSON}) for one in (mover, stranger)]
        assert told(answers[0]) == told(answers[1])
        assert answers[0].status_code >= 400


def test_a_client_that_also_reads_is_served_by_that_alone_and_needs_to_name_no_purpose(region):
    both = region.consumer("maple")
    assert both.edfi("students", limit=1).status_code == 200
    assert both.edfi("students", limit=1, district="cedar").status_code in {200, 400}
    assert both.ask(f"/maple{EDFI}students").status_code == 403


def test_scopes_of_transfers_open_no_api_of_data(region):
    agent = region.consumer("cedar-agent", TRANSFERS)
    imsx(agent.roster("users"), 403, "forbidden")
    problem(agent.edfi("students"), 403, "security:authorization:access-denied:action")


def test_the_grant_of_the_transfer_is_there_for_who_packs_and_for_nobody_else(region):
    grants = region.gateway.grants
    one, grant = grants.transfer("maple", "cedar")
    assert (one.id, grant.client) == ("maple-to-cedar", "cedar")
    assert grants.of("cedar") == ()
    assert not region.gateway.in_force(grant)
