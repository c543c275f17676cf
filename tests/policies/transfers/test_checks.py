"""What an agreement about transfers must say, and may not: every mistake with its place and what to do about it."""

from __future__ import annotations

import pytest

from policies.transfers.terms import BY_PERSON_ALONE, CONDITIONS, FULL, INDISPENSABLE, SECTIONS, TRACKS
from tests.policies.transfers.written import RECEIVER, RELEASE, SENDER, THIRD, load, mistakes


def test_a_whole_agreement_about_transfers_has_no_mistake_and_needs_no_population():
    assert mistakes() == []
    assert load().warnings == ()


MISTAKES = {
    "another operation beside it": (
        ("[transfer]", "[read, transfer]"),
        "8:20: transfer stands alone, and this agreement has read too: write two agreements",
    ),
    "a misspelt operation": (
        ("operations: [transfer]", "operations: [transfers]"),
        (
            "8:14: entry 1 of operations must be read, search, create, update, delete, bulk, changes or transfer"
            " (did you mean transfer?)"
        ),
    ),
    "no such operation": (
        ("operations: [transfer]", "operations: [read]"),
        "12:1: transfer needs operations: [transfer]: the agreement opens an API of data instead",
    ),
    "a recipient that is no district": (
        ("kind: district", "kind: vendor"),
        "4:68: a record is transferred to a district, not to a vendor",
    ),
    "itself": (("org: fir", "org: maple"), "4:57: a district transfers no record to itself"),
    "another basis": (
        ('"99.31(a)(2)"', '"99.31(a)(1)"'),
        '5:16: a transfer rests on 34 CFR 99.31(a)(2) alone: write ferpa: "99.31(a)(2)"',
    ),
    "a condition without its ground": (
        ('"99.31(a)(2)"', '"99.34"'),
        '5:16: a transfer rests on 34 CFR 99.31(a)(2) alone: write ferpa: "99.31(a)(2)"',
    ),
    "a mask": (
        ("enrollment.*, action: allow", "student.birthDate, action: year"),
        "11:12: a record is transferred as it is: write allow or deny, and not year",
    ),
    "no id of the student": (
        ("path: student.*", "path: student.name"),
        "10:3: student.id must leave: without it nothing says whose record it is",
    ),
    "a denied id of the student": (
        ("enrollment.*, action: allow", "student.id, action: deny"),
        "10:3: student.id must leave: without it nothing says whose record it is",
    ),
    "a section that there is not": (
        ("ask: [special-education", "ask: [specialeducation"),
        f"14:9: entry 1 of ask must be {', '.join(SECTIONS[:-1])} or documents (did you mean special-education?)",
    ),
    "a section twice": (("[special-education, health", "[health, health"), "14:17: health is here twice"),
    "an unknown key": (("  ask:", "  asks:"), "14:3: unknown key 'asks' (did you mean ask?)"),
    "an unknown condition": (
        ("stateId exact", "stateID exact"),
        (
            "13:20: entry 1 of when must be stateId exact, birthDate exact, noRestriction or noHold"
            " (did you mean stateId exact?)"
        ),
    ),
    "an unknown track": (("[info]", "[information]"), "13:85: entry 1 of tracks must be info or full"),
    "no track": ((", tracks: [info]", ""), "13:12: tracks is missing in release"),
    "a track twice": (("[info]", "[info, info]"), "13:91: info is here twice"),
    "an unknown notice": (
        ("annual-notice", "annual notice"),
        "15:11: notify must be annual-notice, letter or begun-by-parent (did you mean annual-notice?)",
    ),
    "no notice": (("  notify: annual-notice\n", ""), "13:3: notify is missing in transfer"),
    "a letter without an office": (
        ("annual-notice", "letter"),
        "15:11: a letter names the office that parents turn to for a copy and a hearing: add office: TEXT",
    ),
    "an office without a letter": (
        ("notify: annual-notice", 'notify: annual-notice\n  office: "Records"'),
        "16:3: office is printed in a letter alone",
    ),
    "no key of the sender": ((f'    sender: ["{SENDER}"]\n', ""), "17:5: sender is missing in keys"),
    "three keys": (
        (f'["{SENDER}"]', f'["{SENDER}", "{THIRD}", "{"u" * 43}"]'),
        "18:13: sender is too long",
    ),
    "a key twice": ((f'["{SENDER}"]', f'["{SENDER}", "{SENDER}"]'), f"18:61: {SENDER} is here twice"),
    "a key of both": ((SENDER, RECEIVER), "18:14: this is a key of the receiver: each has its own"),
    "a key that is no thumbprint": (
        (f'"{SENDER}"', '"abc="'),
        (
            "18:14: entry 1 of sender must be the thumbprint of a key (RFC 7638, SHA-256): 43 letters, digits, - and _,"
            " in quotes"
        ),
    ),
    "a second person by a word": (
        ("  notify:", '  twoPersons: "yes"\n  notify:'),
        "15:15: twoPersons must be true or false",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_its_place(what):
    change, told = MISTAKES[what]
    found = mistakes(change)
    assert len(found) == 1, found
    place, _, said = told.partition(": ")
    where, _, message = found[0].partition(": ")
    assert message == said
    assert where == place


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("population: {all: [{enrollment: active}]}\n", "a transfer is about the one student"),
        ("limits: {maxRowsPerDay: 10}\n", "limits count what the APIs of data send"),
        ("offer: {until: 2027-01-31}\n", "leave out offer"),
        (f"adopts: {{offer: a, version: 1, text: {'a' * 64}}}\n", "leave out adopts"),
    ],
)
def test_a_part_that_nothing_would_enforce_is_refused_at_its_key(more, told):
    (found,) = mistakes(more=more)
    assert found.startswith("19:1: ")
    assert told in found


@pytest.mark.parametrize(
    "part", ["redisclosure: prohibited\n", "retention: {deleteWithin: P60D}\n", "obligations: [no-sale]\n"]
)
def test_the_duties_of_the_recipient_are_those_of_every_agreement(part):
    assert mistakes(more=part) == []


def test_the_transfer_may_name_the_conditions_of_its_basis_too():
    assert mistakes(('"99.31(a)(2)"', '"99.31(a)(2)+99.34"')) == []


def test_an_agreement_about_transfers_without_its_terms_is_a_mistake():
    (found,) = mistakes((RELEASE, ""), ("transfer:\n", "retention: {deleteWithin: P1D}\n"), *GONE)
    assert found == "8:14: the operation transfer needs the part transfer, which says what leaves how"


GONE = (
    ("  ask: [special-education, health, discipline]\n  notify: annual-notice\n  keys:\n", ""),
    (f'    receiver: ["{RECEIVER}"]\n    sender: ["{SENDER}"]\n', ""),
)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_rule_releases_anything_without_an_exact_student_who_has_no_restriction(condition):
    left = ", ".join(one for one in CONDITIONS if one != condition)
    found = mistakes((", ".join(CONDITIONS), left))
    told = f"13:19: no rule releases anything without the condition {condition}"
    assert found == ([told] if condition in INDISPENSABLE else [])


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("track", TRACKS)
def test_a_rule_may_name_only_what_a_rule_may_release_and_its_track_carries(section, track):
    found = mistakes(("tracks: [info]", f"tracks: [{track}], sections: [{section}]"), (", health, discipline]", "]"))
    if section in BY_PERSON_ALONE:
        assert [one.partition(": ")[2] for one in found] == [f"{section} never leaves by rule: a person decides on it"]
    elif section not in TRACKS[track]:
        (told,) = found
        assert told.endswith(f"{section} is on no track of the rule: only the track {FULL} carries it")
    else:
        assert found == []


@pytest.mark.parametrize("word", ["addresses", "address", "contacts.address"])
def test_addresses_are_no_section_that_anything_could_name(word):
    (found,) = mistakes(("tracks: [info]", f"tracks: [info], sections: [{word}]"))
    assert "entry 1 of sections must be identity" in found


def test_a_section_is_released_by_the_rule_or_by_a_person():
    (found,) = mistakes(
        ("tracks: [info]", "tracks: [info], sections: [attendance]"), ("ask: [special", "ask: [attendance, special")
    )
    assert found.endswith("attendance is under ask too: either the rule releases it or a person does")


def test_a_letter_is_looked_at_again_where_the_rule_may_be_faster():
    letter = ("notify: annual-notice", 'notify: letter\n  office: "Records, 12 Maple Street"')
    (told,) = load(letter).warnings
    assert told.endswith(":15:11: a record that leaves by rule may be there before the letter is")
    assert load(letter, (RELEASE, "")).warnings == ()
