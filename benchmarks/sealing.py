"""Sealing and opening a package of 1 MiB and one of nearly 64: ``python -m benchmarks.sealing``; it needs no network.

What is printed is the median time, the memory beyond the files themselves, and how long a hostile package takes to be
refused: one of which a byte near the end was changed.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from gateway.transfers.sealing.errors import SealingError
from gateway.transfers.sealing.key_files import new_key
from gateway.transfers.sealing.key_set import KeySet, KeyUse, publish
from gateway.transfers.sealing.manifest import FORMAT, SignedBy
from gateway.transfers.sealing.package import PackageParties, open_package, seal_package
from gateway.transfers.sealing.signature import sign_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIB = 1 << 20
SIZES = {"1 MiB": (MIB, 16, 15), "64 MiB": (64 * MIB - 65_536, 4, 5)}
"""The bytes of the files together, how many files they are, and how often it is measured."""
NOW = datetime(2026, 11, 3, tzinfo=UTC)
END = NOW + timedelta(days=365)
SIGNER, RECEIVER = new_key(), new_key()
PARTIES = PackageParties(
    "maple", "fir",
    {SignedBy.DISTRICT: KeySet("maple", (publish(SIGNER, KeyUse.SIGN, NOW, END),))},
    KeySet("fir", (publish(RECEIVER, KeyUse.SEAL, NOW, END),)),
)  # fmt: skip


def main() -> None:
    """Print the figures."""
    for name, (size, number, turns) in SIZES.items():
        files = {f"documents/{index}.pdf": bytes([index]) * (size // number) for index in range(number)}
        manifest = _manifest(files)
        sealed = _sealed(manifest, files)
        print(f"{name}: {len(sealed) / MIB:.2f} MiB sealed")
        _print("  seal", partial(_sealed, manifest, files), turns)
        _print("  open", partial(_open, sealed), turns)
        print(
            f"  memory beyond the files: seal {_sealing_mib(manifest, files):.1f} MiB, open {_opening_mib(sealed):.1f}"
        )
        changed = bytearray(sealed)
        changed[-5000] ^= 1
        _print("  refuse a change in the last part", partial(_refuse, bytes(changed)), turns)


def _manifest(files: Mapping[str, bytes]) -> bytes:
    kid = RECEIVER.thumbprint()
    listed = [{"path": path, "sha256": hashlib.sha256(content).hexdigest()} for path, content in files.items()]
    told = {
        "format": FORMAT, "transfer": "benchmark", "version": 1, "signedBy": "district",
        "sender": {"district": "maple"}, "receiver": {"district": "fir", "kid": kid, "thumbprint": kid},
        "sections": [{"files": listed}],
    }  # fmt: skip
    return json.dumps(told).encode()


def _sealed(manifest: bytes, files: Mapping[str, bytes]) -> bytes:
    return b"".join(seal_package(manifest, sign_manifest(manifest, SIGNER), files, PARTIES, NOW))


def _open(sealed: bytes) -> None:
    open_package(BytesIO(sealed), "benchmark", 1, PARTIES, [RECEIVER], NOW)


def _refuse(sealed: bytes) -> None:
    with suppress(SealingError):
        _open(sealed)
        raise AssertionError


def _print(name: str, work: Callable[[], object], turns: int) -> None:
    taken = []
    for _ in range(turns):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    print(f"{name}: {statistics.median(taken):.1f} ms (worst {max(taken):.1f})")


def _sealing_mib(manifest: bytes, files: Mapping[str, bytes]) -> float:
    """Return the most memory that sealing took, each part given away at once."""
    tracemalloc.start()
    for _ in seal_package(manifest, sign_manifest(manifest, SIGNER), files, PARTIES, NOW):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MIB


def _opening_mib(sealed: bytes) -> float:
    """Return the most memory that opening took beyond the files that it gave out."""
    stream = BytesIO(sealed)
    tracemalloc.start()
    opened = open_package(stream, "benchmark", 1, PARTIES, [RECEIVER], NOW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - sum(map(len, opened.files.values()))) / MIB


if __name__ == "__main__":
    main()
