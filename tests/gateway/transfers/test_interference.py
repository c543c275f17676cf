"""Non-interference: before the record is there its receiver sees the same whatever the child is to the sender."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date

import pytest
from sqlalchemy import select

from gateway.admin.inbox import gathering
from gateway.admin.transfers import asking
from gateway.admin_api.frame.preconditions import etag_of
from gateway.jobs import ready
from gateway.jobs.collecting import NoticeCollector
from gateway.people.actor import machine
from gateway.storage.cipher import Cipher
from gateway.storage.database import transaction
from gateway.storage.people.choices import PURPOSE, WEBHOOK, WEBHOOK_SECRET, put
from gateway.storage.people.tables import notice_items, notices
from gateway.storage.tables import acts
from gateway.storage.transfers.waiting_transfers import WaitingTransfers
from gateway.tasks import task
from gateway.tasks.task import computed
from gateway.transfers.ledger import ledger, lists, rows
from gateway.transfers.machine import outward as views
from gateway.transfers.machine.event import spell_moment
from gateway.transfers.machine.words import EventKind
from tests.gateway.transfers.work.test_worker import restrict
from tests.gateway.transfers.work.world import RECEIVER, worlds
from tests.support.people.moving import moving_region

E = EventKind
KINDS = ("found", "twin", "absent", "restricted", "held")
NOBODY = {"name": '{"given": "Xylo", "family": "Quillfeather"}', "state-id": "7999999999", "birth-date": "1999-01-31"}


def asked_for(world, kind):
    """Ask for a child of a kind, and let whoever has to do with it do all that can be done before the batch."""
    number = 40 + KINDS.index(kind)
    child = world.student(number)
    twin = {"name": json.dumps({"given": "Twinnabel", "family": child.family})}
    changes = {"twin": twin, "absent": NOBODY}.get(kind, {})
    return world.ask(child, **changes)


def goes_on(world, kind, transfer):
    """Let the worker, and a person of the sender, do what they do, each transfer at a moment of its own."""
    world.later(minutes=1)
    transfer = world.work(transfer)
    if kind == "held":
        content = {"sections": ["transcript"]}
        transfer = world.does(transfer, E.HOLD, content=content, reason="restriction")
    return transfer


def listed(world, transfer):
    """Return what a page of all that Cedar has asked for says of a transfer."""
    page = world.desk.lists.asked_by(RECEIVER)
    return [asdict(one) for one in page.items if one.id == transfer.id]


def told(world, transfer):
    """Return the acts that Cedar's people may read, its tasks, and what its webhook is told of a transfer."""
    with transaction(world.desk.store.engine) as connection:
        found = connection.execute(select(acts).where(acts.c.district == RECEIVER)).all()
        items = connection.execute(
            select(notices.c.kind, notice_items.c.item).join(notices, notices.c.id == notice_items.c.notice)
            .where(notices.c.recipient == f"org:{RECEIVER}")
        ).all()  # fmt: skip
    region = world.region.running._people.region()
    tasks = [one for one in gathering.gather(region).tasks if one.org == RECEIVER]
    return {
        "acts": [
            (one.actor, one.action, spell_moment(one.at), {**one.content, "event": ""})
            for one in found
            if one.content.get("transfer") == transfer.id
        ],
        "tasks": [
            (one.kind, one.role, dict(one.content)) for one in tasks if one.content.get("transfer") == transfer.id
        ],
        "webhook": [tuple(one) for one in items if transfer.id in one.item],
    }


def seen(world, transfer):
    """Return all that Cedar gets of a transfer, in bytes, with the transfer's id taken out of it."""
    found = world.find(transfer)
    service = asking.TransferAsking(
        world.region.running._people.region(), machine("cedar-agent", RECEIVER, ()), RECEIVER, ("transfer:request",)
    )
    sent = [asdict(one) for one in service.sent().items]
    view = {
        "one": asdict(views.outward(found)),
        "asked": asdict(service.one(transfer.id)),
        "sent": [one for one in sent if one.get("id") == transfer.id],
        "places": [one["due"] for one in sent],
        "choices": sorted(views.outward_choices(found)),
        "listed": listed(world, transfer),
        **told(world, transfer),
    }
    return json.dumps(view, sort_keys=True, default=str).replace(transfer.id, "ID").encode()


def hooked(world):
    """Let Cedar have a webhook."""
    secret = Cipher(world.desk.keys.derive(PURPOSE)).seal(b"s" * 32, RECEIVER.encode())
    with transaction(world.desk.store.engine, write=True) as connection:
        put(connection, RECEIVER, WEBHOOK, "https://cedar.example.org/hook", 1, "tests", world.clock())
        put(connection, RECEIVER, WEBHOOK_SECRET, True, 1, "tests", world.clock(), secret)


def told_webhooks(world):
    region = world.region.running.notices()
    ready.collect_ready(region)
    NoticeCollector(region).collect()


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A world in which one child of each kind was asked for, and all was done that comes before the next batch."""
    for world in worlds(tmp_path_factory.mktemp("seen"), at_once=False):
        hooked(world)
        for kind in ("restricted", "held"):
            restrict(world, 40 + KINDS.index(kind), "court-order", date(2026, 9, 1))
        made = {kind: asked_for(world, kind) for kind in KINDS}
        first = {kind: seen(world, one) for kind, one in made.items()}
        world.later(minutes=5)
        done = {kind: goes_on(world, kind, one) for kind, one in made.items()}
        told_webhooks(world)
        yield world, made, done, first


def differing(world, made):
    views_of = {kind: seen(world, one) for kind, one in made.items()}
    return {kind for kind, view in views_of.items() if view != views_of["found"]}


def test_inside_every_kind_of_child_is_something_else(asked):
    _, _, done, _ = asked
    assert {kind: one.state.value for kind, one in done.items()} == {
        "found": "approved", "twin": "near", "absent": "unknown", "restricted": "waiting", "held": "held",
    }  # fmt: skip


def test_the_receiver_sees_the_same_of_every_kind_of_child_at_once_and_later(asked):
    world, made, _, first = asked
    assert len(set(first.values())) == 1
    assert differing(world, made) == set()
    (only,) = {seen(world, one) for one in made.values()}
    assert b'"state": "asked"' in only


def test_what_the_receiver_sees_does_not_change_while_the_sender_is_at_it(asked):
    world, made, _, first = asked
    for kind, one in made.items():
        now, before = json.loads(seen(world, one)), json.loads(first[kind])
        assert now["one"] == before["one"]
        assert now["listed"] == before["listed"]
        assert now["acts"] == before["acts"]


def test_the_receiver_may_do_the_same_with_every_kind_of_child(asked):
    world, made, _, _ = asked
    assert {tuple(views.outward_choices(world.find(one))) for one in made.values()} == {(E.WITHDRAW,)}


def leak_version(patch):
    plain = views.outward
    patch.setattr(views, "outward", lambda transfer: replace(plain(transfer), version=transfer.version))


def leak_moment(patch):
    plain = views.outward
    patch.setattr(views, "outward", lambda transfer: replace(plain(transfer), due=spell_moment(transfer.changed)))


def leak_choices(patch):
    patch.setattr(views, "outward_choices", lambda transfer: views.allowed(transfer, "receiver"))


def leak_list(patch):
    plain = lists._outward

    def outward_row(row):
        return replace(plain(row), due=spell_moment(row.changed))

    patch.setattr(lists, "_outward", outward_row)


def leak_tasks(patch):
    plain = gathering.moving

    def moving(waiting, given_up, letters, now, zones):
        yield from plain(waiting, given_up, letters, now, zones)
        for one in waiting:
            if one.state == "unknown":
                about, day = {"transfer": one.id}, one.changed.date()
                yield computed(task.TRANSFER_UNKNOWN, one.receiver, "registrar", about, opened=day, due=day)

    patch.setattr(gathering, "moving", moving)


@pytest.mark.parametrize("leak", [leak_version, leak_moment, leak_choices, leak_list, leak_tasks])
def test_a_leak_in_what_is_shown_is_seen(asked, monkeypatch, leak):
    world, made, _, _ = asked
    leak(monkeypatch)
    assert differing(world, made)


def leak_acts(patch, _world):
    plain = ledger.act_of

    def act_of(transfer, event):
        return replace(plain(transfer, event), district=transfer.receiver)

    patch.setattr(ledger, "act_of", act_of)


def leak_webhook(patch, _world):
    plain = WaitingTransfers.packed
    patch.setattr(WaitingTransfers, "packed", lambda self: (*plain(self), *(
        one for one in self.for_people(gathering.LETTERS_FOR) if one.state == "near"
    )))  # fmt: skip


def leak_rows(patch, _world):
    plain = rows.listed_values

    def listed_values(transfer, days):
        return plain(transfer, days) | {"told_due": transfer.changed}

    patch.setattr(ledger, "listed_values", listed_values)


@pytest.mark.parametrize("leak", [leak_acts, leak_webhook, leak_rows])
def test_a_leak_in_what_is_written_is_seen(tmp_path, monkeypatch, leak):
    for world in worlds(tmp_path, at_once=False):
        hooked(world)
        made = {kind: asked_for(world, kind) for kind in ("found", "twin", "absent")}
        leak(monkeypatch, world)
        for kind, one in made.items():
            goes_on(world, kind, one)
        told_webhooks(world)
        assert differing(world, made)


STRANGER = {"stateId": "7999999999", "family": "Quillfeather", "given": "Xylo", "birthDate": "1999-01-31"}
GETS = ("/transfers/{id}", "/transfers?role=out", "/packages", "/transfers/{id}/package?version=1", "/signatures/{id}")
POSTS = {
    "/transfers/{id}/acknowledgment": {"version": 1, "echo": {"sections": {}, "check": {}}},
    "/transfers/{id}/sections/identity/filed": {"version": 1, "how": "written"},
    "/transfers/{id}/supplement": {"sections": ["identity"]},
    "/transfers/{id}/decision": {"free": {}},
    "/transfers/{id}/match": {"none": True},
}
WITHDRAWN = {"/transfers/{id}/withdraw": {"reason": "mistake"}}
OWN_OF_ANSWER = frozenset({"date", "correlation-id"})


def answer_of(identifier, answer):
    """Return an answer without the id of its transfer, and without what every answer has of its own."""
    headers = {name.lower(): text for name, text in answer.headers.items() if name.lower() not in OWN_OF_ANSWER}
    body = answer.json if answer.is_json else answer.get_data(as_text=True)
    if "etag" in headers:  # a hash of what is shown, and so of nothing else
        assert headers.pop("etag") == f'"{etag_of(body)}"'
    if isinstance(body, list):
        body = [one for one in body if identifier in json.dumps(one)]
        headers.pop("content-length", None)
    told = {name: text for name, text in body.items() if name != "correlationId"} if isinstance(body, dict) else body
    return json.dumps([answer.status_code, headers, told], sort_keys=True).replace(identifier, "ID")


def answers(caller, identifier, posts):
    found = [answer_of(identifier, caller.get(path.replace("{id}", identifier))) for path in GETS]
    return found + [
        answer_of(identifier, caller.post(path.replace("{id}", identifier), body)) for path, body in posts.items()
    ]


def asked_over_http(moving):
    """Ask for a child of each kind as Cedar's registrar, and let all be done that comes before the next batch."""
    world = replace(moving.world, worker=moving.region.running.transfers())
    for kind in ("restricted", "held"):
        restrict(world, 40 + KINDS.index(kind), "court-order", date(2026, 9, 1))
    rita, ids = moving.person("rita", (RECEIVER, "registrar")), {}
    for number, kind in enumerate(KINDS, 40):
        changes = {"twin": {"given": "Twinnabel"}, "absent": STRANGER}.get(kind, {})
        form = moving.form(number, standing="intent") | {"student": moving.student(number, **changes)}
        ids[kind] = rita.post("/transfers", form).json["id"]
    done = {kind: goes_on(world, kind, world.find(one)).state.value for kind, one in ids.items()}
    assert done == {
        "found": "approved", "twin": "near", "absent": "unknown", "restricted": "waiting", "held": "held",
    }  # fmt: skip
    return rita, moving.program("cedar-agent", RECEIVER), ids


def test_over_http_the_receivers_people_and_programs_get_the_same_bytes_of_every_kind_of_child(tmp_path):
    with moving_region(tmp_path) as moving:
        rita, agent, ids = asked_over_http(moving)
        for caller, posts in ((rita, POSTS), (agent, POSTS), (agent, WITHDRAWN)):
            told = {kind: answers(caller, one, posts) for kind, one in ids.items()}
            for kind in KINDS:
                assert told[kind] == told["found"], kind


def test_a_leak_over_http_is_seen(tmp_path, monkeypatch):
    plain = asking.outward
    leaking = lambda transfer: replace(plain(transfer), version=transfer.number)  # noqa: E731  a function to be replaced
    with moving_region(tmp_path) as moving:
        _, agent, ids = asked_over_http(moving)
        monkeypatch.setattr(asking, "outward", leaking)
        told = {kind: answers(agent, one, {}) for kind, one in ids.items()}
        assert [kind for kind in KINDS if told[kind] != told["found"]]
