"""``crossing send``: keys that never leave the house, and signatures over what leaves."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from gateway.commands.cli import main
from gateway.transfers.sealing.errors import SealingError
from gateway.transfers.sealing.key_files import read_private_key, write_private_key
from gateway.transfers.sealing.key_set import KeyUse, read_key_set
from gateway.transfers.sealing.signature import verify_signature
from tests.gateway.receiving.houses import TRANSFER, house, packed
from tests.gateway.transfers.sealing.sealed_packages import MAPLE, NOW, pair


@pytest.fixture
def maple(tmp_path, monkeypatch):
    """The house of a district that sends and signs itself."""
    monkeypatch.setattr(
        "gateway.transfers.package.summary.pages.pdf.render", lambda document: b"%PDF-" + repr(document).encode()
    )
    with house(tmp_path / "maple") as made:
        path = made.folder / "transfers.toml"
        path.write_text(path.read_text().replace('district = "fir"', 'district = "maple"'))
        (made.folder / "fir-sign.jwk").unlink()
        write_private_key(made.folder / "fir-sign.jwk", pair("maple sig"))
        monkeypatch.chdir(made.folder)
        made.gateway.manifests = {"sig-1": (TRANSFER, 1, packed().signed)}
        made.gateway.sealed_to = pair("fir enc").thumbprint()
        yield made


def crossing(*words, ends=0):
    done = CliRunner().invoke(main, ["send", *words])
    assert done.exit_code == ends, done.output
    return done.output


def test_a_manifest_that_waits_is_signed_with_the_districts_own_key(maple):
    told = CliRunner().invoke(main, ["send", "sign"], catch_exceptions=False).output
    assert told.startswith(f"{TRANSFER}: version 1 to fir is signed (identity whole, ")
    assert told.endswith("1 signed.\n")
    [(path, body)] = maple.gateway.posts
    assert path == "/signatures/sig-1"
    verify_signature(body["signature"].encode(), packed().signed, MAPLE, NOW, for_new=True)


def test_only_the_transfers_that_are_named_are_signed(maple):
    assert crossing("sign", "another") == "0 signed.\n"
    assert maple.gateway.posts == []


def test_a_manifest_that_is_refused_keeps_no_other_from_being_signed(maple):
    maple.gateway.manifests = {"sig-0": ("another", 1, packed().signed), **maple.gateway.manifests}
    told = crossing("sign", ends=1)
    assert "another: version 1 is not signed: The manifest is not the one that the gateway lists" in told
    assert f"{TRANSFER}: version 1 to fir is signed" in told
    assert told.endswith("1 signed.\n")
    assert [path for path, _ in maple.gateway.posts] == ["/signatures/sig-1"]


@pytest.mark.parametrize(
    "change", ["other bytes", "another transfer", "another sender", "signed by the gateway", "another key"]
)
def test_what_is_not_to_be_signed_by_the_district_is_not(maple, change):
    content = packed().signed
    match change:
        case "other bytes":
            maple.gateway.manifests = {"sig-1": (TRANSFER, 1, b"[]")}
        case "another transfer":
            maple.gateway.manifests = {"sig-1": ("another", 1, content)}
        case "another key":
            maple.gateway.sealed_to = pair("maple sig").thumbprint()
        case "another sender":
            content = content.replace(b'"district":"maple"', b'"district":"cedar"')
            maple.gateway.manifests = {"sig-1": (TRANSFER, 1, content)}
        case _:
            content = content.replace(b'"signedBy":"district"', b'"signedBy":"gateway"')
            maple.gateway.manifests = {"sig-1": (TRANSFER, 1, content)}
    crossing("sign", ends=1)
    assert maple.gateway.posts == []


def test_a_key_is_made_and_its_public_part_printed(maple):
    kid = crossing("keys", "new", "seal.jwk", "--use", "seal").split(":")[0]
    assert (maple.folder / "seal.jwk").stat().st_mode & 0o777 == 0o600
    assert read_private_key(maple.folder / "seal.jwk").thumbprint() == kid
    printed = crossing("keys", "publish", "seal.jwk", "--use", "seal")
    assert maple.gateway.asked == []
    assert '"d"' not in printed
    [key] = read_key_set(json.dumps({"keys": [json.loads(printed)]}).encode(), "maple").keys
    assert (key.kid, key.use) == (kid, KeyUse.SEAL)


def test_a_key_overwrites_nothing(maple):
    crossing("keys", "new", "seal.jwk", "--use", "seal")
    content = (maple.folder / "seal.jwk").read_bytes()
    assert "overwrites nothing" in crossing("keys", "new", "seal.jwk", "--use", "seal", ends=1)
    assert (maple.folder / "seal.jwk").read_bytes() == content


def test_a_signature_by_another_key_is_none_of_the_districts(maple):
    (maple.folder / "fir-sign.jwk").unlink()
    crossing("keys", "new", "fir-sign.jwk", "--use", "sign")
    crossing("sign")
    [(_, body)] = maple.gateway.posts
    with pytest.raises(SealingError):
        verify_signature(body["signature"].encode(), packed().signed, MAPLE, NOW)
