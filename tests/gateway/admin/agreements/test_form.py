"""The form of an agreement and its text say the same, and what the form does not know stays in the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.admin.agreements import form
from policies.documents import loading
from policies.transfers.terms import CONDITIONS, NOTICES, SECTIONS, TRACKS
from standards.errors import CallerError
from tests.gateway.transfers.work.world import agreement_text
from tests.support.regions import TUTORING, agreement

POPULATION = '{all: [{grade: {in: ["03"]}}, {program: {is: "Title I"}}, {enrollment: active}]}'
TEXT = (
    "# why this agreement exists\n"
    + agreement("maple", TUTORING, population=POPULATION)
    + '  - {path: enrollment.entryDate, action: allow, window: {since: "2026-01-01"}}  # a window\n'
    + 'tests: [{name: one, student: {grade: "03"}, expect: {visible: true}}]\n'
    + "offer: {until: 2027-01-01}\n"
)
MOVING = agreement_text().replace("  notify: annual-notice", "  notify: annual-notice  # as we tell them each August")
LINES = some.text(some.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def said(text):
    return loading.parse(text.encode(), "").content


@pytest.mark.parametrize("part", form.MEMBERS)
def test_what_is_saved_as_it_was_read_changes_no_letter(part):
    for text in (TEXT, MOVING):
        assert form.write_part(text, part, form.read_part(text, part)) == text


@given(LINES, some.lists(LINES, max_size=3), some.integers(0, 150))
def test_any_value_is_read_back_as_it_was_written(line, several, years):
    values = form.read_part(TEXT, "who") | {"schools": several, "form": line, "ageTo": years, "notice": several}
    written = form.write_part(TEXT, "who", values)
    assert form.read_part(written, "who") == values
    duties = form.read_part(written, "duties") | {"obligations": several, "redisclosure": "named", "named": [line]}
    again = form.write_part(written, "duties", duties)
    assert form.read_part(again, "duties") == duties
    kept = {"elements", "tests", "offer", "basis", "parties"}
    assert {name: said(again)[name] for name in kept} == {name: said(TEXT)[name] for name in kept}
    assert "# why this agreement exists" in again
    assert "# a window" in again


def several(names):
    return some.lists(some.sampled_from(names), unique=True)


PRINTS = some.lists(some.text("abcXYZ019-_", min_size=43, max_size=43), max_size=2)


@given(
    some.fixed_dictionaries({
        "tracks": several(list(TRACKS)), "when": several(CONDITIONS), "sections": several(SECTIONS),
        "ask": several(SECTIONS), "twoPersons": some.booleans(), "notify": some.sampled_from(NOTICES),
        "office": LINES, "receiverKeys": PRINTS, "senderKeys": PRINTS,
    })
)  # fmt: skip
def test_any_terms_of_transfers_are_read_back_as_they_were_written(values):
    written = form.write_part(MOVING, "transfer", values)
    assert form.read_part(written, "transfer") == values
    assert {name: one for name, one in said(written).items() if name != "transfer"} == {
        name: one for name, one in said(MOVING).items() if name != "transfer"
    }
    assert "# as we tell them each August" in written


def test_a_selector_is_taken_away_whole_and_an_empty_population_with_it():
    nothing = dict.fromkeys(form.read_part(TEXT, "who"), "") | {
        "schools": [], "grades": [], "programs": [], "notice": []
    }  # fmt: skip
    assert "population" not in said(form.write_part(TEXT, "who", nothing))


def test_a_consent_by_form_is_asked_for_as_granted():
    written = form.write_part(TEXT, "who", form.read_part(TEXT, "who") | {"form": "reading-2026"})
    assert {"consent": {"form": "reading-2026", "status": "granted"}} in said(written)["population"]["all"]


def test_actions_are_changed_added_and_taken_away_and_other_lines_stay():
    chosen = {"student.name.family": "allow", "student.name.given": "", "student.birthDate": "year"}
    lines = said(form.write_actions(TEXT, chosen))["elements"]
    assert {"path": "student.name.family", "action": "allow"} in lines
    assert {"path": "student.birthDate", "action": "year"} in lines
    assert "student.name.given" not in [line["path"] for line in lines]
    assert {"path": "enrollment.entryDate", "action": "allow", "window": {"since": "2026-01-01"}} in lines


def test_a_text_that_cannot_be_read_has_no_form():
    with pytest.raises(CallerError, match="mend the text first"):
        form.read_part("id: [", "who")


def test_a_mistake_about_transfers_is_mended_in_their_part():
    line = MOVING.splitlines().index("transfer:") + 3
    assert form.part_at(MOVING, line) == "transfer"


@pytest.mark.parametrize(("line", "part"), [(2, ""), (5, "parties"), (10, "who"), (12, "what"), (21, "")])
def test_a_mistake_is_mended_in_the_part_of_its_line(line, part):
    assert form.part_at(TEXT, line) == part
