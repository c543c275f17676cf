"""Signing by people: each for one party, the very text that was shown, and taken back within the request."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.signing import Signing
from gateway.people.actor import NotPermitted, operator
from gateway.signing.approval_book import subject
from gateway.storage.approvals import ASSERTED, SIGNED_IN, Approval, Approvals
from gateway.storage.database import transaction
from gateway.storage.tables import approvals
from standards.errors import CallerError, NotFound, PreconditionFailed
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

REQUIRED = 'approvals = "required"\n'


@pytest.fixture
def region(tmp_path):
    with people_region(tmp_path / "r", {"maple": small_sites(tmp_path, 30)["maple"]}, [], REQUIRED) as found:
        yield found


@pytest.fixture
def signing(region):
    return Signing(region.administered)


@pytest.fixture
def ada(region):
    """An approver of the district."""
    return region.actor("ada", ("maple", "approver"))


@pytest.fixture
def ben(region):
    """An approver of the recipient."""
    return region.actor("ben", ("conformance", "approver"))


@pytest.fixture
def review(write, drafts, maple):
    one = write()
    return drafts.ask(maple, one.id, 1, one.number)


def sign(signing, actor, party, version=1):
    shown = signing.to_sign(actor, "conformance-maple", version).digest
    return signing.sign(actor, "conformance-maple", version, party, shown, "passkey")


def served(region):
    return {f"{one.id}@{one.version}" for one in region.running.standing.agreements}


def test_a_version_that_both_have_signed_and_that_is_published_is_served(signing, review, ada, ben, maple, region):
    Publishing(region.administered).publish(maple, review.id, 1, review.number)
    assert sign(signing, ada, "maple").version.waiting_for == ("conformance",)
    assert served(region) == set()
    done = sign(signing, ben, "conformance")
    assert (done.version.waiting_for, done.version.state, done.effect.served) == ((), "in force", True)
    assert served(region) == {"conformance-maple@1"}
    assert {one.method for one in done.version.approvals} == {SIGNED_IN}


def test_a_signature_that_is_taken_back_ends_what_it_let_out(signing, review, ada, ben, maple, region):
    Publishing(region.administered).publish(maple, review.id, 1, review.number)
    sign(signing, ada, "maple")
    sign(signing, ben, "conformance")
    with pytest.raises(CallerError, match="Say why"):
        signing.take_back(ben, review.id, 1, "conformance", "")
    signing.take_back(ben, review.id, 1, "conformance", "we have no tutor any more")
    assert served(region) == set()


def test_a_text_that_has_changed_since_it_was_shown_is_not_signed(signing, review, ada, drafts, maple):
    shown = signing.to_sign(ada, review.id, 1).digest
    other = drafts.save(maple, review.id, 1, review.text.replace("prove what", "sell what"), review.number)
    drafts.ask(maple, review.id, 1, other.number)
    with pytest.raises(PreconditionFailed):
        signing.sign(ada, review.id, 1, "maple", shown, "passkey")


def test_what_is_signed_keeps_its_text(signing, review, ada, drafts, maple):
    sign(signing, ada, "maple")
    with pytest.raises(CallerError, match="stays as it is"):
        drafts.save(maple, review.id, 1, review.text + "# x\n", review.number)


@pytest.mark.parametrize("party", ["maple", "conformance", "cedar", ""])
def test_nobody_signs_for_a_party_of_others(signing, review, region, party):
    people = {
        "maple": ("conformance", "approver"), "conformance": ("maple", "approver"), "cedar": ("maple", "approver"),
        "": ("maple", "approver"),
    }  # fmt: skip
    actor = region.actor("zoe", people[party])
    shown = signing.to_sign(actor, review.id, 1).digest
    with pytest.raises(NotPermitted):
        signing.sign(actor, review.id, 1, party, shown, "passkey")


@pytest.mark.parametrize("role", ["privacy-officer", "district-admin", "auditor"])
def test_only_approvers_sign(signing, review, region, role):
    actor = region.actor("zoe", ("maple", role))
    assert signing.to_sign(actor, review.id, 1).parties == ()
    with pytest.raises(NotPermitted):
        sign(signing, actor, "maple")


def test_no_command_and_no_machine_signs_as_a_person(signing, review):
    with pytest.raises(NotPermitted):
        sign(signing, operator("root"), "maple")


def test_one_person_with_roles_in_both_organisations_signs_for_one_of_them(signing, review, region):
    both = region.actor("zoe", ("maple", "approver"), ("conformance", "approver"))
    sign(signing, both, "maple")
    with pytest.raises(NotPermitted, match="both parties"):
        sign(signing, both, "conformance")


def test_a_stranger_learns_of_nothing_to_sign(signing, review, region):
    stranger = region.actor("cy", ("elsewhere", "approver"))
    with pytest.raises(NotFound):
        signing.to_sign(stranger, review.id, 1)


def test_a_draft_is_not_signed(signing, write, ada):
    write()
    with pytest.raises(CallerError, match="ask for its approval"):
        sign(signing, ada, "maple")


def test_a_row_that_was_written_past_the_gateway_is_no_signature(signing, review, ada, known, maple, region):
    sign(signing, ada, "maple")
    for change in ({"party": "conformance"}, {"person": "f" * 32}, {"text": "0" * 64}, {"signature": ""}):
        store = region.administered.store
        with transaction(store.engine, write=True) as connection:
            before = connection.execute(approvals.select()).mappings().one()
            connection.execute(update(approvals).values(change))
        assert known.find(maple, review.id, 1).waiting_for == ("maple", "conformance")
        with transaction(store.engine, write=True) as connection:
            connection.execute(update(approvals).values({name: before[name] for name in change}))
    assert known.find(maple, review.id, 1).waiting_for == ("conformance",)


def test_what_an_operator_asserted_does_not_count_and_is_replaced_by_a_signature(
    signing, review, ada, known, maple, region
):
    asserted = Approval(*subject(review.found, "maple", ASSERTED), region.clock(), "root")
    Approvals(region.administered.store).record(asserted, "maple", "by telephone")
    before = known.find(maple, review.id, 1)
    assert (before.approved[0], before.waiting_for) == (
        ("maple", "asserted by the operator"), ("maple", "conformance")
    )  # fmt: skip
    after = sign(signing, ada, "maple").version
    assert (after.approved[0], after.waiting_for) == (("maple", "signed"), ("conformance",))


def test_for_a_recipient_with_the_name_of_a_district_nobody_signs(signing, region, drafts, maple):
    text = agreement("maple").replace("org: conformance", "org: maple")
    one = drafts.read_in(maple, text)
    one = drafts.ask(maple, one.id, 1, one.number)
    assert KnownAgreements(region.administered).parties("maple", "maple", "vendor") == {"maple"}
    assert one.state == "in review"
