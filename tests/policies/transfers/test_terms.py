"""What leaves by rule, on what a person decides, and what never leaves: by section and track."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import canonical
from policies.transfers.terms import (
    BY_PERSON_ALONE,
    CONDITIONS,
    FULL,
    INDISPENSABLE,
    INFO,
    NOTICES,
    SECTIONS,
    TRACKS,
    SectionDecision,
    by_rule,
    no_wider,
    sections_of,
    transfer_terms,
)
from policies.transfers.words import SAID, words
from tests.policies import documents
from tests.policies.transfers.written import RECEIVER, RELEASE, SENDER, THIRD, load

RULE, ASK, NEVER = SectionDecision.RULE, SectionDecision.ASK, SectionDecision.NEVER
KEYS = (RECEIVER, SENDER, THIRD)


def some(values, least=0):
    return st.lists(st.sampled_from(values), unique=True, min_size=least)


@st.composite
def parts(draw):
    """Terms of a transfer as a document that has passed every check may hold them."""
    asked, tracks = draw(some(SECTIONS)), draw(some(tuple(TRACKS), 1))
    release = {"when": [*INDISPENSABLE, *draw(some(("noHold",)))], "tracks": tracks}
    free = [one for one in SECTIONS if one not in {*asked, *BY_PERSON_ALONE} and any(one in TRACKS[t] for t in tracks)]
    if free and draw(st.booleans()):
        release["sections"] = draw(some(free, 1))
    receiver = draw(some(KEYS[:2], 1))
    keys = {"receiver": receiver, "sender": [THIRD]}
    notice = draw(st.sampled_from(NOTICES))
    more = {"release": release} if draw(st.booleans()) else {}
    more |= {"office": draw(st.sampled_from(("Records", "Office")))} if notice == "letter" else {}
    return {**more, "ask": asked, "notify": notice, "keys": keys, "twoPersons": draw(st.booleans())}


def decisions(*changes):
    return sections_of(load(*changes).transfer)


def test_the_words_are_those_of_the_schema():
    schema = json.loads(files("policies").joinpath("agreement.schema.json").read_text("utf-8"))
    part, section = schema["properties"]["transfer"]["properties"], schema["$defs"]["section"]
    assert tuple(section["enum"]) == SECTIONS
    assert tuple(part["release"]["properties"]["when"]["items"]["enum"]) == CONDITIONS
    assert tuple(part["release"]["properties"]["tracks"]["items"]["enum"]) == tuple(TRACKS)
    assert tuple(part["notify"]["enum"]) == NOTICES
    assert SAID.keys() == {*CONDITIONS, *TRACKS, *NOTICES, *SectionDecision}


def test_the_information_leaves_by_rule_but_for_what_a_person_is_asked():
    info = decisions()[INFO]
    assert {one for one, how in info.items() if how is ASK} == {"special-education", "health", "discipline"}
    assert {one for one, how in info.items() if how is NEVER} == {"contacts", "assessment", "graduation", "documents"}
    assert list(info) == list(SECTIONS)


def test_a_track_that_the_rule_does_not_name_is_a_persons():
    assert set(decisions()[FULL].values()) == {ASK}


def test_without_a_rule_a_person_decides_on_everything():
    assert {how for track in decisions((RELEASE, "")).values() for how in track.values()} == {ASK, NEVER}


def test_a_rule_that_names_sections_releases_no_other():
    named = decisions(("tracks: [info]", "tracks: [info], sections: [identity, transcript]"))[INFO]
    assert [one for one, how in named.items() if how is RULE] == ["identity", "transcript"]


def test_a_section_that_the_elements_do_not_cover_never_leaves():
    found = sections_of(load().transfer, covered={"identity", "health"})
    assert {one for one, how in found[FULL].items() if how is not NEVER} == {"identity", "health"}


def test_a_track_that_there_is_not_is_an_error_and_no_default():
    with pytest.raises(KeyError):
        load().transfer.decision("summary", "identity")


@settings(max_examples=40)
@given(parts())
def test_no_rule_ever_releases_what_a_person_alone_does(part):
    for track in sections_of(transfer_terms({"transfer": part})).values():
        assert {one for one, how in track.items() if how is RULE} & BY_PERSON_ALONE == set()


@settings(max_examples=40)
@given(parts())
def test_a_section_under_ask_is_never_released_by_rule(part):
    for track in sections_of(transfer_terms({"transfer": part})).values():
        assert {one for one, how in track.items() if how is RULE} & set(part["ask"]) == set()


@settings(max_examples=40)
@given(parts())
def test_even_terms_that_no_check_saw_release_none_of_it_by_rule(part):
    part["release"] = {"when": list(CONDITIONS), "tracks": list(TRACKS), "sections": list(SECTIONS)}
    terms = transfer_terms({"transfer": part})
    forced = replace(terms, rule=replace(terms.rule, sections=frozenset(SECTIONS)))
    assert {one for track in TRACKS for one in by_rule(forced, track)} & BY_PERSON_ALONE == set()


@settings(max_examples=40)
@given(parts())
def test_the_same_terms_are_no_wider_and_differ_in_nothing(part):
    assert no_wider(part, part)


@settings(max_examples=40)
@given(parts(), parts())
def test_what_lets_more_leave_by_rule_is_wider(before, after):
    first, then = (transfer_terms({"transfer": one}) for one in (before, after))
    more = any(set(by_rule(then, track)) - set(by_rule(first, track)) for track in TRACKS)
    assert not (more and no_wider(before, after))


@settings(max_examples=30)
@given(parts(), parts(), parts())
def test_what_is_no_wider_twice_is_no_wider_at_once(first, second, third):
    assert not (no_wider(first, second) and no_wider(second, third)) or no_wider(first, third)


def test_terms_that_come_or_go_are_wider():
    part = json.loads(load().text)["transfer"]
    assert not no_wider(None, part)
    assert not no_wider(part, None)
    assert no_wider(None, None)


def test_the_terms_are_hashed_and_signed_with_the_agreement():
    one, other = load(), load(("[info]", "[info, full]"))
    assert one.digest != other.digest
    signed = canonical.to_sign(one.text, canonical.Expansion("x", canonical.expansion(one.lines)))
    assert b'"transfer":{"ask":["special-education","health","discipline"]' in signed
    assert load(more="# a comment\n").digest == one.digest


def test_the_terms_are_told_in_words():
    assert list(words(load(("  notify:", "  twoPersons: true\n  notify:")).transfer)) == [
        (
            "the information that is due at once: by rule, where the state id is equal, the birth date is equal, no "
            "restriction lies on the student, no hold lies on the record: identity, enrollment, schedule, transcript, "
            "attendance, programs, restrictions; a person decides on the rest"
        ),
        "the whole record: a person decides",
        "the district's annual notice tells parents",
        "a second person confirms what the first releases",
    ]  # fmt: skip


def test_a_reading_agreement_has_no_terms_of_a_transfer():
    assert documents.load("student.id allow").transfer is None
