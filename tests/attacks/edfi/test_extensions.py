"""What an ODS has beyond the standard is addressed, written and followed like anything else."""

from __future__ import annotations

import pytest

from standards.edfi.model import model
from tests.adapters.edfi_ods.system import system
from tests.adapters.edfi_ods.test_extensions import TPDM, documents
from tests.support.regions import Site, agreement, running

OPERATIONS = "[read, search, changes, create, update, delete]"
CANDIDATES = "/data/v3/tpdm/candidates"
VERSIONS = "/changeQueries/v1/availableChangeVersions"


@pytest.fixture
def owner(tmp_path):
    """A consumer that may do everything with a district whose ODS has an extension."""
    (tmp_path / "secret").write_text("ods-secret")
    with system(list(documents()), extension=TPDM) as ods:
        place = Site("edfi_ods", {
            "url": ods.url, "client_id": "crossing", "client_secret": f"file:{tmp_path}/secret",
            "allow_private": "true", "writable": "true", "extensions": "true",
        })  # fmt: skip
        with running(tmp_path / "region", {"fir": place}, [agreement("fir", operations=OPERATIONS)]) as region:
            yield region.consumer()
    model.extend({})


def send(owner, method, place, body):
    return owner.web.open(place, method=method, json=body, headers=owner.bearer)


def test_a_written_item_is_where_the_answer_says(owner):
    answer = send(owner, "POST", CANDIDATES, {"candidateIdentifier": "c-7", "firstName": "Cy"})
    assert answer.status_code == 201, answer.text
    place = answer.headers["Location"].removeprefix("http://localhost")
    assert place.startswith(f"{CANDIDATES}/")
    assert owner.ask(place).json["candidateIdentifier"] == "c-7"


def test_what_a_token_may_do_names_resources_by_their_addresses(owner):
    told = owner.web.post("/oauth/token_info", json={"token": owner.token}, headers=owner.bearer).json
    names = {one["resource"] for one in told["resources"]}
    assert {"/ed-fi/students", "/tpdm/candidates"} <= names


def test_versions_are_told_to_who_follows_a_resource_of_an_extension(owner):
    first = owner.ask(VERSIONS)
    assert first.status_code == 200, first.text
    assert owner.ask(CANDIDATES, minChangeVersion=0).status_code == 200
    assert owner.ask(VERSIONS).status_code == 200


def test_versions_are_told_when_the_extension_is_there_no_more(owner):
    owner.ask(VERSIONS)
    assert owner.ask(CANDIDATES, minChangeVersion=0).status_code == 200
    model.extend({})
    assert owner.ask(VERSIONS).status_code == 200
