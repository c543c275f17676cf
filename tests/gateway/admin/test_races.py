"""Of several people who act on one thing at once each is told the truth, and what is kept is what one of them did."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from gateway.admin.agreements.checking import Checking
from gateway.admin.agreements.publishing import Publishing
from gateway.admin.agreements.writing import DraftWriting
from gateway.admin.clients.clients import Clients, NewClient
from gateway.admin.clients.links import LinkGone
from gateway.admin.clients.secrets import ClientSecrets
from gateway.admin.confirming import Confirming
from gateway.admin.districts import connecting, uploading
from gateway.admin.districts.connecting import Connections
from gateway.admin.districts.steering import Steering
from gateway.admin.districts.uploading import DistrictFiles
from gateway.admin.second_person import Waiting
from gateway.auth.client_secrets import proves
from gateway.people.actor import operator
from gateway.storage.database import transaction
from gateway.storage.people.agreements import WrittenAgreements
from gateway.storage.people.choices import TWO_PERSONS
from gateway.storage.people.district_orders import orders_of
from gateway.storage.people.proposals import Proposals
from gateway.storage.people.tables import organisation_settings, written_districts
from gateway.storage.people.uploads import newest_uploads
from gateway.storage.registry import open_store
from standards.errors import CallerError, Conflict, NotFound, PreconditionFailed
from tests.support import servers
from tests.support.people.agreements import acts_of, put
from tests.support.people.districts import UPLOADED, connected, zipped
from tests.support.people.region import people_region
from tests.support.regions import agreement, small_sites, wait_until

SOME = (("student.id", "pseudonym"),)
LOCKED = pytest.mark.parametrize("region", ["postgresql"], indirect=True)
"""On SQLite one transaction that writes waits for another anyway."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def region(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("races")
    sites, written = small_sites(folder / "data", 20), [agreement("maple")]
    if request.param == "sqlite":
        with people_region(folder / "region", sites, written) as region:
            yield region
        return
    with servers.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
        settings = f'[store]\nurl = "{fresh.replace("postgresql+psycopg:", "postgresql:")}"\n'
        with people_region(folder / "region", sites, written, settings) as region:
            store = region.administered.store
            yield region
        store.close()


@pytest.fixture(scope="module")
def other(region):
    """The same region over connections of its own to the registry, as another process has them."""
    url = region.administered.settings().store_url
    with closing(open_store(url, region.clock)) as store:
        yield replace(region.administered, store=store)


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    """The files of a district of 20 students, and of 5 of them."""
    folder = tmp_path_factory.mktemp("files")
    return zipped(folder / "many", 20), zipped(folder / "few", 5)


def at_once(*acts):
    """Do all *acts* at once; return what each returned, or the refusal that it was told."""
    ready = threading.Barrier(len(acts))

    def begun(act):
        ready.wait(10)
        try:
            return act()
        except CallerError as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begun, acts))


def refused(outcomes):
    return [one for one in outcomes if isinstance(one, CallerError)]


def officer(region, district, name="officer"):
    return region.actor(f"{district}-{name}", (district, "privacy-officer"))


def admin(region, district, name="admin"):
    return region.actor(f"{district}-{name}", (district, "district-admin"))


def draft(region, district, client, **more):
    actor = officer(region, district)
    purpose = more.pop("purpose", f"purpose-{client}")
    return DraftWriting(region.administered).read_in(
        actor, agreement(district, SOME, client=client, purpose=purpose, **more)
    )


def publish(administered, actor, one):
    return lambda: Publishing(administered).publish(actor, one.id, one.version, one.number)


def served(region):
    return {f"{one.id}@{one.version}" for one in region.running.standing.agreements}


def two_wanted(region, org, *actions):
    row = {
        "org": org, "name": TWO_PERSONS, "value": list(actions), "version": 1, "changed": region.clock(),
        "changed_by": "tests",
    }  # fmt: skip
    with transaction(region.administered.store.engine, write=True) as connection:
        connection.execute(insert(organisation_settings).values(row))


@pytest.fixture
def all_checked_first(monkeypatch):
    """Let two versions pass their first check before either is saved."""
    ready, check, seen = threading.Barrier(2), Checking.check, set()

    def checked(self, actor, document):
        found = check(self, actor, document)
        if document.name not in seen:
            seen.add(document.name)
            ready.wait(10)
        return found

    monkeypatch.setattr(Checking, "check", checked)


@pytest.mark.usefixtures("all_checked_first")
def test_two_districts_publish_in_the_same_moment_and_both_are_served(region, other):
    one, two = draft(region, "maple", "first"), draft(region, "cedar", "second")
    outcomes = at_once(
        publish(region.administered, officer(region, "maple"), one), publish(other, officer(region, "cedar"), two)
    )
    assert [done.effect.served for done in outcomes] == [True, True]
    assert {"first-maple@1", "second-cedar@1"} <= served(region)


@pytest.mark.usefixtures("all_checked_first")
def test_of_two_agreements_that_conflict_one_is_published_and_the_other_is_told_of_its_mistakes(region, other):
    actor = officer(region, "cedar")
    one = draft(region, "cedar", "rival")
    text = one.text.replace("id: rival-cedar", "id: rival-again").replace("pseudonym", "allow")
    two = DraftWriting(region.administered).read_in(actor, text)
    outcomes = at_once(publish(region.administered, actor, one), publish(other, actor, two))
    (told,) = refused(outcomes)
    assert "has mistakes" in told.message
    assert len({"rival-cedar@1", "rival-again@1"} & served(region)) == 1
    published = [one for one in acts_of(other.store, "agreement published") if "rival" in one.content["agreement"]]
    assert len(published) == 1


def test_of_two_people_who_publish_the_same_version_one_does(region, other):
    one = draft(region, "maple", "same")
    two = officer(region, "maple", "second-officer")
    outcomes = at_once(publish(region.administered, officer(region, "maple"), one), publish(other, two, one))
    (told,) = refused(outcomes)
    assert isinstance(told, PreconditionFailed | Conflict)
    assert "changed this version" in told.message or "published or withdrawn before" in told.message
    assert "same-maple@1" in served(region)
    assert [row.state for row in WrittenAgreements(other.store).history("same-maple", 1)] == ["draft", "published"]


def test_of_those_who_decide_one_proposal_at_once_one_does_and_it_is_done_once(region, other):
    two_wanted(region, "cedar", "agreement.publish")
    one = draft(region, "cedar", "decided")
    waiting = publish(region.administered, officer(region, "cedar"), one)()
    assert isinstance(waiting, Waiting)
    name, people = waiting.proposal.id, [admin(region, "cedar", f"admin-{number}") for number in range(3)]
    outcomes = at_once(
        lambda: Confirming(region.administered).confirm(people[0], name),
        lambda: Confirming(other).confirm(people[1], name),
        lambda: Confirming(other).decline(people[2], name, "not now"),
    )
    told = refused(outcomes)
    assert len(told) == 2
    assert all("waits no more" in one.message for one in told)
    decided = Proposals(other.store, region.clock).find(name)
    confirmed = isinstance(outcomes[2], CallerError)
    assert decided.outcome == ("confirmed" if confirmed else "declined")
    assert ("decided-cedar@1" in served(region)) == confirmed
    every = [one for what in ("act confirmed", "act declined") for one in acts_of(other.store, what)]
    assert [one.actor for one in every if one.content["proposal"] == name] == [decided.decided_by]


def test_what_two_people_propose_at_once_waits_once(region, other):
    two_wanted(region, "maple", "client.end")
    ClientSecrets(region.administered).add(
        operator("root"), NewClient("leaving", "conformance", "vendor", ("edfi:read",), "maple")
    )
    people = [admin(region, "maple", f"admin-{number}") for number in range(4)]
    outcomes = at_once(
        *[
            lambda one=one, administered=administered: Clients(administered).end(one, "leaving")
            for one, administered in zip(people, (region.administered, other) * 2, strict=True)
        ]
    )
    assert sum(isinstance(one, Waiting) for one in outcomes) == 1
    assert all("waits already" in one.message for one in refused(outcomes))
    waiting = [one for one in Proposals(other.store, region.clock).waiting() if one.about == "leaving"]
    assert len(waiting) == 1


@pytest.mark.parametrize("number", range(2))
def test_a_client_that_ends_while_its_link_is_opened_gets_no_secret_that_counts(region, other, number):
    name, root = f"linked-{number}", operator("root")
    ClientSecrets(region.administered).add(root, NewClient(name, "conformance", "vendor", ("edfi:read",)))
    token = ClientSecrets(region.administered).link(root, name).token
    outcomes = at_once(
        lambda: ClientSecrets(other).fetch(token),
        lambda: Clients(region.administered).end(root, name),
        lambda: ClientSecrets(region.administered).fetch(token),
    )
    fetched = [one for one in (outcomes[0], outcomes[2]) if not isinstance(one, LinkGone)]
    assert len(fetched) <= 1
    assert not isinstance(outcomes[1], CallerError)
    client = other.store.find_client(name)
    assert client.status == "ended"
    assert not any(proves(one.secret, client, region.clock()) for one in fetched if client.status == "enabled")
    with pytest.raises(LinkGone):
        ClientSecrets(other).check_link(token)
    acts = [one.action for one in other.store.list_events(name)]
    assert acts.count("ended") == 1
    assert acts.count("secret rotated") == len(fetched)


@pytest.fixture
def alder(region, roster, request):
    """A district of a name of its own that its people connected; return the name and who administers it."""
    name = f"alder-{abs(hash(request.node.nodeid)) % 10**8}"
    connected(region, admin(region, name), name, roster[0])
    return name, admin(region, name)


def kept(administered, name):
    """Return what the registry keeps of a district: whether it is connected, its orders and its file."""
    with transaction(administered.store.engine) as connection:
        mine = select(written_districts).where(written_districts.c.name == name)
        rows = connection.execute(mine.order_by(written_districts.c.number)).all()
        there = any(not row.removed and row.content.get("connected") for row in rows[-1:])
        sealed = any(row.sealed for row in rows)
        return there, sealed, name in orders_of(connection), name in newest_uploads(connection)


NOTHING = (False, False, False, False)


def meanwhile(monkeypatch, place, name, act):
    """Let *act* happen once, just before something else is done."""
    go_on, done = getattr(place, name), []

    def after(*given, **more):
        if not done:
            done.append(1)
            act()
        return go_on(*given, **more)

    monkeypatch.setattr(place, name, after)


@LOCKED
def test_a_district_that_is_removed_while_it_is_tried_is_not_connected_again(region, other, alder, monkeypatch):
    name, actor = alder
    meanwhile(monkeypatch, Connections, "_connect", lambda: Connections(other).remove(actor, name))
    with pytest.raises(PreconditionFailed, match="has changed since"):
        Connections(region.administered).connect(actor, name)
    assert kept(other, name) == NOTHING
    assert name not in region.running.gateway.districts


@LOCKED
def test_what_another_writes_while_a_district_is_tried_is_not_lost(region, other, alder, monkeypatch):
    name, actor = alder
    fresh = UPLOADED | {"cache": "2h"}
    meanwhile(monkeypatch, connecting, "try_connection", lambda: Connections(other).save(actor, name, fresh))
    with pytest.raises(PreconditionFailed, match="has changed since"):
        Connections(region.administered).connect(actor, name)
    assert Connections(region.administered)._found(name).content["cache"] == "2h"
    assert region.running.settings.districts[name].cache == timedelta(hours=1)


@LOCKED
def test_a_pause_of_a_district_that_is_just_removed_is_refused_and_kept_nowhere(region, other, alder, monkeypatch):
    name, actor = alder
    until = region.clock() + timedelta(hours=1)
    meanwhile(monkeypatch, Steering, "_order", lambda: Connections(other).remove(actor, name))
    with pytest.raises(NotFound, match="not connected any more"):
        Steering(region.administered).pause(actor, name, until)
    assert kept(other, name) == NOTHING
    assert [one for one in acts_of(other.store, "district paused") if one.district == name] == []


@LOCKED
def test_a_file_for_a_district_that_is_just_removed_is_not_kept(region, other, alder, roster, monkeypatch):
    name, actor = alder
    meanwhile(monkeypatch, uploading, "try_connection", lambda: Connections(other).remove(actor, name))
    with pytest.raises(NotFound):
        DistrictFiles(region.administered).receive(actor, name, "late.zip", roster[0])
    assert kept(other, name) == NOTHING


@LOCKED
def test_a_district_that_an_agreement_names_meanwhile_is_not_removed(region, other, alder, monkeypatch):
    name, actor = alder
    text = agreement(name, SOME, client="late", purpose="late")
    meanwhile(monkeypatch, connecting.HeldCheck, "hold", lambda: put(other.store, region.clock, text))
    with pytest.raises(Conflict, match="Agreements name"):
        Connections(region.administered).remove(actor, name)
    assert kept(other, name)[0]
    wait_until(lambda: f"late-{name}@1" in served(region))


def steps(region, other, name, actor):
    """Everything that people do about a district."""
    here, there = Steering(region.administered), Steering(other)
    change = here.change(actor, name)
    until = region.clock() + timedelta(hours=1)
    return {
        "large change approved": lambda: here.approve(actor, name, change.digest),
        "large change approved again": lambda: there.approve(actor, name, change.digest),
        "district paused": lambda: there.pause(actor, name, until),
        "district resumed": lambda: here.resume(actor, name),
        "district connected": lambda: Connections(other).connect(actor, name),
        "district removed": lambda: Connections(region.administered).remove(actor, name),
    }


def large_change(region, roster, name, actor):
    """Send a file that drops most of a district's rows."""
    DistrictFiles(region.administered).receive(actor, name, "few.zip", roster[1])
    assert Steering(region.administered).change(actor, name) is not None


@LOCKED
def test_one_large_change_is_approved_once_by_those_who_approve_it_at_once(region, other, alder, roster):
    name, actor = alder
    large_change(region, roster, name, actor)
    every = steps(region, other, name, actor)
    outcomes = at_once(every["large change approved"], every["large change approved again"])
    assert len(refused(outcomes)) <= 1
    assert all(
        "approved a moment ago" in one.message or "waits for approval" in one.message for one in refused(outcomes)
    )
    assert len([one for one in acts_of(other.store, "large change approved") if one.district == name]) == 1
    assert region.running.gateway.districts[name].cached_snapshot().table("student").size == 5


def test_whatever_is_done_to_a_district_at_once_ends_in_what_was_told(region, other, alder, roster):
    name, actor = alder
    large_change(region, roster, name, actor)
    every = steps(region, other, name, actor)
    outcomes = dict(zip(every, at_once(*every.values()), strict=True))
    tried = outcomes["district connected"]
    done = {what for what, one in outcomes.items() if not isinstance(one, CallerError)}
    done -= set() if isinstance(tried, CallerError) or tried.trial.ok else {"district connected"}
    assert done & {"district connected", "district removed"}
    for what in ("district connected", "district removed", "district paused", "district resumed"):
        times = len([one for one in acts_of(other.store, what) if one.district == name])
        assert times == (what in done) + (what == "district connected"), what
    if "district removed" in done:
        assert kept(other, name) == NOTHING
        wait_until(lambda: name not in region.running.gateway.districts)
    else:
        assert kept(other, name)[0]
        assert name in region.running.gateway.districts
