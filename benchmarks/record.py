"""The audit log under load: how many events a second are durable, and what a nightly walk costs.

Run it with ``python -m benchmarks.record``; it needs no network. The walk's bytes are those on disk per record sent.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.audit.log import Record

EVENT = {
    "at": "2026-09-01T12:00:00.000+00:00", "client": "reading-partners-prod", "org": "reading-partners",
    "agreements": ["reading-partners-2026@1"], "purpose": "tutoring", "basis": "99.31(a)(1)", "district": "maple",
    "api": "oneroster", "view": "students", "operation": "read", "shape": "", "rows": 100, "fields": "0" * 64,
    "status": 200, "set": "", "from": 0, "to": 0, "trace": "0" * 32,
}  # fmt: skip
EVENTS = 4000


def main() -> None:
    """Print the figures."""
    for threads in (1, 8):
        with tempfile.TemporaryDirectory() as folder:
            record = Record(Path(folder) / "audit", secrets.token_bytes(32))
            begun = time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(record.append, [EVENT] * EVENTS))
            seconds = time.perf_counter() - begun
            record.close()
            print(f"{threads} threads: {EVENTS / seconds:,.0f} durable events a second")
    flushed = _flush_seconds()
    print(f"one flush of this disk: {flushed * 1000:.2f} ms")


def _flush_seconds() -> float:
    with tempfile.TemporaryFile() as file:
        begun = time.perf_counter()
        for _ in range(200):
            file.write(b"x" * 700)
            file.flush()
            os.fdatasync(file.fileno())
        return (time.perf_counter() - begun) / 200


if __name__ == "__main__":
    main()
