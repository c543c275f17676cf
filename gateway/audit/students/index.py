"""The index of the record of disclosures: from a student's tag to the events about it, in an SQLite file beside it.

It has keyed tags, numbers of events and places in files, and nothing else. It follows from the record: where it is
missing, or is not of this record, it is made anew, and what it finds is looked up in the record before it is told.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import orjson

from gateway import telemetry
from gateway.audit.chain import list_segments, segment_number
from gateway.audit.subjects import TAG_BYTES, Subjects
from gateway.audit.verification import SUBJECTS
from standards.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Event = dict[str, Any]
    Place = tuple[int, int]

FORMAT: Final = 1
SCHEMA: Final = """
CREATE TABLE reached (segment INTEGER, offset INTEGER, seq INTEGER, last INTEGER, digest BLOB);
CREATE TABLE sets (id INTEGER PRIMARY KEY, name BLOB UNIQUE);
CREATE TABLE tags (tag INTEGER, in_set INTEGER, position INTEGER, PRIMARY KEY (tag, in_set, position)) WITHOUT ROWID;
CREATE TABLE events (in_set INTEGER, seq INTEGER, first INTEGER, stop INTEGER, segment INTEGER, offset INTEGER,
    PRIMARY KEY (in_set, seq)) WITHOUT ROWID;
CREATE TABLE acts (seq INTEGER PRIMARY KEY, segment INTEGER, offset INTEGER);
"""
ABOUT: Final = """
SELECT DISTINCT events.seq, events.segment, events.offset FROM tags JOIN events ON events.in_set = tags.in_set
    AND tags.position >= events.first AND tags.position < events.stop WHERE tags.tag IN (%s) ORDER BY events.seq
"""
EVENTS_PER_TRANSACTION: Final = 5_000
PAUSE_SECONDS: Final = 0.05
"""The pause after each transaction in a gateway that serves requests."""
WAIT_SECONDS: Final = 60.0
CLOSING_SECONDS: Final = 5.0
LINKS: Final = frozenset({"hash", "mac"})
"""The members of a line that belong to the chain and not to the event."""
MAX_NUMBER: Final = 2**63
"""The numbers of SQLite are below it."""
ACT: Final = "act"
"""The operation of an event that tells of an act of an administrator."""


def index_file(folder: Path) -> Path:
    """Return the path of the index of the record in *folder*."""
    return folder.with_name(f"{folder.name}-index.db")


class SubjectIndex:
    """The index of the record in one *folder*; the gateway and commands keep it up together."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.path = folder, index_file(folder)
        self._subjects = Subjects(folder / SUBJECTS)

    def catch_up(self, pause: float = 0.0) -> int:
        """Read into the index what it lacks of the record; return the number of the last event in it.

        After each transaction it waits for *pause* seconds, so that others may run.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        with self._opened() as database:
            while (found := self._step(database)) is None:
                time.sleep(pause)
            return found

    def about(self, tags: Sequence[bytes]) -> Iterator[Event]:
        """Yield every event about the student with one of these *tags*, oldest first."""
        self.catch_up()
        asked = ABOUT % ",".join("?" * len(tags))
        with self._opened() as database:
            found = database.execute(asked, [_number(tag) for tag in tags]).fetchall()
        for event in self._events(found):
            span = _span(event)
            if span and any(self._subjects.holds(span[0], tag, *span[1:]) for tag in tags):
                yield event

    def acts(self) -> Iterator[Event]:
        """Yield every event that tells of an act, oldest first."""
        self.catch_up()
        with self._opened() as database:
            found = database.execute("SELECT seq, segment, offset FROM acts ORDER BY seq").fetchall()
        yield from (event for event in self._events(found) if event.get("operation") == ACT)

    def faults(self) -> Iterator[str]:
        """Return whether the index says something else than the record, or cannot be read."""
        if not self.path.exists():
            return
        try:
            self.catch_up()
            with self._opened() as database:
                if _total(_rows(database)) != _total(self._rows_of_record(database)):
                    yield f"{self.path.name}: does not say what the record says; remove it, and it is made anew"
        except StoreUnavailable as error:
            yield str(error)

    def _step(self, database: sqlite3.Connection) -> int | None:
        """Index some events, in one transaction; return the last one's number once there are no more."""
        database.execute("BEGIN IMMEDIATE")
        try:
            reached = self._reached(database)
            filling, count = _Filling(database, self._subjects), 0
            for place, after, line in self._lines(reached[0], reached[1]):
                seq = filling.add(place, line)
                reached = (*after, max(seq, reached[2]), place[1], _digest(line))
                count += 1
                if count >= EVENTS_PER_TRANSACTION:
                    break
            database.execute("DELETE FROM reached")
            database.execute("INSERT INTO reached VALUES (?, ?, ?, ?, ?)", reached)
        except BaseException:
            database.rollback()
            raise
        database.commit()
        return None if count >= EVENTS_PER_TRANSACTION else reached[2]

    def _reached(self, database: sqlite3.Connection) -> tuple[int, int, int, int, bytes]:
        """Return how far the record was read; from its beginning where the index is of another record."""
        row = database.execute("SELECT segment, offset, seq, last, digest FROM reached").fetchone()
        segments = [segment_number(path) for path in list_segments(self._folder)]
        if row is not None and self._is_of_this_record(row, segments):
            first = min(segments, default=0)
            for table in ("events", "acts"):
                database.execute(f"DELETE FROM {table} WHERE segment < ?", (first,))  # noqa: S608  our own names
            return tuple(row)
        for table in ("sets", "tags", "events", "acts"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
        return min(segments, default=1), 0, 0, 0, b""

    def _is_of_this_record(self, row: tuple[int, int, int, int, bytes], segments: Sequence[int]) -> bool:
        """Tell whether the last line that was read still stands where it stood."""
        segment, offset, _, last, digest = row
        if not digest:
            return offset == 0
        if segment not in segments:
            return False
        with self._segment(segment).open("rb") as file:
            file.seek(last)
            return _digest(file.read(offset - last)) == digest

    def _lines(self, segment: int, offset: int) -> Iterator[tuple[Place, Place, bytes]]:
        """Yield each finished line from a place on, with its place and the place after it."""
        for path in list_segments(self._folder):
            number = segment_number(path)
            if number < segment:
                continue
            with path.open("rb") as file:
                at = file.seek(offset if number == segment else 0)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    yield (number, at), (number, at + len(line)), line
                    at += len(line)

    def _events(self, found: Sequence[tuple[int, int, int]]) -> Iterator[Event]:
        """Read events from the record; one that is not where the index says is told by `faults`."""
        file, open_segment = None, 0
        try:
            for seq, segment, offset in found:
                if file is None or segment != open_segment:
                    if file is not None:
                        file.close()
                    file, open_segment = self._segment(segment).open("rb"), segment
                file.seek(offset)
                event = _event(file.readline())
                if event is not None and event.get("seq") == seq:
                    yield {name: value for name, value in event.items() if name not in LINKS}
        except OSError:
            raise StoreUnavailable("The record of disclosures cannot be read.") from None
        finally:
            if file is not None:
                file.close()

    def _rows_of_record(self, database: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
        """Yield what the index should have of the part of the record that it has read."""
        stop = database.execute("SELECT segment, offset FROM reached").fetchone()
        named = set[bytes]()
        for place, after, line in self._lines(0, 0):
            if after > stop:
                break
            if (event := _event(line)) is None:
                continue
            span = _span(event)
            if span is None:
                if event.get("operation") == ACT:
                    yield ("act", event["seq"], *place)
                continue
            name = _name(span[0])
            yield ("event", name, event["seq"], *span[1:], *place)
            if name not in named:
                named.add(name)
                yield from (("tag", name, at, tag) for at, tag in enumerate(_tags(self._subjects, span[0])))

    def _segment(self, number: int) -> Path:
        return self._folder / f"record-{number:06}.jsonl"

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self._make()
            with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)) as database:
                yield database
        except (sqlite3.Error, OSError):
            raise StoreUnavailable(f"The index {self.path.name} cannot be used; remove it.") from None

    def _make(self) -> None:
        """Create the file for its owner alone; one of another format is made anew."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] == FORMAT:
                return
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("BEGIN IMMEDIATE")
            if database.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    database.execute(f"DROP TABLE {table}")
                for statement in filter(str.strip, SCHEMA.split(";")):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {FORMAT}")
            database.commit()


class IndexKeeper:
    """The keeping up of an *index* in a thread of its own, so that a large record holds up nothing else."""

    def __init__(self, index: SubjectIndex) -> None:
        self._index, self._running = index, threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Begin to catch up, unless that is under way."""
        if self._running.acquire(blocking=False):
            self._thread = threading.Thread(target=self._run, name="index", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait until it is not in use, or for some seconds: what the index lacks then is read when it is next asked."""
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _run(self) -> None:
        try:
            self._index.catch_up(PAUSE_SECONDS)
        except Exception as error:  # noqa: BLE001  a command makes up for it
            telemetry.fault(error)
        finally:
            self._running.release()


class _Filling:
    """The sets and events of some lines, on their way into the index."""

    def __init__(self, database: sqlite3.Connection, subjects: Subjects) -> None:
        self._database, self._subjects, self._known = database, subjects, dict[str, int]()

    def add(self, place: Place, line: bytes) -> int:
        """Add the event on a *line*; return its number, 0 where it is none."""
        event = _event(line)
        if event is None:
            return 0
        seq = int(event["seq"])
        if span := _span(event):
            name, first, stop = span
            row = (self._set(name), seq, first, stop, *place)
            self._database.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
        elif event.get("operation") == ACT:
            self._database.execute("INSERT OR REPLACE INTO acts VALUES (?, ?, ?)", (seq, *place))
        return seq

    def _set(self, name: str) -> int:
        if name in self._known:
            return self._known[name]
        digest = _name(name)
        found = self._database.execute("SELECT id FROM sets WHERE name = ?", (digest,)).fetchone()
        if found is None:
            made = self._database.execute("INSERT INTO sets (name) VALUES (?)", (digest,)).lastrowid
            rows = [(tag, made, at) for at, tag in enumerate(_tags(self._subjects, name))]
            self._database.executemany("INSERT INTO tags VALUES (?, ?, ?)", rows)
            found = (made,)
        self._known[name] = found[0]
        return int(found[0])


def _event(line: bytes) -> Event | None:
    """Parse the event on a *line*; None for what no gateway has written, which the record's verification tells."""
    try:
        event = orjson.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and _is_number(event.get("seq")) else None


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value < MAX_NUMBER


def _span(event: Event) -> tuple[str, int, int] | None:
    """Return the set of students that an event names, and which of it; None for an event that names none.

    Nor does one that somebody has spoilt: verification names its line, and the rest of the record stays readable.
    """
    name, first, stop = (event.get(member) for member in ("set", "from", "to"))
    if isinstance(name, str) and name and _is_number(first) and _is_number(stop):
        return name, int(first or 0), int(stop or 0)
    return None


def _tags(subjects: Subjects, name: str) -> Iterator[int]:
    """Yield the tags of a set as numbers; none where the set is missing, which the record's verification tells."""
    try:
        content = subjects.read(name)
    except (OSError, ValueError):
        return
    for at in range(0, len(content) - TAG_BYTES + 1, TAG_BYTES):
        yield _number(content[at : at + TAG_BYTES])


def _number(tag: bytes) -> int:
    return int.from_bytes(tag, "big", signed=True)


def _name(name: str) -> bytes:
    """Return the name of a set as the index has it, equally long for those that stand in the event itself."""
    return hashlib.sha256(name.encode()).digest()[:16]


def _digest(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()[:16]


def _rows(database: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    names = dict(database.execute("SELECT id, name FROM sets"))
    used = set[int]()
    for in_set, *rest in database.execute("SELECT in_set, seq, first, stop, segment, offset FROM events"):
        used.add(in_set)
        yield ("event", names.get(in_set, b""), *rest)
    yield from (("act", *row) for row in database.execute("SELECT seq, segment, offset FROM acts"))
    for tag, in_set, position in database.execute("SELECT tag, in_set, position FROM tags"):
        if in_set in used or in_set not in names:
            yield ("tag", names.get(in_set, b""), position, tag)


def _total(rows: Iterator[tuple[object, ...]]) -> int:
    """Sum up the hashes of rows, whatever their order."""
    return sum(int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=16).digest()) for row in rows) % 2**128
