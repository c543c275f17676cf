"""The OneRoster filter parser on text that was written to make it slow: ``python -m benchmarks.filters``."""

from __future__ import annotations

import statistics
import time
from contextlib import suppress

from standards.errors import MalformedQuery
from standards.oneroster.api.filter import parse

LENGTH, TURNS = 20_000, 25
TEXTS = {
    "one long value": "a='" + "x" * LENGTH + "'",
    "an open quote": "a='" + "x" * LENGTH,
    "quotes only": "a='" + "'" * LENGTH,
    "blanks": "a='x'" + " " * LENGTH + "AND",
    "a long name": "a" * LENGTH + "='x'",
    "dots": "a." * (LENGTH // 2) + "a='x'",
    "many clauses": " AND ".join(["a='x'"] * (LENGTH // 10)),
    "brackets": "(" * LENGTH,
}


def main() -> None:
    """Print the median of each, in milliseconds."""
    for name, text in TEXTS.items():
        taken = []
        for _ in range(TURNS):
            begun = time.perf_counter()
            with suppress(MalformedQuery):
                parse(text)
            taken.append((time.perf_counter() - begun) * 1000)
        print(f"{name:>16}: {statistics.median(taken):8.3f} ms (worst {max(taken):.3f})")


if __name__ == "__main__":
    main()
