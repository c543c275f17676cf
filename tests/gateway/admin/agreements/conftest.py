"""Regions in which agreements are written, by people of a district, of its recipient and of others."""

from __future__ import annotations

import pytest

from gateway.admin.agreements.reading import KnownAgreements
from gateway.admin.agreements.writing import DraftWriting, NewDraft
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

MAPLE = agreement("maple")
FILED = agreement("cedar", client="elsewhere")


@pytest.fixture
def region(tmp_path):
    with people_region(tmp_path / "r", small_sites(tmp_path, 30), [FILED]) as found:
        yield found


@pytest.fixture
def maple(region):
    """A privacy officer of the provider district."""
    return region.actor("maria", ("maple", "privacy-officer"))


@pytest.fixture
def vendor(region):
    return region.actor("vera", ("conformance", "vendor-contact"))


@pytest.fixture
def stranger(region):
    return region.actor("cora", ("cedar", "privacy-officer"))


@pytest.fixture
def write(region, maple):
    """Begin a draft with the text of a whole agreement."""

    def begun(text=MAPLE, actor=maple):
        return DraftWriting(region.administered).read_in(actor, text)

    return begun


@pytest.fixture
def known(region):
    return KnownAgreements(region.administered)


@pytest.fixture
def drafts(region):
    return DraftWriting(region.administered)


@pytest.fixture
def new():
    return NewDraft("maple", "conformance", "vendor", "tutoring", "tutoring", "", "2026-09-01", "2027-08-31")
