"""Faults of other products in what a policy means; each test also fails where the fault is planted."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from gateway.engine import row_filter
from gateway.engine.visibility import Visibility
from policies import checks, elements
from policies.elements import Line
from policies.grant import Grant, Rule
from policies.population import values
from policies.transforms import ACTIONS
from tests.attacks.faults_of_others.planting import noticed
from tests.policies import documents
from tests.support.consumers import ANYTHING, Consumer
from tests.support.regions import EDFI, ROSTER, agreement, running, small_sites

ROSTERED = (("student.id", "allow"), ("student.name.given", "allow"), ("enrollment.*", "allow"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The files of a small district."""
    return {"maple": small_sites(tmp_path_factory.mktemp("misread") / "data", students=8)["maple"]}


@dataclass
class Tried:
    """What one agreement lets a client see: its users, and every text it was sent."""

    users: list
    text: str

    @property
    def students(self):
        return [one for one in self.users if any(role["role"] == "student" for role in one.get("roles", ()))]


@pytest.fixture
def tried(tmp_path, site):
    """A function that starts a gateway under one agreement and asks as its client."""
    count = itertools.count()

    @contextmanager
    def started(text):
        elements._settle.cache_clear()
        with running(tmp_path / str(next(count)), site, [text]) as region:
            yield region.consumer()
        elements._settle.cache_clear()

    def look(lines=ROSTERED, population="", change=("", ""), **terms):
        with started(agreement("maple", lines, population=population, **terms).replace(*change)) as client:
            answers = [client.ask(address, limit=500) for address in (f"{ROSTER}users", f"{EDFI}students")]
            assert {one.status_code for one in answers} <= {200, 403}, answers[0].text
            users = answers[0].json.get("users", []) if answers[0].status_code == 200 else []
            return Tried(users, "".join(one.text for one in answers))

    return look


WAYS = [
    ("deny", "allow", lambda actions: [*actions][-1]),
    ("initial", "allow", lambda actions: next(iter(actions))),
]


@pytest.mark.parametrize(("tight", "wide", "faulty"), WAYS, ids=["the last decides", "the first decides"])
def test_of_several_lines_the_tightest_holds_wherever_it_stands(tried, tight, wide, faulty):
    """PSESD PRS: includes and excludes win by the order of templates. Ranger: the first mask that matches wins."""

    def check():
        lines = (("student.name.*", wide), ("student.name.family", tight))
        for order in (lines, lines[::-1]):
            seen = tried((("student.id", "allow"), *order)).users
            assert seen
            assert all(len(one.get("familyName", "")) <= (tight != "deny") for one in seen), "the order decides"

    noticed(check, lambda patch: patch.setattr(elements, "meet", faulty), "the order decides")


def clipped(patch):
    plain = elements.settle

    def settle(lines):
        kept = tuple(lines)
        out = [one.stem for one in kept if one.action == "deny"]
        return plain(
            one
            for one in kept
            if one.action != "deny" or not any(one.stem in stem and one.stem != stem for stem in out)
        )

    patch.setattr(elements, "settle", settle)


def spread(patch):
    elements._under.cache_clear()
    patch.setattr(Line, "covers", lambda self, name: not self.stem or self.stem in name)


@pytest.mark.parametrize(("fault", "saying"), [(clipped, "a denial was dropped"), (spread, "a release spreads")])
def test_a_line_is_about_its_own_path_and_no_other_that_only_contains_its_text(tried, fault, saying):
    """PSESD PRS: of two excluded paths of which one contains the other's text, the shorter is dropped."""
    everything = (("student.*", "allow"), ("enrollment.*", "allow"))

    def check():
        assert any("email" in one for one in tried(everything).students)
        denied = (*everything, ("student.emails", "deny"), ("student.email", "deny"))
        assert all("email" not in one for one in tried(denied).students), "a denial was dropped"
        seen = tried((("student.id", "allow"), ("enrollment.*", "allow"))).students
        assert seen
        assert all("identifier" not in one or "userIds" not in one for one in seen), "a release spreads"
        assert all("userIds" not in one for one in seen), "a release spreads"

    try:
        noticed(check, fault, saying)
    finally:
        elements._under.cache_clear()


CODE = "__import__('os').environ.__setitem__('CROSSING_RAN','1')"


@pytest.mark.parametrize(
    "text", [CODE, f"'+{CODE}+'", f'"]); {CODE} #', "{{7*7}}", "${7*7}", "//*[document('/etc/passwd')]"]
)
def test_no_text_of_an_agreement_is_ever_run(tried, monkeypatch, text):
    """PSESD PRS: the XPath that an administrator types goes into an XSLT that can call any function of the machine."""
    monkeypatch.delenv("CROSSING_RAN", raising=False)
    quoted = text.replace("'", "''")

    def check():
        seen = tried(population=f"{{all: [{{school: {{in: ['{quoted}']}}}}]}}")
        assert "CROSSING_RAN" not in os.environ, "it was run"
        assert (seen.students, "49" in seen.text) == ([], False)

    def evaluated(patch):
        plain = Visibility._test

        def run(self, entity, clause):
            for _, some in values(entity, clause):
                for one in some:
                    with suppress(Exception):
                        eval(one)  # the fault itself
            return plain(self, entity, clause)

        patch.setattr(Visibility, "_test", run)

    if text == CODE:
        noticed(check, evaluated, "it was run")
        os.environ.pop("CROSSING_RAN", None)
    else:
        check()


SELECTORS = {
    "staffAssignment": "{all: [{enrollment: active}], staffAssignment: required}",
    "consent": "{all: [{enrollment: active}, {consent: {form: reading-2026, status: granted}}]}",
    "program": '{all: [{enrollment: active}, {program: {is: "No Such Program"}}]}',
}


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_condition_that_is_written_is_never_left_out(tried, selector):
    """PSESD PRS: ``requires_personnel`` is stored and never read; leaving out ``personnelId`` shows everybody."""

    def check():
        assert tried(population="{all: [{enrollment: active}]}").students
        assert not tried(population=SELECTORS[selector]).students, "everybody is shown"

    def unread(patch):
        plain, population = checks.problems, checks.population

        def without(content):
            people = dict(content.get("population", {}))
            people.pop("staffAssignment", None)
            people["all"] = [one for one in people.get("all", ()) if selector not in one]
            return {**content, "population": people}

        patch.setattr(checks, "population", lambda content: population(without(content)))
        patch.setattr(checks, "problems", lambda document: [one for one in plain(document) if selector not in str(one)])

    noticed(check, unread, "everybody is shown")


def test_a_list_of_nothing_is_nobody(tried):
    """Ed-Fi's OneRoster service: an ``educationOrganizationId`` list that is null would skip the filter of rows."""

    def check():
        for nothing in ("{in: []}", "{in: null}", "null", "{}"):
            seen = tried(population=f"{{all: [{{school: {nothing}}}]}}")
            assert not seen.students, "everybody is shown"

    def skipped(patch):
        plain = checks.population
        patch.setattr(checks.schema, "problems", lambda *_: iter(()))

        def population(content):
            everyone = [
                one for one in content.get("population", {}).get("all", ()) if (one.get("school") or {}).get("in")
            ]
            return plain({**content, "population": {"all": everyone}})

        patch.setattr(checks, "population", population)

    noticed(check, skipped, "everybody is shown")


@pytest.fixture
def consumer(tmp_path):
    made = Consumer(tmp_path / "consumer", "tutoring organisation", documents.district(), ANYTHING)
    yield made
    made.close()


@pytest.mark.parametrize("missing", ["grade", "entry"])
def test_whoever_lacks_what_a_population_asks_for_is_not_in_it(consumer, missing):
    """Cedar: a ``forbid`` that reads an attribute which is not there is skipped, and the request is allowed."""

    def check():
        records = documents.district()
        for row in records["enrollment"]:
            if row["student"] == ("s1",):
                row[missing] = None
        consumer.load(records)
        assert b"Given1" in consumer.ask(f"{ROSTER}students")[-1]
        assert b"Given0" not in consumer.ask(f"{ROSTER}students")[-1], "the unknown is let through"

    def skipped(patch):
        plain = row_filter._of_a_field

        def of_a_field(clause, rows):
            test, read = plain(clause, rows), rows.value(clause.field)
            return lambda row: read(row) is None or test(row)

        patch.setattr(row_filter, "_of_a_field", of_a_field)
        patch.setattr(row_filter, "_active", lambda *_: lambda _row: True)

    noticed(check, skipped, "the unknown is let through", consumer.gateway)


def test_an_agreement_can_hide_who_a_student_is(tried):
    """Ed-Fi profiles: members of the identity cannot be excluded; an exclusion of them is only a warning."""
    own = {one["sourcedId"] for one in tried().students}
    lines = (("student.id", "pseudonym"), *ROSTERED[1:])

    def check():
        seen = tried(lines)
        assert seen.students
        assert not [one for one in own if f'"{one}"' in seen.text], "the identity is shown"

    def added(patch):
        patch.setattr(Visibility, "pseudonymous", lambda *_: False)

    noticed(check, added, "the identity is shown")


def test_a_denial_with_a_mistake_in_it_lets_nothing_out(tried):
    """Ed-Fi profiles: an unknown member of an exclusion is a warning, and what was meant leaves."""

    def check():
        seen = tried((("student.*", "allow"), ("student.name.famly", "deny"), ("enrollment.*", "allow")))
        assert "familyName" not in seen.text, "what was meant leaves"

    def warned_only(patch):
        plain = checks._line

        def line(document, entry, where, found):
            if entry["action"] == "deny" and not elements.under(Line(entry["path"], "deny")):
                return iter(())
            return plain(document, entry, where, found)

        patch.setattr(checks, "_line", line)

    noticed(check, warned_only, "what was meant leaves")


WORDS = [("action: initial", f"action: {one}") for one in ("Initial", "INITIAL", "mask", "initial ", "show_first_1")]
WORDS += [('"student.name.family", action', '"Student.Name.Family", action'), ("[read, search]", "[READ, Search]")]


@pytest.mark.parametrize("change", WORDS, ids=lambda change: change[1].strip())
def test_a_word_that_matches_nothing_is_a_mistake_and_never_leaves_a_value_clear(tried, change):
    """Doris #66770: ``SELECT`` for ``select``, and no mask of Ranger's ever matched: every value was clear."""
    lines = (*ROSTERED, ("student.name.family", "initial"))

    def check():
        assert any(len(one["familyName"]) == 1 for one in tried(lines).students)
        seen = tried(lines, change=change)
        assert all(len(one.get("familyName", "")) <= 1 for one in seen.users), "the value is clear"

    def no_match_is_clear(patch):
        patch.setattr(checks.schema, "problems", lambda *_: iter(()))

        def line(path, action, *rest, **more):
            return Line(path, action if action in ACTIONS else "allow", *rest, **more)

        patch.setattr(checks, "Line", line)

    if change[1].strip() in {"action: Initial", "action: mask"}:
        noticed(check, no_match_is_clear, "the value is clear")
    else:
        check()


def test_what_no_line_names_does_not_leave(tried):
    """Ranger, Kong and KrakenD's deny lists: what nothing matches goes through as it is."""

    def check():
        seen = tried()
        assert seen.students
        for one in seen.users:
            assert not {"email", "familyName", "middleName", "username", "phone", "userIds"} & one.keys(), (
                "it leaves unnamed"
            )

    def through(patch):
        patch.setattr(Grant, "rule", lambda self, name: self.rules.get(name) or Rule("allow"))

    noticed(check, through, "it leaves unnamed")


def test_a_district_can_refuse_every_field_whatever_the_application_calls_required(tried):
    """Clever: the application says which fields it requires, and a district can refuse only the optional ones."""
    names = ("student.name.given", "student.email", "student.name.middle")

    def check():
        for refused, member in zip(names, ("givenName", "email", "middleName"), strict=True):
            seen = tried((("student.*", "allow"), ("enrollment.*", "allow"), (refused, "deny"))).students
            assert seen
            assert all(member not in one for one in seen), "a field cannot be refused"

    def required(patch):
        patch.setattr(elements, "meet", lambda actions: max(actions, key=lambda one: one == "allow"))

    noticed(check, required, "a field cannot be refused")
