"""The page for a district's technician: from nothing to a first record filed and undone, as it is typed there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.sending import key_pairs
from gateway.transfers.sealing.key_set import KeySet, KeyUse, publish, read_key_set
from gateway.transfers.sealing.manifest import SignedBy
from gateway.transfers.sealing.package import PackageParties, seal_package
from gateway.transfers.sealing.signature import sign_manifest
from tests.gateway.receiving.houses import TRANSFER, house, packed
from tests.gateway.transfers.sealing.sealed_packages import pair
from tests.support import samples
from tests.support.needs import ROOT

PAGE = ROOT / "docs" / "receive.md"
THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def sealed_for(keys, maple, now):
    """The mover's package, sealed to the key that the technician has just published."""
    made = packed()
    kid = keys.keys[0].kid
    receiver = {"district": "fir", "kid": kid, "thumbprint": kid}
    content = orjson.dumps({**made.manifest, "receiver": receiver})
    parties = PackageParties("maple", "fir", {SignedBy.DISTRICT: maple}, keys)
    return b"".join(seal_package(content, sign_manifest(content, pair("maple sig")), made.sealed, parties, now))


@pytest.fixture
def technician(tmp_path, quick_pages, monkeypatch):
    """A reader of the page in an empty folder, the gateway and the ODS that the page is about."""
    now, folder = datetime.now(UTC), tmp_path / "empty"
    folder.mkdir(mode=0o700)
    with house(tmp_path / "unused", containers={}) as made:
        signing = publish(pair("maple sig"), KeyUse.SIGN, now - timedelta(1), now + timedelta(1))
        maple = KeySet("maple", (signing,))
        made.gateway.keys = {"maple": maple.as_jwks()}
        public_part = key_pairs.public_part

        def confirmed(*given):
            """Print the public part, and publish it as two persons do in the console."""
            jwk = public_part(*given)
            keys = read_key_set(orjson.dumps({"keys": [jwk]}), "fir")
            made.gateway.keys["fir"] = keys.as_jwks()
            made.gateway.packages = {(TRANSFER, 1): sealed_for(keys, maple, now)}
            return jwk

        monkeypatch.setattr(key_pairs, "public_part", confirmed)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("FIR_AGENT_SECRET", "gateway-secret")
        monkeypatch.setenv("FIR_ODS_SECRET", "ods-secret")
        yield samples.Reader(folder), made


def here(text, made):
    """The text of the page with the addresses and the thumbprint of this run."""
    private = "\nallow_private = true"
    return (
        text.replace('url = "https://crossing.example.org/transfers/v1"', f'url = "{made.gateway.url}/transfers/v1"{private}')
        .replace("https://crossing.example.org", made.gateway.url)
        .replace('url = "https://ods.fir.example.org/api"', f'url = "{made.running.url}"{private}')
        .replace(THUMBPRINT, pair("maple sig").thumbprint())
    )  # fmt: skip


def test_what_the_page_shows_works(technician):
    reader, made = technician
    before = made.contents()
    for block in samples.blocks(PAGE):
        reader.follow(replace(block, text=here(block.text, made)))
    assert {path.split("/")[-1] for path, _ in made.gateway.idempotent.values()} == {"acknowledgment", "filed"}
    after = made.contents()
    assert {name for name in after if after[name] != before.get(name)} == {"Student"}


def test_the_page_names_every_setting():
    from gateway.receiving.settings import (
        DestinationSchema,
        GatewaySchema,
        HouseSchema,
        PrivateKeysSchema,
        SenderSchema,
    )

    page = PAGE.read_text("utf-8")
    for schema in (DestinationSchema, GatewaySchema, HouseSchema, PrivateKeysSchema, SenderSchema):
        names = schema().fields
        assert [
            name for name in names if f"`{name}`" not in page and f"{name} = " not in page and f"[{name}" not in page
        ] == []
