"""A district whose system is slow holds as many threads as it may, and what is beyond that waits without one."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from contextlib import contextmanager

import pytest

from adapters.simulators.oneroster import Sis, run
from gateway import telemetry
from gateway.request_slots import MAX_QUEUED_REQUESTS, Interrupted, Slots, Ticket, once, under
from tests.adapters.oneroster_rest.system import district_documents, settings_for
from tests.gateway.disclosures import read_disclosures
from tests.gateway.server.fronting import ask, front, later
from tests.support.regions import ROSTER, Site, agreement, running

BOOK = "/ims/oneroster/gradebook/v1p2/"
ALWAYS = 1_000_000
WRITING = "[read, search, create, update, delete]"


class Server(Site):
    def toml(self, name):
        given = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
        return f'[districts.{name}]\nadapter = "{self.adapter}"\ncache = "{self.cache}"\n[districts.{name}.settings]\n{given}'


@pytest.fixture
def system():
    with run(Sis(copy.deepcopy(district_documents()))) as made:
        yield made


@contextmanager
def region_of(folder, system, cache="1h", settings=""):
    """A region whose one district asks *system* for its gradebook at every request, and keeps its roster for as long as *cache*."""
    (folder / "sis.secret").write_text("sis-secret", "ascii")
    given = settings_for(system, writable=True, client_secret="file:sis.secret")
    sites = {"maple": Server("oneroster_rest", given, cache)}
    with running(folder, sites, [agreement("maple", operations=WRITING)], settings) as region:
        region.client = region.consumer()
        region.gateway.warm()
        yield region


@pytest.fixture
def region(tmp_path, system):
    with region_of(tmp_path, system) as made:
        yield made


def slow(system, seconds, collection="lineItems"):
    system.sis.faults.add("slow", collection, times=ALWAYS, value=seconds)


def events(region):
    return list(read_disclosures(region.folder / "state" / "audit"))


def counted():
    """How many answers the gateway has counted by now."""
    lines = [
        line for line in telemetry.exposition().decode().splitlines() if line.startswith("crossing_requests_total")
    ]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def item(region):
    found = region.client.roster("lineItems", limit=1).json["lineItems"][0]
    return {name: value for name, value in found.items() if name not in {"status", "dateLastModified"}}


def test_what_waits_for_a_slot_is_answered_recorded_and_counted_once(tmp_path, system):
    with region_of(tmp_path, system, settings='[limits]\nclient = "5/hour"\n') as region:
        slow(system, 0.1)
        before, answers = counted(), len(events(region))

        async def five():
            fronted = front(region.app)
            asked = [ask(fronted, f"{BOOK}lineItems?limit=1", headers=region.client.bearer) for _ in range(5)]
            found = await asyncio.gather(*asked)
            return found, await ask(fronted, f"{BOOK}lineItems?limit=1", headers=region.client.bearer)

        found, sixth = asyncio.run(five())
        assert [one.status for one in found] == [200] * 5
        assert max(one.seconds for one in found) > 0.5  # one behind the other
        assert len(events(region)) - answers == 5
        assert sixth.status == 429
        assert counted() - before == 6


def test_a_write_that_waits_is_sent_and_recorded_once(region, system):
    given, place = item(region), ""
    place = f"{BOOK}lineItems/{given['sourcedId']}"
    slow(system, 0.1)
    before, answers = len(system.sis.log), len(events(region))

    async def write():
        fronted = front(region.app)
        headers = {**region.client.bearer, "content-type": "application/json"}
        bodies = [json.dumps({"lineItem": given | {"title": f"Title {number}"}}).encode() for number in range(4)]
        return await asyncio.gather(*(ask(fronted, place, method="PUT", headers=headers, body=one) for one in bodies))

    assert [one.status for one in asyncio.run(write())] == [201] * 4
    assert len([one for one in system.sis.log[before:] if one.method == "PUT"]) == 4
    assert len(events(region)) - answers == 4


@pytest.mark.parametrize(("path", "said"), [(f"{BOOK}lineItems?limit=1", "server_busy"), ("/data/v3/ed-fi/x", "")])
def test_what_waits_too_long_is_refused_in_its_standards_words(region, system, path, said):
    slow(system, 2.0)

    async def two():
        fronted = front(region.app, wait=0.3)
        first = ask(fronted, f"{BOOK}lineItems?limit=1", headers=region.client.bearer)
        second = ask(fronted, path, headers=region.client.bearer)
        return await asyncio.gather(first, later(0.5, second))

    before = len(events(region))
    first, second = asyncio.run(two())
    assert first.status == 200
    if said:
        assert (second.status, second.headers["Retry-After"]) == (503, "5")
        assert second.json["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == said
        assert 0.25 < second.seconds < 1.5
    else:
        assert second.status == 404
    assert len(events(region)) - before == 1


def test_a_page_of_what_is_held_needs_no_slot(region, system):
    slow(system, 1.5)

    async def both():
        fronted = front(region.app, threads=1, wait=0)
        hung = ask(fronted, f"{BOOK}lineItems?limit=1", headers=region.client.bearer)
        held = ask(fronted, f"{ROSTER}users?limit=1", headers=region.client.bearer)
        return await asyncio.gather(hung, later(0.4, held))

    hung, held = asyncio.run(both())
    assert (hung.status, held.status) == (200, 200)
    assert held.seconds < 1.0 < hung.seconds


def test_a_system_that_is_left_alone_is_told_at_once_and_takes_no_slot(region, system):
    slow(system, 1.5)
    breaker = region.gateway.districts["maple"].adapter.inner._http._breaker

    async def both():
        fronted = front(region.app, wait=5)
        hung = asyncio.ensure_future(ask(fronted, f"{BOOK}lineItems?limit=1", headers=region.client.bearer))
        await asyncio.sleep(0.4)
        for _ in range(5):
            breaker.failed()
        refused = await ask(fronted, f"{BOOK}lineItems?limit=1", headers=region.client.bearer)
        return await hung, refused

    hung, refused = asyncio.run(both())
    assert (hung.status, refused.status) == (200, 503)
    assert refused.seconds < 1.0
    assert int(refused.headers["Retry-After"]) > 5


def test_a_request_that_is_to_be_run_again_gives_back_what_it_holds():
    slots, woken = Slots(1), threading.Event()
    first, second, third = (Ticket(slots, lambda: None) for _ in range(3))
    assert slots.take(first, "maple")
    assert not slots.take(second, "maple")
    assert slots.queue(second, "maple", woken.set)
    assert slots.queue(third, "maple", lambda: None)
    slots.leave(first)
    assert woken.is_set()
    assert (second.held, third.held) == ({"maple"}, set())
    slots.leave(second)
    assert third.held == {"maple"}
    slots.leave(third)
    assert slots.take(first, "maple")


def test_whoever_leaves_the_queue_is_given_nothing():
    slots = Slots(1)
    first, second = Ticket(slots, lambda: None), Ticket(slots, lambda: None)
    slots.take(first, "maple")
    slots.queue(second, "maple", lambda: pytest.fail("it has gone"))
    slots.leave(second)
    slots.leave(first)
    assert slots.take(Ticket(slots, lambda: None), "maple")


def test_a_slot_that_became_free_meanwhile_is_given_at_once():
    slots, woken, ticket = Slots(1), threading.Event(), None
    ticket = Ticket(slots, lambda: None)
    assert slots.queue(ticket, "maple", woken.set)
    assert woken.is_set()
    assert ticket.held == {"maple"}


def test_a_queue_has_an_end():
    slots = Slots(1)
    slots.take(Ticket(slots, lambda: None), "maple")
    places = [slots.queue(Ticket(slots, lambda: None), "maple", lambda: None) for _ in range(MAX_QUEUED_REQUESTS + 1)]
    assert places == [True] * MAX_QUEUED_REQUESTS + [False]
    assert slots.take(Ticket(slots, lambda: None), "birch")


def test_what_is_done_once_is_not_done_again_in_the_next_run():
    ticket, done = Ticket(Slots(1), lambda: None), []
    for _ in range(2):
        with under(ticket):
            assert once("spend", lambda: done.append(1) or "spent") == "spent"
    assert done == [1]
    assert once("spend", lambda: done.append(1) or "spent") == "spent"
    assert done == [1, 1]


def test_nothing_that_deals_with_errors_swallows_an_interruption():
    assert not issubclass(Interrupted, Exception)
