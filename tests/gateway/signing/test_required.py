"""With approvals required, agreements release what both parties have signed, and nothing else, within a second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from gateway.audit import agreement_texts
from gateway.demo.data import write_oneroster_12
from gateway.signing import signatures
from gateway.signing.approval_book import subject
from gateway.storage.approvals import SIGNED
from gateway.storage.database import transaction
from gateway.storage.tables import approvals as rows
from gateway.storage.tables import party_keys
from policies import canonical
from tests.gateway.signing.keys import key_of
from tests.gateway.signing.signed_regions import BORN, FEWER, NAMES, REQUIRED, STUDENTS, signed_region, tutoring
from tests.support.regions import Site, small_district

BOTH = ("maple", "tutor")
V1, V2, V3 = "tutor-maple@1", "tutor-maple@2", "tutor-maple@3"


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_oneroster_12(small_district(20), folder / "maple.zip")
    return {"maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")})}


@pytest.fixture
def signed(sites, tmp_path):
    with signed_region(tmp_path / "region", sites) as one:
        yield one


def first(signed):
    """Let both sign the first version."""
    signed.put("one", tutoring(), signed_by=BOTH)
    signed.region.reload()
    assert signed.served == [V1]


def test_an_agreement_that_nobody_signed_releases_nothing_and_is_shown_so(signed):
    signed.put("one", tutoring())
    told = "in review: tutor-maple@1 of maple releases nothing, not signed by maple and tutor"
    assert told in signed.region.reload()
    assert signed.served == []
    assert told in signed.region.running.status()
    assert signed.region.consumer("tutor").ask(STUDENTS).status_code == 403


def test_an_agreement_that_both_signed_in_its_document_is_served(signed):
    first(signed)
    assert signed.region.consumer("tutor").ask(STUDENTS).status_code == 200
    assert {one.method for one in signed.approvals.every()} == {SIGNED}


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_signatures_recorded_by_command_count_within_a_second_without_a_reload(sites, tmp_path, request, store):
    settings = REQUIRED
    if store == "postgresql":
        settings += f'[store]\nurl = "{request.getfixturevalue("postgresql_url")}"\n'
    with signed_region(tmp_path / "region", sites, {"one": tutoring()}, settings) as signed:
        assert signed.served == []
        signed.sign("one", "maple")
        signed.sign("one", "tutor")
        assert signed.follows(V1) < 1.5
        signed.withdraw(1, "tutor")
        assert signed.follows() < 1.5
        assert signed.region.consumer("tutor").ask(STUDENTS).status_code == 403


def test_a_half_signed_version_replaces_nothing_until_the_other_party_signs(signed):
    first(signed)
    signed.put("two", tutoring(2, BORN), signed_by=("maple",))
    signed.region.reload()
    assert signed.served == [V1]
    assert signed.pending[V2].startswith("not signed by tutor; it is wider than the version before")
    signed.sign("two", "tutor")
    assert signed.follows(V1, V2) < 1.5
    assert "student.birthDate" in next(iter(signed.region.running.state.gateway.grants.of("tutor"))).rules


def test_the_version_before_a_half_signed_one_stays_until_its_own_end(signed):
    signed.put("one", tutoring(end="2026-12-31"), signed_by=BOTH)
    signed.put("two", tutoring(2, BORN), signed_by=("maple",))
    signed.region.reload()
    grants = signed.region.running.state.gateway.grants
    assert [one.version for one in grants.active("tutor")] == [1]
    signed.region.clock.now += timedelta(days=60)
    assert grants.active("tutor") == ()


def test_a_version_that_only_narrows_is_in_force_at_once(signed):
    first(signed)
    signed.put("two", tutoring(2, FEWER))
    signed.region.reload()
    assert signed.served == [V1, V2]
    (grant,) = signed.region.running.state.gateway.grants.of("tutor")
    assert (grant.version, "student.name.family" in grant.rules) == (2, False)


def test_a_withdrawn_version_stops_and_the_one_before_it_does_not_come_back(signed):
    first(signed)
    signed.put("two", tutoring(2, BORN), signed_by=BOTH)
    signed.region.reload()
    assert signed.served == [V1, V2]
    signed.withdraw(2, "tutor")
    signed.follows()
    assert "a signature counts no longer" in signed.pending[V1]
    signed.sign("two", "tutor")
    signed.follows(V1, V2)


def test_a_withdrawn_signature_in_a_document_does_not_count_again_at_a_reload(signed):
    first(signed)
    signed.withdraw(1, "tutor")
    signed.follows()
    signed.region.reload()
    assert signed.served == []


def test_a_version_does_not_come_back_when_the_document_that_replaced_it_goes(signed):
    first(signed)
    signed.put("two", tutoring(2, FEWER))
    signed.region.reload()
    signed.region.remove("two")
    signed.region.reload()
    assert signed.served == []
    assert signed.pending[V1].startswith("version 2 has replaced it, and its document is gone")
    signed.put("three", tutoring(3, FEWER), signed_by=BOTH)
    signed.region.reload()
    assert signed.served == [V1, V3]


def test_what_both_parties_are_said_to_have_approved_is_not_signed(signed):
    signed.put("one", tutoring())
    for party in BOTH:
        signed.state_by_word("one", party)
    signed.region.reload()
    assert signed.served == []


def tampered(signed, change):
    signed.put("one", tutoring(), signed_by=BOTH)
    path = signed.region.folder / "agreements" / "one.yaml"
    before, after = change
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
    signed.region.reload()
    return signed.pending


@pytest.mark.parametrize(
    "change",
    [
        ("student.name.family", "student.birthDate"),
        ("version: 1", "version: 2"),
        ("id: tutor-maple", "id: tutor-maple-2"),
        ("to: 2027-08-31", "to: 2028-08-31"),
        ("clients: [tutor]", "clients: [tutor, other]"),
    ],
    ids=lambda one: one[0],
)
def test_a_text_that_was_changed_after_it_was_signed_is_not_signed(signed, change):
    assert list(tampered(signed, change).values()) == ["not signed by maple and tutor"]


def test_a_comment_changes_nothing_that_is_signed(signed):
    assert tampered(signed, ("operations:", "# as agreed in June\noperations:")) == {}
    assert signed.served == [V1]


def test_what_lines_cover_is_signed_too(signed, monkeypatch):
    signed.put("one", tutoring(lines=(("student.*", "allow"),)), signed_by=BOTH)
    plain = canonical.expansion
    monkeypatch.setattr(
        agreement_texts.canonical, "expansion", lambda lines: plain(lines) | {"student.shoeSize": "allow"}
    )
    signed.region.reload()
    assert signed.pending == {V1: "not signed by maple and tutor"}


def test_a_signature_of_another_agreement_version_or_party_does_not_count(signed):
    signed.put("other", tutoring().replace("tutor-maple", "tutor-two"))
    signed.put("two", tutoring(2))
    of_other, of_two = signed.signature("other", "tutor"), signed.signature("two", "tutor")
    for name in ("other", "two"):
        signed.region.remove(name)
    signed.put("one", tutoring())
    own = {party: signed.signature("one", party) for party in BOTH}
    for wrong in (of_other, of_two, own["maple"], signed.signature("one", "stranger"), "nonsense"):
        signed.put("one", tutoring(), by={"maple": own["maple"], "tutor": wrong})
        signed.region.reload()
        assert signed.pending == {V1: "not signed by tutor"}
    signed.put("one", tutoring(), by=own)
    signed.region.reload()
    assert signed.served == [V1]


def test_one_party_cannot_sign_for_both(signed):
    signed.put("one", tutoring())
    theirs = signed.signature("one", "tutor")
    signed.put("one", tutoring(), by={"maple": theirs, "tutor": theirs})
    signed.region.reload()
    assert signed.pending == {V1: "not signed by maple"}


def test_a_key_counts_for_what_was_seen_before_it_was_retired_and_for_nothing_after(signed):
    first(signed)
    retire(signed, "tutor")
    signed.put("two", tutoring(2, BORN), signed_by=BOTH)
    signed.region.reload()
    assert (signed.served, signed.pending[V2].partition(";")[0]) == ([V1], "not signed by tutor")
    signed.key("tutor", whose="tutor's next")
    again = signed.signature("two", "tutor's next")
    signed.put("two", tutoring(2, BORN), by={"maple": signed.signature("two", "maple"), "tutor": again})
    signed.region.reload()
    assert signed.served == [V1, V2]


def retire(signed, party, *, distrusted=False):
    thumbprint = key_of("EC P-256", party).thumbprint()
    signed.region.clock.now += timedelta(seconds=1)
    return signed.approvals.retire_key(thumbprint, "ana", "lost", signed.region.clock(), distrusted=distrusted)


def test_all_that_a_distrusted_key_has_signed_stops_within_a_second(signed):
    first(signed)
    assert retire(signed, "tutor", distrusted=True) == 1
    assert signed.follows() < 1.5


def put_row(signed, **changes):
    """Write a row of approvals past the program."""
    one = signed.held("one")
    names = ("agreement", "version", "party", "method", "text", "elements")
    values = dict(zip(names, subject(one, "tutor", SIGNED), strict=True))
    signature = signatures.sign(b"{}", key_of("EC P-256", "tutor"))
    values |= {"signature": signature, "thumbprint": key_of("EC P-256", "tutor").thumbprint()}
    with transaction(signed.approvals._engine, write=True) as connection:
        connection.execute(insert(rows).values(**values | changes, at=signed.region.clock(), actor="mallory"))


@pytest.mark.parametrize("wrong", ["the signature", "the key", "the method"])
def test_a_row_in_the_registry_is_no_signature(signed, wrong):
    signed.put("one", tutoring(), signed_by=("maple",))
    key = key_of("EC P-256", "maple")
    signed.region.reload()
    match wrong:
        case "the signature":
            put_row(signed)
        case "the key":
            put_row(signed, signature=signed.signature("one", "maple"), thumbprint=key.thumbprint())
        case "the method":
            put_row(signed, method="approved")
    signed.region.reload()
    assert signed.served == []
    assert signed.pending[V1].startswith("not signed by tutor")


def test_a_key_that_was_exchanged_in_the_registry_signs_nothing(signed):
    first(signed)
    other = key_of("EC P-256", "stranger").as_dict(private=False)
    with transaction(signed.approvals._engine, write=True) as connection:
        connection.execute(update(party_keys).where(party_keys.c.party == "tutor").values(key=other))
    signed.region.reload()
    assert signed.served == []


def test_a_recipient_with_the_name_of_a_district_cannot_sign_by_its_key(sites, tmp_path):
    with signed_region(tmp_path / "region", {**sites, "tutor": sites["maple"]}) as signed:
        signed.put("one", tutoring(), signed_by=BOTH)
        signed.region.reload()
        assert signed.pending[V1].startswith("not signed by tutor")
        signed.put("one", tutoring().replace("kind: vendor", "kind: district"), signed_by=BOTH)
        signed.region.reload()
        assert signed.served == [V1]


def test_a_reload_begins_and_ends_to_require_signatures(sites, tmp_path):
    with signed_region(tmp_path / "region", sites, {"one": tutoring()}, 'approvals = "off"\n') as signed:
        assert signed.served == [V1]
        signed.region.settle('"off"', '"required"')
        assert "approvals: required" in signed.region.reload()
        assert signed.served == []
        signed.region.settle('"required"', '"off"')
        signed.region.reload()
        assert signed.served == [V1]


def test_without_the_setting_nothing_is_asked_of_the_documents_signatures(sites, tmp_path):
    with signed_region(tmp_path / "region", sites, {"one": tutoring()}, "") as signed:
        signed.put("one", tutoring(), by={"maple": "nonsense"})
        signed.region.reload()
        assert (signed.served, signed.approvals.every()) == ([V1], ())


def test_what_is_served_newly_and_no_longer_is_an_act_with_the_hashes_of_the_texts(signed):
    first(signed)
    digest = signed.held("one").digest
    signed.region.remove("one")
    signed.region.running.reload("ana")
    signed.region.running._carrier.carry()
    told = [(one["actor"], one["action"], one["content"]) for one in signed.acts() if "served" in one["action"]]
    named = {"agreement": "tutor-maple", "version": 1}
    assert told == [
        ("a reload", "agreement served", {**named, "before": "", "after": digest}),
        ("ana", "agreement no longer served", {**named, "before": digest, "after": ""}),
    ]


def test_approvals_keys_and_withdrawals_are_acts(signed):
    first(signed)
    signed.withdraw(1, "tutor")
    signed.follows()
    signed.region.running._carrier.carry()
    told = [(one["action"], one.get("content", {}).get("party"), one.get("reason", "")) for one in signed.acts()]
    assert [one for one in told if one[1]] == [
        ("party key added", "maple", ""),
        ("party key added", "tutor", ""),
        ("agreement approved", "maple", ""),
        ("agreement approved", "tutor", ""),
        ("approval withdrawn", "tutor", "a breach"),
    ]


def test_names_alone_do_not_widen_the_same_lines(signed):
    first(signed)
    signed.put("two", tutoring(2, NAMES))
    signed.region.reload()
    assert signed.served == [V1, V2]
