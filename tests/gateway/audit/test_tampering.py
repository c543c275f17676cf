"""Whatever is done to a record is found: by whom nothing is known by the machine alone, by whom its keys are with the first key."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import sqlite3
from contextlib import closing, suppress
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import chain
from gateway.audit import keys as audit_keys
from gateway.audit.keys import STATE, KeyState, PresentKey
from gateway.audit.log import Record, verify
from gateway.audit.opening import go_on
from gateway.audit.tail import RecordDamaged
from gateway.audit.tree_heads import TreeFile, hold, whole_tree
from gateway.storage.registry import open_store
from gateway.storage.signed_heads import HEAD, NAME, AuditHead, Checkpoint, read_head, write_head
from standards.errors import CallerError, StoreUnavailable
from tests.support.regions import wait_until

KEY = b"k" * 32
EVENT = {"at": "2026-09-01T12:00:00.000+00:00", "client": "tutor", "view": "students", "rows": 3, "status": 200}
TEXT = b'{"basis":{"legitimateInterest":"plan support"}}'


def fill(folder, registry=None, events: int = 6, **options) -> None:
    """A closed record of some events, each about a set of students, a set of fields and an agreement."""
    record = Record(folder, KEY, registry=registry, **options)
    students = record.subjects([number.to_bytes(8, "big") for number in range(40)])
    fields, text = record.fields("student\tgivenName\tstudent.name.given\tallow\n", "tutor"), record.text(TEXT)
    named = {"set": students, "fields": fields, "texts": [text]}
    for number in range(events):
        record.append({**EVENT, **named, "from": number % 8, "to": number % 8 + 2})
    record.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "audit"


@pytest.fixture
def registry(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/registry.db")
    yield store
    store.close()


def first_key(folder):
    return audit_keys.read_keys("\n".join(audit_keys.sealed(folder, KEY).values()))


def segment(folder):
    return chain.list_segments(folder)[-1]


def lines(folder):
    return segment(folder).read_bytes().splitlines(keepends=True)


def put(folder, kept):
    segment(folder).write_bytes(b"".join(kept))


def edit(folder):
    put(folder, [line.replace(b'"rows":3', b'"rows":2') if at == 0 else line for at, line in enumerate(lines(folder))])


def edit_the_last(folder):
    *kept, last = lines(folder)
    put(folder, [*kept, last.replace(b'"rows":3', b'"rows":2')])


def edit_a_mac(folder):
    kept = lines(folder)
    line = chain.read_line(kept[2].rstrip())
    put(folder, [*kept[:2], chain.write_line(line.entry, line.digest, b"\x01" * 32), *kept[3:]])


def rechain(folder, change=lambda entry: entry.replace(b'"tutor"', b'"other"')):
    """Every line anew with its right hash; its MAC as it was."""
    end, written = chain.GENESIS, []
    for text in lines(folder):
        line = chain.read_line(text.rstrip())
        entry = change(line.entry)
        digest = chain.link(end, entry)
        written.append(chain.write_line(entry, digest, line.mac))
        end = digest + line.mac
    put(folder, written)
    return end


def delete_one(folder):
    kept = lines(folder)
    put(folder, kept[:2] + kept[3:])


def delete_the_first(folder):
    put(folder, lines(folder)[1:])


def swap_two(folder):
    kept = lines(folder)
    put(folder, [*kept[:2], kept[3], kept[2], *kept[4:]])


def cut_off_the_end(folder):
    put(folder, lines(folder)[:-1])


def remove_every_event(folder):
    segment(folder).unlink()


def insert_a_line(folder):
    put(folder, [*lines(folder), b"{}\n"])


def duplicate_the_last(folder):
    put(folder, [*lines(folder), lines(folder)[-1]])


def remove_the_head(folder):
    (folder / HEAD).unlink()


def sign_with_another_key(folder):
    write_head(folder, read_head(folder, KEY), b"x" * 32)


def remove_the_present_key(folder):
    (folder / STATE).unlink()


def remove(kind):
    def removed(folder):
        next((folder / kind).rglob("*.*")).unlink()

    removed.__name__ = f"remove_of_{kind}"
    return removed


def change(kind):
    def changed(folder):
        path = next((folder / kind).rglob("*.*"))
        path.write_bytes(path.read_bytes()[:-1] + b"\xff")

    changed.__name__ = f"change_of_{kind}"
    return changed


AT_THE_END = [
    (edit_the_last, "entry 6 was changed"),
    (rechain, "entry 6 is not the one that head.json knows"),
    (delete_one, "entries 3 to 3 are missing before it"),
    (cut_off_the_end, "entries 6 to 6 are missing at the end"),
    (remove_every_event, "entries 1 to 6 are missing at the end"),
    (remove_the_head, "head.json: is missing"),
    (sign_with_another_key, "was not signed by this gateway"),
    (remove_the_present_key, "present.key: "),
    (insert_a_line, "is not an entry"),
    (duplicate_the_last, "entry 6 is out of order"),
]
HARMS = [
    *AT_THE_END,
    (edit, "entry 1 was changed"),
    (edit_a_mac, "entry 4 was changed, or the one before it was"),
    (delete_the_first, "entries 1 to 1 are missing before it"),
    (swap_two, "is out of order"),
    *((remove(kind), "is missing") for kind in ("subjects", "fields", "agreements")),
    *((change(kind), "was changed") for kind in ("subjects", "fields", "agreements")),
]


@pytest.mark.parametrize(("harm", "complaint"), HARMS, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_done_without_the_keys_of_the_machine_is_found_by_the_machine_alone(folder, harm, complaint):
    fill(folder)
    harm(folder)
    assert any(complaint in problem for problem in verify(folder, KEY)), verify(folder, KEY)


@pytest.mark.parametrize("harm", [harm for harm, _ in AT_THE_END if harm is not delete_one])
def test_a_record_whose_end_does_not_verify_is_not_written_on(folder, registry, harm):
    fill(folder, registry)
    harm(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for _ in range(2):
        with pytest.raises(RecordDamaged, match="crossing audit reopen"):
            Record(folder, KEY, registry=registry)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def by_hand(folder, key):
    """The chain as the documentation of the record describes it, recomputed from the files alone."""
    end = bytes(32)
    for path in sorted(folder.glob("record-*.jsonl")):
        for line in path.read_bytes().split(b"\n")[:-1]:
            told = json.loads(line)
            entry = line[: line.index(b',"hash":"' + told["hash"].encode())] + b"}"
            digest = hashlib.sha256(b"\0" + end + entry).digest()
            assert digest.hex() == told["hash"]
            assert hmac.new(key, b"entry\0" + digest, "sha256").hexdigest() == told["mac"]
            end, key = digest + bytes.fromhex(told["mac"]), hmac.new(key, b"next", "sha256").digest()
    return end, key


def test_the_chain_and_its_keys_are_those_that_anybody_computes_from_the_first_key(folder):
    fill(folder, events=9, segment_bytes=2000)
    assert len(chain.list_segments(folder)) > 1
    present = PresentKey(folder, KEY).read()
    assert by_hand(folder, first_key(folder)[1]) == (present.end, present.key)
    assert read_head(folder, KEY).hash == present.end.hex()


@pytest.mark.parametrize("name", ["fields", "texts", "to", "from", "set", "seq", "operation", "at"])
def test_an_edit_of_any_form_is_named_and_stops_no_check(folder, name):
    fill(folder)
    kept = lines(folder)
    line = chain.read_line(kept[1].rstrip())
    for value in (None, -1, 5, "x", True, [5], [None], {}, 1e300, "=zz", "\0" * 64):
        entry = json.dumps({**line.event, name: value}, separators=(",", ":")).encode()
        edited, other = chain.write_line(entry, line.digest, line.mac), kept[4].replace(b"tutor", b"other")
        put(folder, [kept[0], edited, *kept[2:4], other, kept[5]])
        told = verify(folder, KEY)
        assert told[0].startswith("record-000001.jsonl:2: "), value
        assert any(one.startswith("record-000001.jsonl:5: entry 5 was changed") for one in told), value


def bad_bytes(data, content):
    """*content* with something edited, removed, inserted, repeated or cut off, and the kind of it."""
    at = data.draw(st.integers(0, max(len(content) - 1, 0)))
    stop = data.draw(st.integers(at + 1, max(len(content), at + 1)))
    kind = data.draw(st.sampled_from(["flip", "delete", "insert", "repeat", "cut", "swap"]))
    if kind == "flip" and content:
        return content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    if kind == "insert":
        return content[:at] + data.draw(st.binary(min_size=1, max_size=40)) + content[at:]
    middle = (at + stop) // 2
    return {
        "delete": content[:at] + content[stop:],
        "repeat": content[:stop] + content[at:stop] + content[stop:],
        "cut": content[:at],
        "flip": content,
        "swap": content[:at] + content[middle:stop] + content[at:middle] + content[stop:],
    }[kind]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    place = tmp_path_factory.mktemp("whole")
    store = open_store(f"sqlite:///{place}/registry.db")
    fill(place / "audit", store, 8, segment_bytes=3000)
    assert len(chain.list_segments(place / "audit")) > 1
    assert verify(place / "audit", KEY, store, first_key(place / "audit")) == []
    yield place / "audit", store
    store.close()


def test_the_newline_at_the_end_of_a_closed_file_is_missed(whole, tmp_path):
    """The index left the line out, and so a parent's report, while the record verified."""
    folder, registry = whole
    copy = tmp_path / "audit"
    shutil.copytree(folder, copy)
    first = chain.list_segments(copy)[0]
    first.write_bytes(first.read_bytes().removesuffix(b"\n"))
    last = len(first.read_bytes().splitlines())
    assert verify(copy, KEY, registry)[0].startswith(f"{first.name}:{last}:")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_byte_of_any_file_of_a_record_changes_unnoticed(whole, tmp_path_factory, data):
    folder, registry = whole
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    name = data.draw(st.sampled_from(files))
    before = (folder / name).read_bytes()
    after = bad_bytes(data, before)
    if after == before:
        return
    if after.startswith(before) and b"\n" not in after[len(before) :] and folder / name == segment(folder):
        return  # half a line at the end: never promised to anybody, and cut off
    copy = tmp_path_factory.mktemp("copy") / "audit"
    shutil.copytree(folder, copy)
    (copy / name).write_bytes(after)
    assert verify(copy, KEY, registry) != []
    shutil.rmtree(copy)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_lines_that_are_moved_dropped_or_replayed_are_found(whole, tmp_path_factory, data):
    folder, registry = whole
    every = [line for path in chain.list_segments(folder) for line in path.read_bytes().splitlines(keepends=True)]
    order = data.draw(st.lists(st.sampled_from(range(len(every))), max_size=12))
    if order == list(range(len(every))):
        return
    copy = tmp_path_factory.mktemp("copy") / "audit"
    shutil.copytree(folder, copy)
    for path in chain.list_segments(copy):
        path.unlink()
    (copy / "record-000001.jsonl").write_bytes(b"".join(every[at] for at in order))
    assert verify(copy, KEY, registry) != []
    shutil.rmtree(copy)


def test_a_folder_that_was_put_back_as_a_whole_is_noticed_by_the_registry(folder, registry, tmp_path):
    fill(folder, registry)
    shutil.copytree(folder, tmp_path / "earlier")
    fill(folder, registry)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "earlier", folder)
    assert verify(folder, KEY) == []  # by itself it is whole
    assert any("the registry: entries 7 to 12 are missing" in problem for problem in verify(folder, KEY, registry))
    with pytest.raises(RecordDamaged):
        Record(folder, KEY, registry=registry)


def test_a_folder_that_was_removed_as_a_whole_is_noticed_by_the_registry(folder, registry):
    fill(folder, registry)
    shutil.rmtree(folder)
    assert verify(folder, KEY, registry) != []
    with pytest.raises(RecordDamaged):
        Record(folder, KEY, registry=registry)


@pytest.mark.parametrize("name", [HEAD, STATE])
def test_a_single_file_that_was_put_back_is_noticed(folder, registry, tmp_path, name):
    fill(folder, registry)
    shutil.copy(folder / name, tmp_path / name)
    fill(folder, registry)
    shutil.copy(tmp_path / name, folder / name)
    assert any(f"{name}: was put back to an earlier state" in problem for problem in verify(folder, KEY, registry))
    with pytest.raises(RecordDamaged, match="put back"):
        Record(folder, KEY, registry=registry)


def test_a_registry_that_has_lost_its_head_is_noticed(folder, registry, tmp_path):
    fill(folder, registry)
    with closing(sqlite3.connect(tmp_path / "registry.db")) as database:
        database.execute("DELETE FROM marks")
        database.commit()
    assert verify(folder, KEY, registry) == ["the registry: holds no head of this record"]
    with pytest.raises(RecordDamaged, match="holds no head"):
        Record(folder, KEY, registry=registry)


class Failing:
    """A registry that cannot be reached while *down*."""

    def __init__(self, registry):
        self.registry, self.down = registry, False

    def read_checkpoint(self, name):
        return self.registry.read_checkpoint(name)

    def write_checkpoint(self, name, mark):
        if self.down:
            raise StoreUnavailable("The registry cannot be used.")
        self.registry.write_checkpoint(name, mark)


def test_a_crash_between_a_head_and_the_registry_is_no_rollback(folder, registry):
    """The head was written and the registry was not told: what a crash, or a registry out of reach, leaves."""
    failing = Failing(registry)
    fill(folder, failing)
    failing.down = True
    record = Record(folder, KEY, registry=failing)
    record.append(EVENT)
    record._sign()
    assert any("registry does not hold" in note for note in record.notes())
    record.close()
    assert read_head(folder, KEY).seq == 7
    assert registry.read_checkpoint(NAME).number == 6
    failing.down = False
    fill(folder, failing)
    assert registry.read_checkpoint(NAME).number == 13
    assert verify(folder, KEY, registry, first_key(folder)) == []


def test_a_crash_before_a_head_is_no_rollback(folder, registry):
    """Events beyond the head, some of which the present key has not passed yet: what kill -9 or lost power leaves."""
    fill(folder, registry)
    head, state, mark = (folder / HEAD).read_bytes(), (folder / STATE).read_bytes(), registry.read_checkpoint(NAME)
    record = Record(folder, KEY, registry=registry)
    for _ in range(5):
        record.append(EVENT)
    record.close()
    (folder / HEAD).write_bytes(head)
    (folder / STATE).write_bytes(state)
    registry.write_checkpoint(NAME, mark)
    fill(folder, registry)
    assert verify(folder, KEY, registry, first_key(folder)) == []
    assert sum(1 for _ in chain.read_events(folder)) == 17


def test_who_cannot_make_macs_cannot_add_to_what_a_crash_left(folder, registry):
    fill(folder, registry)
    line = chain.read_line(lines(folder)[-1].rstrip())
    entry = chain.encode({**EVENT, "client": "nobody"}, 7)
    digest = chain.link(line.end, entry)
    put(folder, [*lines(folder), chain.write_line(entry, digest, chain.mark(b"x" * 32, digest))])
    with pytest.raises(RecordDamaged, match="entry 7 bears a MAC that is not of its key"):
        Record(folder, KEY, registry=registry)


def own(folder, registry, end, seq):
    """Sign all that a holder of the region's keys and of the present key can sign."""
    present = PresentKey(folder, KEY)
    key = present.read().key
    present.create(KeyState(seq + 1, key, end))
    write_head(folder, AuditHead(seq, end.hex(), checkpoint=1, in_registry=True), KEY)
    registry.write_checkpoint(NAME, Checkpoint(seq, end.hex()))
    hold(registry, TreeFile(folder, KEY).write(whole_tree(folder, None), seq, end).head)


def test_who_has_every_key_of_the_machine_is_found_with_the_first_key(folder, registry):
    fill(folder, registry)
    keys = first_key(folder)
    own(folder, registry, rechain(folder), 6)
    assert verify(folder, KEY, registry) == []  # the machine cannot know
    assert any("bears a MAC that is not of its key" in problem for problem in verify(folder, KEY, registry, keys))


def test_who_cuts_the_end_off_with_every_key_of_the_machine_is_found_with_the_first_key(folder, registry):
    fill(folder, registry)
    keys = first_key(folder)
    cut_off_the_end(folder)
    own(folder, registry, chain.read_line(lines(folder)[-1].rstrip()).end, 5)
    assert verify(folder, KEY, registry) == []
    assert verify(folder, KEY, registry, keys) == ["present.key: does not come from the first key"]


def test_a_tail_that_is_made_again_with_the_present_key_is_found_with_the_first_key(folder, registry):
    fill(folder, registry)
    keys, key = first_key(folder), PresentKey(folder, KEY).read().key
    kept = [chain.read_line(line.rstrip()) for line in lines(folder)]
    end, written = kept[3].end, lines(folder)[:4]
    for line in kept[4:]:
        entry = line.entry.replace(b'"tutor"', b'"other"')
        digest = chain.link(end, entry)
        mac = chain.mark(key, digest)
        written.append(chain.write_line(entry, digest, mac))
        end, key = digest + mac, chain.next_key(key)
    put(folder, written)
    own(folder, registry, end, 6)
    assert verify(folder, KEY, registry) == []
    assert any("entry 5 bears a MAC that is not of its key" in one for one in verify(folder, KEY, registry, keys))


def test_the_machine_keeps_no_key_of_an_entry_that_was_written(folder):
    fill(folder)
    keys = first_key(folder)
    audit_keys.hand_out(folder, KEY, 1)
    assert audit_keys.sealed(folder, KEY) == {}
    used = [audit_keys.at(keys, seq) for seq in range(1, 7)]
    present = [slot.key for slot in PresentKey(folder, KEY).slots()]
    assert not set(used) & set(present)
    assert audit_keys.at(keys, 7) in present


@pytest.mark.parametrize("together", [1, 2, 3, 4])
def test_no_key_of_an_entry_that_was_written_stays_however_many_are_written_at_once(folder, together):
    record = Record(folder, KEY)
    keys = first_key(folder)
    for _ in range(4):
        threads = [Thread(target=record.append, args=(EVENT,)) for _ in range(together)]
        with record._commit:
            for one in threads:
                one.start()
            wait_until(lambda: len(record._pending) == together)
        for one in threads:
            one.join()
        written = {audit_keys.at(keys, seq) for seq in range(1, record._last + 1)}
        assert not written & {slot.key for slot in PresentKey(folder, KEY).slots()}
    record.close()
    assert verify(folder, KEY, keys=keys) == []


@pytest.mark.parametrize("kept", [slice(0, 512), slice(512, 1024)])
def test_a_write_of_the_present_key_that_was_torn_leaves_one_that_opens(folder, kept):
    fill(folder)
    before = bytearray((folder / STATE).read_bytes())
    record = Record(folder, KEY)
    record.append(EVENT)
    record.append(EVENT)
    record.close()
    after = (folder / STATE).read_bytes()
    before[kept] = after[kept]
    (folder / STATE).write_bytes(before)
    assert PresentKey(folder, KEY).read().seq == 9
    before[kept] = b"\xff" * 512
    (folder / STATE).write_bytes(before)
    assert PresentKey(folder, KEY).read().seq == 7


def test_a_record_of_old_is_taken_over_under_a_head_that_says_so(folder, registry):
    old(folder)
    record = Record(folder, KEY, registry=registry)
    assert record.append(EVENT) == 4
    record.close()
    assert read_head(folder, KEY).checkpoint == 4
    assert list(first_key(folder)) == [4]
    assert verify(folder, KEY, registry, first_key(folder)) == []
    put(folder, [line if at != 3 else strip(line) for at, line in enumerate(lines(folder))])
    assert any("entry 4 bears no MAC" in problem for problem in verify(folder, KEY, registry))


def test_a_head_that_0_1_0_signed_is_read_and_signed_again_in_the_same_bytes(tmp_path):
    written = (
        b'{"seq":7,"hash":"%s","marked":4,"agreements":"%s","held":true,"signature":'
        b'"93ca3a229c026197f54b01a74f861ac5bff559757b022354cd7c4d5f523d53de"}\n' % (b"ab" * 32, b"cd" * 32)
    )
    (tmp_path / HEAD).write_bytes(written)
    head = read_head(tmp_path, KEY)
    assert head == AuditHead(7, "ab" * 32, checkpoint=4, agreements="cd" * 32, in_registry=True)
    write_head(tmp_path, head, KEY)
    assert (tmp_path / HEAD).read_bytes() == written


def test_a_head_of_old_does_not_take_a_record_over_again(folder, registry, tmp_path):
    old(folder)
    shutil.copy(folder / HEAD, tmp_path / HEAD)
    fill(folder, registry)
    shutil.copy(tmp_path / HEAD, folder / HEAD)
    with pytest.raises(RecordDamaged, match="put back"):
        Record(folder, KEY)
    assert "head.json: was put back to an earlier state" in verify(folder, KEY)


def old(folder):
    """A record as a version of the program wrote it that made no MACs."""
    folder.mkdir()
    end, written = chain.GENESIS, b""
    for seq in range(1, 4):
        entry = chain.encode({**EVENT, "fields": "ab" * 16}, seq)
        end = chain.link(end, entry)
        written += chain.write_line(entry, end)
    (folder / "record-000001.jsonl").write_bytes(written)
    signature = hmac.new(KEY, b"head\x003\x00" + end.hex().encode(), "sha256").hexdigest()
    (folder / HEAD).write_text(json.dumps({"seq": 3, "hash": end.hex(), "signature": signature}))


def strip(line):
    read = chain.read_line(line.rstrip())
    return chain.write_line(read.entry, read.digest)


@pytest.mark.parametrize("harm", [edit, delete_one, cut_off_the_end, remove_the_head])
def test_a_record_of_old_that_is_not_whole_is_not_taken_over(folder, registry, harm):
    old(folder)
    harm(folder)
    with pytest.raises(RecordDamaged):
        Record(folder, KEY, registry=registry)


@pytest.mark.parametrize("harm", [harm for harm, _ in AT_THE_END if harm is not delete_one])
def test_who_goes_on_over_a_damaged_record_is_told_for_ever(folder, registry, harm):
    fill(folder, registry)
    harm(folder)
    damaged = {path.name: path.read_bytes() for path in chain.list_segments(folder)}
    seq = go_on(folder, KEY, registry, "ana", "the disk failed")
    assert seq >= 7
    fill(folder, registry)
    assert {name: (folder / name).read_bytes() for name in damaged} == damaged
    told = [problem for problem in verify(folder, KEY, registry) if "ana went on over a record" in problem]
    assert len(told) == 1
    assert told[0].endswith("the disk failed")
    (event,) = [one for one in chain.read_events(folder) if one.get("operation") == "reopen"]
    assert (event["seq"], event["actor"], event["reason"]) == (seq, "ana", "the disk failed")


def test_what_is_before_a_break_cannot_be_changed_after_it(folder, registry):
    fill(folder, registry)
    edit_the_last(folder)
    go_on(folder, KEY, registry, "ana", "the disk failed")
    fill(folder, registry)
    first = chain.list_segments(folder)[0]
    first.write_bytes(first.read_bytes().replace(b'"rows":2', b'"rows":9'))
    assert any("before this break has been changed since" in problem for problem in verify(folder, KEY, registry))


def test_nobody_goes_on_over_a_record_that_verifies(folder, registry):
    fill(folder, registry)
    with pytest.raises(CallerError, match="verifies"):
        go_on(folder, KEY, registry, "ana", "to be sure")


def test_nobody_goes_on_over_a_record_that_is_being_written(folder, registry):
    record = Record(folder, KEY, registry=registry)
    with pytest.raises(StoreUnavailable, match="Another process"):
        go_on(folder, KEY, registry, "ana", "to be sure")
    record.close()


def test_a_running_gateway_goes_on_behind_a_break_and_cuts_nothing_of_it(folder, registry):
    record = Record(folder, KEY, registry=registry)
    record.append({"client": "tutor"})
    record._refusing = True  # as after a failure of the disk
    remove_the_head(folder)
    with pytest.raises(RecordDamaged):
        record.check()
    seq = go_on(folder, KEY, registry, "ana", "the head is gone")
    written = segment(folder).read_bytes()
    record.check()
    assert record.append(EVENT) == seq + 1
    record.close()
    assert segment(folder).read_bytes().startswith(written)
    assert [one for one in chain.read_events(folder) if one.get("operation") == "reopen"]


def test_after_a_break_the_first_key_still_checks_what_was_before_it(folder, registry):
    fill(folder, registry)
    keys = first_key(folder)
    insert_a_line(folder)
    go_on(folder, KEY, registry, "ana", "somebody wrote into it")
    fill(folder, registry)
    problems = verify(folder, KEY, registry, keys)
    assert not any("MAC" in problem or "first key" in problem for problem in problems)
    assert len(problems) == 2  # the line that is no entry, and the break


def test_where_the_keys_are_lost_a_new_first_key_begins_at_the_break(folder, registry):
    fill(folder, registry)
    keys = first_key(folder)
    remove_the_present_key(folder)
    seq = go_on(folder, KEY, registry, "ana", "the file is gone")
    assert list(audit_keys.sealed(folder, KEY)) == [1, seq]
    fill(folder, registry)
    problems = verify(folder, KEY, registry, keys)
    assert any("bears a MAC that is not of its key" in problem for problem in problems)
    problems = verify(folder, KEY, registry, keys | first_key(folder))
    assert len(problems) == 1  # the break


def test_no_file_is_left_open_by_a_refusal(folder):
    fill(folder)
    remove_the_head(folder)
    for _ in range(3):
        with suppress(RecordDamaged):
            Record(folder, KEY)
    (folder / "lock").unlink()
