"""A version widens another one if it releases anything more to anybody, or cannot be compared with it."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import compiler, elements
from policies.agreement import load
from policies.canonical import Expansion
from policies.comparison import widens
from policies.comparison.widening import COMPARED, widened_population
from policies.grant import Grant, Registered
from policies.population import Population
from policies.records.windows import DateWindow
from policies.transforms import below
from tests.policies import documents

LINES = "student.id pseudonym\nstudent.birthDate month\nstudent.name allow\nstudent.name.middle deny"
PEOPLE = "{all: [{school: {in: ['101', '102']}}, {grade: {in: ['03', '04']}}, {enrollment: active}]}"
TERMS = (
    "redisclosure: {named: [one, two]}\nretention: {deleteWithin: P60D, after: [expiry], certificate: required}\n"
    "obligations: [no-ads]\ndirectory: {optOut: honour}\noffer: {until: 2027-01-31}\n"
)


def agreed(tmp_path, change=(), lines=LINES, people=PEOPLE, terms=TERMS):
    """The agreement, with texts replaced by others."""
    text = documents.text(lines, people) + terms
    for before, after in change:
        assert before in text, before
        text = text.replace(before, after)
    path = tmp_path / "one.yaml"
    path.write_text(text, "utf-8")
    return load(path)


@pytest.fixture
def before(tmp_path):
    return agreed(tmp_path)


def test_a_version_that_says_the_same_widens_nothing(before, tmp_path):
    assert widens(before, agreed(tmp_path, [("version: 1", "version: 2")])) == ()


NARROWER = {
    "an element goes": [('  - {path: "student.birthDate", action: month}\n', "")],
    "an element goes down": [('birthDate", action: month', 'birthDate", action: year')],
    "another element is denied": [('middle", action: deny', 'middle", action: deny}\n  - {path: "student.name.family", action: deny')],
    "a school goes": [("['101', '102']", "['102']")],
    "a grade goes": [("['03', '04']", "['04']")],
    "it begins later": [("from: 2026-09-01", "from: 2026-10-01")],
    "it ends earlier": [("to: 2027-08-31", "to: 2027-06-30")],
    "an operation goes": [("[read, search]", "[read]")],
    "nobody is told any more": [("{named: [one, two]}", "prohibited")],
    "fewer are told": [("[one, two]", "[two]")],
    "data are deleted sooner": [("P60D", "P8W")],
    "no end of the retention is named, which means every one": [(", after: [expiry]", "")],
    "an empty list names no end of the retention either": [("after: [expiry]", "after: []")],
    "there is one more obligation": [("[no-ads]", "[no-sale, no-ads]")],
    "the offer is taken back": [("offer: {until: 2027-01-31}\n", "")],
    "the offer ends earlier": [("2027-01-31", "2026-12-31")],
}  # fmt: skip


@pytest.mark.parametrize("how", NARROWER)
def test_what_only_narrows_widens_nothing(how, before, tmp_path):
    assert widens(before, agreed(tmp_path, NARROWER[how])) == ()


WIDER = {
    "an element comes": ([('middle", action: deny', 'middle", action: deny}\n  - {path: "student.sex", action: allow')], "student.sex: allow, was not released"),
    "an element goes up": ([("action: month", "action: allow")], "student.birthDate: allow, was month"),
    "a mask is another": ([('"student.id", action: pseudonym', '"student.id", action: allow')], "student.id: allow, was pseudonym"),
    "a denial goes": ([('  - {path: "student.name.middle", action: deny}\n', "")], "student.name.middle: allow, was not released"),
    "a school comes": ([("['101', '102']", "['102', '103']")], "the population has school 103 too"),
    "a grade comes": ([("['03', '04']", "['03', '05']")], "the population has grade 05 too"),
    "schools do not matter any more": ([("{school: {in: ['101', '102']}}, ", "")], "the population is no longer limited by school"),
    "enrollment does not matter any more": ([(", {enrollment: active}", "")], "the population is no longer limited by enrollment"),
    "it begins earlier": ([("from: 2026-09-01", "from: 2026-08-31")], "it begins on 2026-08-31, was 2026-09-01"),
    "it ends later": ([("to: 2027-08-31", "to: 2027-09-01")], "it ends on 2027-09-01, was 2027-08-31"),
    "its days begin elsewhere": ([("America/Los_Angeles", "Europe/London")], "the time zone is another: Europe/London, was America/Los_Angeles"),
    "a client comes": ([("clients: [reading", "clients: [two, reading")], "the client two is new"),
    "an operation comes": ([("[read, search]", "[read, search, bulk]")], "the operation bulk is new"),
    "the recipient is another": ([("org: reading-partners", "org: other")], "the parties are others"),
    "the kind of the recipient is another": ([("kind: cbo", "kind: vendor")], "the parties are others"),
    "the district is another": ([("district: maple", "district: cedar")], "the parties are others"),
    "the purpose is another": ([("purpose: tutoring", "purpose: research")], "the purpose is another: research, was tutoring"),
    "the basis is another": ([("99.31(a)(1)", "99.31(a)(6)")], "the basis is another: 99.31(a)(6), was 99.31(a)(1)"),
    "the interest is another": ([("weekly reading", "daily reading")], "the legitimate interest is another"),
    "a subprocessor comes": ([("kind: cbo}}", "kind: cbo}, subprocessors: [cloud]}")], "the subprocessor cloud is new"),
    "one more is told": ([("[one, two]", "[one, two, three]")], "redisclosure: less strict"),
    "nothing is said of redisclosure": ([("redisclosure: {named: [one, two]}\n", "")], "redisclosure: less strict"),
    "data are kept longer": ([("P60D", "P9W")], "retention: less strict"),
    "data are kept for months": ([("P60D", "P1M")], "retention: less strict"),
    "no certificate is asked for": ([("certificate: required", "certificate: none")], "retention: less strict"),
    "an obligation goes": ([("[no-ads]", "[no-sale]")], "obligations: less strict"),
    "an opt-out is not honoured": ([("optOut: honour", "optOut: n/a")], "directory: less strict"),
    "the offer lasts longer": ([("2027-01-31", "2027-02-01")], "offer: less strict"),
}  # fmt: skip


@pytest.mark.parametrize("how", WIDER)
def test_what_releases_more_is_told(how, before, tmp_path):
    change, told = WIDER[how]
    assert any(line.startswith(told) for line in widens(before, agreed(tmp_path, change)))


@pytest.mark.parametrize("none", [", after: []", ""])
def test_a_retention_that_names_some_ends_only_is_wider_than_one_that_names_none_and_means_every_one(none, tmp_path):
    before = agreed(tmp_path, [(", after: [expiry]", none)])
    (told,) = widens(before, agreed(tmp_path, [("after: [expiry]", "after: [expiry, revocation]")]))
    assert told.startswith("retention: less strict")


def test_a_denial_that_goes_with_its_element_is_told_since_it_held_against_other_agreements(before, tmp_path):
    lines = "student.id pseudonym\nstudent.birthDate month\nstudent.name.given allow"
    assert widens(before, agreed(tmp_path, lines=lines)) == ("student.name.middle: no longer denied",)


def test_a_member_of_free_metadata_is_part_of_all_of_it(tmp_path):
    every = agreed(tmp_path, lines="student.id allow\noneroster.users.metadata.* allow")
    bus = agreed(tmp_path, lines="student.id allow\noneroster.users.metadata.bus allow")
    assert widens(every, bus) == ()
    assert any("oneroster.users.metadata" in line for line in widens(bus, every))


@pytest.mark.parametrize("mask", ["last4", "initial", "hash", "deny"])
def test_a_free_member_that_loses_a_mask_of_its_own_is_told(mask, tmp_path):
    lines = "student.id allow\noneroster.users.metadata.* allow"
    masked = agreed(tmp_path, lines=f"{lines}\noneroster.users.metadata.bus {mask}")
    free = agreed(tmp_path, lines=lines)
    assert any("oneroster.users.metadata.bus: allow, was" in line for line in widens(masked, free))
    assert widens(free, masked) == ()


def test_a_free_member_with_a_window_of_its_own_that_loses_it_is_told(tmp_path):
    lines = "student.id allow\nstaff.id allow\ncontact.id allow\noneroster.enrollments.metadata.* allow"
    free = agreed(tmp_path, lines=lines)
    bus = '  - {path: "oneroster.enrollments.metadata.bus", action: allow, window: {since: 2026-09-01}}\n'
    dated = agreed(tmp_path, [('metadata.*", action: allow}\n', f'metadata.*", action: allow}}\n{bus}')], lines=lines)
    assert any("oneroster.enrollments.metadata.bus: of more days" in line for line in widens(dated, free))
    assert widens(free, dated) == ()


def test_what_was_meant_at_first_use_is_compared_and_not_what_a_line_means_now(before):
    then = elements_of(before) | {"student.name.family": "deny"}
    earlier = replace(before, expansion=compiler_expansion(then))
    assert widens(earlier, before) == ("student.name.family: allow, was not released",)
    assert widens(before, earlier) == ()


def elements_of(one):
    return {name: settled.action for name, settled in elements.settle(one.lines).items()}


def compiler_expansion(actions):
    return Expansion("then", actions)


@dataclass(frozen=True)
class Consent(Population):
    """A population with a selector that this test adds."""

    consent: str = ""


@pytest.mark.parametrize(
    ("was", "now", "wider"),
    [("", "form", False), ("form", "form", False), ("form", "", True), ("form", "another", True)],
)
def test_a_selector_that_nobody_has_told_of_is_narrower_only_where_there_was_none(was, now, wider):
    assert bool(list(widened_population(Consent(consent=was), Consent(consent=now)))) is wider


def test_a_field_of_a_grant_that_nobody_compares_counts_as_wider(before, monkeypatch):
    kind = make_dataclass(
        "Grant", [(one.name, object) for one in fields(Grant)] + [("fresh", int)], bases=(Grant,), frozen=True
    )
    numbers = iter((1, 2))
    plain = compiler.compile

    def compiled(one, client):
        grant = plain(one, client)
        return kind(**{each.name: getattr(grant, each.name) for each in fields(Grant)}, fresh=next(numbers))

    monkeypatch.setattr("policies.comparison.widening.compiled", compiled)
    monkeypatch.setattr("policies.comparison.widening.Grant", kind)
    assert widens(before, before) == ("fresh: not the same, and cannot be compared",)
    assert {one.name for one in fields(Grant)} >= COMPARED


@pytest.mark.parametrize(
    ("was", "now", "wider"),
    [
        (DateWindow("2026-09-01"), DateWindow("2026-10-01"), False),
        (DateWindow("2026-09-01"), DateWindow("2026-08-01"), True),
        (DateWindow("2026-09-01"), None, True),
        (DateWindow(until="2027-01-01"), DateWindow("2026-09-01"), True),
        (None, DateWindow("2026-09-01"), False),
    ],
)
def test_a_window_is_narrower_within_the_one_before(was, now, wider, before, monkeypatch):
    windows = iter({"student.birthDate": one} if one else {} for one in (was, now))
    plain = compiler.compile
    monkeypatch.setattr(
        "policies.comparison.widening.compiled", lambda one, client: replace(plain(one, client), windows=next(windows))
    )
    assert bool(widens(before, before)) is wider


def test_a_consent_form_that_is_not_asked_for_any_more_is_wider(before, monkeypatch):
    asked = iter((Registered("form"), Registered()))
    plain = compiler.compile
    monkeypatch.setattr(
        "policies.comparison.widening.compiled", lambda one, client: replace(plain(one, client), registered=next(asked))
    )
    assert len(widens(before, before)) == 1


DATES = ("student.birthDate", "enrollment.entry", "enrollment.exit")
SCHOOLS = ("101", "102", "103")


@st.composite
def versions(draw):
    """A random agreement about few things, so that one often narrows another."""
    actions = {name: draw(st.sampled_from(("allow", "month", "year", "deny", ""))) for name in DATES}
    lines = "\n".join(f"{name} {action}" for name, action in actions.items() if action)
    schools = draw(st.none() | st.sets(st.sampled_from(SCHOOLS), min_size=1))
    people = f"{{all: [{{school: {{in: {sorted(schools)}}}}}]}}" if schools else ""
    return documents.load("student.id allow\nenrollment.id allow\nenrollment.student allow\n" + lines, people)


@given(versions(), versions(), versions())
def test_what_narrows_a_narrower_one_narrows_the_first(one, two, three):
    if not widens(one, two) and not widens(two, three):
        assert widens(one, three) == ()


@given(versions(), versions())
def test_what_does_not_widen_releases_no_element_that_was_not_released(one, two):
    if widens(one, two):
        return
    before, after = (compiler.compile(each, documents.CLIENT) for each in (one, two))
    for name in after.rules:
        was, now = (rule.action if (rule := grant.rule(name)) else "deny" for grant in (before, after))
        assert now == was or below(now, was)
    if one.population.schools is not None:
        assert set(two.population.schools) <= set(one.population.schools)
