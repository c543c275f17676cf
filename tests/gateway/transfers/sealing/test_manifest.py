"""Sealing reads of a manifest what it compares, and refuses one in which that is not as it must be."""

from __future__ import annotations

import json

import pytest

from gateway.transfers.sealing.errors import MalformedPackage, PackageTooLarge
from gateway.transfers.sealing.manifest import MAX_FILES, MAX_MANIFEST_BYTES, SignedBy, read_manifest
from tests.gateway.transfers.sealing.sealed_packages import FILES, TRANSFER, manifest_of, pair

KID = pair("fir enc").thumbprint()
DIGEST = "0" * 64


def listing(*paths, digest=DIGEST):
    return {"sections": [{"files": [{"path": path, "sha256": digest} for path in paths]}]}


def test_it_is_told_whose_package_it_is_and_the_hash_of_each_file_in_order_of_path():
    facts = read_manifest(manifest_of())
    assert (facts.transfer, facts.version, facts.sender, facts.receiver) == (TRANSFER, 2, "maple", "fir")
    assert (facts.receiver_kid, facts.signed_by, list(facts.files)) == (KID, SignedBy.DISTRICT, sorted(FILES))


def test_files_of_the_package_as_a_whole_count_like_those_of_a_section():
    whole = {"files": [{"path": "summary.html", "sha256": DIGEST}], "sections": [{"name": "health", "state": "none"}]}
    assert read_manifest(manifest_of(**whole)).files == {"summary.html": DIGEST}


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "crossing-transfer/2"}, {"format": None}, {"transfer": ""}, {"transfer": "a b"}, {"transfer": "../x"}, {"transfer": "x\n"},
        {"transfer": "é"}, {"transfer": 7}, {"transfer": "x" * 81}, {"version": 0}, {"version": -1}, {"version": True}, {"version": "2"},
        {"version": 1.0}, {"version": 10_000}, {"version": None}, {"sender": None}, {"sender": {}}, {"sender": {"district": ""}},
        {"receiver": {}}, {"receiver": {"district": "fir", "kid": KID, "thumbprint": KID[:-1] + "A"}},
        {"receiver": {"district": "fir", "kid": "x", "thumbprint": "x"}}, {"receiver": []}, {"signedBy": None}, {"signedBy": "Gateway"},
        {"signedBy": []}, {"signedBy": "nobody"}, {"sections": None}, {"sections": [None]}, {"sections": 7}, {"sections": [{"files": 7}]},
        {"files": [{}]}, {"files": None}, {"files": [{"path": "a"}]}, {"files": [{"path": "a", "sha256": "x"}]},
        listing("a", digest="A" * 64), listing("a", digest=DIGEST + "\n"), listing("a", "a"), listing("a", "A"),
        listing(*map(str, range(MAX_FILES + 1))),
    ],
)  # fmt: skip
def test_a_manifest_with_anything_else_is_refused(changes):
    with pytest.raises(MalformedPackage):
        read_manifest(manifest_of(**changes))


@pytest.mark.parametrize(
    "path",
    [
        "", "/a", "a/", "a//b", "../a", "a/../b", ".", "..", "a/.b", ".a", "a\\b", "C:a", "a\0", "a\n", "é", "a b", "~a", "-a", "a/b/c/d/e",
        "x" * 161, None, 7, [],
    ],
)  # fmt: skip
def test_a_path_that_could_lead_elsewhere_is_refused(path):
    with pytest.raises(MalformedPackage):
        read_manifest(manifest_of(**listing(path)))


@pytest.mark.parametrize("path", ["summary.html", "ed-fi/courseTranscripts.json", f"documents/{DIGEST}.pdf", "a/b/c/d"])
def test_the_paths_of_a_package_are_read(path):
    assert list(read_manifest(manifest_of(**listing(path))).files) == [path]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"7",
        b"\xff",
        b"[" * 200_000,
        manifest_of()[:-1] + b', "version": 2}',
        manifest_of()[:-1] + b', "x": NaN}',
    ],
)
def test_what_is_no_manifest_is_refused(content):
    with pytest.raises(MalformedPackage):
        read_manifest(content)


def test_a_member_that_is_there_twice_at_any_depth_is_refused():
    with pytest.raises(MalformedPackage):
        read_manifest(manifest_of().replace(b'"district": "fir"', b'"district": "fir", "district": "fir"'))


def test_a_large_manifest_is_refused():
    with pytest.raises(PackageTooLarge):
        read_manifest(json.dumps({"x": "x" * MAX_MANIFEST_BYTES}).encode())
