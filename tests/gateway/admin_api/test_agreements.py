"""Agreements over the administration API: under conditions, signed by people alone, of others as if there were none."""

from __future__ import annotations

import re

import pytest

from tests.support.people.api import in_session, machine
from tests.support.people.region import people_region
from tests.support.regions import TUTORING, agreement, small_sites

TEXT = agreement("maple", TUTORING)
HERE = "/agreements/conformance-maple/versions/1"


@pytest.fixture
def region(tmp_path):
    with people_region(tmp_path / "r", small_sites(tmp_path, 30), [agreement("cedar", client="other")]) as found:
        yield found


@pytest.fixture
def maria(region):
    return in_session(region, "maria", ("maple", "privacy-officer"), ("maple", "approver"))


@pytest.fixture
def begun(maria):
    answer = maria.post("/agreements", {"text": TEXT})
    assert answer.status_code == 201, answer.data
    assert answer.headers["Location"] == f"/admin/v1{HERE}"
    return maria.get(HERE).headers["ETag"]


def test_of_two_who_save_the_same_state_the_second_is_refused(maria, begun):
    saved = maria.put(HERE, {"text": TEXT + "# one\n"}, If_Match=begun)
    assert saved.status_code == 200, saved.data
    assert saved.json["text"].endswith("# one\n")
    assert re.fullmatch("[0-9a-f]{32}", saved.json["save"])  # all districts share the numbers of saves
    again = maria.get(HERE)
    assert again.json["save"] == saved.json["save"]
    assert maria.put(HERE, {"text": TEXT}, If_Match=again.headers["ETag"]).json["save"] != saved.json["save"]
    assert maria.put(HERE, {"text": TEXT + "# two\n"}, If_Match=begun).status_code == 412
    assert maria.put(HERE, {"text": TEXT}).status_code == 428


def test_a_version_is_asked_for_signed_published_and_withdrawn(region, maria, begun):
    def state(word, reason=""):
        tag = maria.get(HERE).headers["ETag"]
        return maria.post(f"{HERE}/state", {"state": word, "reason": reason}, If_Match=tag)

    assert state("review").json["state"] == "in review"
    wrong = maria.post(f"{HERE}/approvals", {"party": "maple", "shown": "0" * 64})
    assert wrong.status_code == 412
    assert state("published").json["served"] is True
    assert [one.id for one in region.running.standing.agreements if one.district == "maple"] == ["conformance-maple"]
    assert maria.post(f"{HERE}/simulate").json["facts"] > 0
    assert state("withdrawn", "no more").json["served"] is True
    assert maria.get(HERE).json["state"] == "withdrawn"


def test_another_district_and_nobodys_agreement_are_answered_alike(region, begun):
    stranger = in_session(region, "cora", ("cedar", "privacy-officer"))
    for path in ("", "/diff?with=1"):
        there, nowhere = stranger.get(HERE + path), stranger.get(HERE.replace("conformance-maple", "nothing") + path)
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.json["detail"] == nowhere.json["detail"]


def test_a_machine_neither_signs_nor_counts(region, begun):
    robot = machine(region, "robot", "conformance", "vendor-contact")
    assert robot.get(HERE).status_code == 200
    assert robot.post(f"{HERE}/approvals", {"party": "conformance", "shown": "0" * 64}).status_code == 403
    assert robot.post(f"{HERE}/simulate").status_code == 403


def test_a_signature_needs_a_proof_that_is_not_old(region, maria, begun):
    region.clock.move(11 * 60)
    answer = maria.post(f"{HERE}/approvals", {"party": "maple", "shown": "0" * 64})
    assert (answer.status_code, answer.json["type"]) == (403, "urn:crossing-guard:problem:not-permitted")


@pytest.mark.parametrize("version", ["0", "2", "x", "99999999999999999999", "-1"])
def test_a_version_that_is_none_is_not_found(maria, begun, version):
    assert maria.get(f"/agreements/conformance-maple/versions/{version}").status_code == 404
