"""An agreement about transfers is written by the form alone, and what the form refuses the language refuses too."""

from __future__ import annotations

import pytest

from gateway.admin.agreements import transfer_part as faults
from gateway.admin.agreements.form import content_of, read_part, write_part
from gateway.admin.agreements.writing import DraftWriting, NewDraft
from policies.transfers.terms import CONDITIONS, SECTIONS, transfer_terms
from standards.errors import InvalidBody
from tests.gateway.transfers.work.world import agreement_text, pair
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

TO_CEDAR = NewDraft("maple", "cedar", "district", "", "transfer", "", "2026-09-01", "2027-08-31", "", ("cedar-agent",))
KEYS = {"receiverKeys": [pair("cedar enc").thumbprint()], "senderKeys": [pair("maple sig").thumbprint()]}
FILLED = {
    "tracks": ["info"], "when": list(CONDITIONS), "sections": [], "ask": ["special-education", "health", "discipline"],
    "twoPersons": False, "notify": "annual-notice", "office": "", **KEYS,
}  # fmt: skip
"""What `agreement_text` says of transfers."""


def terms_of(text):
    return transfer_terms(content_of(text))


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """One region for all of them: each begins a draft of its own."""
    folder = tmp_path_factory.mktemp("transfer-part")
    with people_region(folder / "r", small_sites(folder, 30), [agreement("cedar", client="other")]) as found:
        yield found


@pytest.fixture
def draft(region, maple):
    return DraftWriting(region.administered).create(maple, TO_CEDAR)


@pytest.fixture
def save(region, maple, draft):
    """Save the part of a draft with some values changed; return the draft."""
    writing = DraftWriting(region.administered)
    return lambda **values: writing.save_part(maple, draft.id, 1, "transfer", FILLED | values, draft.number)


def test_a_draft_of_the_template_lacks_nothing_but_the_keys(region, maple, draft):
    mistakes = DraftWriting(region.administered).check(maple, draft.id, 1).mistakes
    assert {one.part for one in mistakes} == {"transfer"}, mistakes
    assert {one.line for one in mistakes} == {draft.text.splitlines().index("  keys: {receiver: [], sender: []}") + 1}


def test_what_the_form_makes_is_what_the_language_says(region, maple, draft, save):
    saved = save()
    assert DraftWriting(region.administered).check(maple, draft.id, 1).mistakes == ()
    assert terms_of(saved.text) == terms_of(agreement_text())


def test_every_term_can_be_said_by_the_form(save):
    saved = save(
        tracks=["info", "full"], sections=["identity", "assessment"], ask=["transcript"], twoPersons=True,
        notify="letter", office="Student Records, 12 Maple Street",
    )  # fmt: skip
    terms = terms_of(saved.text)
    assert (terms.two_persons, terms.notify, terms.office) == (True, "letter", "Student Records, 12 Maple Street")
    assert (terms.rule.tracks, terms.rule.sections) == ({"info", "full"}, {"identity", "assessment"})
    assert terms.ask == {"transcript"}
    assert (terms.receiver_keys, terms.sender_keys) == (tuple(KEYS["receiverKeys"]), tuple(KEYS["senderKeys"]))


def test_without_a_rule_a_person_decides(save):
    assert terms_of(save(tracks=[], when=[]).text).rule is None


@pytest.mark.parametrize(
    ("changes", "place", "fault"),
    [
        ({"tracks": [], "sections": ["identity"]}, "tracks", faults.NO_TRACK),
        ({"when": ["stateId exact", "birthDate exact"]}, "when", faults.LACKS_CONDITION),
        ({"sections": ["identity", "transcript"], "ask": ["transcript"]}, "sections", faults.BOTH_WAYS),
        ({"sections": ["assessment"]}, "sections", faults.ON_NO_TRACK),
        ({"notify": "letter"}, "office", faults.NO_OFFICE),
        ({"office": "Records"}, "office", faults.OFFICE_WITHOUT_LETTER),
        ({"senderKeys": ["short"]}, "senderKeys", faults.NO_THUMBPRINT),
        ({"receiverKeys": [one * 43 for one in "abc"]}, "receiverKeys", faults.TOO_MANY_KEYS),
        ({"receiverKeys": ["a" * 43, "a" * 43]}, "receiverKeys", faults.KEY_TWICE),
        ({"senderKeys": KEYS["receiverKeys"]}, "senderKeys", faults.SAME_KEY),
    ],
)
def test_what_contradicts_itself_is_told_at_its_field_and_refused_by_the_language_too(
    region, maple, draft, save, changes, place, fault
):
    with pytest.raises(InvalidBody) as refused:
        save(**changes)
    assert list(refused.value.places) == [f"/{place}"]
    assert str(refused.value.places[f"/{place}"][0]).startswith(fault.partition("%")[0])
    if fault is not faults.NO_TRACK:  # a rule without tracks cannot be said by halves
        written = read_part(draft.text, "transfer") | FILLED | changes
        text = write_part(draft.text, "transfer", written)
        DraftWriting(region.administered).save(maple, draft.id, 1, text, draft.number)
        assert DraftWriting(region.administered).check(maple, draft.id, 1).mistakes


def test_every_section_is_for_a_rule_or_for_a_person_alone():
    assert set(faults.BY_RULE) < set(SECTIONS)
    assert not {"contacts", "health", "discipline", "special-education", "documents"} & set(faults.BY_RULE)


def test_a_record_is_transferred_to_a_district_alone(region, maple):
    with pytest.raises(InvalidBody) as refused:
        DraftWriting(region.administered).create(maple, NewDraft("maple", "conformance", "vendor", "", "transfer"))
    assert list(refused.value.places) == ["/kind"]
