"""Every operation on transfers, asked by everybody: who has no business there is refused, before anything is looked at."""

from __future__ import annotations

import pytest

from gateway.admin_api.frame.operations import PUBLIC, SIGNED_IN
from gateway.people.actor import Actor, Membership
from gateway.transfers_api.app import GROUPS
from policies.roles import action
from tests.gateway.admin_api.test_frame import is_problem
from tests.support.people.api import machine, registered, token
from tests.support.people.moving import TransferCaller

OPERATIONS = [one for group in GROUPS for one in group.declared]
PARTS = {"transfer": "0" * 32, "name": "identity", "district": "cedar", "kid": "k", "attachment": "d" * 64}
BODIES = {
    "ask_transfer": {"sender": "maple", "standing": "intent", "student": {"family": "A", "given": "B", "stateId": "1234567"}},
    "withdraw_transfer": {"reason": "mistake"},
    "redirect_transfer": {"district": "maple"},
    "match_transfer": {"none": True},
    "write_note": {"text": "Call first."},
    "decide_transfer": {"free": True},
    "acknowledge_package": {"version": 1, "resend": "lost"},
    "file_section": {"version": 1, "how": "written"},
    "publish_key": {"jwk": {}},
    "sign_manifest": {"signature": "a..b"},
}  # fmt: skip
QUERIES = {"read_package": "?version=1", "preview_transfer": "?sections=identity"}
ROLES = ["district-admin", "privacy-officer", "registrar", "approver", "auditor", "educator", "adapter-author"]


def path_of(one):
    path = one.rule
    for name, value in PARTS.items():
        path = path.replace(f"<{name}>", value)
    return path + QUERIES.get(one.name, "")


def send(caller, one):
    headers = {"If_Match": "*"} if one.matched else {}
    return caller.ask(one.method, path_of(one), BODIES.get(one.name, {}) if one.method == "POST" else None, **headers)


@pytest.fixture(scope="module")
def people(moving):
    return {role: moving.person(f"one-{role}", ("cedar", role)) for role in ROLES}


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_nobody_gets_in_without_a_credential_but_to_the_description(moving, one):
    answer = send(moving.nobody(), one)
    if one.action == PUBLIC:
        assert answer.status_code == 200
    else:
        is_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize(
    "one", [one for one in OPERATIONS if one.action not in {PUBLIC, SIGNED_IN}], ids=lambda one: one.name
)
@pytest.mark.parametrize("role", ROLES)
def test_a_person_may_do_what_the_table_of_roles_says(people, one, role):
    may = Actor("x", "person", (Membership("cedar", role),)).reach(one.action, "cedar") is not None
    answer = send(people[role], one)
    if may and one.name == "supplement_transfer":
        assert answer.status_code == (404 if role == "approver" else 403)
    elif may:
        assert answer.status_code in {200, 201, 202, 204, 400, 404, 409, 422} or answer.json["type"].endswith(
            ":forbidden"
        ), answer.text
    else:
        assert action(one.action).about in is_problem(answer, 403, "not-permitted")["detail"]


@pytest.mark.parametrize(
    "one", [one for one in OPERATIONS if one.action not in {PUBLIC, SIGNED_IN}], ids=lambda one: one.name
)
@pytest.mark.parametrize("scope", ["transfer:request", "transfer:receive"])
def test_a_program_does_what_its_scope_says_and_never_decides(moving, one, scope):
    name = f"only-{scope[9:]}"
    caller = PROGRAMS.setdefault((id(moving), name), None) or moving.program(name, "cedar", scope)
    PROGRAMS[id(moving), name] = caller
    answer = send(caller, one)
    if one.scope == scope:
        assert answer.status_code in {200, 201, 204, 400, 404, 409}, answer.text
    else:
        is_problem(answer, 403, "not-permitted")


PROGRAMS = {}


def test_no_decision_is_open_to_a_program():
    open_ = {one.name for one in OPERATIONS if one.scope and action(one.action).proved}
    assert open_ == {"list_signatures", "read_manifest", "sign_manifest"}
    assert {one.name for one in OPERATIONS if not one.scope and one.action not in {PUBLIC, SIGNED_IN}} == {
        "match_transfer", "preview_transfer", "decide_transfer", "attach_document", "read_document", "detach_document",
        "write_note", "publish_key", "retire_key", "revoke_key",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("org", "kind", "scopes"),
    [
        ("acme", "vendor", ["transfer:request", "transfer:receive"]),
        ("cedar", "district", ["edfi:read"]),
        ("cedar", "district", ["transfer:request", "edfi:read"]),
    ],
)
def test_vendors_and_clients_with_other_scopes_are_served_by_nothing(moving, org, kind, scopes):
    name = f"other-{org}-{len(scopes)}-{scopes[0][:4]}"
    secret = registered(moving.region, name, org, scopes)
    given = token(moving.region, name, secret)
    if given.status_code == 200:
        bearer = {"Authorization": f"Bearer {given.json['access_token']}"}
        caller = TransferCaller(moving.nobody().wsgi, bearer)
        for one in OPERATIONS:
            if one.action != PUBLIC:
                is_problem(send(caller, one), 401, "unauthenticated")


def test_a_program_of_administration_has_no_business_here(moving):
    robot = machine(moving.region, "robot", "cedar", "district-admin")
    is_problem(TransferCaller(robot.wsgi, robot.headers).get("/transfers"), 401, "unauthenticated")


def test_a_token_of_transfers_opens_nothing_else(moving, agent):
    assert agent.wsgi.get("/admin/v1/session", headers=agent.headers).status_code == 401
    assert agent.wsgi.get("/cedar/data/v3/ed-fi/students", headers=agent.headers).status_code in {401, 403}


def test_a_person_of_two_districts_says_for_which_one_asks(moving):
    both = moving.person("both", ("cedar", "registrar"), ("maple", "registrar"))
    assert "org" in is_problem(both.get("/transfers"), 400, "malformed-query")["detail"]
    assert both.get("/transfers?org=cedar").status_code == 200
    is_problem(both.get("/transfers?org=oak"), 403, "not-permitted")


def test_an_operator_of_the_region_releases_nothing(moving):
    boss = moving.person("boss", ("region", "region-operator"))
    for one in OPERATIONS:
        if one.action in {"transfer.match", "transfer.decide", "transfer.ask", "transfer.receive"}:
            is_problem(send(boss, one), 403, "not-permitted")


def test_a_program_never_sees_what_its_district_is_asked_for(moving):
    sender = moving.program("maple-program", "maple")
    identifier = moving.person("rita", ("cedar", "registrar")).post("/transfers", moving.form(41, standing="intent"))
    is_problem(sender.get("/transfers?role=in"), 403, "not-permitted")
    is_problem(sender.get(f"/transfers/{identifier.json['id']}"), 404, "transfer-not-found")
