"""The sections of a record: the agreement's language, the machine and the packages speak of the same ones."""

from __future__ import annotations

from gateway.transfers.machine.words import RecordSection, Track
from gateway.transfers.package.sections import sections
from policies.transfers import terms


def test_agreements_the_machine_and_packages_name_the_same_sections_in_the_same_order():
    assert tuple(map(str, RecordSection)) == terms.SECTIONS == tuple(sections())


def test_they_have_the_same_tracks_with_the_same_sections():
    assert set(map(str, Track)) == set(terms.TRACKS)
    for track, names in terms.TRACKS.items():
        assert {one for one, rule in sections().items() if rule.on(track)} == names


def test_what_no_rule_releases_is_the_same_for_all():
    assert {one for one, rule in sections().items() if rule.person} == terms.BY_PERSON_ALONE
