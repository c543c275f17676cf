"""The table of collation is that of Unicode, in fewer letters."""

from __future__ import annotations

import gzip

from standards.derive.collation import TABLE, derive

PUBLISHED = """\
# allkeys-13.0.0.txt
# Copyright 2020 Unicode, Inc.; a line of weights for each character
@version 13.0.0
@implicitweights 17000..18AFF; FB00 # Tangut
0000  ; [.0000.0000.0000] # NULL
0020  ; [*0209.0020.0002] # SPACE
0061  ; [.1CAD.0020.0002] # LATIN SMALL LETTER A
00E9  ; [.1D10.0020.0002][.0000.0024.0002] # LATIN SMALL LETTER E WITH ACUTE
00E6  ; [.1CAD.0020.0004][.0000.0110.0004][.1D10.0020.0004] # LATIN SMALL LETTER AE
0FB2 0F71 ; [.30A1.0020.0002] # a sequence
"""
LINES = ["0000;..", "0020;209.20.2", "0061;1CAD.20.2", "00E6;1CAD.20.4 .110.4 1D10.20.4", "0FB2 0F71;30A1.20.2"]


def test_a_table_keeps_the_weights_of_what_cannot_be_taken_apart():
    head, lines = derive(PUBLISHED).splitlines()[:4], derive(PUBLISHED).splitlines()[4:]
    assert lines == LINES
    assert "Unicode 13.0.0" in head[0]
    assert "Copyright 2020" in head[2]


def test_the_committed_table_says_whose_it_is_and_has_these_lines():
    table = gzip.decompress(TABLE.read_bytes()).decode("ascii").splitlines()
    assert table[:4] == derive(PUBLISHED).splitlines()[:4]
    assert {"0000;..", "0020;209.20.2", "0061;1FA2.20.2", "00E6;1FA2.20.4 .118.4 2007.20.4"} <= set(table)
    assert not [line for line in table if line.startswith(("00E9;", "0061 0301;"))]
