"""A package that was sealed opens whole, for its receiver alone, and two seals of it have no part in common."""

from __future__ import annotations

import tarfile
import tracemalloc
from datetime import timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transfers.sealing import package, sealed_part
from gateway.transfers.sealing.errors import PackageAltered, PackageTooLarge, SealingError, WrongPackage
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.package import PackageParties, open_package, seal_package
from gateway.transfers.sealing.signature import sign_manifest
from tests.gateway.transfers.sealing.sealed_packages import (
    FILES,
    FIR,
    MAPLE,
    NOW,
    PARTIES,
    TRANSFER,
    VERSION,
    Crafted,
    header_text,
    manifest_of,
    opened,
    pair,
    parts_of,
    refused,
    sealed,
)

CHUNK = 64
SEGMENTS = st.text("aB7._-", max_size=4).map("x".__add__)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
FILE_SETS = st.lists(
    st.tuples(PATHS, st.binary(max_size=5 * CHUNK)), max_size=4, unique_by=lambda file: file[0].casefold()
).map(dict)


@pytest.fixture
def _small_chunks(monkeypatch):
    monkeypatch.setattr(package, "CHUNK_BYTES", CHUNK)


def test_what_was_sealed_opens_byte_for_byte():
    found = opened(sealed())
    assert (found.manifest, dict(found.files)) == (manifest_of(), FILES)
    assert (found.facts.transfer, found.facts.version, found.facts.signed_by) == (TRANSFER, VERSION, SignedBy.DISTRICT)


@given(files=FILE_SETS)
@settings(max_examples=40)
def test_any_files_in_chunks_of_any_number_open_as_they_were_sealed(files):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(package, "CHUNK_BYTES", CHUNK)
        assert dict(opened(sealed(files)).files) == files


def test_two_seals_of_one_package_share_no_part():
    one, other = (set(parts_of(sealed())) for _ in range(2))
    assert not one & other
    assert len(one) == len(other) == len(FILES) + 2


def test_a_package_is_a_tar_that_any_program_lists():
    with tarfile.open(fileobj=BytesIO(sealed())) as archive:
        found = [(entry.name, entry.mtime, entry.uid, entry.mode) for entry in archive.getmembers()]
    names = ["manifest.jwe", "signature.jwe", "000001.jwe", "000002.jwe", "000003.jwe", "000004.jwe"]
    assert found == [(name, 0, 0, 0o600) for name in names]


def test_the_sealed_bytes_tell_no_path_no_section_and_no_value():
    container = sealed()
    clear = container + b"".join(map(header_text, parts_of(container)))
    for word in (b"canary", b"Canary", b"students", b"transcript", b"documents", b"summary", b"maple", b"sha256"):
        assert word not in clear


def test_the_gateway_may_sign_where_the_agreement_pins_its_key():
    assert opened(sealed(signer="region sig", signed_by="gateway")).facts.signed_by is SignedBy.GATEWAY


def test_a_package_opens_from_a_stream_that_gives_a_few_bytes_at_a_time():
    class Slow(BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, 7))

    found = open_package(Slow(sealed()), TRANSFER, VERSION, PARTIES, [pair("fir enc")], NOW)
    assert dict(found.files) == FILES


def test_a_receiver_with_two_keys_opens_what_is_sealed_to_either():
    assert opened(sealed(), keys=("fir sig", "maple enc", "fir enc")).files == FILES


def test_an_opened_package_does_not_print_what_is_in_it():
    assert "anary" not in repr(opened(sealed()))
    assert "anary" not in str(opened(sealed()))


@pytest.mark.usefixtures("_small_chunks")
@pytest.mark.parametrize(("length", "parts"), [(0, 1), (CHUNK - 1, 1), (CHUNK, 1), (CHUNK + 1, 2), (3 * CHUNK, 3)])
def test_a_file_is_cut_into_as_few_chunks_as_it_needs(length, parts):
    container = sealed({"a": b"x" * length})
    assert len(parts_of(container)) == parts + 2
    assert opened(container).files == {"a": b"x" * length}


@pytest.mark.usefixtures("_small_chunks")
@pytest.mark.parametrize("cut", [(CHUNK - 1, 2), (CHUNK, CHUNK, 0), (1, CHUNK)])
def test_a_file_that_is_cut_in_another_way_is_refused(cut):
    files = {"a": b"x" * sum(cut)}
    crafted = Crafted(files)
    chunks = [
        crafted.part(b"x" * length, "a", index, is_last=index == len(cut) - 1) for index, length in enumerate(cut)
    ]
    crafted.parts[2:] = chunks
    refused(PackageAltered, crafted.container())


@pytest.mark.usefixtures("_small_chunks")
def test_a_chunk_that_is_left_out_is_refused():
    parts = parts_of(sealed({"a": bytes(range(200))}))
    crafted = Crafted({"a": bytes(range(200))})
    for missing in range(2, len(parts)):
        crafted.parts = [part for index, part in enumerate(parts) if index != missing]
        with pytest.raises(SealingError):
            opened(crafted.container())


def refused_to_seal(kind, manifest=None, files=None, parties=PARTIES, now=NOW, signature=None):
    manifest = manifest or manifest_of()
    signature = signature or sign_manifest(manifest, pair("maple sig"))
    with pytest.raises(SealingError) as error:
        seal_package(manifest, signature, FILES if files is None else files, parties, now)
    assert type(error.value) is kind


@pytest.mark.parametrize(
    "files", [{}, FILES | {"more": b""}, FILES | {"summary.html": b"other"}, dict(list(FILES.items())[1:])]
)
def test_files_that_the_manifest_does_not_name_just_so_are_not_sealed(files):
    refused_to_seal(PackageAltered, files=files)


def test_nothing_is_sealed_that_another_text_was_signed_for():
    refused_to_seal(PackageAltered, signature=sign_manifest(b"{}", pair("maple sig")))


def test_nothing_is_sealed_to_or_from_another_district():
    refused_to_seal(WrongPackage, parties=PackageParties("maple", "cedar", PARTIES.signers, FIR))
    refused_to_seal(WrongPackage, parties=PackageParties("cedar", "fir", PARTIES.signers, FIR))


def test_a_package_beyond_the_bound_is_neither_sealed_nor_opened(monkeypatch):
    container = sealed()
    monkeypatch.setattr(package, "MAX_PACKAGE_BYTES", len(manifest_of()) + 100)
    refused_to_seal(PackageTooLarge)
    refused(PackageTooLarge, container)


def test_files_that_are_too_large_only_together_are_refused(monkeypatch):
    files = {"a": bytes(3000), "b": bytes(3000)}
    container = sealed(files)
    monkeypatch.setattr(package, "MAX_PACKAGE_BYTES", len(manifest_of(files)) + 4000)
    refused(PackageTooLarge, container)


@pytest.mark.usefixtures("_small_chunks")
def test_a_chunk_that_is_longer_than_a_chunk_is_refused():
    crafted = Crafted({"a": b"x" * (CHUNK + 1)})
    assert len(crafted.parts) == 3
    refused(PackageTooLarge, crafted.container())


def test_a_large_package_needs_few_chunks_of_memory_more_than_its_files(monkeypatch):
    chunk = 1 << 18
    monkeypatch.setattr(package, "CHUNK_BYTES", chunk)
    files = {"a": bytes(16 * chunk)}
    manifest = manifest_of(files)
    signature = sign_manifest(manifest, pair("maple sig"))
    tracemalloc.start()
    container = BytesIO()
    container.write(bytes(24 * chunk))  # so that it does not grow while it is measured
    container.seek(0)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    for part in seal_package(manifest, signature, files, PARTIES, NOW):
        container.write(part)
    sealing = tracemalloc.get_traced_memory()[1] - before
    container.truncate()
    container.seek(0)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    open_package(container, TRANSFER, VERSION, PARTIES, [pair("fir enc")], NOW)
    opening = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert sealing < 7 * chunk
    assert opening < (16 + 9) * chunk


def test_an_old_key_opens_what_was_sealed_to_it_until_it_expires():
    container = sealed()
    assert opened(container, now=NOW + timedelta(days=300)).files == FILES
    with pytest.raises(SealingError):
        opened(container, now=NOW + timedelta(days=336))


def test_the_bounds_leave_room_for_a_whole_chunk():
    assert sealed_part.REGISTRY.max_ciphertext_length >= (sealed_part.CHUNK_BYTES * 4 + 2) // 3
    assert MAPLE.owner == "maple"
