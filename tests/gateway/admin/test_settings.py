"""Organisations choose for themselves; asking for two persons is one person's act, asking no more is two persons'."""

from __future__ import annotations

import json

import pytest

from gateway.admin.confirming import Confirming
from gateway.admin.second_person import Waiting
from gateway.admin.settings import OrganisationSettings
from gateway.people.actor import NotPermitted
from gateway.storage.acts import Acts
from gateway.storage.people.choices import signing_secret
from gateway.storage.people.notices import NoticeChoices
from standards.errors import Conflict, InvalidBody, NotFound
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites

ADMIN = ("maple", "district-admin")


@pytest.fixture
def region(tmp_path):
    sites = small_sites(tmp_path / "data")
    with people_region(tmp_path / "region", sites, [agreement(name) for name in sites]) as region:
        yield region


@pytest.fixture
def settings(region):
    return OrganisationSettings(region.administered)


@pytest.fixture
def ana(region):
    return region.actor("ana", ADMIN)


@pytest.fixture
def ben(region):
    return region.actor("ben", ADMIN)


def test_what_is_changed_is_read_with_a_new_version_and_on_record(region, settings, ana):
    before = settings.read(ana, "maple")
    after = settings.change(ana, "maple", {"digest_at": "06:30", "mail_off": ["approver"]})
    assert (before.version, before.digest_at) == (0, "07:00")
    assert (after.version, after.digest_at, after.mail_off) == (1, "06:30", ("approver",))
    assert settings.read(ana, "maple") == after
    (act,) = Acts(region.administered.store).waiting()
    assert (act.action, act.district) == ("settings changed", "maple")
    assert (act.content["before"], act.content["after"]) == (before.digest(), after.digest())


def test_who_knows_an_older_version_is_refused(settings, ana):
    settings.change(ana, "maple", {"digest_at": "06:00"}, version=0)
    with pytest.raises(Conflict):
        settings.change(ana, "maple", {"digest_at": "05:00"}, version=0)


def test_asking_for_two_persons_is_one_persons_act_and_asking_no_more_is_two_persons(region, settings, ana, ben):
    on = settings.change(ana, "maple", {"two_persons": ["client.end", "settings.change"]})
    assert on.two_persons == ("client.end", "settings.change")
    more = settings.change(ana, "maple", {"two_persons": ["client.end", "person.change", "settings.change"]})
    assert "person.change" in more.two_persons
    off = settings.change(ana, "maple", {"two_persons": []}, reason="too slow")
    assert isinstance(off, Waiting)
    assert settings.read(ana, "maple") == more
    assert Confirming(region.administered).confirm(ben, off.proposal.id).done.two_persons == ()
    assert settings.read(ana, "maple").two_persons == ()


def test_asking_no_more_needs_two_persons_though_the_settings_need_one(settings, ana):
    settings.change(ana, "maple", {"two_persons": ["client.end"]})
    assert settings.change(ana, "maple", {"digest_at": "06:00"}).digest_at == "06:00"
    assert isinstance(settings.change(ana, "maple", {"two_persons": ["client.rotate"]}), Waiting)


def test_a_change_with_another_in_between_is_refused_at_its_confirmation(region, settings, ana, ben):
    settings.change(ana, "maple", {"two_persons": ["client.end"]})
    waiting = settings.change(ana, "maple", {"two_persons": []})
    settings.change(ana, "maple", {"two_persons": ["client.end", "client.rotate"]})
    with pytest.raises(Conflict):
        Confirming(region.administered).confirm(ben, waiting.proposal.id)
    assert settings.read(ana, "maple").two_persons == ("client.end", "client.rotate")


@pytest.mark.parametrize(
    "changes",
    [
        {"two_persons": ["no.action"]},
        {"two_persons": ["client.read"]},
        {"two_persons": "client.end"},
        {"mail_off": ["king"]},
        {"webhook": "http://hook.example.org/"},
        {"webhook": "https://user:pass@hook.example.org/"},
        {"webhook": "https://hook.example.org/\r\nX-A: b"},
        {"digest_at": "25:00"},
        {"digest_at": ""},
        {"expected_by": "5am"},
        {"language": "xx"},
        {"nothing": 1},
    ],
)
def test_a_value_that_a_setting_cannot_have_is_refused_by_its_name(settings, ana, changes):
    with pytest.raises(InvalidBody) as refused:
        settings.change(ana, "maple", changes)
    assert refused.value.places.keys() == changes.keys()
    assert settings.read(ana, "maple").version == 0


def test_the_settings_of_another_organisation_do_not_exist(region, settings):
    eve = region.actor("eve", ("oak", "district-admin"))
    told = []
    for org in ("maple", "no-such-org"):
        for do in (settings.read, settings.renew_secret, lambda *a: settings.change(*a, {"digest_at": "06:00"})):
            with pytest.raises(NotFound) as error:
                do(eve, org)
            told.append(error.value.message)
    assert len(set(told)) == 1


def test_who_only_reads_settings_does_not_change_them(region, settings):
    officer = region.actor("olga", ("maple", "privacy-officer"))
    assert settings.read(officer, "maple").version == 0
    for do in (settings.renew_secret, lambda *a: settings.change(*a, {"digest_at": "06:00"})):
        with pytest.raises(NotPermitted):
            do(officer, "maple")


def test_the_secret_of_a_webhook_is_shown_once_and_kept_sealed(region, settings, ana):
    secret = settings.renew_secret(ana, "maple")
    assert secret.startswith("whsec_")
    assert settings.read(ana, "maple").signed
    assert signing_secret(region.administered.store.engine, region.administered.keys, "maple") is not None
    assert settings.renew_secret(ana, "maple") != secret
    told = json.dumps([dict(one.content) for one in Acts(region.administered.store).waiting()])
    assert secret not in told
    assert secret[6:] not in told


def test_a_person_chooses_for_oneself_to_get_no_mail(region, settings, ana):
    choices = NoticeChoices(region.administered.store, region.clock)
    settings.choose_mail(ana, on=False)
    assert choices.without_mail() == {ana.person}
    settings.choose_mail(ana, on=True)
    assert choices.without_mail() == frozenset()
