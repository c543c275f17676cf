"""A reload changes all that the files say and nothing else, or nothing at all."""

from __future__ import annotations

import gc
import re
import shutil
import threading
import weakref

import pytest

from gateway.auth.authorization import authorize
from gateway.auth.callers import Caller
from gateway.auth.scopes import known_scopes
from gateway.cache.needed_fields import wanted_by
from gateway.demo.data import write_edfi_xml, write_oneroster_12
from gateway.reads.export import ExportRequest, export
from gateway.runtime.successor import Successor
from standards.errors import Forbidden
from tests.support.regions import EDFI, EVERYTHING, Site, small_district
from tests.support.reloading import agreed, name_of, reloadable, started

NAMES = (("student.id", "pseudonym"), ("student.name.given", "allow"), ("student.name.family", "allow"))
YEARS = (*NAMES, ("student.birthDate", "year"), ("enrollment.*", "allow"), ("organization.*", "allow"))
WITH_GRADES = (*YEARS, ("student.email", "allow"), ("placement.*", "allow"), ("section.*", "allow"))
TUTOR = agreed("maple", YEARS, client="tutor", purpose="tutoring")
PATHS = (
    "/ims/oneroster/rostering/v1p2/users?limit=1000",
    "/ims/oneroster/rostering/v1p2/enrollments?limit=1000",
    "/ims/oneroster/rostering/v1p2/orgs",
    f"{EDFI}students?limit=500",
    f"/maple{EDFI}students?limit=500",
    f"/cedar{EDFI}students?limit=500",
    f"/cedar{EDFI}sections",
    "/ims/oneroster/rostering/v1p2/demographics?limit=1000",
)
TIMES = re.compile(r'"(dateLastModified|_lastModifiedDate|_etag|correlationId)": ?"[^"]*"')


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_oneroster_12(small_district(30), folder / "maple.zip")
    write_oneroster_12(small_district(40, seed=8), folder / "larger.zip")
    write_edfi_xml(small_district(30), folder / "cedar")
    return folder


def site(data, name="maple", **more):
    if name == "cedar":
        return Site("edfi_xml", {"source": str(data / "cedar")}, **more)
    return Site("oneroster_csv", {"source": str(data / f"{name}.zip")}, **more)


@pytest.fixture
def region(data, tmp_path):
    agreements = {"all": agreed("maple"), "tutor": TUTOR}
    with reloadable(tmp_path / "region", {"maple": site(data)}, agreements) as one:
        yield one


def seen(region, client):
    """All that a client gets, but for the times of change."""
    consumer = region.consumer(client)
    answers = [consumer.ask(path) for path in PATHS]
    return [(answer.status_code, TIMES.sub("", answer.text)) for answer in answers]


def as_if_started_anew(region, folder):
    """What each client would get if the gateway were started on the same files."""
    shutil.copytree(region.folder, folder, ignore=shutil.ignore_patterns("state"))
    with started(folder, region.clock) as fresh:
        return {client: seen(fresh, client) for client in region.consumers}


def set_of(*paths):
    lines = "".join(f"  - {{path: {path}, action: allow}}\n" for path in paths)
    return f"id: names\ntext: what a pupil is called\nelements:\n{lines}"


def with_set(version):
    whole = agreed("maple", YEARS, client="tutor", purpose="tutoring", version=version)
    return whole + "  - {set: names}\n"


def use_a_set(region, data):
    (region.folder / "agreements" / "sets").mkdir()
    region.write("sets/names", set_of("student.name.middle"))
    region.write("tutor", with_set(70_000))


def change_the_set(region, data):
    use_a_set(region, data)
    region.reload()
    region.write("sets/names", set_of("student.name.middle", "student.sex"))
    region.write("tutor", with_set(70_001))


def add_cedar(region, data):
    place = region.folder / "gateway.toml"
    place.write_text(place.read_text("utf-8") + site(data, "cedar").toml("cedar"), "utf-8")
    region.write("cedar", agreed("cedar"))


def remove_cedar(region, data):
    before = (region.folder / "gateway.toml").read_text("utf-8")
    add_cedar(region, data)
    region.reload()
    assert seen(region, "conformance")[5][0] == 200
    (region.folder / "gateway.toml").write_text(before, "utf-8")
    region.remove("cedar")


CHANGES = {
    "an agreement comes": lambda region, _: region.write("new", agreed("maple", NAMES, client="new", purpose="x")),
    "an agreement goes": lambda region, _: region.remove("tutor"),
    "an agreement is narrowed in place": lambda region, _: region.write(
        "tutor", agreed("maple", NAMES, client="tutor", purpose="tutoring")
    ),
    "an agreement is widened by a version": lambda region, _: region.write(
        "more", agreed("maple", WITH_GRADES, client="tutor", purpose="tutoring", version=99_999)
    ),
    "an agreement has other people": lambda region, _: region.write(
        "all", agreed("maple", population='{all: [{grade: {in: ["03", "04", "05"]}}]}')
    ),
    "an agreement has ended": lambda region, _: region.write("all", agreed("maple", end="2026-10-01")),
    "an agreement uses a set": use_a_set,
    "a set changes": change_the_set,
    "a district comes": add_cedar,
    "a district goes": remove_cedar,
    "a district has another source": lambda region, _: region.settle("maple.zip", "larger.zip"),
    "a district is held no more": lambda region, _: region.settle('cache = "1h"', 'cache = "0"'),
    "a district declares a descriptor": lambda region, _: region.settle(
        "descriptors = []"
        if "descriptors" in (region.folder / "gateway.toml").read_text("utf-8")
        else 'cache = "1h"\n',
        'cache = "1h"\ndescriptors = ["uri://example.org/SexDescriptor#Unsaid"]\n',
    ),
    "nothing": lambda region, _: None,
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_a_reload_everybody_gets_what_a_fresh_start_would_give(region, data, tmp_path, name):
    for client in ("conformance", "tutor", "new"):
        seen(region, client)
    CHANGES[name](region, data)
    region.reload()
    now = {client: seen(region, client) for client in region.consumers}
    assert now == as_if_started_anew(region, tmp_path / "fresh")


def test_a_reload_says_what_has_changed(region, data):
    new = agreed("maple", NAMES, client="new", purpose="x")
    region.write("tutor", TUTOR + "approvals: [{by: ana, at: 2026-09-01}]\n")
    region.write("new", new)
    region.remove("all")
    add_cedar(region, data)
    region.settle('client = ""', 'client = "5/day"')
    assert region.reload() == (
        f"{name_of(agreed('cedar'))}: added",
        f"{name_of(agreed('maple'))}: removed",
        f"{name_of(new)}: added",
        f"{name_of(TUTOR)}: changed",
        "district cedar: added",
        "limits.client: changed",
    )
    assert region.reload() == ()


def test_a_comment_and_another_file_are_no_change(region):
    region.remove("tutor")
    region.write("renamed", "# as agreed\n" + TUTOR)
    assert region.reload() == ()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("[limits]", "[server]\nport = 9\n[limits]", "server.port"),
        ("[limits]", "[server]\nthreads = 3\n[limits]", "server.threads"),
        ("[limits]", '[store]\nurl = "sqlite:///other.db"\n[limits]', "store_url"),
        ("[limits]", '[changes]\nwindow = "9d"\n[limits]', "changes.window"),
        ("[limits]", '[audit]\nfolder = "elsewhere"\n[limits]', "audit.folder"),
        ('master = "file:master.key"', 'master = "file:other.key"', "master_key"),
    ],
)
def test_what_only_a_restart_changes_is_named_and_the_rest_is_changed(region, old, new, name):
    (region.folder / "other.key").write_text("6b" * 32, "ascii")
    region.settle(old, new)
    fewer = agreed("maple", NAMES, client="tutor", purpose="tutoring")
    region.write("tutor", fewer)
    before = seen(region, "conformance")
    assert region.reload() == (
        *sorted([f"{name_of(TUTOR)}: removed", f"{name_of(fewer)}: added"]),
        f"{name}: another value takes effect at the next restart",
    )
    assert seen(region, "conformance") == before
    assert region.reload() == (f"{name}: another value takes effect at the next restart",)


def test_a_limit_changes_and_what_was_counted_stays(region):
    region.settle('client = ""', 'client = "3/day"')
    region.reload()
    consumer = region.consumer()
    assert [consumer.ask(PATHS[2]).status_code for _ in range(2)] == [200, 200]
    region.write("new", agreed("maple", NAMES, client="new", purpose="x"))
    region.reload()
    assert [consumer.ask(PATHS[2]).status_code for _ in range(2)] == [200, 429]


def test_failures_to_prove_oneself_are_counted_on(region):
    region.settle('client = ""', 'client = ""\nfailures = "3/day"')
    region.reload()
    web = region.app.test_client()

    def fail():
        return web.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("x", "y")).status_code

    assert [fail(), fail()] == [401, 401]
    region.reload()
    assert [fail(), fail()] == [401, 429]


MISTAKES = {
    "settings that are no TOML": ("gateway.toml", "[limits]", "[limits", r"gateway\.toml:\d+:\d+: "),
    "an unknown setting": ("gateway.toml", "[limits]", "[limit]", r"gateway\.toml:\d+:\d+: limit: .*did you mean"),
    "an unknown element": ("agreements/tutor.yaml", "birthDate", "birthday", r"tutor\.yaml:13:12: .*did you mean"),
    "an agreement that is no YAML": ("agreements/tutor.yaml", "operations: [", "operations: {", r"tutor\.yaml:\d+:\d+: "),
    "a district that is not there": ("agreements/tutor.yaml", "district: maple", "district: mapel", r"tutor\.yaml:1:1: .*did you mean maple"),
    "a folder that is not there": ("gateway.toml", "[limits]", None, r"agreement: this is not a folder"),
}  # fmt: skip


def need_another_reading(region):
    """Let one agreement need a field that the snapshot has not, since nobody needed it until now."""
    region.running.state.gateway.warm()
    region.write("all", agreed("maple", NAMES))
    region.reload()
    region.write("more", agreed("maple", WITH_GRADES, client="tutor", purpose="tutoring", version=99_999))


def test_a_district_is_read_again_for_a_field_that_its_snapshot_lacks_and_only_then(region):
    need_another_reading(region)
    before = region.running.state.gateway.districts["maple"]
    assert region.reload() == ("agreement tutor-maple@99999: added", "district maple: read again")
    after = region.running.state.gateway.districts["maple"]
    assert (after is before, after.adapter is before.adapter, before.loaded) == (False, True, False)
    region.remove("more")
    assert region.reload() == ("agreement tutor-maple@99999: removed",)
    assert "email" not in region.running.state.gateway.districts["maple"]._to_cache()["student"]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_its_place_and_leaves_everything_as_it_is(region, name):
    file, old, new, said = MISTAKES[name]
    region.write("more", agreed("maple", WITH_GRADES, client="tutor", purpose="tutoring", version=99_999))
    before, state = seen(region, "tutor"), region.running.state
    place = region.folder / file
    text = place.read_text("utf-8")
    assert old in text
    place.write_text(text.replace(old, new) if new else 'agreements = "agreement"\n' + text, "utf-8")
    report = region.running.reload()
    assert not report.ok
    assert re.search(said, "\n".join(report.lines)), report.lines
    assert region.running.state is state
    assert seen(region, "tutor") == before
    place.write_text(text, "utf-8")
    assert region.reload() == ("agreement tutor-maple@99999: added",)


def test_two_agreements_that_clash_leave_everything_as_it_is(region):
    ids = [("student.id", "allow")]
    region.write("other", agreed("maple", ids, client="tutor", purpose="tutoring").replace("id: tutor", "id: other"))
    before = seen(region, "tutor")
    report = region.running.reload()
    assert not report.ok
    assert "student.id is allow in other-maple and pseudonym in tutor-maple" in report.lines[0]
    assert seen(region, "tutor") == before


def test_a_district_that_fails_in_any_way_leaves_its_own_as_it_is_and_tells_no_value(region, monkeypatch):
    def fall_over(self):
        raise KeyError("Ana Lee")

    need_another_reading(region)
    before = seen(region, "tutor")
    monkeypatch.setattr(Successor, "load", fall_over)
    report = region.running.reload()
    assert report.unread == {"maple"}
    assert report.lines[0].endswith("districts.maple: the adapter failed (KeyError); the log tells where")
    assert not any("Ana Lee" in line for line in (*report.lines, *region.running.status()))
    assert seen(region, "tutor") == before
    monkeypatch.undo()
    assert region.reload() == ("agreement tutor-maple@99999: added", "district maple: read again")


def test_what_is_wrong_is_told_since_when_until_it_is_right_again(region):
    good = (region.folder / "agreements" / "tutor.yaml").read_text("utf-8")
    region.write("tutor", "nonsense: true\n")
    region.running.reload()
    since = region.running.refused.at
    region.clock.move(100)
    region.running.reload()
    assert region.running.refused.at == since
    assert "crossing_reload_failed_since 1.7" in metrics()
    assert next(iter(region.running.status())) == "the files on disk are not served since 2026-11-02T19:00:00Z:"
    region.write("tutor", good)
    region.reload()
    assert region.running.refused is None
    assert "crossing_reload_failed_since 0.0" in metrics()
    assert "last reloaded 2026-11-02T19:01:40Z" in list(region.running.status())


def metrics():
    from gateway import telemetry

    return telemetry.exposition().decode()


def times(region, client, path):
    body = region.consumer(client).ask(path).json
    records = body if isinstance(body, list) else next(iter(body.values()))
    return {
        (record.get("sourcedId") or record["id"]): record.get("dateLastModified")
        or (record["_lastModifiedDate"], record["_etag"])
        for record in records
    }


def test_what_an_unchanged_grant_shows_keeps_its_times_its_walks_and_its_tags(region, data):
    everyone = region.consumer()
    before = {path: times(region, "conformance", path) for path in (PATHS[0], PATHS[1], PATHS[3])}
    token = everyone.edfi("students", limit=7).headers["Next-Page-Token"]
    tag = everyone.roster("students", limit=5).headers.get("ETag")
    walk = [one["sourcedId"] for one in everyone.roster("students", limit=10).json["users"]]
    for lines in (WITH_GRADES, NAMES, EVERYTHING):  # the second needs less, the third another reading
        region.clock.move(60)
        region.write("tutor", agreed("maple", lines, client="tutor", purpose="tutoring"))
        region.reload()
        assert {path: times(region, "conformance", path) for path in before} == before
    assert everyone.roster("students", limit=5).headers.get("ETag") == tag
    walk += [one["sourcedId"] for one in everyone.roster("students", limit=1000, offset=10).json["users"]]
    assert len(set(walk)) == len(walk) == 30
    rest = everyone.edfi("students", pageSize=500, pageToken=token)
    assert rest.status_code == 200
    assert len(rest.json) == 23


def test_a_district_that_is_read_again_keeps_the_times_of_what_has_not_changed(region):
    before = times(region, "conformance", PATHS[0])
    region.clock.move(60)
    region.settle('cache = "1h"', 'cache = "2h"')
    assert region.reload() == ("district maple: changed", "district maple: read again")
    assert times(region, "conformance", PATHS[0]) == before


def test_the_old_name_of_a_setting_changes_nothing_and_is_warned_of(region):
    region.settle('cache = "1h"', 'hold = "1h"')
    report = region.running.reload()
    warning, *more = [line for line in report.lines if "districts." in line]
    assert warning.startswith("warning: ")
    assert "gateway.toml:" in warning
    assert "districts.maple.hold: is called cache since 0.2.0; this name is accepted until 1.0" in warning
    assert "  maple: " in "\n".join(region.running.status())
    assert warning in region.running.status()
    assert [line for line in report.lines if "changed" in line or "restart" in line or "again" in line] == more == []


def test_what_another_source_no_longer_has_is_told_as_gone(region, data):
    region.settle("maple.zip", "larger.zip")
    since = "filter=dateLastModified>'2026-11-02T19:00:30Z'&limit=1000"
    before = {one["sourcedId"] for one in region.consumer().users("users")}
    region.clock.move(60)
    region.reload()
    now = {one["sourcedId"] for one in region.consumer().users("users")}
    told = region.consumer().roster(f"users?{since}").json["users"]
    assert {one["sourcedId"] for one in told if one["status"] == "tobedeleted"} == before - now
    assert before - now


def test_a_walk_is_refused_when_its_own_grant_has_changed(region):
    tutor = region.consumer("tutor")
    assert tutor.roster("students", limit=10).status_code == 200
    region.write("tutor", agreed("maple", NAMES, client="tutor", purpose="tutoring"))
    region.reload()
    assert tutor.roster("students", limit=10, offset=10).status_code == 409


def test_a_token_lives_on(region):
    bearer = region.consumer("tutor").token
    region.write("new", agreed("maple", NAMES, client="new", purpose="x"))
    region.reload()
    assert region.consumer("tutor").token == bearer
    assert region.consumer("tutor").roster("students").status_code == 200


def test_an_agreement_that_goes_ends_at_once(region):
    assert region.consumer("tutor").roster("students").status_code == 200
    region.remove("tutor")
    region.reload()
    assert region.consumer("tutor").roster("students").status_code == 403


def test_bulk_files_are_broken_off_when_their_terms_end(region):
    bulk = agreed("maple", WITH_GRADES, client="tutor", purpose="tutoring", operations="[read, search, bulk]")
    region.write("tutor", bulk)
    region.reload()
    caller = Caller("tutor", "tutor", known_scopes(), 0)
    gateway = region.running.state.gateway
    terms = authorize(gateway.grants, caller, None)
    kept, broken = (export(gateway, terms, ExportRequest("1.2")).archive() for _ in range(2))
    region.write("new", agreed("maple", NAMES, client="new", purpose="x"))
    region.reload()
    assert b"".join(kept)
    region.remove("tutor")
    region.reload()
    with pytest.raises(Forbidden):
        list(broken)


def test_a_request_ends_on_the_state_on_which_it_began(region, monkeypatch):
    tutor = region.consumer("tutor")
    expected = tutor.roster("students", limit=100).json
    begun, go, answers = threading.Event(), threading.Event(), []
    plain = region.running.state.gateway.record.append

    def append(event):
        if threading.current_thread().name == "slow":
            begun.set()
            go.wait(10)
        return plain(event)

    monkeypatch.setattr(region.running.state.gateway.record, "append", append)
    slow = threading.Thread(target=lambda: answers.append(tutor.roster("students", limit=100)), name="slow")
    slow.start()
    assert begun.wait(10)
    before = region.running.state
    region.remove("tutor")
    assert region.running.reload().ok
    assert tutor.roster("students").status_code == 403
    assert not before.visits._closed
    go.set()
    slow.join(10)
    assert answers[0].json == expected
    region.running.wait()
    assert before.visits._closed


def test_a_district_that_is_gone_is_closed_after_its_last_request(region, data):
    add_cedar(region, data)
    region.reload()
    before = region.running.state
    cedar = before.gateway.districts["cedar"]
    stay = region.running._enter()
    (region.folder / "gateway.toml").write_text(
        (region.folder / "gateway.toml").read_text("utf-8").partition("[districts.cedar]")[0], "utf-8"
    )
    region.remove("cedar")
    assert "district cedar: removed" in region.running.reload().lines
    assert cedar.loaded
    stay.end()
    region.running.wait()
    assert not cedar.loaded


def test_a_district_that_is_not_loaded_yet_is_loaded_for_the_new_grants_at_once(region):
    need_another_reading(region)
    maple, stay = region.running.state.gateway.districts["maple"], region.running._enter()
    maple._cached = None  # as where its source could not be read so far
    assert region.running.reload().ok
    state = region.running.state
    assert state.gateway.districts["maple"] is maple
    assert maple.covers(wanted_by(state.gateway.grants.every("maple")))
    stay.end()
    region.running.wait()


def test_a_district_is_not_closed_while_a_state_in_between_is_asked(region, data):
    settings = (region.folder / "gateway.toml").read_text("utf-8")
    add_cedar(region, data)
    region.reload()
    cedar = region.running.state.gateway.districts["cedar"]
    first = region.running._enter()
    region.remove("tutor")
    assert region.running.reload().ok
    retiring, second = region.running._retiring, region.running._enter()
    assert second.state.gateway.districts["cedar"] is cedar
    (region.folder / "gateway.toml").write_text(settings, "utf-8")
    region.remove("cedar")
    assert region.running.reload().ok
    first.end()
    retiring.join(10)
    assert first.state.visits._closed
    assert cedar.loaded
    second.end()
    region.running.wait()
    assert not cedar.loaded


def test_what_is_written_while_the_next_snapshot_is_read_is_in_it(region, monkeypatch):
    plain, told = Successor.load, []

    def load(self):
        plain(self)
        region.gateway.districts["maple"].note_written("student", ["one"])
        told.append(self._written.noted())

    need_another_reading(region)
    monkeypatch.setattr(Successor, "load", load)
    region.reload()
    assert [list(one) for one in told] == [[("student", "one")]]


def test_no_renewal_in_the_background_overtakes_the_reading_for_a_reload(region, monkeypatch):
    plain, held = Successor.load, []

    def load(self):
        plain(self)
        present = region.gateway.districts["maple"]
        held.append(present._cached)
        present._refresh_in_background()
        settle()
        held.append(present._cached)

    need_another_reading(region)
    monkeypatch.setattr(Successor, "load", load)
    region.reload()
    assert held[0] is held[1]
    (present,) = region.running.state.gateway.districts.values()
    before = present._cached
    present._refresh_in_background()
    settle()
    assert present._cached is not before


def settle():
    """Wait for the refreshes that are under way."""
    for thread in threading.enumerate():
        if thread.name.startswith("refresh-"):
            thread.join()


def test_a_snapshot_that_has_lost_much_is_refused_and_the_present_one_serves(region, data, tmp_path):
    kept = data / "maple.zip"
    whole = kept.read_bytes()
    try:
        need_another_reading(region)
        write_oneroster_12(small_district(10), kept)
        report = region.running.reload()
        assert report.unread == {"maple"}
        assert "would be dropped" in report.lines[0]
        assert len(region.consumer().users("students")) == 30
    finally:
        kept.write_bytes(whole)


def test_two_reloads_at_once_come_one_after_the_other(region, monkeypatch):
    inside, most = [], []
    plain = region.running._reload

    def reload(*asked):
        inside.append(1)
        most.append(len(inside))
        report = plain(*asked)
        inside.pop()
        return report

    monkeypatch.setattr(region.running, "_reload", reload)
    threads = [threading.Thread(target=region.running.reload) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    region.running.wait()
    assert most == [1, 1, 1, 1]


def test_states_that_are_over_leave_memory_and_nothing_grows(region):
    region.remove("all")
    texts = [agreed("maple", lines, client="tutor", purpose="tutoring") for lines in (YEARS, NAMES, WITH_GRADES)]
    over = []
    for number in range(100):
        region.write("tutor", texts[2 if number % 10 == 5 else number % 2])  # the last one is read again for
        state = region.running.state
        if number:  # the first one is frozen, as in a server
            over += [weakref.ref(one) for one in (state, state.app, state.gateway, state.gateway.grants)]
        seen(region, "tutor") if number % 25 == 0 else None
        region.reload()
        del state
    region.gateway = None
    gc.collect()
    assert [one() for one in over if one() is not None] == []
    gateway = region.running.state.gateway
    epochs = {one.epoch for one in gateway.grants.every("maple")}
    assert {key[2] for key in gateway.views._shown} | {key[2] for key in gateway.views._visibilities} <= epochs
    assert {key[1] for key in gateway.views._plans} <= epochs
