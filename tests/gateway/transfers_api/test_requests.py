"""A district asks for a record over HTTP, and is told the same of every child until it is delivered."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import select, update

from gateway.admin_api.frame.idempotency import RUNNING
from gateway.storage.people.tables import idempotency_keys
from gateway.transfers.machine.words import TransferState
from gateway.transfers_api.app import CUT_OFF
from tests.gateway.admin_api.test_frame import is_problem
from tests.gateway.transfers.work.test_worker import restrict
from tests.support.people.moving import ROOT

WORDS_OF_THE_INSIDE = ("near", "matched", "waiting", "approved", "packed", "held", "unknown", "requested", "number")


def asked(caller, moving, number=3, **changes):
    answer = caller.post("/transfers", moving.form(number, **changes))
    assert answer.status_code == 201, answer.text
    return answer


def test_a_program_asks_in_the_name_of_its_district_and_is_told_when_it_is_due(moving, agent):
    answer = asked(agent, moving)
    told = answer.json
    assert answer.headers["Location"] == f"{ROOT}/transfers/{told['id']}"
    assert set(told) == {"id", "role", "state", "sender", "asked", "due"}
    assert (told["role"], told["state"], told["sender"]) == ("out", "asked", "maple")
    assert agent.get(f"/transfers/{told['id']}").json == told
    assert told in agent.get("/transfers?state=asked&limit=100").json


def test_a_registrar_asks_in_a_session_with_the_token_of_the_page(moving, rita):
    assert asked(rita, moving, 34).json["state"] == "asked"
    bare = {"X_CSRF_Token": ""}
    is_problem(rita.post("/transfers", moving.form(34), **bare), 403, "csrf-token")


def test_a_request_without_a_key_is_refused_and_one_with_the_same_key_is_one(moving, agent):
    is_problem(agent.wsgi.post(f"{ROOT}/transfers", json=moving.form(), headers=agent.headers,
               base_url="https://crossing.example.org"), 400, "idempotency-key-required")  # fmt: skip
    first, again = (asked_with_key(agent, moving.form(5), '"once"') for _ in range(2))
    assert first.data == again.data
    is_problem(asked_with_key(agent, moving.form(6), '"once"'), 422, "idempotency-key-reused")


def test_nobody_with_the_registry_alone_finds_out_for_whom_was_asked(moving, agent):
    body, headers = json.dumps(moving.form(31)).encode(), agent.headers | {"Idempotency-Key": '"guessed"'}
    path, base = f"{ROOT}/transfers", "https://crossing.example.org"
    answer = agent.wsgi.post(path, data=body, content_type="application/json", headers=headers, base_url=base)
    assert answer.status_code == 201, answer.text
    guessed = hashlib.sha256(b"\0".join((b"POST", path.encode(), b"", b"", body))).hexdigest()
    with moving.region.administered.store.engine.begin() as connection:
        kept = set(connection.execute(select(idempotency_keys.c.request_hash)).scalars())
    assert kept
    assert guessed not in kept


def asked_with_key(caller, form, key):
    return caller.post("/transfers", form, Idempotency_Key=key)


def test_a_request_that_was_cut_off_goes_on_with_its_key_after_a_while(moving, agent):
    form = moving.form(13)
    first = asked_with_key(agent, form, '"cut"')
    store, now = moving.region.administered.store, moving.region.clock()
    with store.engine.begin() as connection:
        connection.execute(update(idempotency_keys).values(status=RUNNING, sealed=None, at=now))
    is_problem(asked_with_key(agent, form, '"cut"'), 409, "idempotency-key-in-use")
    moving.world.later(seconds=CUT_OFF.total_seconds() + 1)
    again = asked_with_key(agent, form, '"cut"')
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    assert asked_with_key(agent, form, '"cut"').data == again.data
    is_problem(asked_with_key(agent, moving.form(14), '"cut"'), 422, "idempotency-key-reused")


def test_a_second_request_for_the_same_child_says_so_or_is_refused(moving, agent):
    asked(agent, moving, 12, again=False)
    is_problem(agent.post("/transfers", moving.form(12, again=False)), 409, "asked-already")


def told_of(caller, identifier):
    """Return all that the district that has asked is told of a transfer, without the id."""
    answers = [caller.get(f"/transfers/{identifier}"), caller.get("/transfers?limit=100")]
    (listed,) = [one for one in answers[1].json if one["id"] == identifier]
    one = answers[0]
    headers = {name: value for name, value in one.headers.items() if name not in {"ETag", "Content-Length"}}
    return json.dumps([one.status_code, headers, one.json, listed]).replace(identifier, "?"), one


def test_found_doubtful_absent_and_restricted_children_are_told_alike_until_delivery(moving, agent):
    world = moving.world
    restrict(world, 20, "acp")
    twin = {"given": "Zebediah", "stateId": "9999999999"}
    cases = {
        "found": (21, {}, TransferState.PACKED),
        "doubtful": (22, {"birthDate": "2011-02-03"}, TransferState.NEAR),
        "absent": (23, {"family": "Quetzalcoatl", "birthDate": "2001-01-09"} | twin, TransferState.UNKNOWN),
        "restricted": (20, {}, TransferState.WAITING),
    }
    told = {}
    for name, (number, changes, state) in cases.items():
        form = moving.form(number)
        form["student"] |= changes
        identifier = program_asks(moving, form)
        assert world.work(world.find(identifier)).state is state, name
        told[name], answer = told_of(agent, identifier)
        assert not any(word in answer.text for word in WORDS_OF_THE_INSIDE), name
    assert len(set(told.values())) == 1, told


def program_asks(moving, form):
    """Ask for a child who is none of Cedar's, as nobody's enrollment shows: the ledger takes it from a registrar."""
    registrar = moving.person("rhea", ("cedar", "registrar"))
    answer = registrar.post("/transfers", form | {"standing": "intent"})
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def test_withdrawing_is_answered_alike_whatever_is_inside(moving, agent, mia):
    found, waiting = (asked(agent, moving, number).json["id"] for number in (24, 25))
    moving.world.work(moving.world.find(found))
    told = [agent.post(f"/transfers/{one}/withdraw", {"reason": "mistake"}) for one in (found, waiting)]
    assert [one.status_code for one in told] == [200, 200]
    assert told[0].text.replace(found, "?") == told[1].text.replace(waiting, "?")
    assert told[0].json["state"] == "closed"
    again = [agent.post(f"/transfers/{one}/withdraw", {"reason": "mistake"}) for one in (found, waiting)]
    assert [is_problem(one, 409, "transfer-state")["detail"] for one in again] == [again[0].json["detail"]] * 2


def test_a_request_goes_on_to_another_district_only_under_an_agreement(moving, agent):
    identifier = asked(agent, moving, 26).json["id"]
    assert agent.post(f"/transfers/{identifier}/redirect", {"district": "oak"}).status_code in {403, 404}
    assert agent.get(f"/transfers/{identifier}").json["state"] == "asked"


def test_what_is_anothers_does_not_exist(moving, agent):
    identifier = asked(agent, moving, 27).json["id"]
    stranger = moving.program("maple-agent", "maple")
    absent = "0" * 32
    for path in ("/transfers/{}", "/transfers/{}/package?version=1"):
        mine, none = stranger.get(path.format(identifier)), stranger.get(path.format(absent))
        assert (mine.status_code, mine.json["type"], mine.json["detail"]) == (
            404,
            none.json["type"],
            none.json["detail"],
        )


@pytest.mark.parametrize(
    "student",
    [
        {"family": "Only"},
        {},
        {"stateId": "x" * 61},
        {"given": "a\nb"},
        {"birthDate": "tomorrow"},
        {"favourite": "blue"},
        {"given": 7},
        {"given": None},
        {"family": "NUL\u0000"},
        [],
        "text",
    ],
)
def test_a_student_that_is_not_as_it_must_be_is_refused_and_not_repeated(moving, agent, student):
    answer = agent.post("/transfers", {"sender": "maple", "student": student, "standing": "enrollment"})
    assert answer.status_code == 400
    assert not any(text in answer.text for text in ("Only", "tomorrow", "blue"))


@pytest.mark.parametrize("sent", [b"{", b"[]", b"[" * 100_000, b'{"a":1,"a":2}', b"\xff", b'{"sender": NaN}', b"null"])
def test_a_body_that_is_no_json_object_is_a_problem_and_no_fault(agent, sent):
    headers = agent.headers | {"Idempotency-Key": '"hostile"'}
    answer = agent.wsgi.post(
        f"{ROOT}/transfers", data=sent, content_type="application/json", headers=headers,
        base_url="https://crossing.example.org",
    )  # fmt: skip
    is_problem(answer, 400, "invalid-body")


def test_a_body_beyond_the_bound_is_not_read(agent):
    headers = agent.headers | {"Idempotency-Key": '"huge"'}
    answer = agent.wsgi.post(
        f"{ROOT}/transfers", data=b" " * (1 << 19), content_type="application/json", headers=headers,
        base_url="https://crossing.example.org",
    )  # fmt: skip
    is_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize(
    "query", ["role=both", "state=packed", "light=blue", "limit=0", "limit=101", "cursor=x", "page=2", "role=in&state=asked"]
)  # fmt: skip
def test_a_list_that_cannot_be_meant_is_refused(rita, mia, query):
    caller = mia if query.startswith("role=in") else rita
    assert caller.get(f"/transfers?{query}").status_code == 400


def test_lists_go_on_by_a_cursor(moving, agent):
    for number in (30, 31, 32):
        asked(agent, moving, number)
    whole = [one["id"] for one in agent.get("/transfers?limit=100").json]
    found, cursor = [], ""
    while True:
        page = agent.get(f"/transfers?limit=2{cursor}")
        found += [one["id"] for one in page.json]
        if "Next-Page-Token" not in page.headers:
            break
        cursor = f"&cursor={page.headers['Next-Page-Token']}"
    assert found == whole


def test_nothing_of_a_student_is_kept_of_an_answer(moving, agent, mia):
    """What is kept for whoever repeats a write is sealed, and has no student in it."""
    identifier = asked(agent, moving, 33).json["id"]
    moving.world.work(moving.world.find(identifier))
    name = moving.world.student(33).family.encode()
    with moving.region.administered.store.engine.connect() as connection:
        rows = connection.execute(select(idempotency_keys)).all()
    assert rows
    assert not any(name in bytes(row.sealed or b"") for row in rows)
