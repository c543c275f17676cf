"""Finding a child among 100,000 students of one district: the processor's time of an index and of a search in it.

Run it with ``python -m benchmarks.matching``; it prints medians in milliseconds of the processor, and fails where a
search with its index takes longer than a second, or a search in one that is there longer than 200 milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from gateway.demo.data import generate
from gateway.transfers.matching.candidates import CandidateIndex
from gateway.transfers.matching.children import ChildCandidate, StatedChild
from gateway.transfers.matching.finding import find_child

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = date(2026, 11, 2)
STUDENTS, SEARCHES = 100_000, 200
MOST_MILLISECONDS, MOST_SEARCH_MILLISECONDS = 1000, 200


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=STUDENTS)
    rows = list(students(parser.parse_args().students))
    begun = time.process_time()
    index = CandidateIndex(rows)
    made = milliseconds(begun)
    find_child(asked(rows[0]), index)  # reads the published tables
    kinds = {
        "all that can be stated": asked,
        "a state id with a wrong digit": lambda row: replace(asked(row), state_id=row.state_id[:-1] + "x"),
        "without a state id": lambda row: replace(asked(row), state_id=""),
        "without a birth date": lambda row: replace(asked(row), birth_date=""),
    }
    print(f"{len(index.rows)} students; the index: {made:.0f} ms")
    slowest = 0.0
    for kind, state in kinds.items():
        times = [search(state(row), index) for row in rows[:: max(1, len(rows) // SEARCHES)]]
        slowest = max(slowest, *times)
        print(f"{kind}: {statistics.median(times):.1f} ms, at most {max(times):.1f} ms")
    if made + slowest > MOST_MILLISECONDS or slowest > MOST_SEARCH_MILLISECONDS:
        sys.exit("slower than that")


def students(count: int) -> Iterator[ChildCandidate]:
    """Yield the rows of a fictional district with *count* students."""
    for one in generate("maple", seed=1, students=count, school_year=2027, today=TODAY).students:
        yield ChildCandidate(
            one.id, one.state_id, one.name.given, one.name.family, one.name.middle, one.name.suffix,
            one.birth_date.isoformat(), one.sex, (one.school,), one.birthplace.city,
        )  # fmt: skip


def asked(row: ChildCandidate) -> StatedChild:
    """Return what another district states of the child of a *row*."""
    return StatedChild(
        row.state_id, row.given, row.family, row.middle, row.suffix, row.birth_date, row.sex, row.schools[0],
        row.birth_city,
    )  # fmt: skip


def search(stated: StatedChild, index: CandidateIndex) -> float:
    """Return what one search costs."""
    begun = time.process_time()
    find_child(stated, index)
    return milliseconds(begun)


def milliseconds(begun: float) -> float:
    """Return the processor's time since *begun*."""
    return (time.process_time() - begun) * 1000


if __name__ == "__main__":
    main()
