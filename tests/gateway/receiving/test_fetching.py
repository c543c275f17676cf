"""Packages are fetched on from where they broke off, and refused where they are not what they should be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from gateway.receiving.errors import GatewayUnreachable
from gateway.receiving.settings import load
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.sealing.manifest import SignedBy
from standards.errors import SettingsError
from tests.gateway.receiving import fake_gateway
from tests.gateway.receiving.houses import (
    TRANSFER,
    package,
    packed,
    run,
    sealed,
)
from tests.gateway.transfers.sealing.sealed_packages import END, MAPLE, NOW, key_set, pair


def test_a_package_is_fetched_on_from_where_it_broke_off(fir, monkeypatch):
    monkeypatch.setattr("gateway.receiving.fetching.PIECE_BYTES", 10_000)
    size = len(package())
    # the token, the list, three sets of keys, two pieces; then nothing but errors
    fir.gateway.breaks = [None] * 7 + [fake_gateway.unavailable] * 3
    with fir.agent() as agent, pytest.raises(GatewayUnreachable):
        agent.fetch(TRANSFER)
    [part] = (fir.folder / "state" / "packages").iterdir()
    assert part.stat().st_size == 20_000 < size
    fir.gateway.asked.clear()
    with fir.agent() as agent:
        assert agent.fetch(TRANSFER).version == 1
    ranges = [headers["Range"] for _, path, headers in fir.gateway.asked if path.endswith("/package")]
    assert ranges[0] == "bytes=20000-29999"
    assert all(headers["Accept-Encoding"] == "identity" for _, path, headers in fir.gateway.asked if "/pack" in path)


@pytest.mark.parametrize(("status", "code"), [(404, "package-gone"), (403, "forbidden")])
def test_a_package_that_is_gone_before_it_has_come_keeps_nobody_elses_from_being_filed(fir, monkeypatch, status, code):
    monkeypatch.setattr("gateway.receiving.fetching.PIECE_BYTES", 10_000)
    handler, asked = fake_gateway.TransfersHandler, []
    given = handler.ROUTES["/transfers/(.+)/package"]

    def gone(self, transfer, query):
        asked.append(transfer)
        if transfer == "0-withdrawn" and asked.count(transfer) > 1:
            return self.problem(status, code)
        return given(self, transfer, query)

    monkeypatch.setitem(handler.ROUTES, "/transfers/(.+)/package", gone)
    fir.gateway.packages = {("0-withdrawn", 1): package(), (TRANSFER, 1): package()}
    first, second = run(fir)
    assert first.startswith("0-withdrawn: ")
    assert ("withdrawn, or its time is over" if status == 404 else "403 (forbidden)") in first
    assert second.endswith("acknowledged")
    left = {one.name for one in (fir.folder / "state" / "packages").iterdir()}
    assert len(left) == (1 if status == 404 else 2)
    assert [path for path, _ in fir.gateway.posts if "0-withdrawn" in path] == []


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_package_that_was_tampered_with_is_refused_and_nothing_is_written(fir, place):
    content = bytearray(package())
    content[int(len(content) * place)] ^= 1
    fir.gateway.packages = {(TRANSFER, 1): bytes(content)}
    before = fir.everything()
    [line] = run(fir)
    assert "refused, nothing was written" in line
    assert fir.everything() == before
    assert fir.writes() == []
    assert [body["resend"] for body in fir.gateway.told("/acknowledgment")] == ["unreadable"]
    assert list((fir.folder / "state" / "packages").iterdir()) == []
    assert run(fir) == []
    assert len(fir.gateway.told("/acknowledgment")) == 1


@pytest.mark.parametrize("signer", ["fir sig", "a stranger"])
def test_a_package_by_a_key_that_nobody_pinned_is_refused(fir, signer, monkeypatch):
    text = (fir.folder / "transfers.toml").read_text()
    (fir.folder / "transfers.toml").write_text(text.replace('keys = ["', f'keys = ["{"x" * 43}"] #'))
    before = fir.everything()
    [line] = run(fir)
    assert "refused, nothing was written" in line
    assert fir.everything() == before
    assert fir.gateway.posts == []


def by_the_gateway():
    """The same record, signed by the gateway in the place of its sender."""
    made = packed()
    manifest = {**made.manifest, "signedBy": "gateway"}
    first = replace(made.files[0], content=orjson.dumps(manifest))
    return sealed(replace(made, manifest=manifest, files=(first, *made.files[1:])), signer="region sig")


def rewrite(house, before, after):
    path = house.folder / "transfers.toml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def test_the_gateway_cannot_sign_in_the_place_of_a_sender_that_has_keys_of_its_own(fir):
    fir.gateway.packages = {(TRANSFER, 1): by_the_gateway()}
    before = fir.everything()
    [line] = run(fir)
    assert "The gateway has signed in the place of Maple School District, which signs by keys of its own" in line
    assert fir.everything() == before
    assert fir.gateway.posts == []
    assert set(run(fir)) == {line}  # whoever did not read it the first time is told at each look


def test_the_gateway_signs_for_a_sender_of_whom_the_house_says_so(fir):
    fir.gateway.packages = {(TRANSFER, 1): by_the_gateway()}
    rewrite(fir, f'keys = ["{pair("maple sig").thumbprint()}"]', "gateway_signs = true")
    assert run(fir)[0].endswith("acknowledged")


def test_a_key_that_the_gateway_serves_as_the_senders_own_counts_for_nothing(fir):
    served = publish(pair("region sig"), KeyUse.SIGN, NOW - timedelta(days=1), END)
    fir.gateway.keys["maple"] = key_set("maple", served).as_jwks()
    made = packed()
    fir.gateway.packages = {
        (TRANSFER, 1): sealed(made, signer="region sig", signers={SignedBy.DISTRICT: key_set("maple", served)})
    }
    [line] = run(fir)
    assert "refused, nothing was written" in line
    assert fir.writes() == fir.gateway.posts == []


def test_both_keys_of_a_sender_count_while_it_changes_from_one_to_the_other(fir):
    fresh = publish(pair("maple next"), KeyUse.SIGN, NOW - timedelta(days=1), END)
    fir.gateway.keys["maple"] = key_set("maple", *MAPLE.keys, fresh).as_jwks()
    two = {SignedBy.DISTRICT: key_set("maple", fresh)}
    fir.gateway.packages = {
        (TRANSFER, 1): package(),
        ("another", 1): sealed(packed(transfer="another"), signer="maple next", signers=two),
    }
    old, new = (pair(one).thumbprint() for one in ("maple sig", "maple next"))
    rewrite(fir, f'keys = ["{old}"]', f'keys = ["{old}", "{new}"]')
    assert all(line.endswith("acknowledged") for line in run(fir))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("keys = [", "gateway_signs = true\nkeys = [", "senders.maple.keys: Name the keys by which it signs"),
        ("keys = [", "# ", "senders.maple.keys: Name the keys by which it signs, or write gateway_signs"),
        ("keys = [", "gateway_signs = true # ", "senders.maple.gateway_signs: Put the thumbprints of the gateway's"),
        ("signers = [", 'signers = ["{maple}"] # ', "senders.maple.keys: A key is among signers under [gateway]"),
    ],
)
def test_whose_signature_counts_for_a_sender_is_said_once_and_by_the_house(fir, before, after, told):
    if "# " in after and "gateway_signs" in after:
        rewrite(fir, "signers = [", "# ")
    rewrite(fir, before, after.replace("{maple}", pair("maple sig").thumbprint()))
    with pytest.raises(SettingsError) as error:
        load(fir.folder / "transfers.toml")
    assert told in str(error.value)


def test_a_package_of_another_transfer_is_refused(fir):
    fir.gateway.packages = {("another", 1): package()}
    [line] = run(fir)
    assert "refused" in line
    assert fir.writes() == []


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", ".hidden", "x" * 90])
def test_a_name_that_leads_elsewhere_is_refused(fir, name):
    fir.gateway.packages = {(name, 1): package()}
    with pytest.raises(GatewayUnreachable):
        run(fir)


def test_a_list_that_lies_about_the_content_is_noticed(fir):
    listed = fir.gateway.listed
    fir.gateway.listed = lambda: [{**one, "sha256": "0" * 64} for one in listed()]
    [line] = run(fir)
    assert "not the one that the gateway lists" in line
    assert list((fir.folder / "state" / "packages").iterdir()) == []


def test_a_secret_that_the_gateway_does_not_take_is_a_mistake_in_the_settings(fir):
    fir.gateway.breaks = [fake_gateway.refused]
    with pytest.raises(SettingsError, match=r"\[gateway\] names it and the client: .* 401 \(invalid_client\)"):
        run(fir)


def test_a_package_that_came_while_the_clock_was_an_hour_slow_is_opened_once_it_is_right(fir):
    published = [
        publish(pair(f"maple {use}"), kind, NOW, END) for use, kind in (("sig", KeyUse.SIGN), ("enc", KeyUse.SEAL))
    ]
    fir.gateway.keys["maple"] = key_set("maple", *published).as_jwks()
    fir.later(hours=-1)
    [line] = run(fir)
    assert line.endswith("The key is not valid yet. Is the clock of this machine right?")
    assert fir.writes() == fir.gateway.posts == []
    fir.later(hours=1)
    assert run(fir)[0].endswith("acknowledged")


def test_a_secret_is_sent_to_the_token_address_alone(fir):
    run(fir)
    assert fake_gateway.basic(fir.gateway.forms[0][1]) == "fir-agent:gateway-secret"
    assert all("gateway-secret" not in repr(one) for one in fir.gateway.asked)
