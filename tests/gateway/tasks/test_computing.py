"""Tasks follow from agreements, registers and the calendar, each from its first day on and with the same id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.audit.reports.retention import DueEnd
from gateway.registers.events import CONSENTS, RESTRICTIONS, RegisterEntry
from gateway.registers.matching import StudentParts, Students
from gateway.registers.tags import ID, NAME, STATE_ID, spelt_name
from gateway.tasks import task
from gateway.tasks.computing import DistrictTasks, in_order, record_ends
from policies import agreement
from tests.gateway.registers.conftest import KEYS, NOON, restriction, tag
from tests.gateway.registers.conftest import consent as consent_by_id

DOCUMENT = """\
apiVersion: dsa/v1
id: tutoring
version: {version}
parties: {{provider: {{district: maple}}, recipient: {{org: reading, kind: cbo}}}}
basis: {{ferpa: "99.31(a)(1)", purpose: tutoring, legitimateInterest: "plan weekly support"}}
validity: {{from: {begin}, to: {end}, timezone: America/Los_Angeles}}
clients: [tutoring]
operations: [read]
elements: [{{path: student.id, action: allow}}]
{more}
"""
RETENTION = "retention: {deleteWithin: P60D, after: [expiry, withdrawal], certificate: required}"
TODAY = date(2026, 11, 10)
NOTICES = {task.NOTICE_99_7, task.NOTICE_99_37}


@pytest.fixture
def agreed(tmp_path):
    def write(version=1, begin="2026-09-01", end="2027-08-31", more=""):
        path = tmp_path / f"{version}-{begin}.yaml"
        path.write_text(DOCUMENT.format(version=version, begin=begin, end=end, more=more))
        return agreement.load(path)

    return write


def entry(states, name="e1", ended=None, register=None):
    register = register or (CONSENTS if hasattr(states, "agreement") else RESTRICTIONS)
    return RegisterEntry(register, replace(states, entry=name), NOON, "ana", ended)


def consent(student="s1", **more):
    tags = {ID: tag(student), STATE_ID: tag(f"SSID {student}", STATE_ID)}
    return replace(consent_by_id(student, **more), tags=tags)


def students(*known, birth_date="2015-05-05"):
    found = Students("maple", KEYS)
    for one in known:
        found.add(StudentParts(ids=(one,), state_ids=(f"SSID {one}",)), birth_date)
    return found


def found(day=TODAY, *, agreements=(), entries=(), **more):
    tasks = DistrictTasks("maple", agreements, entries, **more).on(day)
    return [one for one in tasks if one.kind not in NOTICES]


def test_nothing_is_to_be_done_where_there_is_nothing():
    assert found(students=students("s1")) == []


@pytest.mark.parametrize(
    ("known", "kind"), [((), task.MATCHES_NOBODY), (("s1",), None), (("s1", "s1"), task.MATCHES_SEVERAL)]
)
@pytest.mark.parametrize("states", [restriction(), consent()])
def test_an_entry_that_matches_nobody_or_several_is_a_task_at_once(known, kind, states):
    tasks = found(entries=[entry(states)], students=students(*known))
    assert [one.kind for one in tasks] == ([kind] if kind else [])
    for one in tasks:
        assert (one.role, one.content["entry"]) == ("privacy-officer", "e1")
        assert one.state(datetime(2026, 11, 10, tzinfo=UTC)) == "red"
        assert tag("s1") not in str(one)


def test_a_consent_of_somebody_else_than_has_the_id_now_matches_nobody():
    known = Students("maple", KEYS)
    known.add(StudentParts(ids=("s1",), names=(spelt_name("Lee", "Ana", "2015-05-05"),)))
    other = {ID: tag("s1"), NAME: tag(spelt_name("Roe", "Max", "2012-01-01"), NAME)}
    told = [entry(replace(one, tags=other), "e1") for one in (consent(), restriction())]
    assert [one.content["register"] for one in found(entries=told, students=known)] == [CONSENTS]
    (told,) = found(entries=[entry(consent_by_id())], students=known)  # nothing but the id says whose it is
    assert told.kind == task.MATCHES_NOBODY


def test_what_has_ended_matches_nobody_without_a_task(agreed):
    over = [
        entry(restriction(until=TODAY - timedelta(days=1)), "a"),
        entry(restriction(), "b", ended=NOON),
        entry(consent(agreement="tutoring"), "c"),
    ]
    ended = agreed(end="2026-10-31")
    assert found(agreements=[ended], entries=over, students=students()) == []
    assert len(found(agreements=[agreed()], entries=over, students=students())) == 1


def test_without_the_students_nobody_is_missed():
    assert found(entries=[entry(restriction())]) == []


@pytest.mark.parametrize(
    ("day", "there"), [("2026-10-31", False), ("2026-11-01", True), ("2026-12-01", True), ("2026-12-02", False)]
)
def test_consents_that_end_within_thirty_days_are_one_task(day, there):
    entries = [entry(consent(f"s{number}", until=date(2026, 12, 1)), f"e{number}") for number in range(5)]
    tasks = found(date.fromisoformat(day), entries=entries)
    assert [(one.kind, one.content["consents"], one.due.date()) for one in tasks] == (
        [(task.CONSENTS_ENDING, 5, date(2026, 12, 1))] if there else []
    )


@pytest.mark.parametrize(
    ("birth_date", "signer", "there"),
    [
        ("2008-12-10", "parent", True),
        ("2008-12-11", "parent", False),
        ("2008-11-10", "parent", True),
        ("2008-11-09", "parent", False),
        ("2008-12-01", "eligible-student", False),
        ("", "parent", False),
    ],
)
def test_a_student_who_turns_18_under_a_parents_consent_is_a_task(birth_date, signer, there):
    entries = [entry(consent(signer_role=signer))]
    tasks = found(entries=entries, students=students("s1", birth_date=birth_date))
    assert [one.kind for one in tasks] == ([task.TURNING_18] if there else [])
    assert all(one.private and birth_date not in str(one.content) for one in tasks)


@pytest.mark.parametrize(
    ("end", "there"), [("2026-12-10", True), ("2026-12-11", False), ("2026-11-10", True), ("2026-11-09", False)]
)
def test_an_agreement_that_ends_within_thirty_days_is_a_task(agreed, end, there):
    tasks = found(agreements=[agreed(end=end)])
    assert [one.kind for one in tasks] == ([task.AGREEMENT_ENDING] if there else [])


def test_an_agreement_with_a_successor_is_no_task(agreed):
    successor = agreed(2, begin="2026-12-01", end="2027-08-31")
    assert found(agreements=[agreed(end="2026-11-30"), successor]) == []


def test_what_was_received_is_destroyed_after_an_agreement_has_ended(agreed):
    (one,) = found(agreements=[agreed(end="2026-10-31", more=RETENTION)])
    assert (one.kind, one.org, one.role) == (task.DESTROY, "reading", "cbo-admin")
    assert (one.opened.date(), one.due.date()) == (date(2026, 10, 31), date(2026, 12, 30))
    assert one.content["certificate"] == "required"
    assert found(agreements=[agreed(end="2026-10-31")]) == []


def test_a_version_that_waits_for_signatures_puts_off_no_end(agreed):
    ended = agreed(end="2026-10-31", more=RETENTION)
    ending = agreed(end="2026-11-30", more=RETENTION)
    longer = agreed(2, end="2027-08-31")
    stopped = frozenset({(longer.id, 2)})
    assert found(agreements=[ended, longer]) == found(agreements=[ending, longer]) == []
    assert [one.kind for one in found(agreements=[ended, longer], stopped=stopped)] == [task.DESTROY]
    assert [one.kind for one in found(agreements=[ending, longer], stopped=stopped)] == [task.AGREEMENT_ENDING]


def test_what_was_received_is_destroyed_after_a_consent_was_withdrawn(agreed):
    withdrawn = [entry(consent(f"s{number}"), f"e{number}", ended=NOON) for number in range(3)]
    (one,) = found(agreements=[agreed(more=RETENTION)], entries=withdrawn)
    assert (one.kind, one.content["consents"], one.content["entries"]) == (task.DESTROY, 3, ["e0", "e1", "e2"])
    assert one.due.date() == date(2026, 10, 31)
    only = RETENTION.replace("expiry, withdrawal", "expiry")
    assert found(agreements=[agreed(more=only)], entries=withdrawn) == []


@pytest.mark.parametrize("ends", ["", ", after: [revocation]", ", after: [expiry, withdrawal]"])
def test_what_was_received_is_destroyed_after_an_agreement_was_revoked(agreed, ends):
    one = agreed(more=f"retention: {{deleteWithin: P60D{ends}}}")
    revoked = {(one.id, one.version, one.digest): NOON}
    tasks = found(agreements=[one], revoked=revoked)
    assert [each.content["after"] for each in tasks] == ([] if "expiry" in ends else ["revocation"])
    assert all((each.org, each.due.date()) == ("reading", date(2026, 10, 31)) for each in tasks)
    assert found(NOON.date(), agreements=[one], revoked=revoked) == []  # the day is not over yet
    assert found(agreements=[one], revoked={(one.id, one.version, "another text"): NOON}) == []


@pytest.mark.parametrize("none", ["", ", after: []"])
def test_a_retention_that_names_no_end_means_every_one(agreed, none):
    one = agreed(more=f"retention: {{deleteWithin: P60D{none}}}")
    withdrawn, expired = entry(consent(), "e1", ended=NOON), entry(consent("s2", until=date(2026, 10, 1)), "e2")
    assert {each.content["after"] for each in found(agreements=[one], entries=[withdrawn, expired])} == {
        "withdrawal",
        "expiry",
    }


def test_a_consent_that_has_expired_is_a_reason_to_destroy_too(agreed):
    (one,) = found(agreements=[agreed(more=RETENTION)], entries=[entry(consent(until=date(2026, 10, 1)))])
    assert (one.content["after"], one.content["last"]) == ("expiry", "2026-10-01")


def test_a_version_that_one_party_approved_waits_for_the_other(agreed):
    one = agreed()
    approved = {(one.id, one.version, one.digest): {"maple": NOON}}
    (waiting,) = found(agreements=[one], approved=approved)
    assert (waiting.kind, waiting.org, waiting.role) == (task.APPROVAL, "reading", "approver")
    both = {(one.id, one.version, one.digest): {"maple": NOON, "reading": NOON}}
    assert found(agreements=[one], approved=both) == []
    assert found(agreements=[one]) == []
    assert {each.org for each in found(agreements=[one], approvals_required=True)} == {"maple", "reading"}
    other_text = {(one.id, one.version, "0" * 64): {"maple": NOON, "reading": NOON}}
    assert len(found(agreements=[one], approved=other_text, approvals_required=True)) == 2


def test_old_files_of_the_record_are_a_task_of_whoever_runs_the_region():
    due = DueEnd("record-files:b", "record-files", "", date(2026, 1, 1), files=("a", "b"))
    (one,), (again,) = (tuple(record_ends([due])) for _ in range(2))
    assert (one.kind, one.org, one.role) == (task.RECORD_FILES, "region", "region-operator")
    assert one.content == {"upTo": "b", "files": 2}
    assert one.id == again.id
    more = replace(due, files=("a", "b", "c"))
    assert next(record_ends([more])).id != one.id


def test_entries_that_have_been_kept_long_enough_are_to_be_deleted():
    old = [
        entry(restriction(until=date(2019, 1, 1)), "old"),
        entry(restriction(until=date(2026, 1, 1)), "young"),
        entry(restriction(), "now"),
    ]
    (one,) = found(entries=old)
    assert (one.kind, one.content["entries"], one.content["count"]) == (task.DELETE_ENTRIES, ["old"], 1)
    assert found(entries=old, keep=timedelta(days=9999)) == []


@pytest.mark.parametrize(
    ("day", "year", "state"),
    [
        ("2026-07-01", 2027, "open"),
        ("2026-08-20", 2027, "amber"),
        ("2026-10-01", 2027, "red"),
        ("2027-06-30", 2027, "red"),
    ],
)
def test_the_notices_of_a_school_year_are_to_be_given(agreed, day, year, state):
    when = date.fromisoformat(day)
    (one,) = DistrictTasks("maple", [agreed()]).on(when)
    assert (one.kind, one.content["schoolYear"]) == (task.NOTICE_99_7, year)
    assert one.state(datetime(when.year, when.month, when.day, tzinfo=UTC)) == state


def test_directory_information_has_a_notice_where_an_agreement_rests_on_it(agreed):
    resting = replace(agreed(), ferpa="99.31(a)(11)")
    assert {one.kind for one in DistrictTasks("maple", [resting]).on(TODAY)} == NOTICES


def test_a_task_of_tomorrow_has_the_id_of_today(agreed):
    entries = [entry(restriction()), entry(consent(until=date(2026, 12, 1)), "c"), entry(consent(), "w", ended=NOON)]
    given = DistrictTasks("maple", [agreed(more=RETENTION)], entries, students())
    assert {one.id for one in given.on(TODAY)} == {one.id for one in given.on(TODAY + timedelta(days=1))}
    assert len({one.id for one in given.on(TODAY)}) == len(list(given.on(TODAY))) == 5


def test_what_is_due_comes_first():
    made = [
        task.computed(
            "own", "maple", "x", {"number": number}, opened=TODAY - timedelta(days=10), due=TODAY + timedelta(days=due)
        )
        for number, due in enumerate([30, -1, 5, -5])
    ]
    assert [one.content["number"] for one in in_order(made, task.midnight(TODAY))] == [3, 1, 2, 0]


def test_a_students_tags_lead_to_the_task_only_while_they_match():
    two_tags = replace(restriction(), tags={ID: tag("gone"), "stateId": KEYS.tag("maple", "stateId", "77")})
    known = Students("maple", KEYS)
    known.add(StudentParts(ids=("new",), state_ids=("77",)))
    assert found(entries=[entry(two_tags)], students=known) == []
