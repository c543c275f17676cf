"""Every method of every service asks the roles: whoever has none that allows it is refused before anything happens."""

from __future__ import annotations

import inspect
from datetime import date

import pytest

from gateway.admin.transfers import office as actions
from gateway.admin.transfers.asking import TransferAsking, TransferForm
from gateway.admin.transfers.custody import TransferCustody
from gateway.admin.transfers.keys import TransferKeys
from gateway.admin.transfers.notices import TransferNotices
from gateway.admin.transfers.own_students import OwnStudents
from gateway.admin.transfers.preview import ReleasePreview
from gateway.admin.transfers.receiving import TransferReceiving
from gateway.admin.transfers.reports import TransferReports
from gateway.admin.transfers.suggestions import TransferSuggestions
from gateway.people.actor import NotPermitted, machine, operator
from gateway.transfers.machine.words import RequestStanding
from gateway.transfers.sealing.key_set import KeyUse
from policies.roles import action
from standards.errors import CallerError, NotFound
from tests.gateway.admin.transfers.offices import NOBODY, ROLES, SENDER, jwk

ID = "0" * 32
FORM = TransferForm("cedar", NOBODY, RequestStanding.INTENT)
WALK = [
    (TransferAsking, "districts", (), actions.FOLLOW),
    (TransferAsking, "ask", (FORM, "k"), actions.ASK),
    (TransferAsking, "sent", (), actions.FOLLOW),
    (TransferAsking, "one", (ID,), actions.FOLLOW),
    (TransferAsking, "withdraw", (ID, "mistake", "k"), actions.WITHDRAW),
    (TransferAsking, "redirect", (ID, "cedar", "k"), actions.ASK),
    (TransferAsking, "ask_supplement", (ID, "k"), actions.ASK),
    (TransferCustody, "worklist", (), actions.FOLLOW),
    (TransferCustody, "look", (ID,), actions.FOLLOW),
    (TransferCustody, "glance", (ID,), actions.FOLLOW),
    (TransferCustody, "number_of", (ID,), actions.FOLLOW),
    (TransferCustody, "deciders", (), actions.FOLLOW),
    (TransferCustody, "put_off", (), actions.FOLLOW),
    (TransferCustody, "choose", (ID, "handle", 1, "k"), actions.MATCH),
    (TransferCustody, "none_of_them", (ID, 1, "k"), actions.MATCH),
    (TransferCustody, "redirect", (ID, "cedar", 1, "k"), actions.MATCH),
    (TransferCustody, "end", (ID, 1, "k"), actions.MATCH),
    (TransferCustody, "approve", (ID, (), (), "", "k"), actions.DECIDE),
    (TransferCustody, "supplement", (ID, (), (), "", "k"), actions.DECIDE),
    (TransferCustody, "hold", (ID, "fee", (), 1, "k"), actions.DECIDE),
    (TransferCustody, "free", (ID, 1, "k"), actions.DECIDE),
    (TransferCustody, "refuse", (ID, "not-authorized", 1, "k"), actions.DECIDE),
    (TransferCustody, "attach_document", (ID, b"%PDF-1.7", 1, "k"), actions.DECIDE),
    (TransferCustody, "write_note", (ID, "a note", 1, "k"), actions.DECIDE),
    (TransferCustody, "detach", (ID, "d" * 64, 1, "k"), actions.DECIDE),
    (TransferCustody, "document", (ID, "d" * 64), actions.DECIDE),
    (TransferCustody, "withdraw", (ID, "mistake", 1, "k"), actions.WITHDRAW),
    (ReleasePreview, "show", (ID, ()), actions.DECIDE),
    (TransferReceiving, "packages", (), actions.RECEIVE),
    (TransferReceiving, "waiting", (), actions.FOLLOW),
    (TransferReceiving, "received", (ID,), actions.FOLLOW),
    (TransferReceiving, "package", (ID, 1), actions.RECEIVE),
    (TransferReceiving, "accept", (ID, 1, "e", "k"), actions.RECEIVE),
    (TransferReceiving, "resend", (ID, 1, "lost", "k"), actions.RECEIVE),
    (TransferReceiving, "file", (ID, 1, "identity", "written", "k"), actions.RECEIVE),
    (TransferKeys, "listed", (), actions.FOLLOW),
    (TransferKeys, "one", ("kid",), actions.KEYS),
    (TransferKeys, "publish", (jwk("walked", KeyUse.SEAL),), actions.KEYS),
    (TransferKeys, "retire", ("kid",), actions.KEYS),
    (TransferKeys, "revoke", ("kid", "why"), actions.KEYS),
    (TransferSuggestions, "listed", (), actions.ASK),
    (TransferSuggestions, "count", (), actions.ASK),
    (TransferSuggestions, "ask", ("handle",), actions.ASK),
    (TransferSuggestions, "dismiss", ("handle",), actions.ASK),
    (OwnStudents, "search", ({"family": "Lee"},), actions.ASK),
    (OwnStudents, "find", ("1",), actions.ASK),
    (OwnStudents, "of_handle", ("handle",), actions.ASK),
    (TransferNotices, "due", (), actions.READ),
    (TransferNotices, "letter", (ID,), actions.READ),
    (TransferNotices, "sent", (ID,), actions.READ),
    (TransferNotices, "count", (), actions.READ),
    (TransferNotices, "parents_copy", (ID,), actions.READ),
]
"""Every method of a service that something outside calls, with what it is called with and the action that it needs."""

OPEN = {(TransferKeys, "key_set"), (TransferReports, "districts"), (TransferReports, "report")}
"""What everybody may know, or asks the roles about another district than the actor's."""
NEVER_COMMANDED = {actions.MATCH, actions.DECIDE, actions.READ, actions.RECEIVE}
"""What no command does: nobody but people of a district looks at a record, finds its child, or releases it."""
INSIDE = {
    "need", "need_children", "may", "takes_part", "agreement", "sent_to_us", "asked_by_us", "event", "roll", "today", "handle", "opened",
    "tag", "record", "child_tags", "has_begun", "view", "terms", "row", "is_protected", "supplement_asked", "asked_task", "restrictions", "packed",
    "preview_tag", "registered", "done", "roll_about", "roll_with",
}  # fmt: skip
"""The methods by which services are built; pages and the API call none of them."""


def refused(call):
    """Tell whether a call is refused for want of a role."""
    try:
        call()
    except NotPermitted:
        return True
    except NotFound as error:
        return str(error) == actions.NO_DISTRICT
    except CallerError:
        return False
    return False


@pytest.mark.parametrize("row", WALK, ids=lambda row: f"{row[0].__name__}.{row[1]}")
def test_a_method_is_for_whoever_a_role_lets(office, row):
    service, name, given, needed = row
    for who, (org, role) in ROLES.items():
        reach = action(needed).roles.get(role)
        allowed = reach == "region" or (org == SENDER and reach in {"own", "party"})
        made = service(office.administration, office.actor(who), SENDER)
        assert refused(lambda made=made: getattr(made, name)(*given)) is not allowed, who


@pytest.mark.parametrize("row", WALK, ids=lambda row: f"{row[0].__name__}.{row[1]}")
def test_a_program_does_what_its_scope_says_and_nothing_that_a_person_decides(office, row):
    service, name, given, needed = row
    program = machine("maple-agent", SENDER, ())
    for scope in ("transfer:request", "transfer:receive", "roster"):
        made = service(office.administration, program, SENDER, {scope})
        allowed = scope in actions.SCOPES.get(needed, ())
        if service is TransferAsking and name == "ask":
            continue  # that a family has signed an intent, no program says
        assert refused(lambda made=made: getattr(made, name)(*given)) is not allowed, scope


@pytest.mark.parametrize("row", WALK, ids=lambda row: f"{row[0].__name__}.{row[1]}")
def test_a_command_decides_nothing(office, row):
    service, name, given, needed = row
    made = service(office.administration, operator("root"), SENDER)
    alone = needed in NEVER_COMMANDED or service in {OwnStudents, TransferSuggestions}
    assert not (needed in NEVER_COMMANDED and action(needed).commanded)
    if alone:
        assert refused(lambda: getattr(made, name)(*given))


def test_the_walk_leaves_no_method_out():
    for service in {row[0] for row in WALK}:
        public = {
            name for name, _ in inspect.getmembers(service, inspect.isfunction) if not name.startswith("_")
        } - INSIDE  # fmt: skip
        walked = {name for one, name, *_ in WALK if getattr(service, name, None) is getattr(one, name)}
        assert public - walked - {name for one, name in OPEN if one is service} == set(), service


def test_a_district_that_takes_no_part_is_none(office):
    for org in ("elm", "region", ""):
        with pytest.raises(NotFound):
            TransferCustody(office.administration, office.actor("alma"), org).worklist()


def test_reports_are_of_the_districts_that_the_roles_reach(office):
    seen = {name: office.of(TransferReports, name, SENDER).districts() for name in ROLES}
    assert seen["olga"] == ("maple", "cedar")
    assert {seen[name] for name in ("mona", "alma", "ada", "pia", "otto")} == {("maple",)}
    assert seen["rita"] == ("cedar",)
    assert {seen["ella"], seen["vic"]} == {()}
    with pytest.raises(NotFound):
        office.of(TransferReports, "mona").report(date(2026, 9, 1), date(2026, 12, 1), "cedar")
