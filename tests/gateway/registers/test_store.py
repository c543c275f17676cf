"""The registers behave alike on SQLite and on PostgreSQL, lose nothing, and keep no value in clear."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from gateway.registers import store as register_store
from gateway.registers.events import CONSENTS, RESTRICTIONS
from gateway.registers.store import Registers
from gateway.registers.tags import ID, NAME, STATE_ID, RegisterKeys
from gateway.storage.acts import Acts
from gateway.storage.database import transaction
from gateway.storage.registry import open_store
from gateway.storage.tables import register_events, register_versions
from standards.errors import CallerError, NotFound, StoreUnavailable
from tests.gateway.registers.conftest import KEYS, NOON, TODAY, consent, restriction, tag

PAST = TODAY - timedelta(days=1)
HOME = {"street": "PO Box 257", "city": "Olympia", "state": "WA", "postalCode": "98507"}


def plain(state):
    return [replace(one, entry="") for one in (*state.restrictions, *state.consents)]


def rows(store, register=None):
    wanted = select(func.count()).select_from(register_events)
    if register:
        wanted = wanted.where(register_events.c.register == register)
    with transaction(store.engine) as connection:
        return connection.execute(wanted).scalar_one()


def test_an_empty_register_has_a_state(registers):
    state = registers.state("maple")
    assert (state.version, state.restrictions, state.consents) == (0, (), ())


def test_what_was_written_is_what_the_state_says(registers, store):
    said = (
        restriction(kind="acp", substitute=HOME, until=date(2027, 8, 31)),
        restriction("s2", kind="court-order", contact=tag("c1", "contact")),
        restriction("s3", kind="parent-objection", recipients=("acme",), elements=("student.email",)),
        consent("s4", until=date(2027, 6, 30)),
    )
    written = registers.write("maple", said, "ana")
    assert len(written.made) == 4
    for reader in (registers, Registers(store, KEYS)):
        state = reader.state("maple")
        assert [replace(one, entry="") for one in (*state.restrictions, *state.consents)] == list(said)
        assert tuple(one.entry for one in (*state.restrictions, *state.consents)) == written.made
        assert state.version == 1


def test_a_state_stays_the_same_object_until_its_version_grows(registers):
    registers.write("maple", [restriction()], "ana")
    state = registers.state("maple")
    assert registers.state("maple") is state
    registers.write("maple", [restriction("s2")], "ana")
    assert registers.state("maple").version == state.version + 1


def test_what_another_process_writes_is_in_the_next_state(registers, store):
    other = Registers(store, KEYS)
    assert registers.state("maple").version == 0
    other.write("maple", [restriction()], "ana")
    assert registers.state("maple").version == 1


def test_what_is_withdrawn_or_lifted_is_gone_from_the_state_and_stays_in_the_history(registers):
    made = registers.write("maple", [restriction(), consent()], "ana").made
    registers.end("maple", [made[1]], CONSENTS, "ben", "asked by the parent")
    registers.end("maple", [made[0]], RESTRICTIONS, "ben", "moved")
    state = registers.state("maple")
    assert (state.restrictions, state.consents) == ((), ())
    ended = {one.entry: (one.ended, one.reason, one.actor) for one in registers.entries("maple")}
    assert ended == {made[0]: (NOON, "moved", "ana"), made[1]: (NOON, "asked by the parent", "ana")}


def test_an_entry_ends_once_and_in_its_own_register(registers):
    (made,) = registers.write("maple", [consent()], "ana").made
    with pytest.raises(NotFound):
        registers.end("maple", [made], RESTRICTIONS, "ana", "")
    with pytest.raises(NotFound):
        registers.end("birch", [made], CONSENTS, "ana", "")
    assert registers.end("maple", [made], CONSENTS, "ana", "").changed == (made,)
    version = registers.state("maple").version
    assert registers.end("maple", [made], CONSENTS, "ana", "").the_same == (made,)
    assert registers.state("maple").version == version


def test_what_is_known_already_changes_nothing_when_it_is_written_again(registers, store):
    said = [restriction(), restriction("s2", kind="acp", substitute=HOME), consent(), consent("s2")]
    first = registers.write("maple", said, "ana")
    before, version = rows(store), registers.state("maple").version
    again = registers.write("maple", said, "ben")
    assert (again.made, again.changed, again.the_same) == ((), (), first.made)
    assert registers.write("maple", [replace(said[0], begin=TODAY + timedelta(days=1))], "ben").the_same
    assert (rows(store), registers.state("maple").version) == (before, version)
    assert len(Acts(store).waiting()) == 1


def test_an_entry_of_a_student_is_known_by_any_of_the_tags(registers):
    both = replace(restriction(), tags={ID: tag("old"), STATE_ID: tag("77", STATE_ID)})
    (made,) = registers.write("maple", [both], "ana").made
    anew = replace(both, tags={ID: tag("new"), STATE_ID: tag("77", STATE_ID)})
    assert registers.write("maple", [anew], "ana").changed == (made,)
    assert [one.tags for one in registers.state("maple").restrictions] == [anew.tags]


def test_an_entry_that_is_stated_anew_knows_its_student_by_all_it_did_before(registers):
    both = replace(restriction(), tags={ID: tag("old"), STATE_ID: tag("77", STATE_ID)})
    (made,) = registers.write("maple", [both], "ana").made
    assert registers.write("maple", [replace(both, tags={ID: tag("old")})], "ana").the_same == (made,)
    assert registers.write("maple", [replace(both, tags={ID: tag("old")}, until=date(2027, 8, 31))], "ana").changed
    assert [one.tags for one in registers.state("maple").restrictions] == [both.tags]


@pytest.mark.parametrize("days", [-10, 0, 10])
def test_a_restriction_that_holds_goes_on_to_hold_when_it_is_stated_for_other_days(days, registers):
    begin = TODAY + timedelta(days=days)
    registers.write("maple", [restriction(kind="acp", begin=TODAY)], "ana")
    registers.write("maple", [restriction(kind="acp", begin=begin)], "ana")
    assert [one.begin for one in registers.state("maple").restrictions] == [min(begin, TODAY)]
    registers.write("maple", [restriction(kind="acp", begin=begin, substitute=HOME)], "ana")
    assert [one.begin for one in registers.state("maple").restrictions] == [min(begin, TODAY)]


def test_who_has_the_id_of_another_now_does_not_take_over_the_entry(registers):
    first = replace(restriction(), tags={ID: tag("1"), NAME: tag("ana", NAME)})
    other = replace(restriction(), tags={ID: tag("1"), NAME: tag("max", NAME)})
    assert registers.write("maple", [first], "ana").made
    assert registers.write("maple", [other], "ana").made
    assert {one.tags[NAME] for one in registers.state("maple").restrictions} == {first.tags[NAME], other.tags[NAME]}


def test_a_withdrawn_consent_does_not_come_back_by_another_spelling_of_the_name(registers):
    (made,) = registers.write("maple", [replace(consent(), tags={ID: tag("1"), NAME: tag("ana", NAME)})], "ana").made
    registers.end("maple", [made], CONSENTS, "ana", "")
    again = replace(consent(), tags={ID: tag("1"), NAME: tag("anna", NAME)})
    assert registers.write("maple", [again], "ana").the_same == (made,)


def test_a_withdrawn_consent_does_not_come_back_with_the_form_of_before(registers):
    (made,) = registers.write("maple", [consent()], "ana").made
    registers.end("maple", [made], CONSENTS, "ana", "")
    assert registers.write("maple", [consent()], "ana").the_same == (made,)
    assert registers.state("maple").consents == ()
    assert registers.write("maple", [consent(signed=date(2026, 8, 30))], "ana").made


def test_a_lifted_restriction_can_be_added_again(registers):
    (made,) = registers.write("maple", [restriction()], "ana").made
    registers.end("maple", [made], RESTRICTIONS, "ana", "")
    assert registers.write("maple", [restriction()], "ana").made
    assert len(registers.state("maple").restrictions) == 1


def test_a_change_says_all_of_the_entry_anew(registers):
    (made,) = registers.write("maple", [restriction(kind="acp", substitute=HOME)], "ana").made
    (known,) = registers.state("maple").restrictions
    moved = replace(known, substitute={**HOME, "street": "PO Box 300"})
    assert registers.change("maple", made, RESTRICTIONS, moved, "ana", "").changed == (made,)
    assert registers.change("maple", made, RESTRICTIONS, moved, "ana", "").the_same == (made,)
    assert registers.state("maple").restrictions == (moved,)
    registers.end("maple", [made], RESTRICTIONS, "ana", "")
    with pytest.raises(CallerError, match="has ended"):
        registers.change("maple", made, RESTRICTIONS, moved, "ana", "")


def test_districts_do_not_share_entries_tags_or_versions(registers):
    registers.write("maple", [restriction()], "ana")
    assert registers.state("birch").restrictions == ()
    assert registers.state("birch").version == 0
    assert KEYS.tag("birch", ID, "s1") != tag("s1")


def test_an_act_is_written_with_what_it_tells_of_and_names_no_student(registers, store):
    made = registers.write("maple", [restriction(), restriction("s2")], "ana", "list of September").made
    registers.end("maple", made[:1], RESTRICTIONS, "ben", "moved")
    added, lifted = Acts(store).waiting()
    assert (added.actor, added.action, added.district, added.reason) == (
        "ana", "restrictions added", "maple", "list of September",
    )  # fmt: skip
    assert added.content["entries"] == list(made)
    assert (added.content["before"], bool(added.content["after"])) == ("", True)
    assert lifted.content["before"]
    assert (lifted.content["after"], lifted.content["entries"]) == ("", [made[0]])
    assert tag("s1") not in str([one.content for one in (added, lifted)])


def test_an_act_of_many_entries_has_their_number(registers, store):
    registers.write("maple", [restriction(f"s{number}") for number in range(50)], "ana")
    (act,) = Acts(store).waiting()
    assert act.content["count"] == 50
    assert "entries" not in act.content


def test_what_fails_on_the_way_writes_neither_entry_nor_act(registers, store):
    class Broken(Exception):
        pass

    times = iter([NOON, NOON])

    def fail():
        if (now := next(times, None)) is None:
            raise Broken
        return now

    ours = Registers(store, KEYS, fail)  # the third time, when the act is written, the clock fails
    with pytest.raises(Broken):
        ours.write("maple", [restriction()], "ana")
    assert rows(store) == 0
    assert Acts(store).waiting() == ()
    assert registers.state("maple").version == 0


def test_texts_of_forms_and_sets_of_elements_are_kept_once(registers, store):
    released = frozenset({"student.id", "student.name.given"})
    said = [consent(f"s{number}", elements=released) for number in range(10)]
    registers.write("maple", said, "ana", forms=["I agree that …"])
    registers.write("maple", [consent("s11", elements=released)], "ana", forms=["I agree that …"])
    assert rows(store, "texts") == 2
    assert {one.elements for one in registers.state("maple").consents} == {released}
    from gateway.registers.events import text_hash

    assert registers.form_text("maple", text_hash("I agree that …")) == "I agree that …"
    assert registers.form_text("maple", "0" * 32) is None


def test_an_entry_is_deleted_whole_once_it_has_ended(registers, store):
    other = Registers(store, KEYS, lambda: NOON)
    made = registers.write("maple", [restriction(), restriction("s2", begin=PAST, until=PAST)], "ana").made
    assert len(other.state("maple").restrictions) == 2
    with pytest.raises(CallerError, match="not ended"):
        registers.delete("maple", made[0], RESTRICTIONS, "ana", "")
    registers.delete("maple", made[1], RESTRICTIONS, "ana", "kept long enough")
    registers.write("maple", [restriction("s3")], "ana")
    assert {one.tags[ID] for one in other.state("maple").restrictions} == {tag("s1"), tag("s3")}
    with transaction(store.engine) as connection:
        kept = connection.execute(select(register_events)).all()
    assert made[1] not in {row.entry for row in kept}
    assert tag("s2") not in str(kept)
    act = Acts(store).waiting()[1]
    assert (act.action, act.content["entries"]) == ("restrictions deleted", [made[1]])
    with pytest.raises(NotFound):
        registers.delete("maple", made[1], RESTRICTIONS, "ana", "")


def test_no_copy_of_a_deleted_entry_stays_in_the_registry_s_files(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db", lambda: NOON)
    registers, past = Registers(store, KEYS, lambda: NOON), TODAY - timedelta(days=1)
    others = [restriction(f"other {at}", kind="acp", substitute=HOME) for at in range(40)]
    registers.write("maple", others[:20], "ana")
    (made,) = registers.write(
        "maple", [restriction("s2", kind="acp", substitute=HOME, begin=past, until=past)], "ana"
    ).made
    registers.write("maple", others[20:], "ana")
    with transaction(store.engine) as connection:
        sealed = connection.execute(select(register_events.c.sealed).where(register_events.c.entry == made)).scalar()

    def content():
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert sealed in content()
    assert tag("s2").encode() in content()
    registers.delete("maple", made, RESTRICTIONS, "ana", "kept long enough")
    assert sealed not in content()
    assert tag("s2").encode() not in content()
    assert tag("other 1").encode() in content()
    store.close()


def test_what_would_not_be_understood_again_is_not_written(registers, store):
    """Reading it would be an outage of the whole district."""
    registers.write("maple", [restriction()], "ana")
    for wrong in (restriction("s2", until=PAST), restriction("s2", kind="a word"), restriction("s2", contact="Ana")):
        with pytest.raises(CallerError, match="not written"):
            registers.write("maple", [restriction("s3"), wrong], "ana")
    other = Registers(store, KEYS, lambda: NOON)
    assert [one.tags[ID] for one in other.state("maple").restrictions] == [tag("s1")]


def test_the_last_entry_can_be_deleted_and_another_made_in_its_place(registers, store):
    """The number of a deleted row must not be given again: a reader would take the new row for the old one."""
    other = Registers(store, KEYS, lambda: NOON)
    (made,) = registers.write("maple", [restriction(begin=PAST, until=PAST)], "ana").made
    other.state("maple")
    registers.delete("maple", made, RESTRICTIONS, "ana", "")
    registers.write("maple", [restriction("s2")], "ana")
    assert [one.tags[ID] for one in other.state("maple").restrictions] == [tag("s2")]


def test_pages_of_events_make_the_same_state(store, registers, monkeypatch):
    monkeypatch.setattr(register_store, "PAGE_ROWS", 7)
    said = [restriction(f"s{number}") for number in range(40)]
    made = registers.write("maple", said, "ana").made
    registers.end("maple", made[:13], RESTRICTIONS, "ana", "")
    state = Registers(store, KEYS).state("maple")
    assert plain(state) == said[13:]


def test_a_registry_that_does_not_answer_is_no_empty_register(registers, store):
    registers.write("maple", [restriction()], "ana")
    assert registers.state("maple").restrictions
    with transaction(store.engine, write=True) as connection:
        connection.exec_driver_sql("ALTER TABLE register_versions RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable):
        registers.state("maple")
    with pytest.raises(StoreUnavailable):
        Registers(store, KEYS).state("maple")
    with transaction(store.engine, write=True) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO register_versions")
    assert registers.state("maple").restrictions


def test_values_sealed_under_another_key_are_refused_and_not_left_out(registers, store):
    registers.write("maple", [restriction(kind="acp", substitute=HOME)], "ana")
    with pytest.raises(StoreUnavailable, match="another master key"):
        Registers(store, RegisterKeys(b"x" * 32)).state("maple")


def written(store, **values):
    """Write an event into the database as nobody of us would, and let the version grow."""
    row = {"register": RESTRICTIONS, "entry": "e", "event": "added", "content": {}, "sealed": None, **values}
    with transaction(store.engine, write=True) as connection:
        connection.execute(insert(register_events).values(district="maple", at=NOON, actor="x", reason="", **row))
        connection.execute(update(register_versions).values(version=register_versions.c.version + 1))


def content_of(store, register):
    """The content of the first entry of a register, and what was sealed with it."""
    wanted = select(register_events).where(register_events.c.register == register).order_by(register_events.c.number)
    with transaction(store.engine) as connection:
        row = connection.execute(wanted).first()
    return row.content, row.sealed


CHANGES = {
    "a kind of restriction that is new": (RESTRICTIONS, {"kind": "directory-2"}),
    "no kind": (RESTRICTIONS, {"kind": None}),
    "another part": (RESTRICTIONS, {"grades": ["03"]}),
    "a part that its kind has not": (RESTRICTIONS, {"contact": tag("c1", "contact")}),
    "recipients that are no list": (RESTRICTIONS, {"recipients": "acme"}),
    "elements that are no list": (RESTRICTIONS, {"elements": "student.email"}),
    "a list with something else in it": (RESTRICTIONS, {"recipients": ["acme", 7]}),
    "no recipients, in so many words": (RESTRICTIONS, {"recipients": []}),
    "no tags": (RESTRICTIONS, {"tags": None}),
    "empty tags": (RESTRICTIONS, {"tags": {}}),
    "a kind of tag that is new": (RESTRICTIONS, {"tags": {"email": "0" * 32}}),
    "a tag in capitals": (RESTRICTIONS, {"tags": {ID: "AB" * 16}}),
    "a tag that is a number": (RESTRICTIONS, {"tags": {ID: 7}}),
    "a day in another spelling": (RESTRICTIONS, {"begin": "20260901"}),
    "an end before its beginning": (RESTRICTIONS, {"until": "2026-08-31"}),
    "a day that is none": (RESTRICTIONS, {"until": "2027-02-30"}),
    "a signer who is new": (CONSENTS, {"signer": "guardian"}),
    "a method that is new": (CONSENTS, {"method": "oral"}),
    "a limit of a consent": (CONSENTS, {"except": ["student.id"]}),
    "elements that are not kept": (CONSENTS, {"elements": "0" * 32}),
    "a form that is a number": (CONSENTS, {"form": 7}),
}


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("event", ["made", "changed"])
def test_an_event_that_is_not_understood_whole_is_refused_and_not_left_out(registers, store, how, event):
    register, change = CHANGES[how]
    kind = {"kind": "parent-objection"} if {"recipients", "elements"} & change.keys() else {}
    made = registers.write("maple", [restriction(**kind), consent()], "ana").made
    content, sealed = content_of(store, register)
    anew = {name: value for name, value in {**content, **change}.items() if value is not None}
    entry = "e" if event == "made" else made[register == CONSENTS]
    word = {RESTRICTIONS: "added", CONSENTS: "given"}[register] if event == "made" else "changed"
    written(store, register=register, entry=entry, event=word, content=anew, sealed=sealed)
    for reader in (registers, Registers(store, KEYS)):
        with pytest.raises(StoreUnavailable):
            reader.state("maple")
        with pytest.raises(StoreUnavailable):
            reader.state("maple")


@pytest.mark.parametrize(
    "event",
    [
        {"event": "suspended"},
        {"event": "given"},
        {"register": "opt-outs"},
        {"event": "lifted"},
        {"event": "lifted", "entry": "known", "content": {"until": "2026-12-01"}},
        {"event": "withdrawn", "entry": "known"},
        {"register": CONSENTS, "event": "withdrawn", "entry": "known"},
        {"event": "lifted", "entry": "ended"},
        {"event": "changed", "entry": "ended"},
        {"event": "changed", "entry": "unknown"},
        {"event": "added", "entry": "known"},
        {"event": "deleted", "entry": "known"},
        {"event": "deleted", "entry": "", "content": {"entry": "known"}},
        {"content": ["added"]},
        {"content": None},
        {"register": "texts", "event": "names", "entry": "0" * 32, "content": {"names": ["student.id"]}},
        {"register": "texts", "event": "names", "entry": "0" * 32, "content": {"names": "student.id"}},
        {"register": "texts", "event": "translation", "entry": "0" * 32},
        {"register": "texts", "event": "form", "entry": "0" * 32},
    ],
    ids=str,
)
def test_an_event_that_is_out_of_place_or_unknown_is_refused_and_not_left_out(registers, store, event):
    known, ended = registers.write("maple", [restriction(), restriction("s2")], "ana").made
    registers.end("maple", [ended], RESTRICTIONS, "ana", "moved")
    content, _ = content_of(store, RESTRICTIONS)
    told = {"known": known, "ended": ended, "unknown": "e"}
    more = {"content": content} if event.get("event", "added") in {"added", "changed", "given", "suspended"} else {}
    entry = event.get("entry", "e")
    written(store, **{**more, **event, "entry": told.get(entry, entry)})
    with pytest.raises(StoreUnavailable):
        registers.state("maple")


@pytest.mark.parametrize("substitute", [{"streetAddress": "PO Box 257"}, {"street": 7}, ["PO Box 257"]], ids=str)
def test_a_substitute_that_is_not_understood_is_refused(registers, store, substitute):
    registers.write("maple", [restriction(kind="acp")], "ana")
    content, _ = content_of(store, RESTRICTIONS)
    sealed = KEYS.cipher("maple").seal(json.dumps(substitute).encode(), b"maple\x00e")
    written(store, content=content, sealed=sealed)
    with pytest.raises(StoreUnavailable):
        registers.state("maple")


def test_no_value_of_a_student_is_in_the_registry(tmp_path):
    from gateway.storage.registry import open_store

    store = open_store(f"sqlite:///{tmp_path}/registry.db", lambda: NOON, 30)
    registers = Registers(store, KEYS)
    secret = {"street": "7 Kanarienstrasse", "city": "Kanariville", "state": "WA", "postalCode": "90210-7777"}
    registers.write("maple", [restriction("Kanari-id", kind="acp", substitute=secret)], "ana")
    registers.write("maple", [consent("Kanari-id")], "ana", forms=["I, Kanarimother, agree"])
    assert registers.state("maple").restrictions[0].substitute == secret
    store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"restrictions" in kept
    assert b"anari" not in kept.lower()
    assert b"90210" not in kept


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_others_write_while_a_plan_is_made_is_neither_lost_nor_made_twice(store, times):
    """The last time, with three others, the plan is made while nobody else can write."""
    other, left = Registers(store, KEYS, lambda: NOON), list(range(times))

    def clock():
        if left:
            other.write("maple", [restriction("both"), restriction(f"o{left.pop()}")], "ben")
        return NOON

    written = Registers(store, KEYS, clock).write("maple", [restriction("both"), restriction("ours")], "ana")
    assert (len(written.made), len(written.the_same)) == (1, 1)
    state = Registers(store, KEYS).state("maple")
    assert sorted(one.tags[ID] for one in state.restrictions) == sorted(
        map(tag, ["both", "ours", *(f"o{number}" for number in range(times))])
    )
    assert state.version == times + 1


WRITER = """
import sys
from gateway.registers.store import Registers
from gateway.storage.registry import open_store
from tests.gateway.registers.conftest import KEYS, restriction
url, name, count = sys.argv[1:]
registers = Registers(open_store(url, seconds=30), KEYS)
for number in range(int(count)):
    registers.write("maple", [restriction(f"{name}-{number}"), restriction(f"both-{number}")], name)
"""


def test_two_processes_that_write_at_once_lose_nothing_and_make_nothing_twice(url, store):
    started = [subprocess.Popen([sys.executable, "-c", WRITER, url, name, "25"]) for name in ("a", "b")]
    reader = Registers(store, KEYS)
    while any(one.poll() is None for one in started):
        reader.state("maple")
        time.sleep(0.05)
    assert [one.wait() for one in started] == [0, 0]
    state = Registers(store, KEYS).state("maple")
    every = {f"{name}-{number}" for name in ("a", "b", "both") for number in range(25)}
    assert sorted(one.tags[ID] for one in state.restrictions) == sorted(map(tag, every))
    time.sleep(0.6)
    assert plain(reader.state("maple")) == plain(state)
    assert len(Acts(store).waiting()) == state.version


READER = """
import sys, time
from gateway.registers.store import Registers
from gateway.storage.registry import open_store
from tests.gateway.registers.conftest import KEYS
registers = Registers(open_store(sys.argv[1]), KEYS)
assert registers.state("maple").consents
print("ready", flush=True)
while registers.state("maple").consents:
    time.sleep(0.01)
print(time.time(), flush=True)
"""


def test_a_withdrawal_is_seen_by_another_process_within_a_second(url, registers):
    (made,) = registers.write("maple", [consent()], "ana").made
    with subprocess.Popen([sys.executable, "-c", READER, url], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "ready\n"
        registers.end("maple", [made], CONSENTS, "ana", "")
        withdrawn = time.time()
        assert float(other.stdout.readline()) - withdrawn < 1.0
