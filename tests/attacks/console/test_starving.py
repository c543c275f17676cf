"""The people of one district do nothing that ends, holds up or hides what another district releases."""

from __future__ import annotations

from contextlib import closing

import pytest

from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.writing import DraftWriting
from gateway.config.settings import load
from gateway.every_agreement import read_every
from gateway.storage.people.agreements import RECALLED, WITHDRAWN
from gateway.storage.registry import open_store
from standards.errors import Conflict
from tests.support.people.agreements import put
from tests.support.people.region import people_region
from tests.support.regions import Clock, agreement, small_sites, write

CEDAR = agreement("cedar")
ONE = agreement("maple")
NARROWED = (("student.id", "pseudonym"),)
TWO = agreement("maple", NARROWED, version=2, begin="2027-06-01")
OTHER = agreement("maple", NARROWED, begin="2027-06-01").replace("id: conformance-maple", "id: other")
CEDAR_ALONE = {"conformance-cedar@1"}


@pytest.fixture
def sites(tmp_path):
    return small_sites(tmp_path / "data", 20)


@pytest.fixture
def region(tmp_path, sites):
    with people_region(tmp_path / "region", sites, [CEDAR]) as found:
        yield found


def served(region):
    return {f"{one.id}@{one.version}" for one in region.running.standing.agreements}


def publish(region, actor, text):
    drafts, publishing = DraftWriting(region.administered), Publishing(region.administered)
    one = drafts.read_in(actor, text)
    done = publishing.publish(actor, one.id, one.version, one.number)
    assert done.effect.served
    return done.version


def test_a_version_that_kept_two_agreements_apart_is_not_recalled(region):
    maple = region.actor("maria", ("maple", "privacy-officer"))
    publish(region, maple, ONE)
    two = publish(region, maple, TWO)
    publish(region, maple, OTHER)
    before = served(region)
    with pytest.raises(Conflict, match="earlier version"):
        Publishing(region.administered).withdraw(maple, two.id, 2, two.number, "not any more")
    assert region.running.reload("tests").ok
    assert served(region) == before


def written(folder, sites, *texts):
    """Write a region whose registry has these texts, each in a state."""
    read = load(write(folder, sites, [CEDAR]))
    with closing(open_store(read.store_url, Clock())) as store:
        for text, state in texts:
            put(store, Clock(), text, state)


BAD = {
    "two that conflict": [(ONE, "published"), (OTHER, "published"), (TWO, RECALLED)],
    "one that is no agreement": [(ONE, "published"), (TWO.replace("pseudonym", "nonsense"), "published")],
    "one in a state that nobody knows": [(ONE, "published"), (TWO, "revived")],
    "one that does not say whom it is about": [(TWO.replace("clients: [conformance]\n", ""), "published")],
}


@pytest.mark.parametrize("how", BAD)
def test_what_is_wrong_of_one_district_ends_nothing_of_another(tmp_path, sites, how):
    written(tmp_path / "region", sites, *BAD[how])
    with people_region(tmp_path / "region", sites, [CEDAR]) as region:
        assert region.running.standing.mistakes
        assert served(region) == CEDAR_ALONE
        cedar = region.actor("cora", ("cedar", "privacy-officer"))
        publish(region, cedar, agreement("cedar", client="another"))
        assert served(region) == CEDAR_ALONE | {"another-cedar@1"}


def test_an_id_that_one_district_has_withdrawn_ends_no_agreement_of_another(tmp_path, sites):
    squat = agreement("maple", version=90_000).replace("id: conformance-maple", "id: conformance-cedar")
    written(tmp_path / "region", sites, (squat, WITHDRAWN))
    with people_region(tmp_path / "region", sites, [CEDAR]) as region:
        assert served(region) == CEDAR_ALONE
        found, mistakes = read_every(region.running.settings, region.administered.store)
        assert ([one.id for one in found], mistakes) == (["conformance-cedar"], [])
