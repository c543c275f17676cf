"""What the API of transfers tells to logs and to whoever asks too often, or sends what cannot be meant."""

from __future__ import annotations

import json

import pytest

from gateway.transfers_api.app import GROUPS
from tests.gateway.admin_api.test_frame import is_problem
from tests.gateway.transfers_api.test_authorisation import PARTS
from tests.support.people.moving import ROOT, moving_region
from tests.support.people.region import BASE

WRITES = [one for group in GROUPS for one in group.declared if one.method == "POST"]
HOSTILE = {
    "no JSON": b"{",
    "deep": b'{"a":' * 20_000,
    "deep in a member": b'{"student":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a huge number": b'{"version": 1' + b"0" * 6_000 + b"}",
    "no number": b'{"version": 1e999}',
    "a list": b"[]",
    "null": b"null",
    "half a character": b'{"reason": "\\ud800"}',
    "unknown": b'{"favourite": "blue"}',
    "wrong types": b'{"version": {}, "reason": [], "sender": 1, "student": "x", "jwk": [], "signature": {}, "district": 7}',
    "huge": b'{"reason": "' + b"x" * 300_000 + b'"}',
}


def test_no_value_of_a_student_is_logged_or_in_an_address(moving, rita, mia, agent, capsys):
    form = moving.form(40, standing="intent")
    values = [text for text in form["student"].values() if len(text) > 3]
    identifier = rita.post("/transfers", form).json["id"]
    moving.world.work(moving.world.find(identifier))
    for caller in (rita, mia, agent):
        caller.get(f"/transfers/{identifier}")
        caller.get(f"/transfers/{identifier}/package?version=1")
    rita.post("/transfers", {"sender": "maple", "student": {**form["student"], "shoes": "x"}, "standing": "intent"})
    rita.post("/transfers", {"sender": "oak", "student": form["student"], "standing": "intent"})
    told = capsys.readouterr()
    assert "route=/transfers/v1/transfers" in told.out + told.err
    assert [text for text in values if text in told.out + told.err] == []


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("one", WRITES, ids=lambda one: one.name)
def test_a_hostile_body_is_a_problem_and_no_fault(moving, rita, mia, one, hostile):
    path = one.rule
    for name, value in PARTS.items():
        path = path.replace(f"<{name}>", value)
    for caller in (rita, mia):
        headers = caller.headers | {"Idempotency-Key": '"hostile"', "If-Match": "*"}
        answer = caller.wsgi.post(
            ROOT + path, data=HOSTILE[hostile], content_type="application/json", headers=headers, base_url=BASE
        )  # fmt: skip
        assert answer.status_code in {400, 403, 404, 413}
        assert answer.mimetype == "application/problem+json"
        assert "blue" not in json.dumps(answer.json)


def test_whoever_asks_too_often_waits(tmp_path):
    with moving_region(tmp_path, rate="4/minute") as moving:
        agent = moving.program("eager", "cedar")
        answers = [agent.get("/transfers") for _ in range(6)]
        assert [one.status_code for one in answers[:4]] == [200] * 4
        is_problem(answers[-1], 429, "too-many-requests")
        assert int(answers[-1].headers["Retry-After"]) > 0
        found = agent.wsgi.get("/identity/v2/identities/x", headers=agent.headers, base_url=BASE)
        assert found.status_code == 429
