"""Options of a district: on record as they were and are, typed and told alike, and no way around an approval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admin.districts.connecting import Connected, Connections
from gateway.admin.districts.option_lines import read_options, said_options
from gateway.admin.second_person import Waiting
from gateway.storage.acts import Acts
from gateway.storage.database import transaction
from gateway.storage.people.choices import TWO_PERSONS, put
from standards.errors import InvalidBody
from tests.support.people.districts import UPLOADED, connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites


@pytest.fixture
def region(tmp_path):
    sites = {"maple": small_sites(tmp_path / "data")["maple"]}
    with people_region(tmp_path / "region", sites, [agreement("maple")]) as region:
        yield region


@pytest.fixture
def alder(region):
    return region.actor("ana", ("alder", "district-admin"))


def drafted(region):
    return [one.content for one in Acts(region.administered.store).waiting() if one.action == "district drafted"]


def test_a_change_of_options_is_on_record_as_they_were_and_as_they_are(region, alder):
    connections = Connections(region.administered)
    connections.save(alder, "alder", {**UPLOADED, "loss": {"enrollment": 0.5}, "record_years": 7})
    connections.save(alder, "alder", {**UPLOADED, "loss": {"enrollment": 0.9}, "record_years": 7})
    connections.save(alder, "alder", {**UPLOADED, "loss": {"enrollment": 0.9}, "record_years": 7, "cache": "2h"})
    _, second, third = (content for content in drafted(region))
    assert (second["optionsBefore"], second["optionsAfter"]) == (
        ["loss: enrollment = 0.5"],
        ["loss: enrollment = 0.9"],
    )
    assert not third.keys() & {"optionsBefore", "optionsAfter"}


def test_the_options_of_a_connected_district_are_those_it_is_served_by(region, alder, tmp_path):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    connections = Connections(region.administered)
    said = {"loss": {"default": 0.5}, "school_years": [2027], "defaults": {"enrollment.grade": "KG"}}
    connections.save(alder, "alder", {**UPLOADED, **said})
    assert connections.connect(alder, "alder").effect.served
    spec = region.running.settings.districts["alder"]
    assert (spec.loss, spec.school_years, spec.defaults) == ({"default": 0.5}, (2027,), {"enrollment.grade": "KG"})


@pytest.mark.parametrize(
    ("loss", "waits"),
    [
        ({"default": 1}, True), ({"enrollment": 0.3}, True), ({"enrollment": 0.1}, False), ({"default": 0.2}, False),
        ({}, False),
    ],
    ids=str,
)  # fmt: skip
def test_nobody_approves_large_changes_alone_by_letting_more_go_unapproved(region, alder, tmp_path, loss, waits):
    connected(region, alder, "alder", zipped(tmp_path / "made"))
    with transaction(region.administered.store.engine, write=True) as connection:
        put(connection, "alder", TWO_PERSONS, ["district.approve-change"], 1, "tests", region.clock())
    connections = Connections(region.administered)
    connections.save(alder, "alder", {**UPLOADED, "loss": loss})
    assert isinstance(connections.connect(alder, "alder"), Waiting if waits else Connected)


@pytest.mark.parametrize("options", [{"defaults": [1]}, {"loss": [1]}, {"school_years": "2027"}], ids=str)
def test_an_option_of_another_kind_is_refused(region, alder, options):
    with pytest.raises(InvalidBody) as refused:
        Connections(region.administered).save(alder, "alder", {**UPLOADED, **options})
    assert refused.value.places.keys() >= options.keys()


SHARES = st.dictionaries(
    st.sampled_from(["enrollment", "default", "student"]), st.integers(0, 1000).map(lambda n: n / 1000)
)
OPTIONS_SAID = st.fixed_dictionaries(
    {},
    optional={
        "school_years": st.lists(st.integers(2000, 2099), min_size=1),
        "loss": SHARES.filter(bool),
        "unresolved": SHARES.filter(bool),
        "record_years": st.integers(1, 100),
        "default_category": st.just("cat = 1"),
        "defaults": st.just({"assessment.subjects": ["Other"], "session.instructionalDays": {"term": 9}}),
    },
)


@given(OPTIONS_SAID)
def test_what_is_told_of_options_can_be_typed(options):
    assert read_options(said_options(options)) == options
