"""``python -m tests.project.coverage.floors``: compare what `coverage` measured with the floors in floors.toml."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
FLOORS = Path(__file__).with_name("floors.toml")
COUNTED = {"lines": ("covered_lines", "num_statements"), "branches": ("covered_branches", "num_branches")}


def floors() -> dict[str, dict[str, float]]:
    """Read the least coverage of each folder or module."""
    return tomllib.loads(FLOORS.read_text("utf-8"))["floors"]


def measured() -> dict[str, Any]:
    """Read the combined measurement as coverage's own JSON report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], cwd=ROOT, check=True)
        return json.loads(report.read_text("utf-8"))["files"]


def share(files: Mapping[str, Any], part: str, kind: str) -> float | None:
    """Compute the per cent of lines or branches of *part* that ran; None where nothing of it was measured."""
    done, all_there = COUNTED[kind]
    own = [one["summary"] for name, one in files.items() if name == f"{part}.py" or name.startswith(f"{part}/")]
    total = sum(one[all_there] for one in own)
    return 100 * sum(one[done] for one in own) / total if total else None


def compare(files: Mapping[str, Any], least: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[bool, str]]:
    """Compare each floor with the measurement: whether it holds, and a line that says so."""
    for part, kinds in least.items():
        for kind, floor in kinds.items():
            found = share(files, part, kind)
            held = found is not None and found >= floor
            shown = "nothing measured" if found is None else f"{found:.1f} %"
            yield held, f"{'  ' if held else '! '}{part:<24}{kind:<10}{shown:>18}   floor {floor:.1f} %"


def main() -> int:
    """Print every comparison; the exit code is 1 where a floor does not hold."""
    found = list(compare(measured(), floors()))
    print("\n".join(line for _, line in found))
    return int(not all(held for held, _ in found))


if __name__ == "__main__":
    sys.exit(main())
