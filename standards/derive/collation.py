"""The table of collation, derived from allkeys.txt of UTS #10: ``python -m standards.derive.collation FILE``.

Unicode publishes that file, and Perl ships it (Unicode/Collate/allkeys.txt). The table is committed; nobody needs the
file to run the gateway, and the name of its version and whose it is stand at its head.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unicodedata import decomposition

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE: Final = Path(__file__).parents[1] / "collation.txt.gz"
HEAD: Final = """\
# The Default Unicode Collation Element Table (DUCET) of Unicode {version}, from allkeys.txt of UTS #10,
# without its comments and without characters that have a canonical decomposition.
# Copyright {year} Unicode, Inc. For terms of use, see https://www.unicode.org/terms_of_use.html
# and the license: https://www.unicode.org/license.txt
"""
LINE: Final = re.compile(r"([0-9A-F ]+?)\s*;\s*((?:\[[.*][0-9A-F.]+\])+)")
ELEMENT: Final = re.compile(r"\[[.*]([0-9A-F]+)\.([0-9A-F]+)\.([0-9A-F]+)\]")


def derive(published: str) -> str:
    """Return the text of the table: a sequence of characters and its weights in each line, 0 left out."""
    version = re.search(r"^@version (\S+)", published, re.MULTILINE)
    year = re.search(r"\d{4}", published)
    assert version, "no @version: this is no allkeys.txt"
    assert year, "no year: this is no allkeys.txt"
    return HEAD.format(version=version[1], year=year[0]) + "".join(_lines(published))


def _lines(published: str) -> Iterator[str]:
    for line in published.splitlines():
        found = LINE.match(line)
        if not found:
            continue
        codes = found[1].split()
        if any(_decomposed(int(code, 16)) for code in codes):
            continue
        yield f"{' '.join(codes)};{' '.join(_weights(*element) for element in ELEMENT.findall(found[2]))}\n"


def _decomposed(code: int) -> bool:
    shown = decomposition(chr(code))
    return bool(shown) and not shown.startswith("<")


def _weights(*levels: str) -> str:
    return ".".join(f"{int(level, 16):X}" if int(level, 16) else "" for level in levels)


if __name__ == "__main__":
    text = derive(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TABLE.write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))
