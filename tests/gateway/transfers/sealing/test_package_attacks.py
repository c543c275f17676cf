"""A package with anything in it exchanged, moved, left out or added is refused, and so are the wrong keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transfers.sealing import package, sealed_part
from gateway.transfers.sealing.errors import (
    HeaderRefused,
    KeyNotAccepted,
    MalformedPackage,
    PackageAltered,
    SealingError,
    WrongPackage,
)
from gateway.transfers.sealing.key_set import EXPIRED, NOT_YET, RETIRING, REVOKED, KeyStatus, KeyUse
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.signature import sign_manifest
from tests.gateway.transfers.sealing.sealed_packages import (
    FILES,
    FIR,
    MAPLE,
    NOW,
    PARTIES,
    REGION,
    Crafted,
    key_set,
    manifest_of,
    opened,
    pair,
    parts_of,
    published,
    refused,
    sealed,
)

CONTAINER = sealed()


@given(at=st.integers(0, len(CONTAINER) - 1), by=st.integers(1, 255))
@settings(max_examples=150)
def test_a_package_with_any_one_byte_changed_is_refused(at, by):
    changed = bytearray(CONTAINER)
    changed[at] ^= by
    with pytest.raises(SealingError):
        opened(bytes(changed))


@given(length=st.integers(0, len(CONTAINER) - 1))
@settings(max_examples=60)
def test_a_package_that_ends_early_is_refused(length):
    with pytest.raises(SealingError):
        opened(CONTAINER[:length])


@given(more=st.binary(min_size=1, max_size=1024))
@settings(max_examples=30)
def test_a_package_after_which_anything_follows_is_refused(more):
    refused(MalformedPackage, CONTAINER + more)


@given(order=st.permutations(range(len(FILES) + 2)))
@settings(max_examples=60)
def test_parts_in_any_other_order_are_refused(order):
    crafted = Crafted()
    if order == sorted(order):
        assert opened(crafted.container()).files == FILES
        return
    crafted.parts = [crafted.parts[index] for index in order]
    with pytest.raises(SealingError):
        opened(crafted.container())


@pytest.mark.parametrize("index", range(len(FILES) + 2))
def test_a_part_of_another_seal_of_the_same_package_is_whole_but_one_of_another_package_is_refused(index):
    crafted, same, other = Crafted(), parts_of(sealed()), parts_of(sealed(FILES | {"summary.html": b"other"}))
    crafted.parts[index] = same[index]
    assert opened(crafted.container()).files == FILES
    crafted.parts[index] = other[index]
    with pytest.raises(SealingError):
        opened(crafted.container())


@pytest.mark.parametrize("index", range(len(FILES) + 2))
def test_a_part_that_is_dropped_or_doubled_is_refused(index):
    crafted = Crafted()
    whole = crafted.parts
    for parts in (whole[:index] + whole[index + 1 :], whole[:index] + [whole[index]] * 2 + whole[index + 1 :]):
        crafted.parts = parts
        with pytest.raises(SealingError):
            opened(crafted.container())


def test_a_file_that_the_manifest_does_not_name_is_refused_wherever_it_stands():
    crafted = Crafted()
    more = crafted.part(b"more", "more.json")
    for index in range(2, len(crafted.parts) + 1):
        added = Crafted()
        added.parts.insert(index, more)
        with pytest.raises(SealingError):
            opened(added.container())


def test_two_files_that_have_changed_places_are_refused():
    crafted = Crafted()
    crafted.parts[2], crafted.parts[4] = crafted.parts[4], crafted.parts[2]
    refused(PackageAltered, crafted.container())


@pytest.fixture
def decrypted(monkeypatch):
    """List the parts that are decrypted."""
    found, decrypt = [], sealed_part.jwe.decrypt_compact

    def noted(token, *given, **named):
        found.append(token)
        return decrypt(token, *given, **named)

    monkeypatch.setattr(sealed_part.jwe, "decrypt_compact", noted)
    return found


def chunks_exchanged(monkeypatch):
    monkeypatch.setattr(package, "CHUNK_BYTES", 8)
    parts = parts_of(sealed({"a": bytes(24)}))
    return [*parts[:2], parts[3], parts[2], parts[4]]


def files_exchanged(_monkeypatch):
    parts = parts_of(sealed({"a": b"", "b": b""}))
    return [*parts[:2], parts[3], parts[2]]


def another_manifest(_monkeypatch):
    """The same file in a package of the same name, with another manifest."""
    return [*parts_of(sealed({"a": b""}))[:2], parts_of(sealed({"a": b""}, track="info"))[2]]


@pytest.mark.parametrize("parts", [chunks_exchanged, files_exchanged, another_manifest])
def test_a_part_in_the_wrong_place_is_refused_before_it_is_decrypted(parts, decrypted, monkeypatch):
    crafted = Crafted()
    crafted.parts = parts(monkeypatch)
    decrypted.clear()
    refused(PackageAltered, crafted.container())
    assert decrypted == crafted.parts[:2]


def test_a_manifest_in_another_place_than_its_own_is_refused():
    crafted = Crafted()
    crafted.parts[0] = crafted.part(crafted.manifest, "manifest.json", index=1, cty="json")
    refused(PackageAltered, crafted.container())


def test_a_file_with_other_content_at_the_right_place_is_refused():
    crafted = Crafted()
    crafted.parts[-1] = crafted.part(b"<p>Another name</p>", "summary.html")
    refused(PackageAltered, crafted.container())


def test_a_manifest_that_was_changed_after_it_was_signed_is_refused():
    changed = manifest_of(FILES, track="info")
    refused(
        PackageAltered, Crafted(manifest=changed, signature=sign_manifest(manifest_of(), pair("maple sig"))).container()
    )


def test_a_manifest_that_differs_by_a_blank_from_the_signed_one_is_refused():
    signature = sign_manifest(manifest_of(), pair("maple sig"))
    refused(PackageAltered, Crafted(manifest=manifest_of() + b" ", signature=signature).container())


def test_the_signature_of_another_package_is_refused():
    other = sign_manifest(manifest_of({}), pair("maple sig"))
    refused(PackageAltered, Crafted(signature=other).container())


def test_an_older_version_does_not_pass_for_a_newer_one():
    old = sealed(version=1)
    assert opened(old, version=1).facts.version == 1
    refused(WrongPackage, old, version=2)


def test_an_older_version_is_refused_though_its_headers_say_the_newer():
    """The sender's own manifest of version 1, sealed again by somebody under the name of version 2."""
    refused(WrongPackage, Crafted(manifest=manifest_of(version=1)).container())
    refused(WrongPackage, Crafted(manifest=manifest_of(transfer="other")).container())


def test_a_package_for_another_transfer_is_refused():
    refused(WrongPackage, sealed(transfer="another"))


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": {"district": "cedar"}},
        {
            "receiver": {
                "district": "cedar",
                "kid": pair("fir enc").thumbprint(),
                "thumbprint": pair("fir enc").thumbprint(),
            }
        },
        {"receiver": {"district": "fir", "kid": pair("fir 2").thumbprint(), "thumbprint": pair("fir 2").thumbprint()}},
    ],
)
def test_a_manifest_that_names_other_parties_is_refused(changes):
    refused(WrongPackage, Crafted(manifest=manifest_of(**changes)).container())


def test_a_package_for_another_receiver_is_refused():
    parties = replace(PARTIES, receiver="cedar", recipients=key_set("cedar", published("cedar enc", KeyUse.SEAL)))
    kid = pair("cedar enc").thumbprint()
    receiver = {"district": "cedar", "kid": kid, "thumbprint": kid}
    for_cedar = sealed(parties=parties, receiver=receiver)
    assert opened(for_cedar, parties=parties, keys=("cedar enc",)).files == FILES
    refused(KeyNotAccepted, for_cedar)
    refused(KeyNotAccepted, for_cedar, keys=("cedar enc",))
    refused(KeyNotAccepted, CONTAINER, parties=parties, keys=("cedar enc", "fir enc"))


def with_signers(keys, signed_by=SignedBy.DISTRICT):
    return replace(PARTIES, signers={**PARTIES.signers, signed_by: keys})


def with_recipients(keys):
    return replace(PARTIES, recipients=keys)


def fails(message, **given):
    with pytest.raises(KeyNotAccepted) as error:
        opened(CONTAINER, **given)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("whose", "use", "given"), [("maple sig", KeyUse.SIGN, with_signers), ("fir enc", KeyUse.SEAL, with_recipients)]
)
def test_a_key_counts_from_its_first_moment_to_its_last_and_until_it_is_revoked(whose, use, given):
    key = published(whose, use)
    owner = {"maple sig": "maple", "fir enc": "fir"}[whose]
    hour = timedelta(hours=1)
    fails(EXPIRED, parties=given(key_set(owner, published(whose, use, NOW - hour, NOW))))
    fails(NOT_YET, parties=given(key_set(owner, published(whose, use, NOW + hour, NOW + 2 * hour))))
    fails(REVOKED, parties=given(key_set(owner, replace(key, status=KeyStatus.REVOKED))))
    retiring = given(key_set(owner, replace(key, status=KeyStatus.RETIRING)))
    assert opened(CONTAINER, parties=retiring).files == FILES
    with pytest.raises(KeyNotAccepted, match=RETIRING):
        sealed(parties=retiring)
    assert opened(CONTAINER, parties=given(key_set(owner, published(whose, use, NOW, NOW + hour)))).files == FILES


def test_a_key_that_the_agreement_does_not_pin_is_refused():
    refused(KeyNotAccepted, CONTAINER, parties=with_signers(MAPLE.pinned_by([])))
    refused(KeyNotAccepted, CONTAINER, parties=with_recipients(FIR.pinned_by(["A" * 43])))


def test_keys_that_have_changed_places_are_refused():
    refused(KeyNotAccepted, CONTAINER, parties=with_signers(FIR))
    refused(KeyNotAccepted, CONTAINER, parties=with_recipients(MAPLE))
    refused(KeyNotAccepted, CONTAINER, keys=("fir sig", "maple enc"))


def test_a_key_that_is_published_for_the_other_use_is_refused():
    signs = key_set("fir", published("fir enc", KeyUse.SIGN))
    seals = key_set("maple", published("maple sig", KeyUse.SEAL))
    refused(KeyNotAccepted, CONTAINER, parties=with_recipients(signs))
    refused(KeyNotAccepted, CONTAINER, parties=with_signers(seals))


@pytest.mark.parametrize("whose", ["cedar sig", "fir sig", "nobody"])
def test_a_package_that_another_district_signed_is_refused(whose):
    refused(KeyNotAccepted, Crafted(signer=whose).container())


def test_a_signature_that_names_the_sender_s_key_but_is_of_another_is_refused():
    forged = pair("cedar sig").as_dict(private=True)
    signature = sign_manifest(manifest_of(), type(pair("cedar sig")).import_key(forged))
    head = sign_manifest(manifest_of(), pair("maple sig")).split(b".")[0]
    refused(PackageAltered, Crafted(signature=head + b".." + signature.split(b".")[2]).container())


def test_neither_may_the_gateway_sign_as_the_district_nor_the_district_as_the_gateway():
    refused(KeyNotAccepted, Crafted(signer="region sig").container())
    gateway = manifest_of(signed_by="gateway")
    refused(KeyNotAccepted, Crafted(manifest=gateway).container())
    assert opened(Crafted(manifest=gateway, signer="region sig").container()).facts.signed_by is SignedBy.GATEWAY


def test_a_gateway_that_the_agreement_lets_sign_nothing_is_refused():
    alone = replace(PARTIES, signers={SignedBy.DISTRICT: MAPLE})
    refused(
        KeyNotAccepted,
        Crafted(manifest=manifest_of(signed_by="gateway"), signer="region sig").container(),
        parties=alone,
    )
    both = replace(PARTIES, signers={SignedBy.DISTRICT: REGION})
    refused(
        KeyNotAccepted,
        Crafted(manifest=manifest_of(signed_by="gateway"), signer="region sig").container(),
        parties=both,
    )


def test_an_expired_signature_is_refused_before_the_manifest_is_opened():
    crafted = Crafted()
    crafted.parts[0] = crafted.parts[0][:-4] + b"AAAA"
    expired = with_signers(key_set("maple", published("maple sig", KeyUse.SIGN, NOW - timedelta(days=2), NOW)))
    refused(KeyNotAccepted, crafted.container(), parties=expired)


def test_a_large_signature_is_refused():
    crafted = Crafted()
    crafted.parts[1] = crafted.part(b"A" * 600, "manifest.json.jws", cty="jose")
    with pytest.raises(SealingError):
        opened(crafted.container())


def test_parts_of_another_kind_do_not_take_each_other_s_place():
    crafted = Crafted()
    crafted.parts[1] = crafted.part(crafted.signature, "manifest.json.jws", cty="octet-stream")
    refused(PackageAltered, crafted.container())
    crafted = Crafted()
    crafted.parts[0] = crafted.part(crafted.manifest, "manifest.json", cty="jose")
    refused(PackageAltered, crafted.container())


@pytest.mark.parametrize(
    "manifest", [b" ", b"{}", b"[]", b"{" * 3000, manifest_of()[:-1] + b',"version":2}', manifest_of(version=0)]
)
def test_a_manifest_that_is_none_is_refused_though_it_was_signed(manifest):
    refused(MalformedPackage, Crafted(manifest=manifest).container())


def test_nothing_of_a_manifest_is_read_that_was_not_signed(monkeypatch):
    monkeypatch.setattr(package, "read_manifest", lambda _: pytest.fail("read"))
    refused(
        PackageAltered, Crafted(manifest=b"[" * 500_000, signature=sign_manifest(b"", pair("maple sig"))).container()
    )


def test_a_header_of_the_right_place_does_not_help_another_key():
    crafted = Crafted()
    kid = pair("cedar enc").thumbprint()
    crafted.parts[2] = crafted.part(FILES["documents/empty.pdf"], "documents/empty.pdf", kid=kid, apv=kid)
    refused(PackageAltered, crafted.container())
    assert HeaderRefused.code != PackageAltered.code
