"""The privacy desk over a large record: who saw one child of 10,000 events among those of a million others.

Run it with ``python -m benchmarks.privacy_desk [EVENTS]``; it needs no network. Events are written without flushes of
the disk, which are what appending costs (`benchmarks.record` measures them). Bytes are those on disk per record sent.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.audit import log
from gateway.audit.log import PURPOSE, Record, verify
from gateway.audit.students.index import SubjectIndex
from gateway.audit.students.subject_keys import PURPOSE as SUBJECT_KEYS
from gateway.audit.students.subject_keys import SubjectKeys
from gateway.audit.students.tags import YearlyTags
from gateway.config.settings import load
from gateway.storage.registry import open_store

EVENTS = 1_000_000
OWN_EVENTS = 10_000
STUDENTS = 12_000
PAGE = 100
PAGES_PER_SET = 8
SINGLE_SHARE = 0.2
"""The share of requests that are about one student instead of a page of a walk."""
BEGUN = datetime(2026, 7, 15, 12, tzinfo=UTC)
SETTINGS = """
[districts.maple]
adapter = "oneroster_csv"
cache = "15m"
timezone = "America/Los_Angeles"
[districts.maple.settings]
source = "none.zip"
"""
FACTS = "".join(
    f"student\t{name}\tstudent.{name}\tallow\n" for name in ("birthDate", "email", "name.family", "name.given", "phone")
)
TEXT = b"""{"basis":{"ferpa":"99.31(a)(1)","legitimateInterest":"plan weekly support","purpose":"tutoring"},"id":"kent",
"parties":{"provider":{"district":"maple"},"recipient":{"kind":"cbo","org":"partners"}},"version":1}"""


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "gateway.toml").write_text(SETTINGS)
        (folder / "agreements").mkdir()
        settings = load(folder / "gateway.toml")
        keys, audit = settings.open_keys(), settings.audit.folder
        with closing(open_store(settings.store_url)) as registry:
            tag = YearlyTags(SubjectKeys(registry, keys.derive(SUBJECT_KEYS)), BEGUN.timestamp).tagger(
                "maple", "2026-09-01"
            )
            records = _fill(audit, keys.derive(PURPOSE), tag, count)
        size, index = _size(audit), SubjectIndex(audit)
        print(f"record: {count + OWN_EVENTS:,} events about {records:,} records, {size / records:.2f} bytes a record")
        _timed("index of all of it", index.catch_up)
        own = index.path.stat().st_size
        print(f"index: {own / records:.2f} bytes a record, {own / (count + OWN_EVENTS):.0f} an event")
        for paper in ((), ("--paper", "es", "--format", "html")):
            _timed(f"crossing audit child {' '.join(paper)}", lambda paper=paper: _child(folder, paper))
        _timed("verification", lambda: verify(audit, keys.derive(PURPOSE)))


def _fill(audit: Path, key: bytes, tag, count: int) -> int:  # noqa: ANN001
    """Write the events, those about one child spread among all others; return the number of records sent."""
    some, records = random.Random(7), 0  # noqa: S311  no secret
    before, log._sync = log._sync, lambda _descriptor: None  # noqa: SLF001  flushes are measured elsewhere
    record = Record(audit, key, events_per_head=100_000)
    tags = [tag(f"u{number}") for number in range(STUDENTS)]
    stretch = PAGE * PAGES_PER_SET
    sets = [record.subjects(tags[at : at + stretch]) for at in range(1, STUDENTS, stretch)]
    named = {"fields": record.fields(FACTS, "tutor"), "texts": [record.text(TEXT)]}
    every = count + OWN_EVENTS
    own = set(some.sample(range(every), OWN_EVENTS))
    begun = time.perf_counter()
    for number in range(every):
        single = number in own or some.random() < SINGLE_SHARE
        first = some.randrange(PAGES_PER_SET - 1) * PAGE
        whom = tags[0] if number in own else tags[some.randrange(1, STUDENTS)]
        about = (record.subjects([whom]), 0, 1) if single else (some.choice(sets), first, first + PAGE)
        rows = about[2] - about[1]
        records += rows
        record.append({**_event(number), **named, "set": about[0], "from": about[1], "to": about[2], "rows": rows})
    print(f"appending without flushes: {every / (time.perf_counter() - begun):,.0f} events a second")
    record.close()
    log._sync = before  # noqa: SLF001  as above
    return records


def _event(number: int) -> dict[str, object]:
    at = BEGUN + timedelta(seconds=number * 20)
    return {
        "at": at.isoformat(timespec="milliseconds"), "client": "partners-prod", "org": "partners",
        "agreements": ["kent@1"], "elements": [], "purpose": "tutoring", "basis": "99.31(a)(1)", "district": "maple",
        "api": "oneroster", "view": "students", "operation": "read", "shape": "", "status": 200, "trace": "0" * 32,
    }  # fmt: skip


def _child(folder: Path, paper: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "gateway", "audit", "child", "maple", *paper]
    settings = ("--settings", str(folder / "gateway.toml"))
    told = subprocess.run([*command, *settings], input="u0\n", capture_output=True, text=True, check=True)
    assert "10,000" in told.stdout or "10000" in told.stdout, told.stdout


def _timed(what: str, work) -> None:  # noqa: ANN001
    begun = time.perf_counter()
    work()
    print(f"{what}: {time.perf_counter() - begun:.2f} s")


def _size(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
