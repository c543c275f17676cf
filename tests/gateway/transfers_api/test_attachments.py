"""The people of the sending district add documents and a note over HTTP, for the state that they have seen."""

from __future__ import annotations

import pytest

from tests.gateway.admin_api.test_frame import is_problem
from tests.gateway.transfers.attachments.documents import PAGE, PLAN, SCRIPT, pdf
from tests.gateway.transfers_api.test_decisions import arrive, look

NOTE = "Call before the first day."


def attach(mia, identifier, content=PLAN, **headers):
    _, tag = look(mia, identifier)
    return mia.post(f"/transfers/{identifier}/documents", content, **{"If_Match": tag} | headers)


def test_a_document_is_attached_read_and_taken_back(moving, rita, mia):
    identifier = arrive(moving, rita)
    answer = attach(mia, identifier)
    assert answer.status_code == 200, answer.text
    [one] = answer.json["attachments"]
    assert (one["section"], one["size"]) == ("documents", len(PLAN))
    read = mia.get(f"/transfers/{identifier}/documents/{one['id']}")
    assert (read.data, read.content_type) == (PLAN, "application/pdf")
    is_problem(mia.get(f"/transfers/{identifier}/documents/{'0' * 64}"), 404, "not-found")
    _, tag = look(mia, identifier)
    done = mia.post(f"/transfers/{identifier}/documents/{one['id']}/detach", If_Match=tag)
    assert done.json["attachments"] == []
    is_problem(mia.get(f"/transfers/{identifier}/documents/{one['id']}"), 404, "not-found")


def test_what_is_added_is_added_to_the_state_that_was_seen(moving, rita, mia):
    identifier = arrive(moving, rita)
    _, tag = look(mia, identifier)
    assert attach(mia, identifier).status_code == 200
    is_problem(mia.post(f"/transfers/{identifier}/documents", PLAN + b"\n"), 428, "precondition-required")
    is_problem(attach(mia, identifier, PLAN + b"\n", If_Match=tag), 412, "precondition-failed")
    is_problem(
        mia.post(f"/transfers/{identifier}/decision", {"refuse": {"reason": "court-order"}}, If_Match=tag),
        412, "precondition-failed",
    )  # fmt: skip


def test_the_same_request_twice_attaches_once(moving, rita, mia):
    identifier = arrive(moving, rita)
    _, tag = look(mia, identifier)
    first, again = (attach(mia, identifier, If_Match=tag, Idempotency_Key='"plan"') for _ in range(2))
    assert first.json == again.json
    assert len(look(mia, identifier)[0]["attachments"]) == 1


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"GIF89a", 400, "invalid-body"),
        (pdf(*PAGE, SCRIPT), 400, "invalid-body"),
        (PLAN + b" " * (10 << 20), 413, "body-too-large"),
    ],
)
def test_what_is_no_document_that_can_be_sent_is_refused(moving, rita, mia, content, status, code):
    identifier = arrive(moving, rita)
    is_problem(attach(mia, identifier, content), status, code)
    assert look(mia, identifier)[0]["attachments"] == []


def test_there_are_as_many_documents_as_a_package_can_hold(moving, rita, mia):
    identifier = arrive(moving, rita)
    for number in range(10):
        assert attach(mia, identifier, PLAN + b"\n" * number).status_code == 200
    is_problem(attach(mia, identifier, PLAN + b"\n" * 10), 400, "invalid-body")


def test_a_note_is_written_for_the_registrar_there(moving, rita, mia):
    identifier = arrive(moving, rita)
    _, tag = look(mia, identifier)
    answer = mia.post(f"/transfers/{identifier}/note", {"text": NOTE}, If_Match=tag)
    assert [one["section"] for one in answer.json["attachments"]] == ["restrictions"]
    assert NOTE not in answer.text
    _, tag = look(mia, identifier)
    is_problem(mia.post(f"/transfers/{identifier}/note", {"text": "x" * 2001}, If_Match=tag), 400, "invalid-body")
    is_problem(mia.post(f"/transfers/{identifier}/note", {"text": "a\x1b[2J"}, If_Match=tag), 400, "invalid-body")
    done = mia.post(f"/transfers/{identifier}/note", {"text": ""}, If_Match=tag)
    assert done.json["attachments"] == []


def test_the_district_that_asks_sees_no_difference_and_adds_nothing(moving, rita, mia, agent):
    identifier = arrive(moving, rita)
    before = rita.get(f"/transfers/{identifier}")
    attach(mia, identifier)
    after = rita.get(f"/transfers/{identifier}")
    assert (after.data, after.headers.get("ETag")) == (before.data, before.headers.get("ETag"))
    for who in (rita, agent):
        assert who.post(f"/transfers/{identifier}/documents", PLAN, If_Match='"x"').status_code in {403, 404}
