"""A signature that was withdrawn does not come back, however the document spells one of the same key."""

from __future__ import annotations

import base64

import pytest

from gateway.demo.data import write_oneroster_12
from tests.gateway.signing.signed_regions import signed_region, tutoring
from tests.support.regions import Site, small_district

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the curve P-256: where (r, s) is a signature, (r, order - s) is one too."""


@pytest.fixture
def signed(tmp_path):
    write_oneroster_12(small_district(5), tmp_path / "maple.zip")
    sites = {"maple": Site("oneroster_csv", {"source": str(tmp_path / "maple.zip")})}
    with signed_region(tmp_path / "region", sites) as one:
        yield one


def other_half(signature):
    head, _, tail = signature.rpartition(".")
    raw = base64.urlsafe_b64decode(tail + "==")
    mirrored = ORDER - int.from_bytes(raw[32:])
    return f"{head}.{base64.urlsafe_b64encode(raw[:32] + mirrored.to_bytes(32)).decode().rstrip('=')}"


@pytest.mark.parametrize("respelt", [other_half, None])
def test_a_withdrawn_signature_does_not_count_again_in_another_spelling(signed, respelt):
    signed.put("one", tutoring(), signed_by=("maple", "tutor"))
    signed.region.reload()
    (known,) = (one.signature for one in signed.approvals.every() if one.party == "tutor")
    signed.withdraw(1, "tutor")
    signed.follows()
    again = respelt(known) if respelt else signed.signature("one", "tutor")
    signed.put("one", tutoring(), by={"maple": signed.signature("one", "maple"), "tutor": again})
    signed.region.reload()
    assert signed.served == []
    signed.sign("one", "tutor")
    signed.follows("tutor-maple@1")
