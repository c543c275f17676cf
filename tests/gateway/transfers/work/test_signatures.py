"""A district that signs in its own house: its manifest waits sealed, and nothing leaves but what it has signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.storage.acts import Act
from gateway.storage.transfers.waiting_manifests import WaitingManifests
from gateway.transfers.machine.words import EventKind, TransferState
from gateway.transfers.package.files import read
from gateway.transfers.sealing.key_set import KeyUse
from gateway.transfers.sealing.manifest import read_manifest
from gateway.transfers.sealing.signature import sign_manifest
from gateway.transfers.work.gateway_key import gateway_key, gateway_keys
from gateway.transfers.work.signatures import NothingToSign, SignatureRefused, WaitingSignatures
from standards.errors import StoreUnavailable
from tests.gateway.transfers.work.test_kills import in_clear, words_of
from tests.gateway.transfers.work.world import SENDER, pair, worlds

KEYS = (("cedar", "cedar enc", KeyUse.SEAL), ("maple", "maple sig", KeyUse.SIGN))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A region in which Maple signs by itself."""
    yield from worlds(tmp_path_factory.mktemp("signing"), keys=KEYS)


@pytest.fixture
def desk(world):
    return WaitingSignatures(world.desk, SENDER)


def test_what_the_district_has_signed_is_sealed_and_says_so(world, desk):
    transfer = world.work(world.ask(world.student(3)))
    assert transfer.state is TransferState.APPROVED
    waiting = desk.manifest(transfer.id)
    assert [one.transfer for one in desk.list()] == [transfer.id]
    assert in_clear(world, words_of(world, world.student(3))) == set()
    assert b'"creditsEarned"' not in b"".join(path.read_bytes() for path in world.state.glob("registry.db*"))
    desk.sign(transfer.id, sign_manifest(waiting.content, pair("maple sig")))
    assert desk.list() == ()
    assert world.work(transfer).state is TransferState.PACKED
    opened = world.opened(transfer)
    assert opened.manifest == waiting.content
    assert read(opened.manifest)["signedBy"] == "district"
    with pytest.raises(NothingToSign):
        desk.manifest(transfer.id)


def test_what_waits_stays_the_same_while_the_record_does(world, desk):
    transfer = world.work(world.ask(world.student(4)))
    first = desk.manifest(transfer.id)
    world.later(hours=2)
    world.work(transfer)
    assert desk.manifest(transfer.id) == first
    assert world.desk.tries.given_up() == ()


def test_waiting_for_a_signature_is_no_failure_however_long_it_takes(world):
    transfer = world.work(world.ask(world.student(5)))
    for _ in range(17):
        world.later(hours=3)
        world.work(transfer)
    assert world.desk.tries.given_up() == ()
    assert world.find(transfer).state is TransferState.APPROVED


def test_a_signature_over_what_has_changed_since_is_refused(world, desk):
    transfer = world.work(world.ask(world.student(6)))
    before = desk.manifest(transfer.id)
    world.desk.manifests.put(replace(before, content=before.content + b" ", sha256="0" * 64))
    with pytest.raises(SignatureRefused):
        desk.sign(transfer.id, sign_manifest(before.content, pair("maple sig")))
    assert not world.desk.manifests.sign(before, b"late")
    world.later(hours=2)
    world.work(transfer)
    assert desk.manifest(transfer.id).content != before.content + b" "


def test_a_signature_by_a_key_that_was_revoked_before_it_was_sealed_is_asked_for_anew(world, desk):
    transfer = world.work(world.ask(world.student(12)))
    waiting = desk.manifest(transfer.id)
    world.desk.manifests.sign(waiting, sign_manifest(waiting.content, pair("somebody")))
    world.later(hours=2)
    assert world.work(transfer).state is TransferState.APPROVED
    assert desk.manifest(transfer.id) == waiting


def test_the_gateway_does_not_sign_for_a_district_whose_own_key_was_revoked(tmp_path):
    for world in worlds(tmp_path, keys=KEYS):
        (key,) = [one for one in world.desk.district_keys.of(SENDER) if one.use == "sig"]
        revoked = replace(key, status="revoked", key={**key.key, "status": "revoked"})
        world.desk.district_keys.put(revoked, Act("ada", "transfer key revoked", SENDER, {}))
        assert world.work(world.ask(world.student(3))).state is TransferState.APPROVED


@pytest.mark.parametrize("signer", ["cedar sig", "somebody"])
def test_a_key_that_the_agreement_does_not_pin_signs_nothing(world, desk, signer):
    transfer = world.work(world.ask(world.student(7 if signer == "cedar sig" else 8)))
    waiting = desk.manifest(transfer.id)
    with pytest.raises(SignatureRefused):
        desk.sign(transfer.id, sign_manifest(waiting.content, pair(signer)))
    with pytest.raises(SignatureRefused):
        desk.sign(transfer.id, b"no signature")
    with pytest.raises(SignatureRefused):
        desk.sign(transfer.id, sign_manifest(waiting.content, gateway_key(world.desk.keys)))


def test_what_waits_names_the_receivers_key_that_the_manifest_does(world, desk):
    transfer = world.work(world.ask(world.student(11)))
    waiting = desk.manifest(transfer.id)
    assert waiting.kid == read_manifest(waiting.content).receiver_kid


def test_another_district_sees_nothing_of_what_waits(world):
    transfer = world.work(world.ask(world.student(9)))
    other = WaitingSignatures(world.desk, "cedar")
    assert other.list() == ()
    with pytest.raises(NothingToSign):
        other.manifest(transfer.id)
    with pytest.raises(NothingToSign):
        WaitingSignatures(world.desk, SENDER).manifest("f" * 32)


def test_what_waits_of_a_request_that_is_withdrawn_is_swept(world, desk):
    transfer = world.work(world.ask(world.student(10)))
    world.does(transfer, EventKind.WITHDRAW, party="sender", reason="mistake")
    assert transfer.id not in [one.transfer for one in desk.list()]
    assert world.desk.manifests.sweep() >= 1
    assert world.desk.manifests.find(transfer.id) is None


def test_a_manifest_opens_under_the_regions_key_alone(world, desk):
    transfer = world.work(world.ask(world.student(11)))
    with pytest.raises(StoreUnavailable):
        WaitingManifests(world.desk.store, b"x" * 32).find(transfer.id)


def test_the_gateways_key_follows_from_the_master_key_and_is_published_without_its_private_part(world):
    keys = world.desk.keys
    assert gateway_key(keys).thumbprint() == gateway_key(keys).thumbprint()
    assert gateway_key(keys).thumbprint() != gateway_key(type(keys)(b"other" * 8)).thumbprint()
    (published,) = gateway_keys(keys).keys
    assert published.kid == gateway_key(keys).thumbprint()
    assert b'"d"' not in gateway_keys(keys).as_jwks()
