"""A district whose system cannot be read holds up neither the publishing of others nor what narrows its own."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from werkzeug.test import Client as WsgiClient
from werkzeug.wrappers import Response

from adapters.simulators.oneroster import Sis, run
from gateway.admin import taking_effect
from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.districts.steering import Steering
from gateway.auth.scopes import known_scopes
from gateway.people.actor import operator
from gateway.runtime import loads
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.gateway.server.test_trouble import Server
from tests.support.people.region import BASE, people_region
from tests.support.regions import agreement, small_sites, wait_until

PAGES = "/console/agreements"
ALWAYS = 1_000_000
AT_ONCE_SECONDS = 5.0  # on a busy machine; alone it is a few hundredths
BAD = {"never answers": ("slow", 60.0), "trickles": ("drip", 2.0), "answers 500": ("error", 0)}
NARROW = (("student.id", "pseudonym"), ("student.name.given", "allow"))
FEWER = (("student.id", "pseudonym"),)
WIDE = (*NARROW, ("student.email", "allow"))
OTHER = (("student.email", "allow"), ("enrollment.*", "allow"))


@pytest.fixture
def system():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made
        made.sis.faults.clear()


@pytest.fixture
def site(tmp_path, system):
    secret = tmp_path / "sis.secret"
    secret.write_text("sis-secret", "ascii")
    return Server("oneroster_rest", settings_for(system, client_secret=f"file:{secret}", deadline=12.0, timeout=10.0))


@pytest.fixture
def region(tmp_path, site, monkeypatch):
    monkeypatch.setattr(taking_effect, "PATIENCE_SECONDS", 1.5)
    monkeypatch.setattr(loads, "ARRIVAL_SECONDS", 1.0)
    sites = {"maple": small_sites(tmp_path / "data", 20)["maple"], "birch": site}
    texts = [agreement("birch", NARROW), agreement("maple", FEWER)]
    with people_region(tmp_path / "region", sites, texts) as found:
        found.running.gateway.warm()
        yield found
        system_ends(found)


def system_ends(region):
    for one in region.running.gateway.districts.values():
        one.adapter.close()


def spoil(system, how):
    kind, value = BAD[how]
    system.sis.faults.add(kind, times=ALWAYS, value=value)


def served(region, district="birch"):
    return {(one.id, one.version) for one in region.running.standing.agreements if one.district == district}


def write(region, name, text):
    (region.folder / "agreements" / f"{name}.yaml").write_text(text, "utf-8")


def officer(region, district):
    return region.actor(f"{district}-officer", (district, "privacy-officer"))


def publish(region, text, district):
    actor, publishing = officer(region, district), Publishing(region.administered)
    one = DraftWriting(region.administered).read_in(actor, text)
    return publishing.publish(actor, one.id, one.version, one.number)


def timed(do):
    begun = time.monotonic()
    made = do()
    return made, time.monotonic() - begun


@pytest.mark.parametrize("how", BAD)
def test_a_wider_agreement_of_an_unreadable_district_waits_and_what_it_serves_goes_on(region, system, how):
    spoil(system, how)
    before = region.running.gateway.districts["birch"]
    done = publish(region, agreement("birch", OTHER, client="tutor", purpose="tutoring"), "birch")
    assert (done.effect.served, done.effect.waits) == (False, True)
    assert region.running.gateway.districts["birch"] is before
    assert served(region) == {("conformance-birch", 1)}
    assert any("birch: waits to be read" in line for line in region.running.status())
    system.sis.faults.clear()

    def catches_up():
        region.clock.move(60)
        return ("tutor-birch", 1) in served(region)

    wait_until(catches_up)
    assert region.running.gateway.districts["birch"].covers({"student": frozenset({"email"})})


@pytest.mark.parametrize("how", BAD)
def test_others_publish_at_once_while_a_district_cannot_be_read(region, system, how):
    spoil(system, how)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(publish, region, agreement("birch", OTHER, client="tutor", purpose="tutoring"), "birch")
        wait_until(lambda: any("birch: waits to be read" in line for line in region.running.status()))
        text = agreement("maple", WIDE, client="tutor", purpose="tutoring")
        done, seconds = timed(lambda: publish(region, text, "maple"))
        assert not slow.result().effect.served
    assert done.effect.served
    assert not any("birch" in line for line in done.effect.lines)  # people of maple are told nothing of it
    assert ("tutor-maple", 1) in served(region, "maple")
    assert seconds < AT_ONCE_SECONDS
    assert served(region) == {("conformance-birch", 1)}


@pytest.mark.parametrize("how", BAD)
def test_what_narrows_takes_effect_at_once_whatever_the_source_does(region, system, how):
    spoil(system, how)
    publish(region, agreement("birch", OTHER, client="tutor", purpose="tutoring"), "birch")
    write(region, "narrower", agreement("birch", FEWER, version=2))
    region.running.reload("ana", 0.0)
    done, seconds = timed(lambda: region.running.reload("ana", 0.0))
    assert done.ok
    assert seconds < AT_ONCE_SECONDS
    assert ("conformance-birch", 2) in served(region)
    (grant,) = region.running.gateway.grants.of("conformance", "conformance-birch")
    assert grant.version == 2


@pytest.mark.parametrize("how", BAD)
def test_a_version_that_takes_something_away_ends_the_one_before_though_it_must_wait_itself(region, system, how):
    spoil(system, how)
    mixed = (("student.id", "pseudonym"), ("student.email", "allow"))
    write(region, "mixed", agreement("birch", mixed, version=2))
    report, seconds = timed(lambda: region.running.reload("ana", 0.0))
    assert seconds < AT_ONCE_SECONDS
    assert report.unread == {"birch"}
    assert served(region) == set()


@pytest.mark.parametrize("how", BAD)
def test_a_version_that_only_adds_waits_while_the_one_before_goes_on(region, system, how):
    spoil(system, how)
    write(region, "wider", agreement("birch", WIDE, version=2))
    assert region.running.reload("ana", 0.0).unread == {"birch"}
    assert served(region) == {("conformance-birch", 1)}


@pytest.mark.parametrize("how", BAD)
def test_a_new_district_that_cannot_be_read_is_there_and_is_tried_again(region, site, system, how):
    spoil(system, how)
    file = region.folder / "gateway.toml"
    file.write_text(file.read_text("utf-8") + site.toml("oak"), "utf-8")
    write(region, "oak", agreement("oak", NARROW))
    report = region.running.reload("ana", 1.5)
    assert (report.ok, report.unread) == (True, {"oak"})
    wait_until(lambda: "oak" in region.running.gateway.districts)
    assert served(region, "oak") == {("conformance-oak", 1)}
    assert not region.running.gateway.districts["oak"].loaded
    system.sis.faults.clear()

    def is_read():
        region.clock.move(60)
        region.running.gateway.districts["oak"].retry_failed()
        return region.running.gateway.districts["oak"].loaded

    wait_until(is_read)


def hold_up(region, system, how):
    """Let an agreement of birch wait for its system, which cannot be read."""
    spoil(system, how)
    assert publish(region, agreement("birch", OTHER, client="tutor", purpose="tutoring"), "birch").effect.waits


def until(holds, do):
    """Begin to *do* something; return how long it was until it *holds*, and what it came to."""
    with ThreadPoolExecutor(1) as pool:
        begun = time.monotonic()
        doing = pool.submit(do)
        wait_until(holds)
        seconds = time.monotonic() - begun
        return seconds, doing.result()


def students(client, token):
    path, bearer = "/maple/ims/oneroster/rostering/v1p2/students", {"Authorization": f"Bearer {token}"}
    return client.get(path, headers=bearer, base_url=BASE)


@pytest.mark.parametrize("how", BAD)
def test_a_suspended_client_is_shut_out_at_once_whatever_a_source_does(region, system, how):
    hold_up(region, system, how)
    root, name = operator("root"), "conformance"
    given = ClientSecrets(region.administered).add(root, NewClient(name, name, "vendor", known_scopes()))
    client = WsgiClient(region.running, Response)
    asked = {"grant_type": "client_credentials"}
    answer = client.post("/oauth/token", data=asked, auth=(name, given.secret), base_url=BASE)
    assert answer.status_code == 200, answer.text
    token = answer.json["access_token"]
    assert students(client, token).status_code == 200

    def shut_out():
        region.clock.move(0.5)
        return students(client, token).status_code == 401

    seconds, _ = until(shut_out, lambda: Clients(region.administered).suspend(root, name))
    assert seconds < AT_ONCE_SECONDS


@pytest.mark.parametrize("how", BAD)
def test_what_is_withdrawn_ends_at_once_whatever_the_source_does_and_its_people_are_told_so(region, system, how):
    one = publish(region, agreement("birch", FEWER, client="reader", purpose="reading"), "birch").version
    hold_up(region, system, how)
    publishing, actor = Publishing(region.administered), officer(region, "birch")
    withdraw = partial(publishing.withdraw, actor, one.id, one.version, one.number, "the vendor has left")
    seconds, done = until(lambda: ("reader-birch", 1) not in served(region), withdraw)
    assert seconds < AT_ONCE_SECONDS
    assert (done.effect.served, done.effect.waits) == (True, False)


@pytest.mark.parametrize("how", BAD)
def test_what_is_published_to_narrow_takes_effect_at_once_and_its_people_are_told_so(region, system, how):
    hold_up(region, system, how)
    text = agreement("birch", FEWER, version=2)
    seconds, done = until(lambda: ("conformance-birch", 2) in served(region), lambda: publish(region, text, "birch"))
    assert seconds < AT_ONCE_SECONDS
    assert (done.effect.served, done.effect.waits) == (True, False)
    (grant,) = region.running.gateway.grants.of("conformance", "conformance-birch")
    assert grant.version == 2


def test_the_page_of_a_version_that_waits_for_a_reading_does_not_say_that_it_is_in_force(region, system):
    region.person("birch-officer", ("birch", "privacy-officer"))
    hold_up(region, system, "answers 500")
    browser = region.browser("birch-officer")
    page, overview = (
        browser.get(path).get_data(as_text=True) for path in (f"{PAGES}/tutor-birch/1", f"{PAGES}/tutor-birch")
    )
    assert "not served yet" in page
    assert "has to be read for it" in page
    assert "not served yet" in overview
    assert "in force" not in overview
    system.sis.faults.clear()

    def catches_up():
        region.clock.move(60)
        return ("tutor-birch", 1) in served(region)

    wait_until(catches_up)
    assert "not served yet" not in browser.get(f"{PAGES}/tutor-birch/1").get_data(as_text=True)


def test_the_page_of_the_version_before_one_that_waits_says_that_it_is_in_force(region, system):
    region.person("birch-officer", ("birch", "privacy-officer"))
    spoil(system, "answers 500")
    write(region, "wider", agreement("birch", WIDE, version=2))
    region.running.reload("ana", 0.0)
    browser = region.browser("birch-officer")
    before, after = (browser.get(f"{PAGES}/conformance-birch/{one}").get_data(as_text=True) for one in (1, 2))
    assert "not served yet" in after
    assert "in force" in before
    assert "replaced" not in before


def test_another_source_that_cannot_be_read_leaves_the_present_one_and_names_the_district(region):
    file = region.folder / "gateway.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("maple.zip", "none.zip"), "utf-8")
    before = region.running.gateway.districts["maple"]
    report = region.running.reload("ana")
    assert report.ok
    assert any(line.startswith(f"{file}: districts.maple: ") for line in report.lines)
    assert region.running.gateway.districts["maple"] is before
    assert before.cached_snapshot().table("student").size
    file.write_text(text, "utf-8")
    assert region.running.reload("ana").unread == set()
    assert not any("waits to be read" in line for line in region.running.status())


def test_only_a_district_that_needs_it_is_read(region, system):
    spoil(system, "answers 500")
    done = publish(region, agreement("maple", WIDE, client="tutor", purpose="tutoring"), "maple")
    assert done.effect.served
    assert region.running.reload("ana").unread == set()


def test_a_paused_district_is_not_read_for_an_agreement_before_it_is_resumed(region):
    actor = region.actor("bo", ("birch", "district-admin"))
    Steering(region.administered).pause(actor, "birch", region.clock() + timedelta(hours=2))
    done = publish(region, agreement("birch", OTHER, client="tutor", purpose="tutoring"), "birch")
    assert done.effect.waits
    assert "paused" in " ".join(done.effect.lines)
