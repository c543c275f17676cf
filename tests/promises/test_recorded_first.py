"""P4: a disclosure is durably recorded before its first byte leaves; what cannot be recorded is not sent."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from contextlib import closing

import orjson
import pytest
import requests
from werkzeug.test import EnvironBuilder, run_wsgi_app

from gateway.audit import keys, log
from gateway.audit.chain import read_events
from gateway.audit.log import verify
from gateway.config.settings import load
from gateway.demo.data import write_oneroster_12
from gateway.storage.registry import open_store
from tests.gateway.disclosures import read_disclosures
from tests.support.regions import EDFI, ROSTER, Site, agreement, running, served, small_district, wait_until


def site(folder):
    folder.mkdir(exist_ok=True)
    write_oneroster_12(small_district(40), folder / "maple.zip")
    return {"maple": Site("oneroster_csv", {"source": str(folder / "maple.zip")})}


@pytest.fixture
def region(tmp_path):
    with running(tmp_path / "region", site(tmp_path / "data"), [agreement("maple")]) as started:
        yield started


def events(folder):
    return list(read_disclosures(load(folder / "gateway.toml").audit.folder))


def problems(folder):
    settings = load(folder / "gateway.toml")
    return verify(settings.audit.folder, settings.open_keys().derive("audit"))


QUESTIONS = (
    f"{ROSTER}users?limit=7",
    f"{ROSTER}orgs",
    f"{EDFI}students?limit=3",
    f"{EDFI}students?limit=0&totalCount=true",
)


@pytest.mark.parametrize("path", QUESTIONS)
def test_the_event_is_on_the_disk_when_the_first_byte_is_ready(region, monkeypatch, path):
    """The answer is watched where the server takes it over; flushes of the disk are real and are noted."""
    consumer, order = region.consumer(), []
    region.gateway.ending()  # the act of registering the consumer is written by now, and nothing else is
    flush = log._sync

    def noted(descriptor):
        flush(descriptor)
        order.append("durable")

    monkeypatch.setattr(log, "_sync", noted)

    def watched(environ, start_response):
        def begin(status, headers, *more):
            order.append(("begins", len(events(region.folder))))
            return start_response(status, headers, *more)

        return region.app(environ, begin)

    environ = EnvironBuilder(
        path=path.partition("?")[0], query_string=path.partition("?")[2], headers=consumer.bearer
    ).get_environ()
    body, status, _ = run_wsgi_app(watched, environ, buffered=True)
    assert status.startswith("200")
    assert b"".join(body)
    assert order == ["durable", ("begins", 1)]


@pytest.mark.parametrize("path", [*QUESTIONS, "ONE ONEROSTER", "ONE EDFI"])
def test_what_cannot_be_recorded_is_not_sent(region, path):
    consumer = region.consumer()
    whole = consumer.roster("students", limit=1).json["users"][0]
    path = {
        "ONE ONEROSTER": f"{ROSTER}users/{whole['sourcedId']}",
        "ONE EDFI": f"{EDFI}students/{consumer.edfi('students', limit=1).json[0]['id']}",
    }.get(path, path)
    good = consumer.ask(path)
    count = len(events(region.folder))
    region.gateway.ending()  # acts are written by now
    os.close(region.gateway.record._file)  # the disk is gone: the next write fails for real
    region.gateway.record._file = os.open(os.devnull, os.O_RDONLY)
    answer = consumer.ask(path)
    assert answer.status_code == 503
    assert not {"users", "orgs"} & answer.json.keys()
    assert whole["familyName"] not in answer.text
    assert not {"X-Total-Count", "Total-Count", "Link", "ETag"} & set(answer.headers.keys())
    assert len(events(region.folder)) == count
    assert consumer.ask(path).json == good.json  # the record was opened again
    assert len(events(region.folder)) == count + 1
    assert problems(region.folder) == []


def test_while_the_record_cannot_be_opened_nothing_is_sent_to_anybody(region):
    consumer = region.consumer()
    assert consumer.roster("users").status_code == 200
    folder = load(region.folder / "gateway.toml").audit.folder
    away = folder.with_name("away")
    region.gateway.ending()  # acts are written by now
    os.close(region.gateway.record._file)
    region.gateway.record._file = os.open(os.devnull, os.O_RDONLY)
    shutil.move(folder, away)
    folder.write_text("no folder")
    for path in QUESTIONS * 3:
        answer = consumer.ask(path)
        assert answer.status_code == 503
        assert answer.json.keys() & {"imsx_codeMajor", "type"}
    folder.unlink()
    shutil.move(away, folder)
    region.gateway.record.reopen()
    assert consumer.roster("users").status_code == 200
    assert problems(region.folder) == []


def test_the_subjects_of_a_page_must_be_kept_too(region):
    """Without the names of those whom a page is about, the event would tell nothing."""
    consumer = region.consumer()
    folder = load(region.folder / "gateway.toml").audit.folder / "subjects"
    shutil.rmtree(folder)
    folder.write_text("no folder")
    answer = consumer.roster("students", limit=25)
    assert answer.status_code == 503
    assert "users" not in answer.json
    assert events(region.folder) == []


def test_one_request_is_one_event_that_tells_what_and_about_whom_but_no_value(region):
    consumer = region.consumer()
    trace = secrets.token_hex(16)
    answer = consumer.ask(
        f"{ROSTER}students?limit=4&sort=familyName&filter=enabledUser%3D%27true%27",
        headers={"traceparent": f"00-{trace}-{'1' * 16}-01"},
    )
    (event,) = events(region.folder)
    assert len(answer.json["users"]) == event["rows"] == 4
    assert {name: event[name] for name in ("client", "agreements", "purpose", "view", "api", "operation", "status", "trace", "shape")} == {
        "client": "conformance", "agreements": ["conformance-maple@1"], "purpose": "conformance", "view": "students", "api": "oneroster",
        "operation": "read", "status": 200, "trace": trace, "shape": "enabledUser =; sort familyName",
    }  # fmt: skip
    district = region.gateway.districts["maple"].cached_snapshot()
    shown = {user["sourcedId"] for user in answer.json["users"]}
    tags = {own: region.gateway.keyring.student_tag("maple", own) for own in district.table("student").ids}
    seen = {own for own, tag in tags.items() if list(region.gateway.record.seen(tag))}
    assert seen == shown


@pytest.mark.parametrize("rest", ["students/nobody", "users?filter=sourcedId%3D%27nobody%27"])
def test_an_answer_about_nobody_is_recorded_too(region, rest):
    region.consumer().roster(rest)
    (event,) = events(region.folder)
    assert (event["rows"], event["set"]) == (0, "")


def ask_without_end(server, received):
    """Ask until the server is gone, and note the trace of each answer that came whole."""
    with requests.Session() as session:
        while True:
            trace = secrets.token_hex(16)
            headers = server.bearer | {"traceparent": f"00-{trace}-{'1' * 16}-01"}
            limit = secrets.choice((3, 20, 30))  # few students stand in the event, many in a set of their own
            try:
                answer = session.get(f"{server.base}{ROSTER}users?limit={limit}", headers=headers, timeout=10)
            except requests.RequestException:
                return
            assert answer.status_code == 200
            received.append(trace)


def kill_under_load(folder, data, answers):
    """Kill -9 the server after so many answers to eight clients; the traces of what came whole."""
    received: list[str] = []
    with served(folder, site(data)) as server:
        assert server.bearer
        threads = [threading.Thread(target=ask_without_end, args=(server, received)) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(received) > answers or not any(thread.is_alive() for thread in threads))
        assert len(received) > answers
        server.crash()
        for thread in threads:
            thread.join()
    return received


def check_after_crashes(folder, data, rounds, answers):
    """After each of so many crashes each answer that came has its event, and no operator has to do anything."""
    received: set[str] = set()
    for number in range(1, rounds + 1):
        received.update(kill_under_load(folder, data, answers))
        recorded = {event["trace"] for event in events(folder)}
        assert received <= recorded
        assert len(recorded) - len(received) <= 8 * number
    with served(folder, site(data)) as server:
        assert server.get(f"{ROSTER}orgs").status_code == 200
    settings = load(folder / "gateway.toml")
    key = settings.open_keys().derive("audit")
    first = keys.read_keys("\n".join(keys.sealed(settings.audit.folder, key).values()))
    with closing(open_store(settings.store_url)) as store:
        assert verify(settings.audit.folder, key, store, first) == []
    numbers = [event["seq"] for event in read_events(settings.audit.folder)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_was_sent_before_a_crash_is_in_the_record_after_it(tmp_path):
    """Eight clients ask without pause until the server is killed; each answer that arrived must be in the record."""
    check_after_crashes(tmp_path / "region", tmp_path / "data", rounds=2, answers=200)


@pytest.mark.slow
def test_what_was_sent_before_forty_crashes_is_in_the_record_after_them(tmp_path):
    check_after_crashes(tmp_path / "region", tmp_path / "data", rounds=40, answers=100)


def test_the_record_holds_no_more_than_it_may(region):
    consumer = region.consumer()
    for path in QUESTIONS:
        consumer.ask(path)
    for event in events(region.folder):
        assert event.keys() <= log.KEYS | {"seq", "hash"}
        assert "maple-s-" not in orjson.dumps(event).decode()
