"""Several agreements of one client for one purpose: the highest of what they release, under the denies of all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import agreement, compiler
from policies.compiler import Grants, combine
from policies.explain import explain
from policies.grant import Rule
from policies.permission import covering
from policies.records.windows import DateWindow
from policies.testing.reference_visibility import visible
from standards.errors import Forbidden, OperationMissing
from tests.policies import documents

SCHOOL = '{{all: [{{school: {{in: ["{name}"]}}}}]}}'
FIRST, SECOND = SCHOOL.format(name="101"), SCHOOL.format(name="102")
NAMES = "student.id allow\nstudent.name.given allow"


def load(elements: str, population: str = "", **changes: object):
    return documents.load(elements, population, **changes)


def together(*several, client=documents.CLIENT):
    return combine(several, client)


def conflicts(*several) -> list[str]:
    return [mistake.message for mistake, _, _ in agreement.clashing(several)]


def test_the_highest_action_counts():
    grant = together(
        load("student.id allow\nstudent.birthDate year"), load("student.id allow\nstudent.birthDate month", id="b")
    )
    assert grant.rule("student.birthDate") == Rule("month")


def test_what_only_one_releases_leaves():
    grant = together(load("student.id allow\nstudent.email allow"), load("student.id allow", id="b"))
    assert grant.plain("student.email")
    assert [part.plain("student.email") for part in grant.parts] == [False, True]


def test_an_explicit_deny_of_one_beats_every_allow_of_the_others():
    grant = together(load("student.* allow"), load("student.id allow\nstudent.race deny", id="b"))
    assert not grant.releases("student.race.asian")
    assert not any(part.releases("student.race.asian") for part in grant.parts)


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_who_is_a_district_in_one_is_a_district(names):
    """What does not leave to another district does not leave to one that an agreement calls a vendor."""
    first, second = (load(NAMES, id=name) for name in names)
    assert together(replace(first, kind="district"), replace(second, kind="vendor")).registered.kind == "district"


def test_a_deny_reaches_free_members_of_a_dictionary():
    whole, member = "oneroster.users.metadata", "oneroster.users.metadata.bus"
    for denied, allowed in ((whole, member), (member, whole)):
        grant = together(load(f"student.id allow\n{allowed} allow"), load(f"student.id allow\n{denied} deny", id="b"))
        assert not grant.releases(member)


def test_a_dictionary_released_whole_by_one_is_not_hidden_by_the_mask_of_another():
    grant = together(
        load("student.id allow\noneroster.users.metadata allow"),
        load("student.id allow\noneroster.users.metadata.bus hash", id="b"),
    )
    assert grant.plain("oneroster.users.metadata.bus")


def test_what_one_masks_another_does_not_give_away():
    """The number of a child whose id is a pseudonym leaves as a hash, whichever agreement names it."""
    grant = together(load("student.id pseudonym"), load("student.identifier allow", id="b"))
    assert grant.rule("student.identifier") == Rule("hash")
    assert grant.parts[0].rule("student.identifier") == Rule("hash")
    assert grant.keyed_by("student.identifier") == "b"


def test_a_hash_keeps_the_key_of_its_own_agreement():
    grant = together(load("student.id allow\nstudent.email hash"), load("student.id allow", id="b"))
    assert grant.agreement == "b+reading"
    assert grant.keyed_by("student.email") == "reading"
    assert documents.grant("student.email hash").keyed_by("student.email") == "reading"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("student.email hash", "student.email hash", "student.email is a hash in b and in reading, each by a key"),
        (
            "student.phone last4",
            "student.phone initial",
            "student.phone is initial in b and last4 in reading, of which",
        ),
        ("student.id pseudonym", "student.id allow", "student.id is allow in b and pseudonym in reading: one client"),
    ],
)
def test_two_that_are_not_ordered_on_an_element_are_a_mistake(one, other, told):
    (message,) = conflicts(load(one), load(other, id="b"))
    assert told in message
    assert documents.CLIENT in message
    name = one.split()[0]
    assert not together(load(one), load(other, id="b")).releases(name)


def test_a_deny_of_either_settles_what_is_not_ordered():
    assert conflicts(load("student.email hash"), load("student.email deny", id="b")) == []


def test_the_mistake_stands_at_the_line_of_the_second(tmp_path):
    for name, action in (("reading", "allow"), ("study", "pseudonym")):
        text = documents.text(f"student.id {action}", id=name)
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    _, problems = agreement.read_folder(tmp_path)
    assert [str(one).partition(": ")[0] for one in problems] == [f"{tmp_path}/study.yaml:10:12"]


def test_an_id_that_only_one_gives_must_be_in_both_where_they_are_about_others():
    ids, own = "student.id pseudonym\nenrollment.id pseudonym", "enrollment.id pseudonym\nenrollment.grade allow"
    assert conflicts(load(ids, FIRST), load(own, FIRST, id="b")) == []
    (message,) = conflicts(load(ids, FIRST), load(own, SECOND, id="b"))
    assert "b releases enrollment.id of people whose student.id only reading releases" in message


def test_agreements_that_never_meet_do_not_conflict():
    one, other = load("student.id allow"), load("student.id pseudonym", id="b")
    assert conflicts(one, replace(other, begin=date(2027, 9, 1), end=date(2028, 8, 31))) == []
    assert conflicts(one, replace(other, purpose="research")) == []
    assert conflicts(one, replace(other, district="cedar")) == []
    assert conflicts(one, replace(other, org="others")) == []


def test_a_row_exists_where_one_of_them_by_itself_shows_it():
    records = documents.district()
    one, other = load(NAMES, FIRST), load(NAMES, '{all: [{grade: {in: ["04", "06"]}}]}', id="b")
    found = visible(records, together(one, other), documents.TODAY)
    each = [visible(records, compiler.compile(part, documents.CLIENT), documents.TODAY) for part in (one, other)]
    assert found == {entity: each[0][entity] | each[1][entity] for entity in records}
    assert found["student"] == {("s1",), ("s2",), ("s3",), ("s4",), ("s5",)}


def test_an_enrollment_that_neither_shows_is_not_shown_by_both_together():
    """One hides enrollments elsewhere, the other is about other children: a row rule of each entity alone would fail."""
    records = documents.district()
    records["enrollment"].append(
        {"key": ("2025", "103", "s1"), "student": ("s1",), "school": ("103",), "grade": "02", "entry": "2025-09-01"}
    )
    grant = together(load(NAMES, FIRST), load(NAMES, '{all: [{grade: {in: ["04"]}}]}', id="b"))
    assert ("2025", "103", "s1") not in visible(records, grant, documents.TODAY)["enrollment"]


def test_one_about_everyone_shows_everyone():
    grant = together(load(NAMES, FIRST), load(NAMES, id="b"))
    assert len(visible(documents.district(), grant, documents.TODAY)["student"]) == 7
    assert grant.unrestricted("student") is False


def test_the_rows_say_what_any_of_them_reads():
    grant = together(load(NAMES, FIRST), load(NAMES, "{all: [{age: {from: 5}}]}", id="b"))
    assert {("enrollment", "school"), ("student", "birthDate")} <= set(grant.row_reads())
    program = load(NAMES, "{all: [{program: {is: A}}]}", id="c")
    assert together(load(NAMES), program).programs == {"A"}


def test_operations_are_those_that_all_have():
    grant = together(load(NAMES, operations="[read, search, bulk]"), load(NAMES, id="b", operations="[read, changes]"))
    assert grant.operations == {"read"}
    with pytest.raises(OperationMissing):
        covering((grant,), frozenset({"bulk"}))


def test_windows_are_those_of_the_parts_and_the_widest_of_the_whole():
    def windowed(name: str, since: str, until: str):
        one = load("student.id allow\nattendance.kind allow", id=name)
        lines = tuple(replace(line, window=(since, until)) if "kind" in line.path else line for line in one.lines)
        return replace(one, lines=lines)

    one, other = windowed("a", "2026-09-01", "2026-10-31"), windowed("b", "2026-10-01", "2026-12-31")
    grant = together(one, other)
    assert grant.windows == {"attendance.kind": DateWindow("2026-09-01", "2026-12-31")}
    assert [part.windows["attendance.kind"].since for part in grant.parts] == ["2026-09-01", "2026-10-01"]
    assert together(one, load("student.id allow\nattendance.kind allow", id="c")).windows == {}


def test_what_the_registers_decide_is_decided_by_each_part():
    consented = load(NAMES, "{all: [{consent: {form: f, status: granted}}]}")
    grant = together(consented, load(NAMES, id="b"))
    assert [part.registered.form for part in grant.parts] == ["", "f"]
    assert (grant.registered.form, grant.registered.kind) == ("", "cbo")


def clock(*moment: int):
    return lambda: datetime(*moment, 19, tzinfo=UTC)


def test_a_client_has_one_grant_for_a_district_and_a_purpose():
    both = [load(NAMES), load("student.id allow\nstudent.email allow", id="b")]
    (grant,) = Grants(both, clock(2026, 10, 1)).of(documents.CLIENT)
    assert [part.agreement for part in grant.parts] == ["b", "reading"]
    assert [one.agreement for one in grant.each] == ["b", "reading"]


def test_a_single_agreement_is_compiled_as_before():
    one = load(NAMES)
    (grant,) = Grants([one], clock(2026, 10, 1)).of(documents.CLIENT)
    assert grant == compiler.compile(one, documents.CLIENT)
    assert (grant.parts, grant.each) == ((), (grant,))


def test_the_combination_changes_with_the_day():
    later = replace(load("student.id allow\nstudent.email allow", id="b"), begin=date(2026, 10, 2))
    grants = [Grants([load(NAMES), later], clock(2026, 10, day)) for day in (1, 2)]
    (before,), (after,) = (one.of(documents.CLIENT) for one in grants)
    assert [len(before.parts), len(after.parts)] == [0, 2]
    assert before.epoch != after.epoch
    assert [one.in_force(grant) for one in grants for grant in (before, after)] == [True, False, False, True]


def test_all_that_a_source_may_be_asked_for_includes_the_combination():
    both = Grants([load(NAMES), load("student.id allow\nstudent.email allow", id="b")], clock(2026, 10, 1))
    assert sorted(one.agreement for one in both.every("maple")) == ["b", "b+reading", "reading"]


def test_a_token_that_names_a_purpose_gets_what_is_for_it_and_nothing_else():
    study = load("student.email allow", id="study", purpose="research")
    grants = Grants([load(NAMES), study], clock(2026, 10, 1))
    assert grants.purposes(documents.CLIENT) == {"tutoring", "research"}
    (grant,) = grants.of(documents.CLIENT, purpose="research")
    assert (grant.agreement, grant.releases("student.name.given")) == ("study", False)
    assert grants.of(documents.CLIENT, purpose="other") == ()
    with pytest.raises(Forbidden, match="dsa_ambiguous"):
        grants.of(documents.CLIENT)


def test_limits_of_small_cells_are_the_strictest_and_those_of_rows_each_ones_own():
    one, other = load(NAMES), load(NAMES, id="b")
    one = replace(one, terms={"limits": {"smallCell": 5, "maxRowsPerDay": 10}})
    other = replace(other, terms={"limits": {"smallCell": 8}})
    grant = together(one, other)
    assert (grant.limits.small_cell, grant.limits.rows_per_day) == (8, 0)
    assert [part.limits.rows_per_day for part in grant.parts] == [0, 10]


def test_an_explanation_tells_with_what_an_agreement_is_combined():
    both = [load("student.id allow\nstudent.email allow"), load("student.id allow\nstudent.email deny", id="b")]
    mine, theirs = explain(both, documents.CLIENT, "student.email", documents.NOW)
    assert "no   combined: b, for the same purpose, limits it: deny" in mine.text()
    assert (mine.action, theirs.action) == ("deny", "deny")
    (email, *_) = explain([both[0], load(NAMES, id="c")], documents.CLIENT, "student.email", documents.NOW)
    assert "yes  combined: with c" in email.text()


ELEMENTS = ("student.email", "student.birthDate", "student.phone", "student.name.family", "student.race.asian")
ACTIONS = {
    "student.birthDate": ("allow", "year", "month", "deny"),
    "student.race.asian": ("allow", "deny"),
}
PLAIN = ("allow", "initial", "last4", "hash", "deny")


@st.composite
def lines(draw: st.DrawFn) -> str:
    chosen = draw(st.lists(st.sampled_from(ELEMENTS), unique=True))
    own = [f"{name} {draw(st.sampled_from(ACTIONS.get(name, PLAIN)))}" for name in chosen]
    return "\n".join(["student.id allow", *own])


@settings(max_examples=60, deadline=None)
@given(lines(), lines())
def test_a_combination_releases_no_more_than_one_of_its_parts_and_all_of_what_no_deny_forbids(first, second):
    one, other = load(first), load(second, id="b")
    grant = together(one, other)
    alone = [compiler.compile(each, documents.CLIENT) for each in (one, other)]
    denied = {line.path for each in (one, other) for line in each.lines if line.action == "deny"}
    unordered = any(True for _ in agreement.clashing([one, other]))
    for name in ELEMENTS:
        rule, theirs = grant.rule(name), [each.rule(name) for each in alone]
        assert rule in [*theirs, None]
        assert rule is None or name not in denied
        assert unordered or name in denied or (rule is None) == (theirs == [None, None])
        assert all(part.rule(name) in {None, *theirs} for part in grant.parts)
