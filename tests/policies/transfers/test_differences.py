"""What another version changes in the transfer of records, in words, and whether both parties have to sign it again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from gateway.translations.catalogues import catalogue
from gateway.translations.sentences import Sentences
from policies.comparison import widens
from policies.reasoning.diff import diff
from policies.reasoning.transfer_differences import of_transfers
from policies.transfers.terms import no_wider
from tests.policies import documents
from tests.policies.transfers.test_terms import parts
from tests.policies.transfers.written import CLIENT, RECEIVER, RELEASE, SENDER, THIRD, load

WORDS = {text: said for kind in ("sentences", "agreements") for text, said in catalogue(kind, "es").items()}
SPANISH = Sentences("es", catalogue("sentences", "es"), WORDS)
LETTER = ("notify: annual-notice", 'notify: letter\n  office: "Records, 12 Maple Street"')
TWO = ("  notify:", "  twoPersons: true\n  notify:")

NARROWER = {
    "nothing leaves by rule": ((RELEASE, ""),),
    "a person is asked about more": (("ask: [", "ask: [attendance, "),),
    "the rule names sections": (("tracks: [info]", "tracks: [info], sections: [identity]"),),
    "a second person confirms": (TWO,),
}
WIDER = {
    "another track leaves by rule": (("[info]", "[info, full]"),),
    "a condition goes": ((", noHold", ""),),
    "parents know otherwise": (LETTER,),
    "a key of the receiver comes": ((f'["{RECEIVER}"]', f'["{RECEIVER}", "{THIRD}"]'),),
    "the sender has another key": ((SENDER, THIRD),),
}


@pytest.mark.parametrize("how", NARROWER)
def test_what_only_narrows_a_transfer_needs_no_new_signature(how):
    before, after = load(), load(*NARROWER[how])
    assert widens(before, after) == ()
    assert not diff(before, after).widens
    assert diff(before, after).differences


@pytest.mark.parametrize("how", NARROWER)
def test_to_take_it_back_is_wider(how):
    after, before = load(), load(*NARROWER[how])
    assert widens(before, after) == ("transfer: less strict than before, or not to be compared with it",)
    assert diff(before, after).widens


@pytest.mark.parametrize("how", WIDER)
def test_what_lets_more_leave_needs_both_signatures_again(how):
    before, after = load(), load(*WIDER[how])
    assert widens(before, after) == ("transfer: less strict than before, or not to be compared with it",)
    assert diff(before, after).widens


def test_a_key_that_is_gone_narrows_the_agreement():
    before, after = load(WIDER["a key of the receiver comes"][0]), load()
    assert widens(before, after) == ()
    assert [one.text for one in diff(before, after).differences] == [f"the receiver's key {THIRD} is gone"]


def test_the_difference_is_told_in_the_words_of_a_privacy_officer():
    after = load(("[stateId exact, birthDate exact, noRestriction, noHold], tracks: [info]",
                  "[stateId exact, birthDate exact, noRestriction], tracks: [info], sections: [identity, enrollment]"),
                 LETTER, TWO, (SENDER, THIRD))  # fmt: skip
    told = "\n".join(diff(load(), after).lines())
    assert told.endswith(f"""
Transfers
  - schedule (the information that is due at once) leaves as a person decides, was: leaves by rule
  - transcript (the information that is due at once) leaves as a person decides, was: leaves by rule
  - attendance (the information that is due at once) leaves as a person decides, was: leaves by rule
  - programs (the information that is due at once) leaves as a person decides, was: leaves by rule
  - restrictions (the information that is due at once) leaves as a person decides, was: leaves by rule
  + by rule no longer only where no hold lies on the record
  ! a letter tells the parents, was: the district's annual notice tells parents
  + the sender's key {THIRD} is new
  - the sender's key {SENDER} is gone
  - a second person confirms, was: one person releases""")


def test_an_agreement_about_data_that_becomes_one_about_transfers_is_another():
    before = documents.load("student.id allow")
    (found,) = (one for one in diff(before, load()).differences if one.part == "transfer")
    assert (found.direction, found.text) == ("both", "transfers of records, was no transfers")
    assert diff(before, load()).widens


@settings(max_examples=40)
@given(parts(), parts())
def test_the_differences_in_words_widen_exactly_what_is_wider(before, after):
    found = tuple(of_transfers({"transfer": before}, {"transfer": after}))
    assert any(one.widens for one in found) is not no_wider(before, after)


@settings(max_examples=40)
@given(parts(), parts())
def test_every_difference_is_told_in_spanish_too(before, after):
    for one in of_transfers({"transfer": before}, {"transfer": after}):
        assert SPANISH.retell(one.text) is not None, one.text


def test_the_difference_as_json_is_plain_words():
    found = json.loads(json.dumps(diff(load(), load(("[info]", "[info, full]"))).document()))
    assert {"before": "ask", "after": "rule"}.items() <= found["differences"][0].items()


def test_the_clients_that_would_receive_sensitive_facts_are_told():
    (found,) = diff(documents.load("student.id allow"), load(("enrollment.*", "healthRecord.*"))).recipients
    assert (found.client, found.org) == (CLIENT, "fir")
