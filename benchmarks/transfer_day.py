"""A day of transfers: what the gateway's processor spends on each, from the request to the acknowledgment.

Run it with ``python -m benchmarks.transfer_day [TRANSFERS] [STUDENTS] [SOURCE]``; it needs no network. Everything is
done as in a region: the search among all students of the district, the rule, the package with its pages, the seal, the
registry on disk. The district's files are in memory, as rosters are, unless the source is `uncached`; what a system is
asked for beside costs that system, but for Ed-Fi's interchange files (`edfi`), which are read for each record. The
record of twelve years is measured in `benchmarks.transfer_package`. It fails where a thousand transfers would take more
than a tenth of eight hours of two cores.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config.settings import load
from gateway.demo.data import generate, write_edfi_xml, write_oneroster_12
from gateway.runtime.startup import run
from gateway.storage.acts import Act
from gateway.storage.transfers.district_keys import DistrictKey
from gateway.transfers.ledger.ledger import TransferLedger
from gateway.transfers.ledger.limits import AskingLimits
from gateway.transfers.machine.event import TransferEvent, idempotency_key
from gateway.transfers.machine.words import EventKind, TransferParty
from gateway.transfers.sealing.key_files import new_key
from gateway.transfers.sealing.key_set import KeyUse, publish
from gateway.transfers.work.worker import TransferWorker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gateway.transfers.clocks.school_days import SchoolDays
    from gateway.transfers.ledger.ledger import DistrictTimes
    from gateway.transfers.machine.transfer import Transfer
    from gateway.transfers.matching.children import ChildCandidate
    from gateway.transfers.work.desk import TransferDesk

TRANSFERS, STUDENTS = 100, 5_000
NOW = datetime(2026, 11, 2, 19, tzinfo=UTC)
A_DAY, CORES, HOURS, SHARE = 1000, 2, 8, 0.1
SENDER, RECEIVER = "maple", "cedar"
DISTRICT = (
    '[districts.{name}]\nadapter = "{adapter}"\ncache = "{cache}"\n[districts.{name}.settings]\nsource = "{source}"\n'
)
SOURCES = {
    "roster": ("oneroster_csv", write_oneroster_12, "1h"),
    "edfi": ("edfi_xml", write_edfi_xml, "1h"),
    "uncached": ("edfi_xml", write_edfi_xml, "0"),
}
"""The adapter of each kind of source, what writes its files, and how long they stay in memory."""
AGREEMENT = """\
apiVersion: dsa/v1
id: maple-to-cedar
version: 1
parties: {{provider: {{district: maple}}, recipient: {{org: cedar, kind: district}}}}
basis: {{ferpa: "99.31(a)(2)", purpose: enrollment, legitimateInterest: "enroll a student who moves"}}
validity: {{from: 2026-09-01, to: 2027-08-31, timezone: America/Los_Angeles}}
clients: [cedar-agent]
operations: [transfer]
elements:
  - {{path: "*", action: allow}}
transfer:
  release: {{when: [stateId exact, birthDate exact, noRestriction, noHold], tracks: [info, full]}}
  notify: annual-notice
  keys: {{receiver: ["{kid}"], sender: ["{other}"]}}
"""


class NoBatches:
    """Times by which everything leaves at once."""

    def __init__(self, times: DistrictTimes) -> None:
        self._times = times

    def school_days(self, district: str) -> SchoolDays:
        """Return the school days of a district."""
        return self._times.school_days(district)

    def next_batch(self, _district: str, decided: datetime) -> datetime:
        """Return the moment of the decision."""
        return decided


def main() -> None:
    """Print the figures."""
    given = [*sys.argv[1:], *(str(TRANSFERS), str(STUDENTS), "roster")[len(sys.argv) - 1 :]]
    count, students, source = int(given[0]), int(given[1]), given[2]
    with tempfile.TemporaryDirectory() as place:
        desk, close = _desk(Path(place), students, source)
        worker, roll = TransferWorker(desk), _children(desk)
        _move(worker, roll[0], 0)  # the index, fonts and templates are made once
        spent: list[float] = []
        size = 0
        for number, child in enumerate(roll[1 : count + 1], 1):
            begun = time.process_time()
            moved = _move(worker, child, number)
            spent.append(time.process_time() - begun)
            size += desk.packages.find(moved.id, 1).size
        close()
    mean = statistics.mean(spent)
    share = mean * A_DAY / (CORES * HOURS * 3600)
    print(f"{len(spent)} transfers among {students:,} students, {size / len(spent) / 1024:,.0f} KiB sealed each")
    middle, most = statistics.median(spent) * 1000, max(spent) * 1000
    print(f"processor: {mean * 1000:.0f} ms each, {middle:.0f} in the middle, {most:.0f} at most")
    print(f"{A_DAY:,} a day: {share:.1%} of {HOURS} hours of {CORES} cores")
    if share > SHARE:
        sys.exit("more than that")


def _desk(folder: Path, students: int, source: str) -> tuple[TransferDesk, Any]:
    """Start a region of two districts; return the desk of its worker, and what ends it."""
    made = generate(SENDER, seed=7, students=students, school_year=2027, today=date(2026, 11, 2))
    adapter, write, cache = SOURCES[source]
    files = folder / ("maple.zip" if adapter == "oneroster_csv" else "maple")
    write(made, files)
    key = new_key()
    (folder / "agreements").mkdir()
    text = AGREEMENT.format(kid=key.thumbprint(), other="s" * 43)
    (folder / "agreements" / "transfer.yaml").write_text(text, "utf-8")
    told = {"adapter": adapter, "cache": cache, "source": files}
    districts = "".join(DISTRICT.format(name=name, **told) for name in (SENDER, RECEIVER))
    settings = f'transfers = {{districts = ["{SENDER}", "{RECEIVER}"]}}\n{districts}'
    (folder / "gateway.toml").write_text(settings, "utf-8")
    running = run(load(folder / "gateway.toml"), lambda: NOW)
    desk = running.transfers().desk
    times = NoBatches(desk.times)
    ledger = TransferLedger(desk.store, desk.key, desk.clock, times, AskingLimits(100_000, 100_000, 100_000))
    desk = replace(desk, times=times, ledger=ledger)
    known = publish(key, KeyUse.SEAL, NOW - timedelta(days=1), NOW + timedelta(days=300))
    row = DistrictKey(RECEIVER, known.kid, known.use.value, "active", known.as_jwk())
    desk.district_keys.put(row, Act("benchmark", "key added", RECEIVER, {}))
    return desk, running.gateway.close


def _children(desk: TransferDesk) -> list[ChildCandidate]:
    with desk.visiting() as gateway:
        return list(desk.children.roll(gateway.districts[SENDER]).index.rows)


def _move(worker: TransferWorker, child: ChildCandidate, number: int) -> Transfer:
    """Move the record of one child, up to what its receiver says of it."""
    desk = worker.desk
    name = {"given": child.given, "family": child.family}
    values = {"state-id": child.state_id, "birth-date": child.birth_date, "name": json.dumps(name)}
    content = {
        "sender": SENDER, "receiver": RECEIVER, "known": sorted(values), "standing": "enrollment", "military": False,
    }  # fmt: skip
    asked = _event("", EventKind.ASK, TransferParty.RECEIVER, number, content)
    transfer = desk.ledger.ask(asked, values).transfer
    worker.advance(transfer.id)
    packed = desk.ledger.find(transfer.id)
    if packed.package is None:
        return packed
    desk.ledger.append(_event(packed.id, EventKind.DELIVER, TransferParty.AGENT, number, {"version": 1}))
    echo = {"version": 1, "echo": packed.package.echo}
    return desk.ledger.append(_event(packed.id, EventKind.ACCEPT, TransferParty.AGENT, number, echo)).transfer


def _event(
    transfer: str, kind: EventKind, party: TransferParty, number: int, content: Mapping[str, Any]
) -> TransferEvent:
    key = idempotency_key(RECEIVER, f"{kind} {number}")
    return TransferEvent(transfer, kind, party, RECEIVER, "agent", NOW, key, "a" * 64, "", content)


if __name__ == "__main__":
    main()
